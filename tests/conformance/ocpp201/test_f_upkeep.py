"""2.0.1 F: the state of logs and firmware, on demand."""

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.station.test_firmware import CERTIFICATE, MAKER, SIGNATURE

URL = "https://files.example/"
LOG, FIRMWARE = "LogStatusNotification", "FirmwareStatusNotification"


def trigger(bench: Bench, wanted: str, **more: object) -> list[str]:
    """The statuses that follow the answer."""
    bench.take()
    assert bench.ask("TriggerMessage", {"requestedMessage": wanted, **more})["status"] == "Accepted"
    return [said["status"] for said in bench.told(wanted)]


@pytest.fixture
def uploading(booted: Bench) -> Bench:
    asked = {"logType": "DiagnosticsLog", "requestId": 5, "log": {"remoteLocation": URL}}
    assert booted.ask("GetLog", asked)["status"] == "Accepted"
    return booted


@pytest.fixture
def downloading(booted: Bench) -> Bench:
    root = {"certificateType": "ManufacturerRootCertificate", "certificate": MAKER.pem}
    assert booted.ask("InstallCertificate", root)["status"] == "Accepted"
    firmware = {
        "location": f"{URL}fw.bin",
        "retrieveDateTime": "2026-01-01T00:00:00Z",
        "signingCertificate": CERTIFICATE,
        "signature": SIGNATURE,
    }
    assert booted.ask("UpdateFirmware", {"requestId": 6, "firmware": firmware})["status"] == "Accepted"
    return booted


@case("TC_F_15_CS", "F06.FR.04", "F06.FR.05", "F06.FR.10", "F06.FR.15")
def test_no_log_is_uploaded(booted: Bench) -> None:
    assert trigger(booted, LOG) == ["Idle"]


@case("TC_F_16_CS", "F06.FR.04", "F06.FR.05", "F06.FR.10", "F06.FR.14")
def test_a_log_is_uploaded(uploading: Bench) -> None:
    assert trigger(uploading, LOG) == ["Uploading"]
    assert uploading.told(LOG)[0]["requestId"] == 5


@case("TC_F_17_CS", "F06.FR.03", "F06.FR.04", "F06.FR.05", "F06.FR.10")
def test_an_evse_that_says_nothing_here_is_passed_over(booted: Bench) -> None:
    assert trigger(booted, FIRMWARE, evse={"id": 1}) == ["Idle"]


@case("TC_F_18_CS", "F06.FR.04", "F06.FR.05", "F06.FR.10", "F06.FR.16", "L01.FR.25")
def test_no_firmware_is_fetched(booted: Bench) -> None:
    assert trigger(booted, FIRMWARE) == ["Idle"]
    assert "requestId" not in booted.told(FIRMWARE)[0]


@case("TC_F_19_CS", "F06.FR.04", "F06.FR.05", "F06.FR.10", "L01.FR.26")
def test_firmware_is_fetched(downloading: Bench) -> None:
    assert trigger(downloading, FIRMWARE) == ["Downloading"]
    assert downloading.told(FIRMWARE)[0]["requestId"] == 6
