"""Plug-in to plug-out: one session, whatever transactions happen in it.

Theory: each new snapshot of an EVSE is one step. The cable opens and closes the session; between them the
register's differences are counted, and one that ran backwards is a new register: counting goes on from there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import uuid4

from hub.model.charger import Status
from hub.model.entity import Scalar, State
from hub.model.moment import Moment, parse_time, rfc3339

MOVES = {
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
    """What a state brought: the session as it is now, events, and the one that was closed. `keep`: more than
    counting has happened, so that disk and bus must know; a count alone is found again from the register."""

    session: Session | None
    events: tuple[str, ...] = ()
    closed: Session | None = None
    keep: bool = False


def step(session: Session | None, before: State, after: State, now: Moment) -> Step:
    """One snapshot further. An unknown cable (`plugged` None) changes nothing."""
    events = tuple(_fault_events(before, after))
    plugged = after.get("plugged")
    if session is None:
        if not plugged:
            return Step(None, events)
        session = _noted(Session(str(uuid4()), rfc3339(now.wall), at=register(after)), after)
        return Step(session, (*events, "plugged", "session_started"), keep=True)
    if plugged is None:
        return Step(session, events)
    counted = _counted(_noted(session, after), after)
    if not plugged:
        closed = replace(counted, ended=rfc3339(now.wall))
        return Step(None, (*events, "unplugged", "session_ended"), closed, keep=True)
    return Step(counted, (*events, *_moves(before, after)), keep=_matters(session, counted))


def register(state: State) -> float | None:
    """The meter; where the charger has none, what it counts for itself."""
    for key in ("energy_total", "session_energy"):
        value = state.get(key)
        if isinstance(value, int | float):
            return float(value)
    return None


def document(session: Session) -> Mapping[str, object]:
    return asdict(session)


def _noted(session: Session, state: State) -> Session:
    """Who charges, once it is known; it stays when the station has forgotten it."""
    tag, transaction = state.get("id_tag"), state.get("transaction_id")
    id_tag = tag if isinstance(tag, str) else session.id_tag
    transaction_id = transaction if isinstance(transaction, str) else session.transaction_id
    if (id_tag, transaction_id) == (session.id_tag, session.transaction_id):
        return session
    return replace(session, id_tag=id_tag, transaction_id=transaction_id)


def _counted(session: Session, state: State) -> Session:
    stands = register(state)
    if stands is None or stands == session.at:
        return session
    delta = 0.0 if session.at is None else max(0.0, stands - session.at)
    return replace(session, counted=session.counted + delta, at=stands)


def _matters(before: Session, after: Session) -> bool:
    """Not for the count alone; but a new epoch's beginning can't be found again."""
    new_epoch = before.at is None or (after.at is not None and after.at < before.at)
    new_notes = (before.id_tag, before.transaction_id) != (after.id_tag, after.transaction_id)
    return new_notes or (new_epoch and before.at != after.at)


def _moves(before: State, after: State) -> Iterator[str]:
    was, now = before.get("status"), after.get("status")
    if was != now:
        yield from (name for move, name in MOVES.items() if move == (was, now))


def _fault_events(before: State, after: State) -> Iterator[str]:
    was, is_now = (state.get("status") == Status.FAULTED for state in (before, after))
    if was != is_now:
        yield "fault" if is_now else "fault_cleared"
