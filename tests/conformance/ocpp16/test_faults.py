"""1.6: what a StatusNotification says of faults, and of connector 0."""

from typing import Any

import pytest

from tests.conformance.bench import Bench

pytestmark = pytest.mark.parametrize("device", ["any"], indirect=True)


def faulty(bench: Bench, error: str, vendor: str | None = None) -> None:
    bench.state(
        {**bench.outlets[1].state(), "status": "faulted", "error_code": error, "vendor_error": vendor}
    )


def notices(bench: Bench, connector: int = 1) -> list[dict[str, Any]]:
    return [dict(said) for said in bench.told("StatusNotification") if said["connectorId"] == connector]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("GroundFailure", "GroundFailure"),
        ("DC residual current", "GroundFailure"),
        ("no ground", "GroundFailure"),
        ("socket lock failed", "ConnectorLockFailure"),
        ("housing over-temperature", "HighTemperature"),
        ("contactor mirror", "PowerSwitchFailure"),
        ("CP short", "EVCommunicationError"),
        ("undervoltage", "UnderVoltage"),
        ("internal fault", "InternalError"),
        ("clock", "OtherError"),
        ("error 16", "OtherError"),
    ],
)
def test_a_fault_has_the_code_for_it_and_keeps_its_own_words(booted: Bench, fault: str, code: str) -> None:
    faulty(booted, fault)
    (said,) = notices(booted)
    assert (said["status"], said["errorCode"]) == ("Faulted", code)
    assert said.get("info") == (None if fault == code else fault)


def test_another_fault_is_told_and_the_same_is_not_told_again(booted: Bench) -> None:
    for error, vendor in [
        ("OtherError", "E1"),
        ("OtherError", "E1"),
        ("OtherError", "E2"),
        ("OverVoltage", "E2"),
    ]:
        faulty(booted, error, vendor)
    told = [(said["errorCode"], said["vendorErrorCode"]) for said in notices(booted)]
    assert told == [("OtherError", "E1"), ("OtherError", "E2"), ("OverVoltage", "E2")]
    assert all("info" not in said for said in notices(booted))


def test_a_fault_without_a_name_is_one_all_the_same(booted: Bench) -> None:
    faulty(booted, "NoError")
    (said,) = notices(booted)
    assert (said["status"], said["errorCode"]) == ("Faulted", "OtherError")


def test_a_charger_that_goes_on_with_an_error_says_so_and_when_it_is_over(charging: Bench) -> None:
    state = charging.outlets[1].state()
    for error in ("over-temperature", "over-temperature", "NoError"):
        charging.state({**state, "error_code": error})
    told = [(said["status"], said["errorCode"]) for said in notices(charging)]
    assert told == [("Charging", "HighTemperature"), ("Charging", "NoError")]
    assert charging.told("StopTransaction") == []


def test_a_charger_out_of_service_asks_nobody_about_a_card(booted: Bench) -> None:
    booted.state({**booted.outlets[1].state(), "status": "unavailable"})
    booted.present("CARD1")
    assert booted.told("Authorize") == []
    assert booted.statuses() == ["Unavailable"]


def conflict(bench: Bench) -> None:
    entry = {"idTag": "CARD1", "idTagInfo": {"status": "Accepted"}}
    full = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    assert bench.ask("SendLocalList", full)["status"] == "Accepted"
    bench.answer_token("StartTransaction", "Blocked")
    bench.plug()
    bench.present("CARD1")


def test_a_list_that_is_wrong_is_told_of_at_connector_0_which_is_in_service(booted: Bench) -> None:
    conflict(booted)
    (said,) = notices(booted, 0)
    assert (said["status"], said["errorCode"]) == ("Available", "LocalListConflict")


def test_connector_0_is_only_ever_in_service_or_out_of_it(two: Bench) -> None:
    for kind in ("Inoperative", "Operative"):
        assert two.ask("ChangeAvailability", {"connectorId": 0, "type": kind})["status"] == "Accepted"
    conflict(two)
    two.ask("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0})
    assert two.statuses(0) == ["Unavailable", "Available", "Available", "Available"]
