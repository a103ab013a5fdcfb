"""A circuit's topics: on change, at most once a second, and everything again every minute."""

from collections.abc import Callable, Mapping

from hub.bus import Bus
from hub.clock import Clock
from hub.model.moment import Moment, rfc3339
from hub.topics import Topics

EVERY_S, GAP_S = 60.0, 0.95


class Board:
    """Owns what was told last."""

    def __init__(self, bus: Bus, topics: Topics, clock: Clock) -> None:
        self._bus, self._topics, self._clock = bus, topics, clock
        self._told: dict[str, tuple[Mapping[str, object], float]] = {}
        self._fresh: set[str] = set()

    def touch(self, circuit: str) -> None:
        """Something of it may be another now."""
        self._fresh.add(circuit)

    def state(self, circuit: str, body: Callable[[], Mapping[str, object]], now: Moment) -> float:
        """Tells it if that is due; returns when it is due again."""
        told, at = self._told.get(circuit, ({}, float("-inf")))
        due = at + (GAP_S if circuit in self._fresh else EVERY_S)
        if now.mono < due:
            return due
        self._fresh.discard(circuit)
        new = body()
        if new == told and now.mono < at + EVERY_S:
            return at + EVERY_S
        self._told[circuit] = new, now.mono
        stamped = {**new, "ts": rfc3339(now.wall)}
        self._bus.publish(self._topics.circuit(circuit, "state"), stamped, retain=True)
        return now.mono + EVERY_S

    def event(self, circuit: str, event_type: str, **details: object) -> None:
        body = {"event_type": event_type, "ts": rfc3339(self._clock.now().wall), **details}
        self._bus.publish(self._topics.circuit(circuit, "event"), body)

    def clear(self, circuit: str) -> None:
        """It is no more: nothing of it stays retained."""
        self._told.pop(circuit, None)
        self._bus.publish(self._topics.circuit(circuit, "state"), None, retain=True)

    def listen(self, device: str, hear: Callable[[Mapping[str, object]], None]) -> Callable[[], None]:
        """To the state of a device; what it returns ends that."""
        return self._bus.subscribe(
            self._topics.charger(device, "state"),
            lambda message: hear(message.payload if isinstance(message.payload, Mapping) else {}),
        )
