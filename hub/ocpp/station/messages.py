"""What a station has to say, before a version gives it words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.model.charger import Status
from hub.ocpp.station.charging_profile import Profile
from hub.ocpp.station.reports import Report

TokenType = str
"""2.0.1's IdTokenEnumType: Central, eMAID, ISO14443, ISO15693, KeyCode, Local, MacAddress, NoAuthorization."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a driver identifies himself with; texts compare without case (1.6's CiString).

    `type` empty: nobody has said, as in 1.6, which knows none; it is told as what it looks like.
    """

    text: str
    type: TokenType = ""

    @property
    def key(self) -> str:
        return self.text.upper()


NOBODY = Token("", "NoAuthorization")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value: `unit` in 2.0.1's words."""

    measurand: str
    value: float
    unit: str
    phase: str | None = None
    context: str = "Sample.Periodic"


@dataclass(frozen=True, slots=True)
class MeterValue:
    """Values of one moment; `at` as it is written."""

    at: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class BootNotification:
    reason: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pass


@dataclass(frozen=True, slots=True)
class StatusNotification:
    evse: int
    """0: the station as a whole (1.6's connector 0)."""
    status: Status
    at: str
    error: str | None = None
    vendor_error: str | None = None


@dataclass(frozen=True, slots=True)
class Authorize:
    token: Token
    evse: int


@dataclass(frozen=True, slots=True)
class MeterReport:
    """Meter values outside a transaction."""

    evse: int
    value: MeterValue


@dataclass(frozen=True, slots=True)
class ReservationEnded:
    """`status`: Expired or Removed."""

    id: int
    status: str


@dataclass(frozen=True, slots=True)
class ExternalLimit:
    """A limit that isn't the CSMS's, for an EVSE; `limit` None: it was taken back. `source`: in 2.0.1's words."""

    evse: int
    source: str
    limit: Profile | None


@dataclass(frozen=True, slots=True)
class PullDynamicSchedule:
    """2.1: what is the limit of this dynamic profile by now?"""

    profile: int


@dataclass(frozen=True, slots=True)
class OpenEventStream:
    """2.1: a monitor's events are to come as a stream; `interval_s` and `values` (0: neither) say when it is sent."""

    id: int
    monitor: int
    interval_s: int
    values: int


@dataclass(frozen=True, slots=True)
class Raw:
    """A message that only one version knows, in its own words already."""

    version: str
    action: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """One event of a transaction, as it happened; `meter_wh` is the register at that moment."""

    event: str
    """Started, Updated or Ended"""
    transaction: str
    evse: int
    seq_no: int
    at: str
    trigger: str
    charging_state: str
    meter_wh: int
    token: Token | None = None
    owner: Token | None = None
    """Who the transaction belongs to: 1.6 wants the idTag in places where 2.0.1 has said it before."""
    stopped_reason: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    meter: tuple[MeterValue, ...] = ()
    offline: bool = False
    evse_known: bool = False
    """2.0.1: the event names its EVSE."""
    phases: int | None = None
    """How many are used, where that is new."""
    mode: str | None = None
    """2.1: the operationMode, where it is another one now."""
    limits: Mapping[str, float] | None = None
    """2.1: those that were set (E16)."""


Message = (
    BootNotification
    | Heartbeat
    | StatusNotification
    | Authorize
    | MeterReport
    | ReservationEnded
    | ExternalLimit
    | PullDynamicSchedule
    | OpenEventStream
    | Raw
    | TransactionEvent
    | Report
)


def to_body(event: TransactionEvent) -> dict[str, object]:
    """For the journal: JSON values only, what is None or empty left out."""
    values = {name: getattr(event, name) for name in TransactionEvent.__slots__}
    body = {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ()
    }
    for name in ("token", "owner"):
        if name in body:
            body[name] = [body[name].text, body[name].type]
    if event.meter:
        body["meter"] = written(event.meter)
    return body


def from_body(body: Mapping[str, Any]) -> TransactionEvent:
    """What another version of the hub has written beside is passed over."""
    fields = {name: value for name, value in body.items() if name in TransactionEvent.__slots__}
    for name in ("token", "owner"):
        if name in fields:
            fields[name] = Token(*fields[name])
    fields["meter"] = tuple(read(fields.get("meter", ())))
    return TransactionEvent(**fields)


def written(values: Iterable[MeterValue]) -> list[object]:
    """As they are kept."""
    return [
        [value.at, [[s.measurand, s.value, s.unit, s.phase, s.context] for s in value.samples]]
        for value in values
    ]


def read(kept: Iterable[Any]) -> list[MeterValue]:
    return [MeterValue(at, tuple(Sample(*sample) for sample in samples)) for at, samples in kept]


def offline(event: TransactionEvent) -> TransactionEvent:
    return event if event.offline else replace(event, offline=True)
