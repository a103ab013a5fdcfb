"""What the broker side remembers of one client: subscriptions, what is in flight, what waits.

Theory: a QoS 1 message is in flight from its PUBLISH to its PUBACK, at most `receive_maximum` at once; the
others wait in `_waiting`. A value that replaces a retained value replaces its older, unsent copy too, so a
slow client gets the newest state, and the queue grows with the number of topics, not with time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hub.mqtt.access import Account
from hub.mqtt.packets import Publish, Subscription, encode_publish


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost."""

    packet_bytes: int = 256 * 1024
    waiting: int = 5_000
    in_flight: int = 32
    subscriptions: int = 200
    publishes_per_s: float = 500.0
    burst: int = 2_000
    session_s: float = 3600.0
    """How long a session outlives its connection, at most."""
    connections: int = 200
    connect_s: float = 10.0
    buffer_bytes: int = 1024 * 1024


class Session:
    """One client's state; it outlives the connection when the client asked for that."""

    def __init__(self, client_id: str, version: int, account: Account, limits: Limits) -> None:
        self.client_id = client_id
        self.version = version
        self.account = account
        self.limits = limits
        self.subscriptions: dict[str, Subscription] = {}
        self.identifiers: dict[str, int] = {}
        self.connected = False
        self.writable = True
        self.expiry_s = 0.0
        self.receive_maximum = limits.in_flight
        self.packet_maximum: int | None = None
        self.dropped = 0
        self._in_flight: dict[int, Publish] = {}
        self._waiting: dict[object, Publish] = {}
        self._next_id = 0
        self._next_key = 0

    def deliver(self, publish: Publish, *, replaces: bool) -> bytes:
        """The bytes to write now, b"" when it must wait or is dropped. `replaces`: newest value of its topic wins."""
        ready = self.connected and self.writable and not self._waiting
        if ready and not publish.qos:
            return self._encoded(publish)
        if ready and len(self._in_flight) < self.receive_maximum:
            return self._sent(publish)
        if publish.qos or self.connected:
            self._wait(publish, replaces)
        else:
            self.dropped += 1
        return b""

    def acknowledged(self, packet_id: int) -> bytes:
        """The client's PUBACK; the bytes that may follow now."""
        self._in_flight.pop(packet_id, None)
        return self.more()

    def more(self) -> bytes:
        """What waits and may be written now."""
        out = bytearray()
        while self._waiting and self.connected and self.writable and len(out) < self.limits.buffer_bytes:
            key = next(iter(self._waiting))
            if self._waiting[key].qos and len(self._in_flight) >= self.receive_maximum:
                break
            publish = self._waiting.pop(key)
            out += self._sent(publish) if publish.qos else self._encoded(publish)
        return bytes(out)

    def resume(self) -> bytes:
        """After a reconnect: what was in flight again, with DUP (4.4), then what waits."""
        again = b"".join(self._encoded(replace(publish, dup=True)) for publish in self._in_flight.values())
        return again + self.more()

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def _wait(self, publish: Publish, replaces: bool) -> None:
        if replaces:
            key: object = publish.topic
        else:
            self._next_key += 1
            key = self._next_key
        if key not in self._waiting and len(self._waiting) >= self.limits.waiting:
            del self._waiting[next(iter(self._waiting))]
            self.dropped += 1
        self._waiting[key] = publish

    def _sent(self, publish: Publish) -> bytes:
        while True:
            self._next_id = self._next_id % 65535 + 1
            if self._next_id not in self._in_flight:
                break
        numbered = replace(publish, packet_id=self._next_id)
        encoded = self._encoded(numbered)
        if encoded:
            self._in_flight[self._next_id] = numbered
        return encoded

    def _encoded(self, publish: Publish) -> bytes:
        encoded = encode_publish(publish, self.version)
        if self.packet_maximum is not None and len(encoded) > self.packet_maximum:
            self.dropped += 1  # MQTT 5, 3.1.2.11.4: as if it had been delivered
            return b""
        return encoded


def granted(properties: Mapping[str, object], limits: Limits, version: int, clean: bool) -> float:
    """For how many seconds the session is kept after the connection is gone."""
    if version == 4:
        return 0.0 if clean else limits.session_s
    asked = properties.get("session_expiry_interval", 0)
    return min(float(asked) if isinstance(asked, int) else 0.0, limits.session_s)
