"""What happens at a charger's EVSEs, kept and told: sessions on the bus and on disk, limits and meters on disk."""

import logging
from collections.abc import Iterable

from hub.charger.evse import Evse
from hub.charger.limits import HOUSE
from hub.charger.memory import PAUSE, Body, Memory
from hub.charger.publisher import Publisher
from hub.charger.sessions import Session, restored, step
from hub.model.entity import State
from hub.model.moment import Moment, parse_time

log = logging.getLogger(__name__)


class Records:
    """Of one charger."""

    def __init__(self, charger: str, memory: Memory, publisher: Publisher) -> None:
        self._charger, self._memory, self._publisher = charger, memory, publisher
        self._kept_totals: dict[int, float | None] = {}
        self._told: set[int] = set()
        """EVSEs with a session on the bus: a resumed one is told with the first reading, which completes its count."""

    def begin(self, last: tuple[int, Body] | None) -> None:
        """The hub starts: the last closed session is shown again, until there is another one."""
        if last is None:
            return
        evse, body = last
        try:
            ended = Moment(0.0, parse_time(str(body["ended"])))
            shown = restored(body, ended).body(self._charger, evse, ended)
        except (ValueError, KeyError) as error:
            log.error("charger %s: its last session can't be shown: %s", self._charger, error)
            return
        self._publisher.session(shown, closed=False)

    def follow(self, evse: Evse, before: State, now: Moment) -> None:
        """A new state of an EVSE: its session begins, goes on or ends."""
        result = step(evse.session, before, evse.noted(), now)
        evse.session = result.session
        for event in result.events:
            self._publisher.event(event, {"evse": evse.number})
        if result.keep:
            self._memory.session(evse.number, result.session, result.closed)
            self.meter(evse, now)
        shown = result.session or result.closed
        if shown and (result.keep or result.events or evse.number not in self._told):
            self._told.add(evse.number)
            body = shown.body(self._charger, evse.number, now)
            self._publisher.session(body, closed=result.closed is not None)

    def leave(self, evse: int, closed: Session | None, now: Moment) -> None:
        """An EVSE is no more: its session ends as it was seen last, if it can be told."""
        self._memory.session(evse, None, closed)
        if closed is not None:
            self._publisher.event("session_ended", {"evse": evse})
            self._publisher.session(closed.body(self._charger, evse, now), closed=True)

    def limit(self, evse: Evse, source: str, now: Moment) -> None:
        if source not in HOUSE:
            self._memory.limit(evse.number, source, evse.limits.body(source, now))

    def pause(self, evse: Evse) -> None:
        self._memory.limit(evse.number, PAUSE, {"paused": True} if evse.control.paused else None)

    def meter(self, evse: Evse, now: Moment) -> None:
        body = evse.meter.body(now)
        if body is not None:
            self._kept_totals[evse.number] = evse.meter.total
            self._memory.meter(evse.number, body)

    def every_minute(self, evses: Iterable[Evse], now: Moment) -> None:
        for evse in evses:
            if evse.meter.total != self._kept_totals.get(evse.number):
                self.meter(evse, now)
            if evse.session:
                self._publisher.session(evse.session.body(self._charger, evse.number, now), closed=False)
