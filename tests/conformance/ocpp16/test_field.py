"""1.6: what the certification leaves open, and central systems and suites of the field rely on."""

from datetime import timedelta
from typing import Any

import pytest

from hub.ocpp.station.effects import Begin, Done
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


def available(bench: Bench, connector: int, operative: bool) -> str:
    asked = {"connectorId": connector, "type": "Operative" if operative else "Inoperative"}
    return str(bench.ask("ChangeAvailability", asked)["status"])


@pytest.mark.parametrize("connector", [0, 1])
def test_a_connector_with_a_car_goes_out_of_service_when_it_leaves(two: Bench, connector: int) -> None:
    two.plug()
    two.take()
    assert available(two, connector, False) == "Scheduled"
    others = ["Unavailable"] if connector == 0 else []
    assert (two.statuses(0), two.statuses(1), two.statuses(2)) == (others, [], others)
    two.present("CARD1")
    assert two.told("StartTransaction") == []
    two.unplug()
    assert two.statuses(1) == ["Unavailable"]
    two.plug()
    assert available(two, connector, False) == "Accepted"
    assert two.statuses(1) == ["Unavailable"]
    assert available(two, connector, True) == "Accepted"
    assert two.statuses(1) == ["Unavailable", "Preparing"]
    assert two.statuses(2)[len(others) :] == ["Available"] * len(others)


@pytest.mark.parametrize("connector", [0, 1])
def test_a_reserved_connector_goes_out_of_service_when_it_is_free_again(two: Bench, connector: int) -> None:
    assert reserve(two) == "Accepted"
    two.take()
    assert available(two, connector, False) == "Scheduled"
    assert two.statuses(1) == []
    two.present("STRANGER")
    assert two.told("Authorize") == []
    assert two.ask("CancelReservation", {"reservationId": 0})["status"] == "Accepted"
    assert two.statuses(1) == ["Unavailable"]
    two.power_loss()
    assert available(two, connector, True) == "Accepted"
    assert two.statuses(1)[-1] == "Available"


def test_who_has_reserved_a_connector_may_still_use_it_before_it_goes_out_of_service(two: Bench) -> None:
    assert reserve(two) == "Accepted"
    assert available(two, 0, False) == "Scheduled"
    two.take()
    two.plug()
    two.present("CARD1")
    assert len(two.told("StartTransaction")) == 1
    two.advance(10)
    two.present("CARD1")
    assert two.statuses(1) == ["Preparing", "Charging", "Unavailable"]


def test_a_transaction_is_waited_for_and_the_other_connector_is_not(two: Bench) -> None:
    two.plug()
    two.present("CARD1")
    two.advance(5)
    two.take()
    assert available(two, 0, False) == "Scheduled"
    assert (two.statuses(0), two.statuses(1), two.statuses(2)) == (["Unavailable"], [], ["Unavailable"])
    two.unplug()
    assert two.told("StopTransaction")[0]["reason"] == "EVDisconnected"
    assert two.statuses(1) == ["Unavailable"]


def test_a_card_that_is_still_at_the_reader_begins_nothing_anew(charging: Bench) -> None:
    charging.present("CARD1")
    charging.advance(2)
    charging.present("CARD1")
    charging.unplug()
    assert charging.actions().count("StopTransaction") == 1
    assert charging.told("StartTransaction") == []
    assert charging.statuses() == ["Finishing", "Available"]


def test_a_driver_who_comes_back_to_his_car_may_go_on(charging: Bench) -> None:
    charging.present("CARD1")
    charging.advance(6)
    charging.present("CARD1")
    assert len(charging.told("StartTransaction")) == 1


def test_another_card_may_begin_at_once(charging: Bench) -> None:
    charging.present("CARD1")
    charging.present("CARD2")
    assert [said["idTag"] for said in charging.told("StartTransaction")] == ["CARD2"]


@pytest.mark.parametrize("status", ["Accepted", "Invalid"])
def test_an_answer_about_a_card_that_was_overtaken_changes_nothing(charging: Bench, status: str) -> None:
    charging.answers["Authorize"] = "hold"
    charging.present("STRANGER")
    charging.present("CARD1")
    charging.answer_token("Authorize", status)
    charging.release()
    (stop,) = charging.told("StopTransaction")
    assert stop["idTag"] == "CARD1"
    assert charging.told("StartTransaction") == []
    assert charging.statuses() == ["Finishing"]


