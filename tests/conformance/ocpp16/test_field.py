"""1.6: what the certification leaves open, and central systems and suites of the field rely on."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conformance.bench import Bench


def naive(bench: Bench, seconds: float = 0) -> str:
    """A time as Python writes it that knows of no zones."""
    return (
        (bench.clock.now().wall + timedelta(seconds=seconds, microseconds=7)).replace(tzinfo=None).isoformat()
    )


def test_a_central_system_without_zones_registers_and_is_followed() -> None:
    bench = Bench("1.6", boot=False)
    bench.answers["BootNotification"] = lambda *_: {
        "status": "Accepted",
        "currentTime": naive(bench),
        "interval": 60,
    }
    bench.answers["Heartbeat"] = lambda *_: {"currentTime": naive(bench)}
    bench.power_up()
    assert bench.statuses() == ["Available"]
    asked = {"connectorId": 1, "expiryDate": naive(bench, 120), "idTag": "CARD1", "reservationId": 0}
    assert bench.ask("ReserveNow", asked)["status"] == "Accepted"
    bench.advance(130)
    assert bench.statuses() == ["Available", "Reserved", "Available"]


def test_an_authorization_that_ends_now_holds_once() -> None:
    bench = Bench("1.6")
    ends: dict[str, Any] = {"idTagInfo": {"status": "Accepted", "expiryDate": naive(bench)}}
    bench.answers["Authorize"] = ends
    bench.answers["StartTransaction"] = lambda *_: {"transactionId": 1, **ends}
    bench.plug()
    for _ in range(2):
        bench.take()
        bench.present("CARD1")
        assert bench.actions()[:2] == ["Authorize", "StartTransaction"]
        bench.advance(10)
        bench.present("CARD1")
        bench.unplug()
        bench.plug()


def test_the_box_is_named_as_on_the_connection() -> None:
    bench = Bench("1.6", boot=False, facts={"Identity": "CP-7"})
    bench.power_up()
    (boot,) = bench.told("BootNotification")
    assert boot["chargeBoxSerialNumber"] == "CP-7"


def reserve(bench: Bench, **more: str) -> str:
    asked = {"connectorId": 1, "expiryDate": naive(bench, 600), "idTag": "CARD1", "reservationId": 0}
    return str(bench.ask("ReserveNow", {**asked, **more})["status"])


@pytest.mark.parametrize(("parent", "begun"), [("FAMILY", ["APP"]), ("OTHERS", [])])
def test_a_remote_start_may_be_of_the_parent_that_a_connector_is_reserved_for(
    booted: Bench, parent: str, begun: list[str]
) -> None:
    booted.ask("ChangeConfiguration", {"key": "AuthorizeRemoteTxRequests", "value": "true"})
    assert reserve(booted, parentIdTag="FAMILY") == "Accepted"
    booted.answer_token("Authorize", "Accepted", parentIdTag=parent)
    start = {"idTag": "APP", "connectorId": 1}
    assert booted.ask("RemoteStartTransaction", start)["status"] == "Accepted"
    booted.plug()
    assert [said["idTag"] for said in booted.told("StartTransaction")] == begun


def test_a_remote_start_of_a_stranger_is_refused_where_he_is_not_asked_about(booted: Bench) -> None:
    assert reserve(booted, parentIdTag="FAMILY") == "Accepted"
    start = {"idTag": "APP", "connectorId": 1}
    assert booted.ask("RemoteStartTransaction", start)["status"] == "Rejected"


def test_an_empty_list_may_have_the_version_of_empty_lists(booted: Bench) -> None:
    listed = [{"idTag": "CARD1", "idTagInfo": {"status": "Accepted"}}]
    full = {"updateType": "Full", "localAuthorizationList": listed}
    assert booted.ask("SendLocalList", {"listVersion": 3, **full})["status"] == "Accepted"
    assert booted.ask("SendLocalList", {"listVersion": 0, **full})["status"] == "Failed"
    assert booted.ask("SendLocalList", {"listVersion": 0, "updateType": "Full"})["status"] == "Accepted"
    assert booted.ask("GetLocalListVersion", {})["listVersion"] == 0
    again = {"listVersion": 1, "updateType": "Differential", "localAuthorizationList": listed}
    assert booted.ask("SendLocalList", again)["status"] == "Accepted"


def profile(number: int, purpose: str, *periods: dict[str, Any], **more: Any) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": list(periods), **more}
    return {
        "chargingProfileId": number,
        "stackLevel": number,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }


def period(start: int, limit: float, **more: int) -> dict[str, Any]:
    return {"startPeriod": start, "limit": limit, **more}


def test_each_period_of_a_composite_schedule_names_its_phases_and_differs_from_the_one_before(
    booted: Bench,
) -> None:
    wanted = [period(0, 10), period(80, 10, numberPhases=3), period(120, 10, numberPhases=2)]
    most = profile(1, "ChargePointMaxProfile", *wanted, startSchedule=naive(booted))
    asked = {"connectorId": 0, "csChargingProfiles": most}
    assert booted.ask("SetChargingProfile", asked)["status"] == "Accepted"
    booted.advance(1)
    said = booted.ask("GetCompositeSchedule", {"connectorId": 0, "duration": 300})["chargingSchedule"]
    told = [(it["startPeriod"], it["limit"], it["numberPhases"]) for it in said["chargingSchedulePeriod"]]
    assert told == [(0, 10, 3), (120, 10, 2)]
