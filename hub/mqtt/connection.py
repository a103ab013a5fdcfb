"""The broker's side of one MQTT connection: bytes and time in, bytes out; no socket."""

from typing import Protocol

from hub.mqtt.access import Account
from hub.mqtt.packets import (
    PINGRESP,
    Ack,
    Auth,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Parser,
    Ping,
    Publish,
    Subscribe,
    Subscription,
    Unsubscribe,
    encode_ack,
    encode_connack,
    encode_disconnect,
    encode_suback,
)
from hub.mqtt.session import Limits, Session, granted
from hub.mqtt.wire import Malformed
from hub.topics import valid_topic

REFUSED_3 = {0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}
"""CONNACK codes: MQTT 5's to 3.1.1's."""
MAX_ALIASES = 32


class Broker(Protocol):
    """What a connection asks of the broker behind it."""

    def login(self, connect: Connect) -> Account | None: ...

    def open(self, connect: Connect, account: Account, connection: "Connection") -> tuple[Session, bool]:
        """The session for this client, and whether it was there before; an older connection is taken over."""

    def publish(self, session: Session, publish: Publish) -> int:
        """The reason code: 0, or why not."""

    def subscribe(self, session: Session, subscription: Subscription, identifier: int | None) -> int: ...

    def unsubscribe(self, session: Session, pattern: str) -> int: ...


