"""Plug-in to plug-out: one session, whatever transactions happen in it.

Theory: each new snapshot of an EVSE is one step. The cable opens and closes the session; between them the
meter's differences are counted. How long it lasts is told by the monotonic clock: the wall clock may be set
meanwhile, and only says when it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
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
    """Energy in kWh: `counted` so far, and the meter `at` which the count stands."""

    id: str
    started: str
    counted: float = 0.0
    at: float | None = None
    ended: str | None = None
    id_tag: str | None = None
    transaction_id: str | None = None
    lasted_s: float | None = None
    """Of a closed one."""
    since: float = 0.0
    """When it began, by this process's monotonic clock."""

    def duration_s(self, now: Moment) -> int:
        return round(max(0.0, now.mono - self.since if self.lasted_s is None else self.lasted_s))

    def body(self, charger: str, evse: int, now: Moment) -> dict[str, Scalar]:
        return {
            "id": self.id,
            "charger": charger,
            "evse": evse,
            "started": self.started,
            "ended": self.ended,
            "duration_s": self.duration_s(now),
            "energy_kwh": round(self.counted, 3),
            "id_tag": self.id_tag,
            "transaction_id": self.transaction_id,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What a state brought: the session as it is now, events, and the one that was closed. `keep`: more than
    counting has happened, so that disk and bus must know; a count alone is found again from the meter."""

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
        begun = Session(str(uuid4()), rfc3339(now.wall), at=_meter(after), since=now.mono)
        return Step(_noted(begun, after), (*events, "plugged", "session_started"), keep=True)
    if plugged is None:
        return Step(session, events)
    counted = _counted(_noted(session, after), _meter(after))
    if not plugged:
        return Step(None, (*events, "unplugged", "session_ended"), _closed(counted, now), keep=True)
    return Step(counted, (*events, *_moves(before, after)), keep=_matters(session, counted))


def left(session: Session, meter_kwh: float | None, now: Moment) -> Session:
    """It can't be followed any further: closed, with what the meter showed last."""
    return _closed(_counted(session, meter_kwh), now)


def document(session: Session) -> Mapping[str, object]:
    return {name: value for name, value in asdict(session).items() if name != "since"}


def restored(body: Mapping[str, Any], now: Moment) -> Session:
    """An open session that another process has begun. Raises ValueError for what `document` has not made."""
    known = {field.name for field in fields(Session)}
    try:
        session = Session(**{name: value for name, value in body.items() if name in known})
        passed = (now.wall - parse_time(session.started)).total_seconds()
    except TypeError as error:
        raise ValueError(f"{body} is no session") from error
    return replace(session, since=now.mono - max(0.0, passed))


def _closed(session: Session, now: Moment) -> Session:
    """It never ended before it began, whatever the wall clock says now."""
    ended = max(now.wall, parse_time(session.started))
    return replace(session, ended=rfc3339(ended), lasted_s=max(0.0, now.mono - session.since))


def _noted(session: Session, state: State) -> Session:
    """Who charges, once it is known; it stays when the station has forgotten it."""
    tag, transaction = state.get("id_tag"), state.get("transaction_id")
    id_tag = tag if isinstance(tag, str) else session.id_tag
    transaction_id = transaction if isinstance(transaction, str) else session.transaction_id
    if (id_tag, transaction_id) == (session.id_tag, session.transaction_id):
        return session
    return replace(session, id_tag=id_tag, transaction_id=transaction_id)


def _meter(state: State) -> float | None:
    value = state.get("energy_total")
    return float(value) if isinstance(value, int | float) else None


def _counted(session: Session, stands: float | None) -> Session:
    if stands is None or stands == session.at:
        return session
    # A meter that a damaged store has set back: counting goes on from there.
    delta = 0.0 if session.at is None else max(0.0, stands - session.at)
    return replace(session, counted=session.counted + delta, at=stands)


def _matters(before: Session, after: Session) -> bool:
    """Not for the count alone; but where the counting began can't be found again."""
    new_notes = (before.id_tag, before.transaction_id) != (after.id_tag, after.transaction_id)
    set_back = before.at is None or (after.at is not None and after.at < before.at)
    return new_notes or (set_back and before.at != after.at)


def _moves(before: State, after: State) -> Iterator[str]:
    was, now = before.get("status"), after.get("status")
    if was != now:
        yield from (name for move, name in MOVES.items() if move == (was, now))


def _fault_events(before: State, after: State) -> Iterator[str]:
    was, is_now = (state.get("status") == Status.FAULTED for state in (before, after))
    if was != is_now:
        yield "fault" if is_now else "fault_cleared"