def test_what_is_wrong_with_a_connector_goes_before_a_reservation_that_has_ended(booted: Bench) -> None:
    ended = {"connectorId": 1, "expiryDate": naive(booted, -1), "idTag": "CARD1", "reservationId": 0}
    assert booted.ask("ReserveNow", ended)["status"] == "Rejected"
    booted.fault("UnderVoltage")
    assert booted.ask("ReserveNow", ended)["status"] == "Faulted"


FIRMWARE = {"location": "ftp://files.example/fw.bin", "retrieveDate": "2026-01-01T00:00:00"}
LOG = {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "ftp://files.example/"}}


@pytest.mark.parametrize(
    ("action", "asked", "status", "begun", "failed"),
    [
        ("UpdateFirmware", FIRMWARE, "FirmwareStatusNotification", "Downloading", "DownloadFailed"),
        (
            "GetDiagnostics",
            {"location": "ftp://files.example/"},
            "DiagnosticsStatusNotification",
            "Uploading",
            "UploadFailed",
        ),
        ("GetLog", LOG, "LogStatusNotification", "Uploading", "UploadFailure"),
    ],
)
def test_each_try_that_fails_is_told(
    booted: Bench, action: str, asked: dict[str, Any], status: str, begun: str, failed: str
) -> None:
    booted.ask(action, {**asked, "retries": 2, "retryInterval": 2})
    for _ in range(3):
        booted.station.job_done(booted.last(Begin).ref, Done(False), booted.clock.now())
        booted.advance(2)
    assert [said["status"] for said in booted.told(status)] == [begun, failed] * 3


def test_a_composite_schedule_is_the_lowest_of_the_profiles_whoever_else_charges(two: Bench) -> None:
    most = profile(1, "ChargePointMaxProfile", period(0, 18), period(60, 14), startSchedule=naive(two, -1))
    own = profile(2, "TxDefaultProfile", period(0, 16), startSchedule=naive(two, -1))
    for connector, body in ((0, most), (1, own)):
        asked = {"connectorId": connector, "csChargingProfiles": body}
        assert two.ask("SetChargingProfile", asked)["status"] == "Accepted"
    for evse in (1, 2):
        two.plug(evse)
        two.present(f"CARD{evse}", evse)
    said = two.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 300})["chargingSchedule"]
    told = [(it["startPeriod"], it["limit"]) for it in said["chargingSchedulePeriod"]]
    assert told == [(0, 16), (60, 14)]
    assert [two.outlets[evse].limit_a for evse in (1, 2)] == [9, 9]


@pytest.mark.parametrize(("ahead", "begins"), [(1.5, [(0, 8)]), (3, [(0, 32), (4, 8)])])
def test_a_schedule_begins_now_where_the_central_system_s_clock_is_a_little_ahead(
    charging: Bench, ahead: float, begins: list[tuple[int, float]]
) -> None:
    starts = {"startSchedule": naive(charging, ahead)}
    asked = {"connectorId": 1, "csChargingProfiles": profile(1, "TxDefaultProfile", period(0, 8), **starts)}
    asked["csChargingProfiles"]["validFrom"] = naive(charging, ahead)
    assert charging.ask("SetChargingProfile", asked)["status"] == "Accepted"
    said = charging.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 300})["chargingSchedule"]
    told = [(it["startPeriod"], it["limit"]) for it in said["chargingSchedulePeriod"]]
    assert told == begins


@pytest.mark.parametrize("device", ["any"], indirect=True)
def test_a_code_of_the_maker_is_told_with_the_maker(booted: Bench) -> None:
    state = booted.outlets[1].state()
    booted.state({**state, "status": "faulted", "error_code": "GroundFailure", "vendor_error": "CX002"})
    (said,) = booted.told("StatusNotification")
    assert (said["errorCode"], said["vendorErrorCode"], said["vendorId"]) == (
        "GroundFailure",
        "CX002",
        "Maker",
    )
