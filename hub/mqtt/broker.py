"""The bus as an MQTT broker: one store (the bus keeps what is retained), sessions, access; no sockets."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from hub.bus import Bus, Message
from hub.clock import Clock
from hub.mqtt.access import Access, Account
from hub.mqtt.connection import Connection
from hub.mqtt.packets import Connect, Publish, Subscription
from hub.mqtt.payload import render
from hub.mqtt.session import Limits, Session
from hub.topics import valid_filter

log = logging.getLogger(__name__)

FORWARDED = frozenset(
    {"payload_format_indicator", "content_type", "response_topic", "correlation_data", "user_property"}
)
"""MQTT 5 properties that travel on with a message, 3.3.2.3."""


@dataclass(slots=True)
class Seat:
    """A session with its connection (None: away) and its bus subscriptions."""

    session: Session
    connection: Connection | None = None
    left: float = 0.0
    routes: dict[str, Callable[[], None]] = field(default_factory=dict)


class BusBroker:
    """Implements `connection.Broker`. `flush(connection)` is called when a connection has something to write."""

    def __init__(
        self, bus: Bus, access: Access, clock: Clock, limits: Limits, flush: Callable[[Connection], None]
    ) -> None:
        self._bus = bus
        self._access = access
        self._clock = clock
        self._limits = limits
        self._flush = flush
        self._seats: dict[str, Seat] = {}
        self._origin: Session | None = None
        self._replaying: Subscription | None = None
        self._rendered: tuple[Message | None, bytes] = (None, b"")
        self.refused = 0

    def login(self, connect: Connect) -> Account | None:
        account = self._access.login(connect.username, connect.password)
        if account is None:
            log.warning("MQTT client %r: bad user name or password", connect.client_id[:80])
        return account

    def open(self, connect: Connect, account: Account, connection: Connection) -> tuple[Session, bool]:
        client_id = connect.client_id or f"auto-{uuid4().hex}"
        old = self._seats.get(client_id)
        if old and old.connection:
            old.connection.fail(0x8E, "another connection took the client id over")
            self._flush(old.connection)
        fresh = connect.clean or old is None or old.session.account != account
        if fresh and old:
            self._forget(client_id)
        if fresh or old is None:
            old = self._seats[client_id] = Seat(Session(client_id, connect.version, account, self._limits))
        old.connection = connection
        return old.session, not fresh

    def left(self, connection: Connection) -> None:
        """The connection is gone: publish its will, keep or forget its session."""
        session = connection.session
        if session is None:
            return
        if connection.will is not None:
            self.publish(session, connection.will)
            connection.will = None
        seat = self._seats.get(session.client_id)
        if seat is None or seat.connection is not connection:
            return
        seat.connection, session.connected = None, False
        seat.left = self._clock.now().mono
        if not session.expiry_s:
            self._forget(session.client_id)

    def sweep(self, now: float) -> None:
        """Forget the sessions whose time is over."""
        for client_id, seat in list(self._seats.items()):
            if seat.connection is None and now - seat.left > seat.session.expiry_s:
                self._forget(client_id)

    def publish(self, session: Session, publish: Publish) -> int:
        if not self._access.may_write(session.account, publish.topic):
            self.refused += 1
            log.warning("MQTT client %r may not write %s", session.client_id[:80], publish.topic[:200])
            return 0x87
        command = self._access.is_command(publish.topic)
        properties: dict[str, object] = {
            **publish.properties,
            "origin": session.client_id,
            "user": session.account.name,
            "retained": publish.retain,
        }
        self._origin = session
        try:
            self._bus.publish(
                publish.topic,
                publish.payload,
                retain=publish.retain and not command,
                qos=publish.qos,
                properties=properties,
            )
        finally:
            self._origin = None
        return 0

    def subscribe(self, session: Session, subscription: Subscription, identifier: int | None) -> int:
        pattern = subscription.filter
        if pattern.startswith("$share/"):
            return 0x9E
        if not valid_filter(pattern):
            return 0x8F
        known = pattern in session.subscriptions
        if not known and len(session.subscriptions) >= self._limits.subscriptions:
            return 0x97
        seat = self._seats[session.client_id]
        self._unroute(seat, pattern)
        session.subscriptions[pattern] = subscription
        if identifier is not None:
            session.identifiers[pattern] = identifier
        replay = subscription.retain_handling == 0 or (subscription.retain_handling == 1 and not known)
        self._replaying = subscription
        try:
            seat.routes[pattern] = self._bus.subscribe(pattern, self._receiver(seat, subscription, replay))
        finally:
            self._replaying = None
        return min(subscription.qos, 1)

    def unsubscribe(self, session: Session, pattern: str) -> int:
        found = session.subscriptions.pop(pattern, None)
        session.identifiers.pop(pattern, None)
        self._unroute(self._seats[session.client_id], pattern)
        return 0 if found else 0x11

    def counters(self) -> dict[str, int]:
        sessions = [seat.session for seat in self._seats.values()]
        return {
            "clients": sum(session.connected for session in sessions),
            "sessions": len(sessions),
            "waiting": sum(session.backlog for session in sessions),
            "dropped": sum(session.dropped for session in sessions),
            "refused": self.refused,
        }

    def _receiver(self, seat: Seat, subscription: Subscription, replay: bool) -> Callable[[Message], None]:
        session = seat.session

        def receive(message: Message) -> None:
            replaying = self._replaying is subscription
            if (replaying and not replay) or (subscription.no_local and self._origin is session):
                return
            if not self._access.may_read(session.account, message.topic):
                return
            retain = message.retain and (replaying or subscription.retain_as_published)
            publish = Publish(
                message.topic,
                self._bytes(message),
                min(message.qos, subscription.qos, 1),
                retain,
                properties=self._properties(session, message, subscription.filter),
            )
            written = session.deliver(publish, replaces=message.retain)
            if written and seat.connection is not None:
                seat.connection.out += written
                self._flush(seat.connection)

        return receive

    def _properties(self, session: Session, message: Message, pattern: str) -> dict[str, object]:
        if session.version == 4 or not (message.properties or session.identifiers):
            return {}
        kept = {name: value for name, value in (message.properties or {}).items() if name in FORWARDED}
        if pattern in session.identifiers:
            kept["subscription_identifier"] = [session.identifiers[pattern]]
        return kept

    def _bytes(self, message: Message) -> bytes:
        """Rendered once, whatever the number of readers."""
        if self._rendered[0] is not message:
            self._rendered = (message, render(message.payload))
        return self._rendered[1]

    def _forget(self, client_id: str) -> None:
        seat = self._seats.pop(client_id)
        for pattern in list(seat.routes):
            self._unroute(seat, pattern)

    @staticmethod
    def _unroute(seat: Seat, pattern: str) -> None:
        end = seat.routes.pop(pattern, None)
        if end:
            end()
