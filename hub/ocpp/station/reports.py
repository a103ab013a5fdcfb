"""What a station tells of itself besides charging: security events, progress of files, certificate requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """`event` in 2.0.1's words."""

    event: str
    at: str
    info: str = ""


@dataclass(frozen=True, slots=True)
class FirmwareStatus:
    """`signed`: told in 1.6's secure message; 2.0.1 has only one."""

    status: str
    request_id: int | None = None
    signed: bool = True
    asked: bool = False
    """By a TriggerMessage: it is told even where this version doesn't tell such a step by itself."""


@dataclass(frozen=True, slots=True)
class LogStatus:
    """`diagnostics`: of 1.6's GetDiagnostics, which has a message of its own."""

    status: str
    request_id: int | None = None
    diagnostics: bool = False


@dataclass(frozen=True, slots=True)
class SignCertificate:
    csr: str


Report = SecurityEvent | FirmwareStatus | LogStatus | SignCertificate