class Connection:
    """`receive` never raises: what is wrong ends the connection with the right code."""

    def __init__(self, broker: Broker, limits: Limits, now: float) -> None:
        self._broker = broker
        self._limits = limits
        self._parser = Parser(limits.packet_bytes)
        self._aliases: dict[int, str] = {}
        self._tokens, self._counted = float(limits.burst), now
        self._keep_alive_s = 0.0
        self.session: Session | None = None
        self.will: Publish | None = None
        self.deadline: float | None = now + limits.connect_s
        self.closing = False
        self.reason = ""
        self.out = bytearray()

    def receive(self, received: bytes, now: float) -> None:
        if self.closing:
            return
        try:
            for packet in self._parser.feed(received):
                self._packet(packet, now)
                if self._done():
                    return
        except Malformed as error:
            self.fail(error.code, str(error))

    def expire(self, now: float) -> None:
        if self.deadline is not None and now >= self.deadline:
            self.fail(0x8D, "keep-alive time-out" if self.session else "no CONNECT came")

    def fail(self, code: int, reason: str) -> None:
        """End it; a will is published, for this is no clean DISCONNECT."""
        if self.closing:
            return
        if self.session is None:
            version = self._parser.version or (4 if code == 0x84 else 0)
            if version:
                self.out += encode_connack(
                    False, code if version == 5 else REFUSED_3.get(code, 5), {}, version
                )
        elif self.session.version == 5:
            self.out += encode_disconnect(code, 5)
        self.closing, self.reason = True, reason

    def _done(self) -> bool:
        return self.closing

    def _packet(self, packet: Packet, now: float) -> None:
        if self._keep_alive_s:
            self.deadline = now + self._keep_alive_s
        match packet:
            case Connect():
                self._connect(packet, now)
            case Publish():
                self._publish(packet, now)
            case Ack():
                self._ack(packet)
            case Subscribe():
                self._subscribe(packet)
            case Unsubscribe():
                self._unsubscribe(packet)
            case Ping():
                self.out += PINGRESP
            case Disconnect():
                self._disconnect(packet)
            case Auth():
                self.fail(0x8C, "no extended authentication here")

    def _connect(self, connect: Connect, now: float) -> None:
        if not connect.client_id and connect.version == 4 and not connect.clean:
            return self.fail(0x85, "an empty client id with a kept session")
        if "authentication_method" in connect.properties:
            return self.fail(0x8C, "no extended authentication here")
        if connect.will and (connect.will.qos > 1 or not valid_topic(connect.will.topic)):
            return self.fail(0x9B if connect.will.qos > 1 else 0x90, "a will of QoS 2 or with a bad topic")
        account = self._broker.login(connect)
        if account is None:
            return self.fail(0x86, "bad user name or password")
        session, present = self._broker.open(connect, account, self)
        self._settle(session, connect)
        self.session, self.will = session, connect.will
        self._keep_alive_s = connect.keep_alive_s * 1.5
        self.deadline = now + self._keep_alive_s if self._keep_alive_s else None
        self.out += encode_connack(present, 0, self._welcome(session, connect), connect.version)
        self.out += session.resume()
        return None

    def _settle(self, session: Session, connect: Connect) -> None:
        session.connected, session.writable = True, True
        session.version = connect.version
        session.expiry_s = granted(connect.properties, self._limits, connect.version, connect.clean)
        asked = connect.properties.get("receive_maximum")
        session.receive_maximum = (
            min(asked, self._limits.in_flight) if isinstance(asked, int) else self._limits.in_flight
        )
        largest = connect.properties.get("maximum_packet_size")
        session.packet_maximum = largest if isinstance(largest, int) else None

    def _welcome(self, session: Session, connect: Connect) -> dict[str, object]:
        said: dict[str, object] = {
            "maximum_qos": 1,
            "maximum_packet_size": self._limits.packet_bytes,
            "topic_alias_maximum": MAX_ALIASES,
            "receive_maximum": self._limits.in_flight,
            "shared_subscription_available": 0,
            "session_expiry_interval": int(session.expiry_s),
        }
        if not connect.client_id:
            said["assigned_client_identifier"] = session.client_id
        return said

    def _publish(self, publish: Publish, now: float) -> None:
        assert self.session is not None
        if publish.qos == 2:
            return self.fail(0x9B, "QoS 2 is not served; use QoS 1")
        publish = self._unalias(publish)
        if not valid_topic(publish.topic):
            return self.fail(0x90, f"topic {publish.topic[:80]!r}")
        if not self._allowed(now):
            return self.fail(0x96, "more messages than the limit allows")
        code = self._broker.publish(self.session, publish)
        if publish.packet_id is not None:
            self.out += encode_ack(Kind.PUBACK, publish.packet_id, code, self.session.version)
        return None

    def _unalias(self, publish: Publish) -> Publish:
        """3.3.2.3.4: a topic alias stands for a topic named before."""
        alias = publish.properties.get("topic_alias")
        if not isinstance(alias, int):
            return publish
        if not 0 < alias <= MAX_ALIASES:
            raise Malformed(0x94, f"topic alias {alias}")
        if publish.topic:
            self._aliases[alias] = publish.topic
        elif alias not in self._aliases:
            raise Malformed(0x82, f"topic alias {alias} was never set")
        kept = {name: value for name, value in publish.properties.items() if name != "topic_alias"}
        return Publish(
            self._aliases[alias],
            publish.payload,
            publish.qos,
            publish.retain,
            publish.dup,
            publish.packet_id,
            kept,
        )

    def _allowed(self, now: float) -> bool:
        rate = self._limits.publishes_per_s
        self._tokens = min(float(self._limits.burst), self._tokens + (now - self._counted) * rate) - 1
        self._counted = now
        return self._tokens >= 0

    def _ack(self, ack: Ack) -> None:
        assert self.session is not None
        if ack.kind != Kind.PUBACK:
            return self.fail(0x82, "QoS 2 is not served")
        self.out += self.session.acknowledged(ack.packet_id)
        return None

    def _subscribe(self, subscribe: Subscribe) -> None:
        assert self.session is not None
        identifiers = subscribe.properties.get("subscription_identifier")
        identifier = identifiers[0] if isinstance(identifiers, list) else None
        before = len(self.out)
        codes = tuple(
            self._broker.subscribe(self.session, item, identifier) for item in subscribe.subscriptions
        )
        if self.session.version == 4:
            codes = tuple(min(0x80, code) for code in codes)
        # Retained messages were written while subscribing; the SUBACK goes before them.
        self.out[before:before] = encode_suback(Kind.SUBACK, subscribe.packet_id, codes, self.session.version)

    def _unsubscribe(self, unsubscribe: Unsubscribe) -> None:
        assert self.session is not None
        codes = tuple(self._broker.unsubscribe(self.session, pattern) for pattern in unsubscribe.filters)
        self.out += encode_suback(Kind.UNSUBACK, unsubscribe.packet_id, codes, self.session.version)

    def _disconnect(self, disconnect: Disconnect) -> None:
        assert self.session is not None
        if disconnect.code != 0x04:  # 0x04: disconnect with will message
            self.will = None
        asked = disconnect.properties.get("session_expiry_interval")
        if isinstance(asked, int):
            self.session.expiry_s = min(float(asked), self._limits.session_s)
        self.closing, self.reason = True, "disconnected"
