"""The hub's bus served over MQTT: the sockets around `broker.BusBroker`."""

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import cast

from hub.bus import Bus
from hub.clock import Clock
from hub.errors import HubError, reason
from hub.mqtt.access import Access
from hub.mqtt.broker import BusBroker
from hub.mqtt.connection import Connection
from hub.mqtt.session import Limits

log = logging.getLogger(__name__)

LOOPBACK = ("127.", "::1", "localhost")


class Listener:
    """Serves one address. Raises HubError when it isn't free, or is open to others without users."""

    def __init__(
        self,
        bus: Bus,
        access: Access,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 1883,
        tls: ssl.SSLContext | None = None,
        anonymous: bool = True,
        limits: Limits | None = None,
    ) -> None:
        if anonymous and not host.startswith(LOOPBACK):
            raise HubError(f"mqtt.listen {host}: beyond loopback the embedded broker needs users")
        self._clock = clock
        self._host, self._port, self._tls = host, port, tls
        self._limits = limits or Limits()
        self.broker = BusBroker(bus, access, clock, self._limits, self._flush)
        self._clients: dict[Connection, Client] = {}
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is served (told by the system when 0 was asked)."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Client(self), self._host, self._port, ssl=self._tls, reuse_address=True
            )
        except OSError as error:
            raise HubError(f"MQTT cannot listen on {self._host}:{self._port}: {reason(error)}") from error
        log.info("MQTT is served on %s:%s", self._host, self.port)

    async def run(self) -> None:
        """Keeps time: keep-alive, sessions that end."""
        while True:
            await asyncio.sleep(1)
            now = self._clock.now().mono
            for connection, client in list(self._clients.items()):
                connection.expire(now)
                client.flush()
            self.broker.sweep(now)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection, client in list(self._clients.items()):
            connection.will = None
            connection.fail(0x8B, "the hub stops")
            client.flush()
        await self._server.wait_closed()

    def joined(self, connection: Connection, client: "Client") -> None:
        self._clients[connection] = client
        if len(self._clients) > self._limits.connections:
            connection.fail(0x97, "too many connections")

    def left(self, connection: Connection) -> None:
        self._clients.pop(connection, None)
        self.broker.left(connection)

    def connection(self) -> Connection:
        return Connection(self.broker, self._limits, self._clock.now().mono)

    def now(self) -> float:
        return self._clock.now().mono

    @property
    def buffer_bytes(self) -> int:
        return self._limits.buffer_bytes

    def _flush(self, connection: Connection) -> None:
        client = self._clients.get(connection)
        if client:
            client.flush_soon()


class Client(asyncio.Protocol):
    """One socket. What a turn of the loop produces for it leaves in one write."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._connection = listener.connection()
        self._transport: asyncio.Transport | None = None
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport.set_write_buffer_limits(high=self._listener.buffer_bytes)
        raw = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            # With Nagle on both sides a QoS 1 round trip takes 88 ms.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener.joined(self._connection, self)
        self.flush()

    def data_received(self, data: bytes) -> None:
        self._connection.receive(data, self._listener.now())
        self.flush()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._listener.left(self._connection)

    def pause_writing(self) -> None:
        if self._connection.session:
            self._connection.session.writable = False

    def resume_writing(self) -> None:
        session = self._connection.session
        if session:
            session.writable = True
            self._connection.out += session.more()
            self.flush()

    def flush_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        self._scheduled = False
        if self._transport is None:
            return
        out = self._connection.out
        if out:
            self._transport.write(bytes(out))
            out.clear()
        if self._connection.closing:
            session, reason = self._connection.session, self._connection.reason
            name = session.client_id[:80] if session else self._transport.get_extra_info("peername")
            # One that says goodbye is the daily business of `mosquitto_pub`.
            log.log(
                logging.DEBUG if reason == "disconnected" else logging.INFO,
                "MQTT client %s left: %s",
                name,
                reason,
            )
            transport, self._transport = self._transport, None
            transport.close()
