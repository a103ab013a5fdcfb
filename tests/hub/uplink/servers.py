"""CSMSs on real sockets, and a connector that comes to them."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from hub.link.serving import close_server, serve
from hub.link.websocket import Endpoint, LinkClosed, WebSocketLink
from hub.ocpp.station.setup import StationSetup
from hub.uplink.connect import Connector
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.uplink import Uplink
from tests.hub.uplink.world import SETUP, World

QUICK = {"RetryBackOffWaitMinimum": "0", "RetryBackOffRandomRange": "0"}


class Server:
    """Takes everybody whose password it likes; `came` are the passwords, good and bad."""

    def __init__(self) -> None:
        self.accepted: set[str | None] = {None}
        self.came: list[str | None] = []
        self.links: list[WebSocketLink] = []
        self.peers: list[Any] = []

    async def take(self, _identity: str, link: WebSocketLink) -> None:
        self.links.append(link)
        peer = link._connection.transport.get_extra_info("peercert")
        self.peers.append(peer)
        with contextlib.suppress(LinkClosed):
            while True:
                await link.receive()

    def accept(self, _identity: str, password: str | None) -> bool:
        self.came.append(password)
        return password in self.accepted


@asynccontextmanager
async def running(
    server: Server, tls: ssl.SSLContext | None = None, subprotocols: tuple[str, ...] = ("ocpp2.0.1",)
) -> AsyncIterator[int]:
    served = await serve(
        server.take, host="127.0.0.1", port=0, subprotocols=subprotocols, accept=server.accept, tls=tls
    )
    try:
        yield served.sockets[0].getsockname()[1]
    finally:
        await close_server(served)


@asynccontextmanager
async def connecting(world: World, endpoint: Endpoint, keys: KeyFiles | None = None) -> AsyncIterator[Uplink]:
    world.uplink._hands._keys = keys
    task = asyncio.create_task(Connector(world.uplink, endpoint, keys=keys, jitter_s=0).run())
    try:
        yield world.uplink
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def setup(url: str, **more: Any) -> StationSetup:
    return StationSetup(SETUP.charger, SETUP.identity, 1, SETUP.abilities, url=url, defaults=QUICK, **more)
