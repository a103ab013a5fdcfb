"""1.6's words for what a connector's status is, and back; and for what is wrong with it."""

import re

from hub.model.charger import Status
from hub.ocpp.station import lock

STATUS = {
    Status.AVAILABLE: "Available",
    Status.PREPARING: "Preparing",
    Status.CHARGING: "Charging",
    Status.SUSPENDED_EV: "SuspendedEV",
    Status.SUSPENDED_EVSE: "SuspendedEVSE",
    Status.FINISHING: "Finishing",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.FAULTED: "Faulted",
    Status.UNKNOWN: "Unavailable",
}
MEANT = {word: status for status, word in reversed(STATUS.items())}
"""Of two with one word the first."""

ERRORS = {
    "ConnectorLockFailure": lock.WORDS,
    "EVCommunicationError": ("cp", "pp", "diode"),
    "GroundFailure": ("ground", "residual current", "fault current"),
    "HighTemperature": ("temperature", "overheating"),
    "InternalError": ("internal", "controller"),
    "LocalListConflict": (),
    "NoError": (),
    "OtherError": (),
    "OverCurrentFailure": ("overcurrent", "overload"),
    "OverVoltage": ("overvoltage",),
    "PowerMeterFailure": ("meter",),
    "PowerSwitchFailure": ("contact", "contactor", "relay"),
    "ReaderFailure": (),
    "ResetFailure": (),
    "UnderVoltage": ("undervoltage", "voltage drop"),
    "WeakSignal": (),
}
"""ChargePointErrorCode, and the words with which blueprints tell of the same."""


def error_code(fault: str) -> str:
    """Of a fault in a blueprint's words, or already in 1.6's."""
    if fault in ERRORS:
        return fault
    text = f" {re.sub(r'[^a-z]+', ' ', fault.lower())} "
    found = (code for code, words in ERRORS.items() if any(f" {word} " in text for word in words))
    return next(found, "OtherError")
