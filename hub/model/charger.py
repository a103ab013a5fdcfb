"""The words for chargers: status, what a charger is, what it can do."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What an EVSE is doing: the OCPP 1.6 words in snake case, and `unknown`."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"
    UNKNOWN = "unknown"


PLUGGED = frozenset(
    {Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.FINISHING}
)
"""The statuses in which a vehicle is certainly connected."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who made the thing, as it says itself or as its blueprint says."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Ratings:
    """The charger's own limits, in amperes per phase: nobody may ask for more."""

    min_current: float = 6.0
    max_current: float = 32.0
    step: float = 1.0


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a device can be asked for; the station offers exactly this."""

    actions: frozenset[str] = frozenset()
    """start pause set_limit set_phases unlock authorize available unavailable reset wake, as in blueprints."""
    readings: frozenset[str] = frozenset()
    """The points that it can be read for."""
