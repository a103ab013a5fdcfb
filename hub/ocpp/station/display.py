"""Messages for drivers: which there are, and which are to be shown where and when (O01 to O06).

Theory: at each EVSE the messages that fit its state, its transaction and the time are looked at, and those of the
most urgent kind are shown together: one AlwaysFront, or all InFront, or all NormalCycle. Where they are shown is the
EVSE's `display_message`, and the charger's own display, where it has one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.model.charger import Status
from hub.model.moment import Moment, parse_time
from hub.ocpp.station.effects import Act, Annotate, Happened, Keep
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.upkeep_variables import MAX_MESSAGES

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")
ALWAYS = PRIORITIES[0]
FORMATS = ("ASCII", "UTF8")
STATES = ("Charging", "Faulted", "Idle", "Unavailable")


@dataclass(frozen=True, slots=True)
class DisplayMessage:
    """`evse`, `state`, `transaction`: where and when alone it is shown; None: always and everywhere."""

    id: int
    priority: str
    format: str
    content: str
    language: str | None = None
    state: str | None = None
    start: str | None = None
    end: str | None = None
    transaction: str | None = None
    display: Mapping[str, Any] | None = None

    @property
    def evse(self) -> int | None:
        found: int | None = (self.display or {}).get("evse", {}).get("id")
        return found


class Display:
    """`kept`: what `Keep("display", ...)` kept."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        ordered = sorted(kept.items(), key=lambda item: int(item[0]))
        self._messages = {int(key): DisplayMessage(**body) for key, body in ordered}
        self._shown: dict[int, tuple[str, ...]] = {}
        self._due: list[float] = []
        """When the next message begins or ends."""
        self._count()

    # What a CSMS sets

    def set(self, message: DisplayMessage, now: Moment) -> str:
        """Accepted, Rejected, NotSupportedMessageFormat, NotSupportedState or UnknownTransaction."""
        if message.state not in (None, *STATES):
            return "NotSupportedState"  # O01.FR.02: 2.1 has two more
        if message.format not in FORMATS:
            return "NotSupportedMessageFormat"  # O01.FR.03
        if message.transaction is not None and self._where(message.transaction) is None:
            return "UnknownTransaction"  # O02.FR.01
        if message.evse not in (None, 0) and message.evse not in self._station.evses.flows:
            return "Rejected"
        full = message.id not in self._messages and len(self._messages) >= MAX_MESSAGES
        if full or not self._enabled or self._left(message.end, now) == 0:
            return "Rejected"
        if message.priority == ALWAYS:
            self._forget_other_front(message)
        self._messages[message.id] = message
        self._station.emit(Keep("display", str(message.id), asdict(message)))
        self._count()
        self.look(now)
        return "Accepted"

    def clear(self, number: int, now: Moment) -> bool:
        known = number in self._messages
        if known:
            self._forget(number)
            self.look(now)
        return known

    def find(
        self, ids: tuple[int, ...] | None, priority: str | None, state: str | None
    ) -> list[DisplayMessage]:
        """Those that fit everything that is given."""
        return [
            message
            for message in self._messages.values()
            if (ids is None or message.id in ids)
            and priority in (None, message.priority)
            and state in (None, message.state)
        ]

    # What is shown

    def look(self, now: Moment) -> None:
        """Something may have changed."""
        if not self._messages and not self._shown:
            return
        for message in list(self._messages.values()):
            gone = message.transaction is not None and self._where(message.transaction) is None
            if gone or self._left(message.end, now) == 0:  # O02.FR.02, O01.FR.07
                self._forget(message.id)
        waits = [self._left(at, now) for one in self._messages.values() for at in (one.start, one.end)]
        self._due = [now.mono + wait for wait in waits if wait]
        for flow in self._station.evses.flows.values():
            texts = tuple(message.content for message in self._chosen(flow, now))
            if texts != self._shown.get(flow.evse, ()):
                self._show(flow, texts)

    def deadlines(self) -> list[float]:
        return list(self._due)

    def _chosen(self, flow: Flow, now: Moment) -> list[DisplayMessage]:
        fitting = [message for message in self._messages.values() if self._fits(message, flow, now)]
        for priority in PRIORITIES if self._enabled else ():
            chosen = [message for message in fitting if message.priority == priority]
            if chosen:
                own = [message for message in chosen if message.transaction is not None]
                return (own or chosen)[-1:] if priority == ALWAYS else chosen
        return []

    def _fits(self, message: DisplayMessage, flow: Flow, now: Moment) -> bool:
        if message.evse not in (None, 0, flow.evse) or message.state not in (None, self._state(flow)):
            return False
        if message.transaction is not None and self._where(message.transaction) != flow.evse:
            return False
        return not self._left(message.start, now)

    def _show(self, flow: Flow, texts: tuple[str, ...]) -> None:
        if texts:
            self._shown[flow.evse] = texts
        else:
            self._shown.pop(flow.evse, None)
        text = "\n".join(texts) or None
        self._station.emit(Annotate(flow.evse, {"display_message": text}))
        self._station.emit(Happened("display_message", {"evse": flow.evse, "text": text}))
        if "display" in self._station.setup.abilities.actions:
            self._station.emit(Act(f"display:{flow.evse}", flow.evse, "display", {"message": text or ""}))

    @property
    def _enabled(self) -> bool:
        return self._station.variables.bool("DisplayEnabled")

    def _state(self, flow: Flow) -> str:
        status = self._station.statuses.status(flow)
        if status is Status.FAULTED:
            return "Faulted"
        if flow.transaction is not None:
            return "Charging"
        return "Unavailable" if status is Status.UNAVAILABLE else "Idle"

    def _where(self, transaction: str) -> int | None:
        flows = self._station.evses.flows.values()
        return next((f.evse for f in flows if f.transaction and f.transaction.id == transaction), None)

    def _left(self, at: str | None, now: Moment) -> float | None:
        """Seconds until then by the CSMS's clock, 0 when it is past; None: there is no such time."""
        if at is None:
            return None
        return max(0.0, (parse_time(at) - parse_time(self._station.stamp(now))).total_seconds())

    def _forget_other_front(self, message: DisplayMessage) -> None:
        """A newer one takes its place."""
        for other in list(self._messages.values()):
            if (
                other.priority == ALWAYS
                and other.transaction == message.transaction
                and other.id != message.id
            ):
                self._forget(other.id)

    def _forget(self, number: int) -> None:
        del self._messages[number]
        self._station.emit(Keep("display", str(number), None))
        self._count()

    def _count(self) -> None:
        self._station.variables.note("DisplayMessages", str(len(self._messages)))
