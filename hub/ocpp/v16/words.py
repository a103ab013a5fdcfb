"""1.6's words for what a connector's status is, and back."""

from hub.model.charger import Status

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
