"""What a station needs of an OCPP version, and what passes between it and whoever has the connection."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.costs import Told
from hub.ocpp.station.manners import Manners
from hub.ocpp.station.messages import Message
from hub.ocpp.station.monitor import Place, Reading
from hub.ocpp.station.transaction_limits import Allowance
from hub.ocpp.station.verdict import Verdict

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class Call(NamedTuple):
    """A CALL to be answered, from the CSMS or (id `cmd:...`) from the command door."""

    id: str
    action: str
    payload: Mapping[str, Any]

    @property
    def local(self) -> bool:
        """From a person, not from the CSMS."""
        return self.id.startswith("cmd:")


class Outgoing(NamedTuple):
    """The next CALL; `ref` comes back with its answer."""

    ref: object
    action: str
    payload: Mapping[str, object]
    patience_s: float = math.inf
    """So long the answer is waited for, if that is less than MessageTimeout."""


class Dialect(Protocol):
    """One OCPP version's words."""

    version: str
    subprotocol: str
    calls: Mapping[str, "Callable[[Station, Call, Moment], Mapping[str, object] | None]"]
    manners: Manners
    tells_of_drivers: bool
    """A connector is taken when somebody is authorized there, not only when a cable is in."""

    tells_of_faults: bool
    """A connector's status says what is wrong with it, and is said anew when that has changed."""

    tells_each_try: bool
    """Files that couldn't be fetched or sent: each failure is told, not only the last one."""
    streams: bool
    """Monitors may report by event streams."""
    triggers: frozenset[str]
    """Reasons of a transaction's event that only this version has."""
    triggered_measurands: str
    """The setting that names what a triggered MeterValues tells."""

    def encode(self, station: "Station", message: Message) -> tuple[str, Mapping[str, object]] | None:
        """None: this version has no such message."""

    def verdict(self, payload: Mapping[str, Any]) -> Verdict | None:
        """What an answer says of the token it was asked about."""

    def told(self, payload: Mapping[str, Any]) -> Told | None:
        """What an answer to Authorize or a transaction's event says of money."""

    def connector_status(self, status: Status) -> str: ...

    def readings(self, station: "Station", now: Moment, places: Collection[Place]) -> Mapping[Place, Reading]:
        """What variable monitors may watch; a version without them has nothing."""

    def allowance(self, payload: Mapping[str, Any]) -> Allowance | None:
        """What an answer says a transaction may take."""

    def priority(self, payload: Mapping[str, Any]) -> int | None:
        """What an answer to a transaction's event says of its chargingPriority."""


class Timed(Protocol):
    """A part with something to do at times."""

    def tick(self, now: Moment) -> None: ...

    def deadlines(self) -> list[float]: ...
