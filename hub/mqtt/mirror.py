"""What of the bus goes to an external broker, and when: newest state wins, events wait for the broker's return.

Theory: the bus keeps every retained value, so the mirror only remembers *which* topics changed. It writes them
as fast as the broker takes them; a broker that was away gets everything retained once more, then what is new.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from hub.bus import Bus, Message
from hub.mqtt.payload import render

EVENTS = 1000
"""Messages that aren't retained and wait while the broker is away: events, closed sessions, results."""


class Outlet(Protocol):
    """The connection that carries the state."""

    def send(self, topic: str, payload: bytes, *, qos: int, retain: bool, message: Message) -> None: ...

    @property
    def room(self) -> int:
        """How many messages may be handed over now."""


class Mirror:
    """Feeds one outlet. `schedule` asks the loop to call `flush` soon."""

    def __init__(self, bus: Bus, outlet: Outlet, schedule: Callable[[Callable[[], None]], object]) -> None:
        self._bus = bus
        self._outlet = outlet
        self._schedule = schedule
        self._states: dict[str, Message] = {}
        self._events: deque[Message] = deque(maxlen=EVENTS)
        self._online = False
        self._scheduled = False
        self._end = bus.subscribe("#", self._receive)

    def connected(self) -> None:
        """The broker is there (again): it gets everything that is retained."""
        self._online = True
        self._states = {message.topic: message for message in self._bus.retained("#") if not _inward(message)}
        self.flush()

    def disconnected(self) -> None:
        self._online = False
        self._states.clear()

    def close(self) -> None:
        self._end()

    def is_foreign(self, topic: str, payload: bytes) -> bool:
        """Does somebody else say on a topic of the hub's what the hub doesn't say?"""
        kept = next(self._bus.retained(topic), None)
        return kept is not None and not _inward(kept) and render(kept.payload) != payload

    def again(self, topic: str) -> None:
        """Write what is retained on a topic once more."""
        for message in self._bus.retained(topic):
            self._receive(message)

    def flush(self) -> None:
        """Write what the outlet has room for."""
        self._scheduled = False
        if not self._online:
            return
        room = self._outlet.room
        while self._events and room > 0:
            self._write(self._events.popleft())
            room -= 1
        for topic in list(self._states)[: max(room, 0)]:
            self._write(self._states.pop(topic))

    def _write(self, message: Message) -> None:
        self._outlet.send(
            message.topic,
            render(message.payload),
            qos=min(message.qos, 1),
            retain=message.retain,
            message=message,
        )

    def _receive(self, message: Message) -> None:
        if _inward(message):
            return
        if message.retain:
            if self._online:
                self._states[message.topic] = message
        elif message.qos or self._online:
            self._events.append(message)
        if self._online and not self._scheduled:
            self._scheduled = True
            self._schedule(self.flush)


def _inward(message: Message) -> bool:
    """It came from a client of the broker: it has it already."""
    return bool(message.properties and "origin" in message.properties)
