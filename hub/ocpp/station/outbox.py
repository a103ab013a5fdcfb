"""What is owed to the CSMS, in order: N1 to N3 of "nothing lost".

Theory: transaction messages leave strictly in the order in which they were committed, one in flight. One that
fails while connected (CALLERROR, no answer) waits interval x number of transmissions so far and is sent again;
after the allowed attempts it is buried and the next one goes on. A lost connection costs no attempt.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hub.model.moment import Moment
from hub.ocpp.station.clock import later, unset
from hub.ocpp.station.effects import Attempt, Bury, Durable, Owe, Settle
from hub.ocpp.station.messages import MeterValue, TransactionEvent, from_body, offline, to_body

MOST = 2000
"""A transaction's day and a half, at a value a minute: with more than that waiting, every second one may go."""
SPARE = frozenset({"ChargingRateChanged", "MeterValueClock", "MeterValuePeriodic"})
"""Reasons of which there may be any number in a transaction."""
LAST_RESORT = SPARE | {"ChargingStateChanged"}
"""And those that go when there is twice as much: a charger may be without rest for days."""


@dataclass(slots=True)
class Entry:
    id: int
    event: TransactionEvent
    attempts: int = 0
    not_before: float = 0.0
    young: bool = False
    """It happened since this hub began."""


class Outbox:
    """`stored`: (id, body, attempts) as the journal has them, oldest first."""

    def __init__(self, stored: Sequence[tuple[int, Mapping[str, object], int]], first_id: int) -> None:
        # What was kept over a restart happened while the CSMS couldn't be told.
        self._entries = {
            number: Entry(number, offline(from_body(body)), attempts) for number, body, attempts in stored
        }
        self._next_id = max([first_id, *(number + 1 for number in self._entries)])

    def owe(self, event: TransactionEvent) -> Owe:
        entry = Entry(self._next_id, event, young=True)
        self._next_id += 1
        self._entries[entry.id] = entry
        return Owe(entry.id, to_body(event))

    @property
    def newest(self) -> int:
        """The id of what was owed last."""
        return self._next_id - 1

    def head(self) -> Entry | None:
        return next(iter(self._entries.values()), None)

    def due(self, now: Moment) -> Entry | None:
        entry = self.head()
        return entry if entry and entry.not_before <= now.mono else None

    def thin(self) -> list[Settle]:
        """When too much waits: of what is spare every second one goes, the first, the third ... (E04.FR.08).

        Never a beginning or an end, and neither what may be on its way nor the newest.
        """
        if len(self._entries) <= MOST:
            return []
        inner = list(self._entries.values())[1:-1]
        reasons = SPARE if len(self._entries) <= 2 * MOST else LAST_RESORT
        spare = [entry for entry in inner if entry.event.trigger in reasons and _plain(entry.event)]
        return [self.settle(entry.id) for entry in spare[::2]]

    def get(self, number: int) -> Entry | None:
        return self._entries.get(number)

    def settle(self, number: int) -> Settle:
        self._entries.pop(number, None)
        return Settle(number)

    def failed(
        self, number: int, reason: str, now: Moment, *, attempts: int, interval_s: float
    ) -> Durable | None:
        """`attempts`: how many are allowed. None when it is simply sent again."""
        entry = self._entries.get(number)
        if entry is None or reason == "Disconnected":
            return None
        entry.attempts += 1
        if entry.attempts >= attempts:
            return self.bury(entry, reason)
        entry.not_before = now.mono + interval_s * entry.attempts
        return Attempt(entry.id, entry.attempts)

    def bury(self, entry: Entry, reason: str) -> Bury:
        del self._entries[entry.id]
        return Bury(entry.id, to_body(entry.event), reason)

    def cut_off(self) -> list[TransactionEvent]:
        """The connection is gone: everything still here goes out with `offline` (E04.FR.03, E12.FR.02). Returns what
        was to be told at once."""
        live = [entry.event for entry in self._entries.values() if not entry.event.offline]
        for entry in self._entries.values():
            entry.event = offline(entry.event)
            entry.not_before = 0.0
        return live

    def restamp(self, step: timedelta) -> Iterator[Durable]:
        """What a clock has written that nobody had set, `step` later. How long ago an older hub wrote is unknown."""
        for entry in self._entries.values():
            event = entry.event
            if entry.young and unset(event.at):
                meter = tuple(restamped(value, step) for value in event.meter)
                entry.event = replace(event, at=later(event.at, step), meter=meter)
                yield Settle(entry.id)
                yield Owe(entry.id, to_body(entry.event))

    def pending(self, transaction: str | None = None) -> bool:
        return any(transaction in (None, entry.event.transaction) for entry in self._entries.values())

    def deadline(self) -> float | None:
        entry = self.head()
        return entry.not_before if entry else None

    def __len__(self) -> int:
        return len(self._entries)


def _plain(event: TransactionEvent) -> bool:
    """It says nothing that is told once."""
    news = (event.token, event.reservation_id, event.phases)
    return event.event == "Updated" and all(told is None for told in news)


def restamped(value: MeterValue, step: timedelta) -> MeterValue:
    return replace(value, at=later(value.at, step)) if unset(value.at) else value
