"""Plug-in to plug-out: one session, whatever transactions happen in it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import uuid4

from hub.model.charger import Status
from hub.model.entity import Scalar, State
from hub.model.moment import Moment, parse_time, rfc3339

EVENTS = {
    (Status.CHARGING, Status.SUSPENDED_EV): "suspended",
    (Status.CHARGING, Status.SUSPENDED_EVSE): "suspended",
    (Status.SUSPENDED_EV, Status.CHARGING): "resumed",
    (Status.SUSPENDED_EVSE, Status.CHARGING): "resumed",
}


@dataclass(frozen=True, slots=True)
class Session:
    """Energy in kWh: `counted` so far, and the register `at` which the count stands."""

    id: str
    started: str
    counted: float = 0.0
    at: float | None = None
    ended: str | None = None
    id_tag: str | None = None
    transaction_id: str | None = None

    def duration_s(self, now: datetime) -> int:
        return max(0, round((now - parse_time(self.started)).total_seconds()))

    def body(self, charger: str, evse: int, now: datetime) -> dict[str, Scalar]:
        return {
            "id": self.id,
            "charger": charger,
            "evse": evse,
            "started": self.started,
            "ended": self.ended,
            "duration_s": self.duration_s(parse_time(self.ended) if self.ended else now),
            "energy_kwh": round(self.counted, 3),
            "id_tag": self.id_tag,
            "transaction_id": self.transaction_id,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What a state brought: the session as it is now, events, and the one that was closed."""

    session: Session | None
    events: tuple[str, ...] = ()
    closed: Session | None = None


def step(session: Session | None, before: State, after: State, now: Moment) -> Step:
    """One snapshot further. An unknown cable (`plugged` None) changes nothing."""
    events = list(_fault_events(before, after))
    plugged = after.get("plugged")
    if plugged and session is None:
        session = Session(str(uuid4()), rfc3339(now.wall), at=_register(after))
        return Step(session, (*events, "plugged", "session_started"))
    if session is None or plugged is None:
        return Step(session, tuple(events))
    session = _counted(session, after)
    if not plugged:
        closed = replace(session, ended=rfc3339(now.wall))
        return Step(None, (*events, "unplugged", "session_ended"), closed)
    move = (before.get("status"), after.get("status"))
    events += [name for key, name in EVENTS.items() if key == move]
    return Step(session, tuple(events))


def _counted(session: Session, state: State) -> Session:
    """A register that ran backwards is a new one: counting goes on from there."""
    register = _register(state)
    tag, transaction = state.get("id_tag"), state.get("transaction_id")
    known = replace(
        session,
        id_tag=tag if isinstance(tag, str) else session.id_tag,
        transaction_id=transaction if isinstance(transaction, str) else session.transaction_id,
    )
    if register is None:
        return known
    delta = 0.0 if session.at is None or register < session.at else register - session.at
    return replace(known, counted=session.counted + delta, at=register)


def _register(state: State) -> float | None:
    register = state.get("energy_total")
    return float(register) if isinstance(register, int | float) else None


def _fault_events(before: State, after: State) -> tuple[str, ...]:
    was, is_now = (state.get("status") == Status.FAULTED for state in (before, after))
    if was == is_now or not before:
        return ()
    return ("fault",) if is_now else ("fault_cleared",)


def document(session: Session) -> Mapping[str, object]:
    return asdict(session)
