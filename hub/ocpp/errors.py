"""CALLERROR codes, and how each OCPP version spells them."""

from enum import Enum


class ErrorCode(Enum):
    """The 2.0.1 spelling (Part 4, 4.3); 1.6's differs in a few."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT = "TypeConstraintViolation"


SPELLED_16 = {
    # 1.6 J 4.2.3 spells these so, errors of the specification included.
    ErrorCode.FORMAT_VIOLATION: "FormationViolation",
    ErrorCode.OCCURRENCE_CONSTRAINT: "OccurenceConstraintViolation",
    # 1.6 has neither code.
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "ProtocolError",
    ErrorCode.RPC_FRAMEWORK: "GenericError",
}


def spelled(code: ErrorCode, version: str) -> str:
    return SPELLED_16.get(code, code.value) if version == "1.6" else code.value


class CallError(Exception):
    """A handler's refusal: becomes the CALLERROR of the call that is being answered."""

    def __init__(self, code: ErrorCode, description: str = "") -> None:
        super().__init__(description or code.value)
        self.code, self.description = code, description
