"""The bus: MQTT topics, wildcards and retained values, inside the process.

A publish hands the message to each matching subscriber's function at once. Such a function must be quick
(put it in a queue, set a flag); one that raises is logged and the others still get their copy. Who needs
time takes an `Inbox`, which holds back at most `size` messages and then drops the oldest: a slow reader
loses its own news and nobody else's.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from hub.topics import matches, valid_filter, valid_topic

log = logging.getLogger(__name__)

Payload = bool | int | float | str | bytes | None | Mapping[str, "Payload"] | tuple["Payload", ...]


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: Payload
    retain: bool = False
    qos: int = 1
    properties: Mapping[str, object] | None = None
    """MQTT 5 properties by name, and of a client's message its `origin`, `user` and whether it was `retained`."""


Receiver = Callable[[Message], None]


PLAIN = frozenset({bool, int, float, str, bytes, type(None)})


def freeze(value: object) -> Payload:
    """A deep copy that nobody can change: dict -> read-only mapping, list -> tuple."""
    if type(value) in PLAIN:
        return cast(Payload, value)
    if isinstance(value, MappingProxyType):
        return cast(Payload, value)  # frozen before: a proxy is only ever made here or over a fresh dict
    if isinstance(value, Mapping):
        # Most items are plain: without a call for each this costs half.
        items = value.items()
        return MappingProxyType(
            {str(key): cast(Payload, item) if type(item) in PLAIN else freeze(item) for key, item in items}
        )
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, int | float | str | bytes):
        return value
    raise TypeError(f"{type(value).__name__} is no payload")


class Bus:
    """Publish and subscribe; a message with `retain` is kept and given to whoever subscribes later."""

    def __init__(self) -> None:
        self._retained: dict[str, Message] = {}
        self._subscribers: dict[int, tuple[str, Receiver]] = {}
        self._routes: dict[str, tuple[Receiver, ...]] = {}
        self._next = 0

    def publish(
        self,
        topic: str,
        payload: object,
        *,
        retain: bool = False,
        qos: int = 1,
        properties: Mapping[str, object] | None = None,
    ) -> None:
        """Raises ValueError for a topic with wildcards, TypeError for a payload that is none.

        A retained None or b"" takes the kept value away.
        """
        message = Message(topic, freeze(payload), retain, qos, properties)
        receivers = self._routes.get(topic)
        if receivers is None:
            receivers = self._route(topic)
        if retain:
            self._keep(message)
        for receiver in receivers:
            self._hand(receiver, message)

    def subscribe(self, pattern: str, receiver: Receiver) -> Callable[[], None]:
        """Returns the function that ends the subscription. Retained messages come at once, before it returns."""
        if not valid_filter(pattern):
            raise ValueError(f"{pattern!r} is no topic filter")
        number = self._next = self._next + 1
        self._subscribers[number] = (pattern, receiver)
        self._routes.clear()
        for message in self.retained(pattern):
            self._hand(receiver, message)

        def unsubscribe() -> None:
            self._subscribers.pop(number, None)
            self._routes.clear()

        return unsubscribe

    def retained(self, pattern: str) -> Iterator[Message]:
        """The kept messages that match."""
        exact = "+" not in pattern and "#" not in pattern
        if exact:
            found = self._retained.get(pattern)
            return iter([found] if found else [])
        return iter([message for topic, message in self._retained.items() if matches(pattern, topic)])

    def _route(self, topic: str) -> tuple[Receiver, ...]:
        if not valid_topic(topic):
            raise ValueError(f"{topic!r} is no topic")
        if len(self._routes) > 100_000:  # somebody publishes ever new topics
            self._routes.clear()
        route = tuple(receiver for pattern, receiver in self._subscribers.values() if matches(pattern, topic))
        self._routes[topic] = route
        return route

    def _keep(self, message: Message) -> None:
        if message.payload is None or message.payload == b"":
            self._retained.pop(message.topic, None)
        else:
            self._retained[message.topic] = message

    @staticmethod
    def _hand(receiver: Receiver, message: Message) -> None:
        try:
            receiver(message)
        except Exception:  # one subscriber's fault is not the others'
            log.exception("subscriber failed on %s", message.topic)


class Inbox:
    """A bounded queue that a subscriber drains in its own time; the oldest goes first when it is full."""

    def __init__(self, size: int, wake: Callable[[], None]) -> None:
        self._messages: deque[Message] = deque(maxlen=size)
        self._wake = wake
        self.dropped = 0

    def __call__(self, message: Message) -> None:
        if len(self._messages) == self._messages.maxlen:
            self.dropped += 1
        self._messages.append(message)
        self._wake()

    def drain(self) -> list[Message]:
        messages = list(self._messages)
        self._messages.clear()
        return messages
