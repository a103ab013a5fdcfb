"""2.0.1 block A: passwords and certificates of the station, on the wire where the wire matters."""

import asyncio
import base64
import contextlib
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from hub.link.websocket import Endpoint
from hub.ocpp.station.effects import Reconnect
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink.keyfiles import KeyFiles
from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.link.certificates import Authority as Files
from tests.hub.ocpp.authority import Authority
from tests.hub.uplink.servers import Server, connecting, running, setup, until
from tests.hub.uplink.world import World

V = "2.0.1"
OLD, NEW = "old-password-0001", "new-password-0002"
BOTH = ("ocpp2.0.1",)


def tls(pair: tuple[Path, Path], newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    context.maximum_version = newest
    return context


@case("TC_A_01_CS", "A00.FR.202", "A00.FR.203", "A00.FR.204", "A00.FR.302")
async def test_the_station_comes_with_its_identity_and_password(tmp_path: Path) -> None:
    server = Server()
    server.accepted = {OLD}
    async with running(server) as port:
        url = f"ws://127.0.0.1:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=1)) as world:
            async with connecting(world, Endpoint(url, "garage", BOTH, OLD)):
                await until(lambda: server.links)
            header = server.links[0]._connection.request.headers["Authorization"]  # type: ignore[union-attr]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"garage:{OLD}"


@case("TC_A_04_CS", "A00.FR.309", "A00.FR.312", "A00.FR.321")
async def test_a_server_with_a_good_certificate_is_spoken_to(tmp_path: Path) -> None:
    authority, server = Files(tmp_path), Server()
    async with running(server, tls(authority.issue("localhost"))) as port:
        url = f"wss://localhost:{port}"
        endpoint = Endpoint(url, "garage", BOTH, None, authority.certificate)
        async with (
            World(tmp_path, setup=setup(url, security_profile=2)) as world,
            connecting(world, endpoint),
        ):
            await until(lambda: server.links)


def refuse(listener: socket.socket, context: ssl.SSLContext) -> None:
    """One handshake that comes to nothing."""
    peer, _ = listener.accept()
    with peer, contextlib.suppress(OSError):
        context.wrap_socket(peer, server_side=True).recv(1)


async def log_after(tmp_path: Path, context: ssl.SSLContext, root: Path) -> str:
    """The station's security log when it has not connected."""
    with socket.create_server(("localhost", 0)) as listener:
        waiting = asyncio.get_running_loop().run_in_executor(None, refuse, listener, context)
        url = f"wss://localhost:{listener.getsockname()[1]}"
        async with World(tmp_path, setup=setup(url, security_profile=2)) as world:
            log = world.uplink.station.upkeep.security
            async with connecting(world, Endpoint(url, "garage", BOTH, None, root)):
                await waiting
                await until(lambda: any("Invalid" in line for line in log.lines()))
    return "\n".join(log.lines())


@case("TC_A_05_CS", "A00.FR.309", "A00.FR.310", "A00.FR.311")
async def test_a_server_with_a_bad_certificate_is_left_and_that_is_told(tmp_path: Path) -> None:
    authority, other = Files(tmp_path), Files(tmp_path, "Other CA")
    log = await log_after(tmp_path, tls(other.issue("localhost")), authority.certificate)
    assert "InvalidCsmsCertificate" in log


@case("TC_A_06_CS", "A00.FR.314", "A00.FR.316")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_a_server_with_an_old_tls_is_left_and_that_is_told(tmp_path: Path) -> None:
    authority = Files(tmp_path)
    context = tls(authority.issue("localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "InvalidTLSVersion" in await log_after(tmp_path, context, authority.certificate)


@case("TC_A_07_CS", "A00.FR.401", "A00.FR.402", "A00.FR.511", "A02.FR.02", "A02.FR.06")
async def test_the_station_s_own_certificate_opens_profile_3(tmp_path: Path) -> None:
    authority, server, keys = Files(tmp_path), Server(), KeyFiles(tmp_path / "keys")
    context = tls(authority.issue("localhost"))
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    async with running(server, context) as port:
        url = f"wss://localhost:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=3)) as world:
            world.clock.advance((datetime.now(UTC) - world.clock.now().wall).total_seconds())
            endpoint = Endpoint(url, "garage", BOTH, None, authority.certificate)
            async with connecting(world, endpoint, keys) as uplink:
                uplink.tell(lambda station, now: station.upkeep.client_certificate.request(now))
                await until(keys.names)
                csr = uplink.station.upkeep.client_certificate.pending
                assert csr is not None
                signed = {"certificateChain": authority.sign(csr)}
                await uplink.call(V201, "CertificateSigned", signed, by="test")
                await until(lambda: server.peers)
    names = [pair for rdn in server.peers[0]["subject"] for pair in rdn]
    assert ("commonName", "S1") in names


# Passwords


def set_password(bench: Bench, text: str) -> str:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    asked = {"setVariableData": [{**variable, "attributeValue": text}]}
    return str(bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"])


@case("TC_A_09_CS", "A01.FR.01", "A01.FR.11", "A01.FR.12")
def test_a_new_password_is_used_from_the_next_connection_on() -> None:
    bench = Bench(V, security_profile=1)
    assert set_password(bench, NEW) == "Accepted"
    assert bench.last(Reconnect) is not None
    assert bench.station.upkeep.network.attempt(bench.clock.now()).password == NEW
    log = bench.station.upkeep.security.lines()
    assert any("ReconfigurationOfSecurityParameters" in line for line in log)
    assert NEW not in "\n".join(log)


@case("TC_A_10_CS", "A01.FR.01")
def test_a_password_that_is_none_is_refused_and_the_old_one_kept() -> None:
    bench = Bench(V, security_profile=1)
    assert set_password(bench, OLD) == "Accepted"
    assert set_password(bench, "too short") == "Rejected"
    assert set_password(bench, "x" * 41) == "Rejected"
    assert bench.station.upkeep.network.attempt(bench.clock.now()).password == OLD


# The station's own certificate


def csr_of(bench: Bench) -> str:
    asked = {"requestedMessage": "SignChargingStationCertificate"}
    assert bench.ask("TriggerMessage", asked) == {"status": "Accepted"}
    return str(bench.told("SignCertificate")[-1]["csr"])


def give(bench: Bench, pem: str) -> str:
    return str(bench.ask("CertificateSigned", {"certificateChain": pem})["status"])


@case("TC_A_11_CS", "A02.FR.02", "A02.FR.03", "A02.FR.06", "A02.FR.08", "A02.FR.09", "F06.FR.04")
def test_a_new_certificate_is_asked_for_and_used() -> None:
    bench = Bench(V, url="wss://csms.example", security_profile=3, certificate=Authority().signer("S1")[1])
    pem = Authority().issue(csr_of(bench))
    assert give(bench, pem) == "Accepted"
    own = bench.station.upkeep.network.attempt(bench.clock.now()).own
    assert own is not None
    assert own.leaf == x509.load_pem_x509_certificate(pem.encode())
    assert bench.last(Reconnect) is not None


@case("TC_A_14_CS", "A02.FR.07", "A03.FR.07")
def test_a_certificate_for_somebody_else_is_refused_and_told() -> None:
    bench = Bench(V)
    pem = Authority().issue(csr_of(Bench(V)))
    csr_of(bench)
    assert give(bench, pem) == "Rejected"
    (event,) = bench.told("SecurityEventNotification")
    assert event["type"] == "InvalidChargingStationCertificate"


@case("TC_A_15_CS")
def test_a_request_that_the_csms_rejects_is_not_repeated() -> None:
    bench = Bench(V)
    bench.answers["SignCertificate"] = {"status": "Rejected"}
    csr_of(bench)
    bench.advance(1000)
    assert len(bench.told("SignCertificate")) == 1


@case("TC_A_23_CS", "A02.FR.17", "A02.FR.18", "A02.FR.19")
def test_a_request_that_stays_without_a_certificate_is_repeated_with_doubled_waits() -> None:
    settings: dict[str, Any] = {"CertSigningWaitMinimum": "10", "CertSigningRepeatTimes": "2"}
    bench = Bench(V, defaults=settings)
    csr = csr_of(bench)
    counts = []
    for seconds in (9, 2, 18, 2, 200):
        bench.advance(seconds)
        counts.append(len(bench.told("SignCertificate")))
    assert counts == [1, 2, 2, 3, 3]
    assert {told["csr"] for told in bench.told("SignCertificate")} == {csr}


@case("TC_B_57_CS")
async def test_a_lost_connection_is_come_back_to(tmp_path: Path) -> None:
    server = Server()
    async with running(server) as port:
        url = f"ws://127.0.0.1:{port}"
        async with (
            World(tmp_path, setup=setup(url)) as world,
            connecting(world, Endpoint(url, "garage", BOTH)),
        ):
            for count in (1, 2, 3):
                await until(lambda count=count: len(server.links) == count)
                await server.links[-1].close(1001)
