"""A charger's topics: on change, at most once a second for each key, and everything again every minute."""

import asyncio
from collections.abc import Mapping

from hub.bus import Bus
from hub.clock import Clock
from hub.model.entity import EMPTY, Scalar, State
from hub.model.moment import Moment, rfc3339
from hub.topics import Topics

EVERY_S = 60.0
GAP_S = 0.95
"""Between two publications of an EVSE's state: a poll a second is let through, a faster one is not."""
AT_ONCE = frozenset(
    {"status", "plugged", "charging_enabled", "transaction_id", "id_tag", "current_limit", "error_code"}
)
"""What nobody wants to wait for."""


class Publisher:
    """Owns what was published last; JSON and scalars always come from one snapshot."""

    def __init__(self, bus: Bus, topics: Topics, charger: str, clock: Clock) -> None:
        self._bus, self._topics, self._charger, self._clock = bus, topics, charger, clock
        self._told: dict[int, State] = {}
        self._told_at: dict[int, float] = {}
        self._newest: dict[int, State] = {}
        self._scalars: dict[tuple[int, str], str] = {}

    def availability(self, there: bool) -> None:
        topic = self._topics.charger(self._charger, "availability")
        self._bus.publish(topic, "online" if there else "offline", retain=True)
        body = {"available": there, "ts": rfc3339(self._clock.now().wall)}
        self._bus.publish(self._topics.charger(self._charger, "state"), body, retain=True)
        self._bus.publish(
            self._topics.charger(self._charger, "state", "available"), there, retain=True, qos=0
        )

    def info(self, info: Mapping[str, object]) -> None:
        self._bus.publish(self._topics.charger(self._charger, "info"), info, retain=True)

    def event(self, event_type: str, details: Mapping[str, object]) -> None:
        body = {"event_type": event_type, "ts": rfc3339(self._clock.now().wall), **details}
        self._bus.publish(self._topics.charger(self._charger, "event"), body)

    def session(self, body: Mapping[str, object], *, closed: bool) -> None:
        self._bus.publish(self._topics.charger(self._charger, "session"), body, retain=True)
        if closed:
            self._bus.publish(self._topics.charger(self._charger, "sessions"), body)

    def evse(self, evse: int, state: State, now: Moment) -> None:
        self._newest[evse] = state
        told = self._told.get(evse, EMPTY)
        if state == told:
            return
        recent = now.mono - self._told_at.get(evse, float("-inf")) < GAP_S
        if recent and not any(state.get(key) != told.get(key) for key in AT_ONCE):
            return
        self._publish(evse, state, now)

    async def refresh(self) -> None:
        """Every second what was held back; every minute everything."""
        loop = asyncio.get_running_loop()
        everything = loop.time() + EVERY_S
        while True:
            await asyncio.sleep(1.0)
            now = self._clock.now()
            all_due = loop.time() >= everything
            if all_due:
                everything += EVERY_S
                self._scalars.clear()
            for evse, state in self._newest.items():
                if all_due or state != self._told.get(evse):
                    self._publish(evse, state, now)

    def _publish(self, evse: int, state: State, now: Moment) -> None:
        before = self._told.get(evse, EMPTY)
        self._told[evse], self._told_at[evse] = state, now.mono
        body: dict[str, Scalar] = {**state, "ts": rfc3339(now.wall)}
        self._bus.publish(self._topics.evse(self._charger, evse, "state"), body, retain=True)
        for key, value in state.items():
            topic = self._scalars.get((evse, key))
            if topic is None:
                topic = self._scalars[evse, key] = self._topics.evse(self._charger, evse, "state", key)
            elif key in before and before[key] == value:
                continue
            # An unknown value is said as such, and stays said: null, not an empty (deleting) payload.
            self._bus.publish(topic, "null" if value is None else value, retain=True, qos=0)
