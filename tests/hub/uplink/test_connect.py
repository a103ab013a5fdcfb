"""The connector against real servers: passwords, roots and the station's own certificate, as its station wants."""

import asyncio
import contextlib
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.link.websocket import Endpoint, LinkClosed, WebSocketLink
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink.connect import Connector
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.uplink import Uplink
from tests.hub.link.certificates import Authority
from tests.hub.uplink.servers import Server, connecting, running, setup, until
from tests.hub.uplink.world import World

OLD, NEW = "old-password-0001", "new-password-0002"


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


async def test_a_security_profile_that_does_not_work_is_given_up_without_long_waits(tmp_path: Path) -> None:
    server, root = Server(), Authority(tmp_path).certificate.read_text()
    waits = {"RetryBackOffWaitMinimum": "2", "RetryBackOffRandomRange": "0"}
    async with running(server, subprotocols=("ocpp1.6",)) as port:
        url = f"ws://127.0.0.1:{port}"
        made = replace(setup(url, security_profile=1), roots=(root,), defaults=waits)
        endpoint = Endpoint(url, "garage", ("ocpp1.6",))
        async with World(tmp_path, setup=made) as world, connecting(world, endpoint) as uplink:
            await until(lambda: len(server.links) == 1)
            uplink.tell(lambda station, now: station.upkeep.network.upgrade(2, now))
            # Between three tries 2 s and 4 s, and none for the way back.
            await until(lambda: len(server.links) == 2)
            assert uplink.station.upkeep.network.security_profile == 1


class Rejecting(Server):
    """Says Rejected for long, and closes the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[list[Any]] = []

    async def take(self, _identity: str, link: WebSocketLink) -> None:
        self.links.append(link)
        with contextlib.suppress(LinkClosed):
            while True:
                self.heard.append(orjson.loads(await link.receive()))
                told = {"status": "Rejected", "interval": 10**6, "currentTime": "2026-01-01T00:00:00Z"}
                await link.send(orjson.dumps([3, self.heard[-1][1], told]).decode())
                await link.close(1000)


async def test_a_station_that_was_rejected_is_silent_on_new_connections_until_a_person_starts_it(
    tmp_path: Path,
) -> None:
    server = Rejecting()
    async with running(server) as port:
        url = f"ws://127.0.0.1:{port}"
        async with World(tmp_path, setup=setup(url)) as world:
            connector = Connector(world.uplink, Endpoint(url, "garage", ("ocpp2.0.1",)), jitter_s=0)
            task = asyncio.create_task(connector.run())
            try:
                await until(lambda: len(server.links) == 2)
                await asyncio.sleep(1)
                assert [frame[2] for frame in server.heard] == ["BootNotification"]
                connector.enable(enabled=False)
                await until(lambda: world.uplink.station.boot.connected is False)
                connector.enable(enabled=True)
                await until(lambda: len(server.heard) == 2)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


class Closing(Server):
    """Closes each connection at once; on the third one it says something before."""

    async def take(self, _identity: str, link: WebSocketLink) -> None:
        self.links.append(link)
        if len(self.links) == 3:
            await link.send("[]")
        await link.close(1011)


async def test_a_csms_that_closes_each_connection_at_once_is_left_alone_ever_longer(tmp_path: Path) -> None:
    server, waits = Closing(), {"RetryBackOffWaitMinimum": "1", "RetryBackOffRandomRange": "0"}
    async with running(server) as port:
        url = f"ws://127.0.0.1:{port}"
        made = replace(setup(url), defaults=waits)
        endpoint = Endpoint(url, "garage", ("ocpp2.0.1",))
        async with World(tmp_path, setup=made) as world, connecting(world, endpoint):
            began = asyncio.get_running_loop().time()
            await until(lambda: len(server.links) == 4)
            # 1 s and 2 s; then 1 s again.
            assert 3.9 < asyncio.get_running_loop().time() - began < 5.0


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
