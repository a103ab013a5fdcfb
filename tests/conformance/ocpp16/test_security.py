"""1.6: the security extension, on the wire where the wire matters."""

import base64
import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.link.websocket import Endpoint
from hub.ocpp.station.effects import Begin, Done, Reconnect
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.uplink.keyfiles import KeyFiles
from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.link.certificates import Authority as Files
from tests.hub.ocpp.authority import Authority
from tests.hub.uplink.servers import Server, connecting, running, setup, until
from tests.hub.uplink.world import World

IMAGE = b"new firmware"
MAKER = Authority("Maker root")
KEY, CERTIFICATE = MAKER.signer()
FETCHED = Done(True, file="/state/fw.bin", sha256=hashlib.sha256(IMAGE).digest())
PASSWORD = "0123456789abcdef0123"
SIX = ("ocpp1.6",)


def change(bench: Bench, key: str, value: str) -> str:
    return str(bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


def install(bench: Bench, use: str, pem: str) -> str:
    asked = {"certificateType": f"{use}RootCertificate", "certificate": pem}
    return str(bench.ask("InstallCertificate", asked)["status"])


def installed(bench: Bench, use: str) -> list[dict[str, str]]:
    answer = bench.ask("GetInstalledCertificateIds", {"certificateType": f"{use}RootCertificate"})
    return list(answer.get("certificateHashData", []))


def csr_of(bench: Bench) -> str:
    asked = {"requestedMessage": "SignChargePointCertificate"}
    assert bench.ask("ExtendedTriggerMessage", asked) == {"status": "Accepted"}
    return str(bench.told("SignCertificate")[-1]["csr"])


def finish(bench: Bench, done: Done) -> None:
    bench.station.job_done(bench.last(Begin).ref, done, bench.clock.now())
    bench.pump()


def events(bench: Bench) -> list[str]:
    return [told["type"] for told in bench.told("SecurityEventNotification")]


@case("TC_073_CS")
def test_a_new_password_is_used_from_the_next_connection_on() -> None:
    bench = Bench("1.6", security_profile=1)
    assert change(bench, "AuthorizationKey", PASSWORD) == "Accepted"
    assert bench.last(Reconnect) is not None
    assert bench.station.upkeep.network.attempt(bench.clock.now()).password == PASSWORD
    (told,) = bench.ask("GetConfiguration", {"key": ["AuthorizationKey"]})["configurationKey"]
    assert "value" not in told


@case("TC_074_CS")
def test_a_new_certificate_is_asked_for_and_used() -> None:
    bench = Bench(
        "1.6", url="wss://csms.example", security_profile=3, certificate=Authority().signer("S1")[1]
    )
    pem = Authority().issue(csr_of(bench))
    assert bench.ask("CertificateSigned", {"certificateChain": pem}) == {"status": "Accepted"}
    assert bench.station.upkeep.network.attempt(bench.clock.now()).own is not None
    assert bench.last(Reconnect) is not None


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("Manufacturer", marks=case("TC_075_1_CS", says="a maker's root is installed and told")),
        pytest.param("CentralSystem", marks=case("TC_075_2_CS", says="a CSMS's root is installed and told")),
    ],
)
def test_a_root_is_installed_and_told(booted: Bench, use: str) -> None:
    root = Authority()
    assert installed(booted, use) == []
    assert install(booted, use, root.pem) == "Accepted"
    assert [named["serialNumber"] for named in installed(booted, use)] == [
        f"{root.certificate.serial_number:x}"
    ]


@case("TC_076_CS")
def test_a_root_is_deleted(booted: Bench) -> None:
    install(booted, "Manufacturer", MAKER.pem)
    (named,) = installed(booted, "Manufacturer")
    for status in ("Accepted", "NotFound"):
        assert booted.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": status}
    assert installed(booted, "Manufacturer") == []


@case("TC_077_CS")
def test_a_certificate_for_somebody_else_is_refused_and_told(booted: Bench) -> None:
    csr_of(booted)
    pem = Authority().issue(csr_of(Bench("1.6")))
    assert booted.ask("CertificateSigned", {"certificateChain": pem}) == {"status": "Rejected"}
    assert events(booted) == ["InvalidChargePointCertificate"]


@case("TC_078_CS")
def test_a_server_with_a_bad_certificate_is_told_of_when_there_is_a_good_one(booted: Bench) -> None:
    booted.offline()
    booted.station.upkeep.network.failed("certificate", "unknown issuer", booted.clock.now())
    booted.online()
    assert events(booted) == ["InvalidCentralSystemCertificate"]


