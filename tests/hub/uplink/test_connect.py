"""The connector against real servers: passwords, roots and the station's own certificate, as its station wants."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.link.websocket import Endpoint, LinkClosed, WebSocketLink, close_server, serve
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink.connect import Connector
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.uplink import Uplink
from tests.hub.link.certificates import Authority
from tests.hub.uplink.world import SETUP, World

OLD, NEW = "old-password-0001", "new-password-0002"
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
async def running(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    served = await serve(
        server.take, host="127.0.0.1", port=0, subprotocols=("ocpp2.0.1",), accept=server.accept, tls=tls
    )
    try:
        yield served.sockets[0].getsockname()[1]
    finally:
        await close_server(served)


@asynccontextmanager
async def connecting(world: World, endpoint: Endpoint, keys: KeyFiles | None = None) -> AsyncIterator[Uplink]:
    world.uplink._keys = keys
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


def set_password(uplink: Uplink, password: str) -> None:
    uplink.tell(lambda station, now: station.control.set_variable("Password", password, now))


async def test_a_new_password_is_used_at_once_and_given_up_when_it_is_refused(tmp_path: Path) -> None:
    server = Server()
    server.accepted = {OLD}
    async with running(server) as port:
        url = f"ws://127.0.0.1:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=1)) as world:
            endpoint = Endpoint(url, "garage", ("ocpp2.0.1",), OLD)
            async with connecting(world, endpoint) as uplink:
                await until(lambda: len(server.links) == 1)
                set_password(uplink, NEW)
                await until(lambda: len(server.links) == 2)
                assert server.came == [OLD, NEW, OLD]
                server.accepted = {NEW}
                await server.links[-1].close()
                await until(lambda: len(server.links) == 3)
                assert server.came[-1] == NEW
    assert "FailedToAuthenticateAtCsms" in "\n".join(world.uplink.station.upkeep.security.lines())


async def test_an_installed_root_and_an_own_certificate_open_profile_3(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    server, keys = Server(), KeyFiles(tmp_path / "keys")
    async with running(server, context) as port:
        url = f"wss://localhost:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=3)) as world:
            world.clock.advance((datetime.now(UTC) - world.clock.now().wall).total_seconds())
            async with connecting(world, Endpoint(url, "garage", ("ocpp2.0.1",)), keys) as uplink:
                log = uplink.station.upkeep.security
                await until(lambda: "InvalidCsmsCertificate" in "\n".join(log.lines()))
                pem = authority.certificate.read_text()
                asked = {"certificateType": "CSMSRootCertificate", "certificate": pem}
                answer, *_ = await uplink.call(V201, "InstallCertificate", asked, by="test")
                assert answer == {"status": "Accepted"}
                uplink.tell(lambda station, now: station.upkeep.client_certificate.request(now))
                await until(keys.names)
                csr = uplink.station.upkeep.client_certificate.pending
                assert csr is not None
                signed = {"certificateChain": authority.sign(csr)}
                answer, *_ = await uplink.call(V201, "CertificateSigned", signed, by="test")
                assert answer == {"status": "Accepted"}
                await until(lambda: server.peers)
                assert ("commonName", "S1") in [pair for rdn in server.peers[0]["subject"] for pair in rdn]
