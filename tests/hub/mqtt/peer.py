"""A broker with clients in memory, for tests without sockets."""

from hub.bus import Bus
from hub.clock import ManualClock
from hub.mqtt.access import Access, Account
from hub.mqtt.broker import BusBroker
from hub.mqtt.connection import Connection
from hub.mqtt.packets import (
    Connect,
    Kind,
    Publish,
    Subscribe,
    Subscription,
    encode_connect,
    encode_publish,
    encode_subscribe,
)
from hub.mqtt.session import Limits
from hub.mqtt.wire import Reader


class Peer:
    """One client: writes packets, reads what came as (kind, flags, body)."""

    def __init__(self, world: "World", version: int) -> None:
        self._world = world
        self.version = version
        self.connection = Connection(world.broker, world.limits, world.clock.now().mono)
        self._id = 0

    def write(self, raw: bytes) -> None:
        self.connection.receive(raw, self._world.clock.now().mono)

    def connect(self, client_id: str = "c", **more: object) -> list[tuple[int, int, bytes]]:
        self.write(encode_connect(Connect(client_id, self.version, **more)))  # type: ignore[arg-type]
        return self.read()

    def subscribe(self, pattern: str, qos: int = 1, **options: object) -> list[tuple[int, int, bytes]]:
        self._id += 1
        subscription = Subscription(pattern, qos, **options)  # type: ignore[arg-type]
        self.write(encode_subscribe(Subscribe(self._id, (subscription,)), self.version))
        return self.read()

    def publish(
        self, topic: str, payload: bytes, qos: int = 0, **more: object
    ) -> list[tuple[int, int, bytes]]:
        publish = Publish(topic, payload, qos, packet_id=5 if qos else None, **more)  # type: ignore[arg-type]
        self.write(encode_publish(publish, self.version))
        return self.read()

    def read(self) -> list[tuple[int, int, bytes]]:
        reader, packets = Reader(bytes(self.connection.out)), []
        self.connection.out.clear()
        while reader.more():
            first = reader.byte()
            packets.append((first >> 4, first & 15, reader.take(reader.variable())))
        return packets

    def messages(self) -> list[tuple[str, bytes]]:
        """(topic, payload) of the PUBLISH packets that came."""
        found = []
        for kind, flags, body in self.read():
            if kind == Kind.PUBLISH:
                reader = Reader(body)
                topic = reader.text()
                if flags & 6:
                    reader.u16()
                if self.version == 5:
                    reader.properties()
                found.append((topic, reader.rest()))
        return found

    def leave(self) -> None:
        self._world.broker.left(self.connection)


class World:
    def __init__(self, accounts: dict[str, Account] | None = None, **limits: object) -> None:
        self.bus = Bus()
        self.clock = ManualClock()
        self.limits = Limits(**limits)  # type: ignore[arg-type]
        self.flushed: list[Connection] = []
        self.broker = BusBroker(
            self.bus, Access(accounts or {}, "evhub"), self.clock, self.limits, self.flushed.append
        )

    def peer(self, version: int = 4) -> Peer:
        return Peer(self, version)

    def client(self, client_id: str = "c", version: int = 4, **more: object) -> Peer:
        peer = self.peer(version)
        peer.connect(client_id, **more)
        return peer
