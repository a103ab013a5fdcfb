"""2.0.1 block L: new firmware for the station."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Abandon, Begin, Done, Install
from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.authority import Authority

V = "2.0.1"
IMAGE = b"new firmware"
MAKER = Authority("Maker root")
KEY, CERTIFICATE = MAKER.signer()
SIGNATURE = base64.b64encode(KEY.sign(IMAGE, ec.ECDSA(hashes.SHA256()))).decode()
FETCHED = Done(True, file="/state/fw.bin", sha256=hashlib.sha256(IMAGE).digest())
WHOLE = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]


def trusting(**more: Any) -> Bench:
    """A station that trusts the maker."""
    bench = Bench(V, **more)
    use = "ManufacturerRootCertificate"
    bench.ask("InstallCertificate", {"certificateType": use, "certificate": MAKER.pem})
    bench.take()
    return bench


def update(bench: Bench, number: int = 1, *without: str, retries: int = 0, **changes: Any) -> str:
    firmware = {
        "location": "https://files.example/fw.bin",
        "retrieveDateTime": later(bench, 0),
        "signingCertificate": CERTIFICATE,
        "signature": SIGNATURE,
        **changes,
    }
    asked = {name: value for name, value in firmware.items() if name not in without}
    payload = {"requestId": number, "firmware": asked, "retries": retries, "retryInterval": 5}
    return str(bench.ask("UpdateFirmware", payload)["status"])


def later(bench: Bench, seconds: float) -> str:
    return rfc3339(bench.clock.now().wall + timedelta(seconds=seconds))


def finish(bench: Bench, done: Done = FETCHED) -> None:
    """What the hub was at has ended."""
    bench.station.job_done(bench.last(Begin).ref, done, bench.clock.now())
    bench.pump()


def said(bench: Bench) -> list[str]:
    return [told["status"] for told in bench.told("FirmwareStatusNotification")]


def events(bench: Bench) -> list[str]:
    return [told["type"] for told in bench.told("SecurityEventNotification")]


@case("TC_L_01_CS", "L01.FR.01", "L01.FR.04", "L01.FR.05", "L01.FR.10", "L01.FR.12", "L01.FR.20", "L01.FR.21")
def test_signed_firmware_is_fetched_verified_and_installed() -> None:
    bench = trusting()
    assert update(bench, 7) == "Accepted"
    finish(bench)
    finish(bench, Done(True))
    assert said(bench) == WHOLE
    assert {told["requestId"] for told in bench.told("FirmwareStatusNotification")} == {7}
    assert events(bench) == ["FirmwareUpdated"]


@case("TC_L_02_CS", "L01.FR.16")
def test_firmware_is_installed_when_its_time_has_come() -> None:
    bench = trusting()
    update(bench, installDateTime=later(bench, 300))
    finish(bench)
    assert said(bench)[-1] == "InstallScheduled"
    bench.advance(300)
    finish(bench, Done(True))
    assert said(bench) == [*WHOLE[:3], "InstallScheduled", *WHOLE[3:]]


@case("TC_L_03_CS", "L01.FR.13")
def test_firmware_is_fetched_when_its_time_has_come() -> None:
    bench = trusting()
    update(bench, retrieveDateTime=later(bench, 60))
    assert said(bench) == ["DownloadScheduled"]
    bench.advance(60)
    finish(bench)
    finish(bench, Done(True))
    assert said(bench) == ["DownloadScheduled", *WHOLE]


@case("TC_L_05_CS", "L01.FR.02", "L01.FR.21", "L01.FR.22")
def test_a_signer_that_no_installed_root_vouches_for_is_refused_and_told() -> None:
    bench = trusting()
    assert update(bench, signingCertificate=Authority("Other").signer()[1]) == "InvalidCertificate"
    assert events(bench) == ["InvalidFirmwareSigningCertificate"]
    assert bench.last(Begin) is None


@case("TC_L_06_CS", "L01.FR.03", "L01.FR.04")
def test_a_signature_of_another_file_is_found_out_and_told() -> None:
    bench = trusting()
    update(bench)
    finish(bench, Done(True, file="/state/fw.bin", sha256=hashlib.sha256(b"other").digest()))
    assert said(bench) == ["Downloading", "Downloaded", "InvalidSignature"]
    assert events(bench) == ["InvalidFirmwareSignature"]


@case("TC_L_07_CS", "L01.FR.01", "L01.FR.10", "L01.FR.30")
def test_firmware_that_cannot_be_had_is_told_after_the_last_try() -> None:
    bench = trusting()
    update(bench, retries=1)
    finish(bench, Done(False))
    bench.advance(5)
    finish(bench, Done(False))
    assert said(bench) == ["Downloading", "Downloading", "DownloadFailed"]


@case("TC_L_08_CS", "L01.FR.01", "L01.FR.12")
def test_an_installation_that_fails_is_told() -> None:
    bench = trusting()
    update(bench)
    finish(bench)
    finish(bench, Done(False))
    assert said(bench) == [*WHOLE[:4], "InstallationFailed"]


@case("TC_L_10_CS", "L01.FR.24")
def test_a_second_request_takes_the_place_of_one_that_does_not_install_yet() -> None:
    bench = trusting()
    update(bench, 1)
    first = bench.last(Begin).ref
    assert update(bench, 2) == "AcceptedCanceled"
    assert Abandon(first) in bench.effects
    finish(bench)
    finish(bench, Done(True))
    numbers = [told["requestId"] for told in bench.told("FirmwareStatusNotification")]
    assert numbers == [1, 2, 2, 2, 2, 2]


def waiting(**more: Any) -> Bench:
    """Firmware is ready, a transaction runs at EVSE 1."""
    bench = trusting(evses=2, **more)
    bench.plug()
    bench.present("CARD1")
    bench.take()
    update(bench)
    finish(bench)
    assert said(bench)[-1] == "InstallScheduled"
    return bench


def connectors(bench: Bench) -> dict[int, str]:
    return {told["evseId"]: told["connectorStatus"] for told in bench.told("StatusNotification")}


@case("TC_L_14_CS", "L01.FR.06")
def test_with_new_sessions_allowed_an_installation_waits_for_all_of_them() -> None:
    bench = waiting(defaults={"AllowNewSessionsPendingFirmwareUpdate": "true"})
    assert connectors(bench) == {}
    bench.plug(2)
    bench.present("CARD2", 2)
    bench.unplug(1)
    assert said(bench)[-1] == "InstallScheduled"
    bench.unplug(2)
    assert said(bench)[-1] == "Installing"


@case("TC_L_15_CS", "L01.FR.06", "L01.FR.07")
def test_an_installation_waits_for_transactions_and_lets_none_begin() -> None:
    bench = waiting()
    assert connectors(bench) == {2: "Unavailable"}
    assert bench.present("CARD2", 2) == "rejected"
    bench.unplug(1)
    assert said(bench)[-1] == "Installing"
    assert isinstance(bench.last(Begin).job, Install)
    assert connectors(bench) == {1: "Unavailable", 2: "Unavailable"}
    finish(bench, Done(True))
    assert connectors(bench) == {1: "Available", 2: "Available"}


@case("TC_L_18_CS", "L01.FR.11")
def test_firmware_that_nobody_signed_is_not_accepted() -> None:
    bench = trusting()
    assert update(bench, 1, "signingCertificate", "signature") == "Rejected"
    assert bench.last(Begin) is None
