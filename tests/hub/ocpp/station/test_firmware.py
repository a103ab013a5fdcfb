"""L01, L02 and 1.6's ways: what becomes of new firmware, step by step."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Abandon, Begin, Done, Download, Install
from hub.ocpp.station.firmware import UNVERIFIED
from tests.hub.ocpp.authority import Authority
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

IMAGE = b"new firmware"
SHA256 = hashlib.sha256(IMAGE).digest()
MAKER = Authority("Maker root")
KEY, CERTIFICATE = MAKER.signer()
SIGNATURE = base64.b64encode(KEY.sign(IMAGE, ec.ECDSA(hashes.SHA256()))).decode()
URL = "https://files.example/fw.bin"
NEW_SESSIONS = "AllowNewSessionsPendingFirmwareUpdate"
FETCHED = Done(True, file="/state/fw.bin", sha256=SHA256)


def world(version: str = "2.0.1", **more: Any) -> World:
    made = World(version, **more)
    use = "ManufacturerRootCertificate"
    made.ask("InstallCertificate", {"certificateType": use, "certificate": MAKER.pem})
    made.take()
    return made


def update(made: World, number: int = 1, **changes: Any) -> str:
    firmware = {
        "location": URL,
        "retrieveDateTime": rfc3339(made.clock.now().wall),
        "signingCertificate": CERTIFICATE,
        "signature": SIGNATURE,
    }
    retries = {"retries": changes.pop("retries"), "retryInterval": 5} if "retries" in changes else {}
    firmware |= {name: value for name, value in changes.items() if value is not None}
    kept = {name: value for name, value in firmware.items() if changes.get(name, value) is not None}
    action = "SignedUpdateFirmware" if made.version == "1.6" else "UpdateFirmware"
    return str(made.ask(action, {"requestId": number, "firmware": kept, **retries})["status"])


def finish(made: World, done: Done = FETCHED) -> None:
    made.station.job_done(made.last(Begin).ref, done, made.clock.now())
    made.pump()


def said(made: World) -> list[str]:
    return [p["status"] for action, p in made.sent if action.endswith("FirmwareStatusNotification")]


def later(made: World, seconds: float) -> str:
    return rfc3339(made.clock.now().wall + timedelta(seconds=seconds))


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_signed_firmware_is_fetched_checked_and_installed(version: str) -> None:
    made = world(version)
    assert update(made, 7) == "Accepted"
    assert made.last(Begin).job.url == URL
    finish(made)
    assert made.last(Begin).job == Install(FETCHED.file, SHA256.hex(), True)
    finish(made, Done(True))
    assert said(made) == ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
    numbers = {p["requestId"] for a, p in made.sent if a.endswith("FirmwareStatusNotification")}
    assert numbers == {7}
    events = [p["type"] for a, p in made.sent if a == "SecurityEventNotification"]
    assert events == ["FirmwareUpdated"]
    assert made.last(Abandon).ref == made.last(Begin).ref
    assert ("firmware", "request") not in made.memory


def test_1_6_firmware_without_a_signature_tells_in_its_own_message() -> None:
    made = world("1.6")
    assert made.ask("UpdateFirmware", {"location": URL, "retrieveDate": later(made, 0)}) == {}
    finish(made)
    assert made.last(Begin).job.signed is False
    finish(made, Done(False))
    assert [p for a, p in made.sent if a == "FirmwareStatusNotification"] == [
        {"status": status} for status in ("Downloading", "Downloaded", "Installing", "InstallationFailed")
    ]


def test_what_nobody_signed_is_rejected_in_2_0_1() -> None:
    made = world()
    assert update(made, signingCertificate=None, signature=None) == "Rejected"
    assert made.last(Begin) is None


@pytest.mark.parametrize(
    "certificate", ["nonsense", Authority("Another").signer()[1], MAKER.signer(days=-1)[1]]
)
def test_a_signer_nobody_vouches_for_is_refused_and_told(certificate: str) -> None:
    made = world()
    assert update(made, signingCertificate=certificate) == "InvalidCertificate"
    assert made.sent[-1][1]["type"] == "InvalidFirmwareSigningCertificate"


def test_another_file_than_the_signed_one_is_not_installed() -> None:
    made = world()
    update(made)
    finish(made, Done(True, file="/state/fw.bin", sha256=hashlib.sha256(b"other").digest()))
    assert said(made) == ["Downloading", "Downloaded", "InvalidSignature"]
    assert made.sent[-1][1]["type"] == "InvalidFirmwareSignature"


def test_a_download_is_tried_as_often_as_asked() -> None:
    made = world()
    update(made, retries=2)
    for _ in range(3):
        finish(made, Done(False))
        made.advance(5)
    assert said(made) == ["Downloading", "Downloading", "Downloading", "DownloadFailed"]


@pytest.mark.parametrize(
    ("done", "status"),
    [(Done(False), "InstallationFailed"), (Done(False, UNVERIFIED), "InstallVerificationFailed")],
)
def test_an_installation_that_fails_says_how(done: Done, status: str) -> None:
    made = world()
    update(made)
    finish(made)
    finish(made, done)
    assert said(made)[-1] == status


def test_both_steps_wait_for_their_time() -> None:
    made = world()
    update(made, retrieveDateTime=later(made, 60), installDateTime=later(made, 300))
    assert said(made) == ["DownloadScheduled"]
    made.advance(60)
    finish(made)
    assert said(made)[1:] == ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled"]
    made.advance(240)
    assert said(made)[-1] == "Installing"


def test_an_installation_waits_for_transactions_and_lets_no_new_ones_in() -> None:
    made = world(evses=2)
    made.state(IDLE, 2)
    made.state(PLUGGED)
    made.swipe()
    made.state(CHARGING)
    made.take()
    update(made)
    finish(made)
    assert said(made)[-1] == "InstallScheduled"
    assert ("StatusNotification", "Unavailable", 2) in [
        (a, p.get("connectorStatus"), p.get("evseId")) for a, p in made.sent
    ]
    assert made.swipe("CARD2", 2) == "rejected"
    made.swipe()
    assert said(made)[-1] == "Installing"
    made.state(IDLE)
    finish(made, Done(True))
    last = {p["evseId"]: p["connectorStatus"] for a, p in made.sent if a == "StatusNotification"}
    assert last == {1: "Available", 2: "Available"}


def test_new_sessions_may_be_allowed_meanwhile() -> None:
    made = world(evses=2, defaults={"AllowNewSessionsPendingFirmwareUpdate": "true"})
    made.state(IDLE, 2)
    made.state(PLUGGED)
    made.swipe()
    update(made)
    finish(made)
    assert made.swipe("CARD2", 2) == "asking"


def test_a_new_request_ends_the_one_before() -> None:
    made = world()
    update(made, 1)
    first = made.last(Begin).ref
    assert update(made, 2) == "AcceptedCanceled"
    assert Abandon(first) in made.effects
    made.station.job_done(first, Done(False), made.clock.now())
    finish(made)
    assert [p["requestId"] for a, p in made.sent if a == "FirmwareStatusNotification"] == [1, 2, 2, 2, 2]


def test_what_installs_cannot_be_called_back() -> None:
    made = world()
    update(made)
    finish(made)
    assert update(made, 2) == "Rejected"


def test_a_restart_goes_on_where_it_was() -> None:
    made = world()
    update(made, installDateTime=later(made, 300))
    made.restart()
    made.connect()
    made.pump()
    assert isinstance(made.last(Begin).job, Download)
    finish(made)
    made.restart()
    made.connect()
    made.advance(300)
    assert made.last(Begin).job == Install(FETCHED.file, SHA256.hex(), True)


@pytest.mark.parametrize(("version", "status"), [("2.0", "Installed"), ("1.0", "InstallationFailed")])
def test_an_installation_that_restarted_the_hub_has_worked_when_its_version_changed(
    version: str, status: str
) -> None:
    made = world()
    made.setup = replace(made.setup, version="1.0")
    made.restart()
    made.connect()
    update(made)
    finish(made)
    made.setup = replace(made.setup, version=version)
    made.restart()
    made.take()
    made.connect()
    boot = next(p for a, p in made.sent if a == "BootNotification")
    assert boot["reason"] == ("FirmwareUpdate" if status == "Installed" else "PowerUp")
    assert said(made) == [status]


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://169.254.169.254/x", "scp://files/x", "dummy://dummy"]
)
def test_an_address_that_is_not_followed_is_rejected(location: str) -> None:
    assert update(world(), location=location) == "Rejected"


def test_a_trigger_tells_the_last_status_and_idle_after_the_end() -> None:
    made = world()
    trigger = {"requestedMessage": "FirmwareStatusNotification"}

    def told() -> Any:
        made.take()
        assert made.ask("TriggerMessage", trigger) == {"status": "Accepted"}
        return [p for a, p in made.sent if a == "FirmwareStatusNotification"]

    assert told() == [{"status": "Idle"}]
    update(made, 3)
    assert told() == [{"status": "Downloading", "requestId": 3}]
    finish(made)
    finish(made, Done(True))
    assert told() == [{"status": "Idle"}]


def test_statuses_wait_for_the_csms() -> None:
    made = world()
    update(made)
    made.disconnect()
    finish(made)
    assert said(made) == ["Downloading"]
    made.connect()
    assert said(made) == ["Downloading", "Downloaded", "SignatureVerified", "Installing"]


@pytest.mark.parametrize(("version", "kind"), [("1.6", "Hard"), ("2.0.1", "Immediate")])
def test_what_installs_is_not_disturbed_by_a_reset(version: str, kind: str) -> None:
    made = world(version)
    update(made)
    finish(made)
    assert made.ask("Reset", {"type": kind}) == {"status": "Rejected"}
    finish(made, Done(True))
    assert made.ask("Reset", {"type": kind}) == {"status": "Accepted"}


def test_an_evse_that_was_kept_free_is_free_again_when_the_update_is_put_off() -> None:
    made = world(evses=2)
    made.state(CHARGING)
    made.swipe()
    made.state(IDLE, 2)
    update(made)
    finish(made)
    made.take()
    assert update(made, 2, retrieveDateTime=later(made, 600)) == "AcceptedCanceled"
    told = [p["connectorStatus"] for a, p in made.sent if a == "StatusNotification" and p["evseId"] == 2]
    assert told == ["Available"]


def test_an_evse_that_was_kept_free_is_free_again_when_new_sessions_are_allowed() -> None:
    made = world(evses=2)
    made.state(CHARGING)
    made.swipe()
    made.state(IDLE, 2)
    update(made)
    finish(made)
    made.take()
    place = {"component": {"name": "ChargingStation"}, "variable": {"name": NEW_SESSIONS}}
    made.ask("SetVariables", {"setVariableData": [{**place, "attributeValue": "true"}]})
    told = [p["connectorStatus"] for a, p in made.sent if a == "StatusNotification" and p["evseId"] == 2]
    assert told == ["Available"]


def test_1_6_hears_that_nothing_comes_of_an_address_that_is_not_followed() -> None:
    made = World("1.6")
    asked = {"location": "dummy://dummy", "retrieveDate": rfc3339(made.clock.now().wall)}
    assert made.ask("UpdateFirmware", asked) == {}
    assert made.sent == [("FirmwareStatusNotification", {"status": "DownloadFailed"})]


def test_1_6_has_a_trigger_for_each_kind_of_firmware() -> None:
    made = world("1.6")
    asked = {"requestedMessage": "FirmwareStatusNotification"}
    plain = ("FirmwareStatusNotification", {"status": "Idle"})
    made.ask("ExtendedTriggerMessage", asked)
    made.ask("TriggerMessage", asked)
    assert made.take() == [("SignedFirmwareStatusNotification", {"status": "Idle"}), plain]
    update(made, 7)
    made.take()
    made.ask("ExtendedTriggerMessage", asked)
    made.ask("TriggerMessage", asked)
    going_on = {"status": "Downloading", "requestId": 7}
    assert made.take() == [("SignedFirmwareStatusNotification", going_on), plain]


def test_what_waits_for_its_time_waits_for_it_by_the_clock_that_was_set() -> None:
    made = world()
    update(made, retrieveDateTime=later(made, 12 * 3600))
    made.answers["Heartbeat"] = {"currentTime": later(made, 13 * 3600)}
    made.advance(600)
    assert said(made) == ["DownloadScheduled", "Downloading"]