@case("TC_079_CS")
def test_the_security_log_is_uploaded(booted: Bench) -> None:
    log = {"remoteLocation": "https://files.example/logs/"}
    answer = booted.ask("GetLog", {"logType": "SecurityLog", "requestId": 3, "log": log})
    assert answer["status"] == "Accepted"
    assert "StartupOfTheDevice" in booted.last(Begin).job.text
    finish(booted, Done(True))
    said = [(told["status"], told["requestId"]) for told in booted.told("LogStatusNotification")]
    assert said == [("Uploading", 3), ("Uploaded", 3)]


def update(bench: Bench, image: bytes = IMAGE) -> list[str]:
    """The statuses that a signed update tells."""
    install(bench, "Manufacturer", MAKER.pem)
    firmware = {
        "location": "https://files.example/fw.bin",
        "retrieveDateTime": "2026-01-01T00:00:00Z",
        "signingCertificate": CERTIFICATE,
        "signature": base64.b64encode(KEY.sign(image, ec.ECDSA(hashes.SHA256()))).decode(),
    }
    asked = {"requestId": 3, "firmware": firmware}
    assert bench.ask("SignedUpdateFirmware", asked) == {"status": "Accepted"}
    finish(bench, FETCHED)
    finish(bench, Done(True))
    return [told["status"] for told in bench.told("SignedFirmwareStatusNotification")]


@case("TC_080_CS")
def test_signed_firmware_is_fetched_verified_and_installed(booted: Bench) -> None:
    whole = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
    assert update(booted) == whole
    assert events(booted) == ["FirmwareUpdated"]


@case("TC_081_CS")
def test_a_signature_of_another_file_is_found_out_and_told(booted: Bench) -> None:
    assert update(booted, b"other") == ["Downloading", "Downloaded", "InvalidSignature"]
    assert events(booted) == ["InvalidFirmwareSignature"]


@case("TC_083_CS")
def test_the_security_profile_goes_up() -> None:
    bench = Bench("1.6", url="ws://csms.example", security_profile=1)
    assert change(bench, "SecurityProfile", "2") == "Rejected"
    install(bench, "CentralSystem", Authority().pem)
    assert change(bench, "SecurityProfile", "2") == "Accepted"
    attempt = bench.station.upkeep.network.attempt(bench.clock.now())
    assert (attempt.url, attempt.security_profile) == ("wss://csms.example", 2)


@case("TC_084_CS")
def test_the_security_profile_never_goes_down() -> None:
    bench = Bench("1.6", url="wss://csms.example", security_profile=2)
    assert change(bench, "SecurityProfile", "1") == "Rejected"
    assert bench.station.upkeep.network.attempt(bench.clock.now()).security_profile == 2


@case("TC_085_CS")
async def test_the_station_comes_with_its_identity_and_password(tmp_path: Path) -> None:
    server = Server()
    server.accepted = {PASSWORD}
    async with running(server, subprotocols=SIX) as port:
        url = f"ws://127.0.0.1:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=1)) as world:
            async with connecting(world, Endpoint(url, "garage", SIX, PASSWORD)):
                await until(lambda: server.links)
            header = server.links[0]._connection.request.headers["Authorization"]  # type: ignore[union-attr]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"garage:{PASSWORD}"


@case("TC_086_CS")
async def test_a_server_with_a_good_certificate_is_spoken_to(tmp_path: Path) -> None:
    authority, server = Files(tmp_path), Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    async with running(server, context, subprotocols=SIX) as port:
        url = f"wss://localhost:{port}"
        endpoint = Endpoint(url, "garage", SIX, None, authority.certificate)
        async with (
            World(tmp_path, setup=setup(url, security_profile=2)) as world,
            connecting(world, endpoint),
        ):
            await until(lambda: server.links)


@case("TC_087_CS")
async def test_the_station_s_own_certificate_opens_profile_3(tmp_path: Path) -> None:
    authority, server, keys = Files(tmp_path), Server(), KeyFiles(tmp_path / "keys")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    async with running(server, context, subprotocols=SIX) as port:
        url = f"wss://localhost:{port}"
        async with World(tmp_path, setup=setup(url, security_profile=3)) as world:
            world.clock.advance((datetime.now(UTC) - world.clock.now().wall).total_seconds())
            endpoint = Endpoint(url, "garage", SIX, None, authority.certificate)
            async with connecting(world, endpoint, keys) as uplink:
                uplink.tell(lambda station, now: station.upkeep.client_certificate.request(now))
                await until(keys.names)
                csr = uplink.station.upkeep.client_certificate.pending
                assert csr is not None
                signed: dict[str, Any] = {"certificateChain": authority.sign(csr)}
                await uplink.call(V16, "CertificateSigned", signed, by="test")
                await until(lambda: server.peers)
    assert ("commonName", "S1") in [pair for rdn in server.peers[0]["subject"] for pair in rdn]
