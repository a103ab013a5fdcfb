"""2.0.1 B: what the requirements say beyond the cases."""

from typing import Any

import pytest

from hub.model.charger import Abilities
from tests.conformance.bench import Bench

NOW = "2026-01-01T00:00:00Z"
EVSE_RESET = Abilities(frozenset({"start", "pause", "set_limit", "reset", "reset_evse"}))


def answered(status: str, interval: int, **more: Any) -> Bench:
    bench = Bench("2.0.1", boot=False, **more)
    bench.answers["BootNotification"] = {"status": status, "currentTime": NOW, "interval": interval}
    bench.power_up()
    return bench


def value(bench: Bench, component: str, variable: str) -> str:
    asked = {"component": {"name": component}, "variable": {"name": variable}}
    (told,) = bench.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    return str(told["attributeValue"])


def reset(bench: Bench, kind: str, **more: Any) -> str:
    return str(bench.ask("Reset", {"type": kind, **more})["status"])


def test_the_interval_of_an_accepted_boot_is_that_of_the_heartbeats() -> None:
    """B01.FR.04, G02.FR.01/02."""
    bench = answered("Accepted", 77)
    assert value(bench, "OCPPCommCtrlr", "HeartbeatInterval") == "77"
    bench.take()
    bench.advance(76)
    assert bench.actions() == []
    bench.advance(2)
    assert bench.actions() == ["Heartbeat"]


def test_an_interval_of_0_leaves_the_heartbeats_as_they_were() -> None:
    bench = answered("Accepted", 0)
    assert value(bench, "OCPPCommCtrlr", "HeartbeatInterval") == "300"


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize(("interval", "waits"), [(0, 60), (-7, 60), (20, 20), (90, 90)])
def test_the_station_asks_again_after_the_interval_or_one_of_its_own(
    status: str, interval: int, waits: int
) -> None:
    """B02.FR.07/08, B03.FR.05/06."""
    bench = answered(status, interval)
    bench.take()
    bench.advance(waits - 1)
    assert bench.actions() == []
    bench.advance(2)
    assert bench.actions() == ["BootNotification"]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_what_is_owed_from_before_waits_for_the_registration(charging: Bench, status: str) -> None:
    """B01.FR.08: also messages of earlier sessions; then all of it follows in its order."""
    charging.offline()
    charging.present("CARD1")
    charging.restart()
    charging.take()
    charging.answers["BootNotification"] = {"status": status, "currentTime": NOW, "interval": 20}
    charging.power_up()
    charging.unplug()
    charging.advance(19)
    assert charging.actions() == ["BootNotification"]
    charging.answers.clear()
    charging.advance(2)
    assert charging.actions()[1] == "BootNotification"
    assert charging.events() == [("Ended", "StopAuthorized")]
    assert charging.actions().index("StatusNotification") < charging.actions().index("TransactionEvent")


def test_what_is_kept_of_reservation_and_availability_outlives_a_power_cut(two: Bench) -> None:
    """B01.FR.07/13, G01.FR.02."""
    token = {"idToken": "CARD1", "type": "ISO14443"}
    reservation = {"id": 7, "expiryDateTime": "2026-01-01T01:00:00Z", "idToken": token, "evseId": 1}
    assert two.ask("ReserveNow", reservation)["status"] == "Accepted"
    two.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    two.power_loss()
    two.take()
    two.offline()
    two.advance(90)
    two.online()
    assert (two.statuses(1), two.statuses(2)) == (["Reserved"], ["Unavailable"])


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("OCPPCommCtrlr.HeartbeatInterval", "0", "9999999999"),
        ("AlignedDataCtrlr.Interval", "-1", "86401"),
        ("MonitoringCtrlr.OfflineQueuingSeverity", "-1", "10"),
    ],
)
def test_a_value_out_of_range_is_rejected_with_the_reason(
    booted: Bench, name: str, low: str, high: str
) -> None:
    """B05.FR.08."""
    component, variable = name.split(".")
    for wrong, reason in ((low, "ValueTooLow"), (high, "ValueTooHigh")):
        asked = {
            "component": {"name": component},
            "variable": {"name": variable},
            "attributeValue": wrong,
        }
        (told,) = booted.ask("SetVariables", {"setVariableData": [asked]})["setVariableResult"]
        assert (told["attributeStatus"], told["attributeStatusInfo"]["reasonCode"]) == ("Rejected", reason)


def test_one_bad_item_costs_the_others_nothing(booted: Bench) -> None:
    """B05.FR.01/02: a result for each, in its place."""
    places = [
        ("TxCtrlr", "EVConnectionTimeOut", "45"),
        ("Nobody", "X", "1"),
        ("TxCtrlr", "StopTxOnInvalidId", "?"),
    ]
    asked = [
        {"component": {"name": c}, "variable": {"name": v}, "attributeValue": text} for c, v, text in places
    ]
    results = booted.ask("SetVariables", {"setVariableData": asked})["setVariableResult"]
    assert [it["attributeStatus"] for it in results] == ["Accepted", "UnknownComponent", "Rejected"]
    assert [it["variable"]["name"] for it in results] == [variable for _, variable, _ in places]
    assert value(booted, "TxCtrlr", "EVConnectionTimeOut") == "45"


LONG: dict[str, Any] = {
    "component": {"name": "c" * 50, "instance": "i" * 50, "evse": {"id": 1000, "connectorId": 1000}},
    "variable": {"name": "v" * 50, "instance": "i" * 50},
}
MANY = {
    "GetVariables": ("getVariableData", {**LONG, "attributeType": "Actual"}, {}),
    "SetVariables": (
        "setVariableData",
        {**LONG, "attributeType": "Actual", "attributeValue": "x" * 1000},
        {},
    ),
    "GetReport": ("componentVariable", LONG, {"requestId": 2**31}),
}


@pytest.mark.parametrize("action", MANY)
def test_as_many_items_as_are_told_are_taken_however_long_and_no_more(booted: Bench, action: str) -> None:
    """B06.FR.16/17, B08.FR.17/18."""
    name, item, more = MANY[action]
    named = {
        "component": {"name": "DeviceDataCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": action},
    }
    (told,) = booted.ask("GetVariables", {"getVariableData": [named]})["getVariableResult"]
    most = int(told["attributeValue"])
    assert isinstance(booted.ask(action, {**more, name: [item] * most}), dict)
    assert booted.ask(action, {**more, name: [item] * (most + 1)}) == "OccurrenceConstraintViolation"


def test_more_bytes_than_are_told_are_refused(booted: Bench) -> None:
    long = {**LONG, "customData": {"vendorId": "x" * 255, "more": "y" * 1000}}
    assert booted.ask("GetReport", {"requestId": 1, "componentVariable": [long] * 100}) == "FormatViolation"


def test_what_is_unset_is_told_as_empty(booted: Bench) -> None:
    """B06.FR.13, B07.FR.11."""
    assert value(booted, "TariffCostCtrlr", "Currency") == ""
    booted.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    rows = [row for part in booted.told("NotifyReport") for row in part["reportData"]]
    (row,) = [row for row in rows if row["variable"]["name"] == "Currency"]
    assert row["variableAttribute"][0]["value"] == ""


def test_two_reports_at_once_are_told_one_after_the_other(booted: Bench) -> None:
    """B07.FR.04/10, B08.FR.04/14: each with its requestId and a seqNo from 0."""
    booted.held = True
    for number in (4, 5):
        booted.ask("GetBaseReport", {"requestId": number, "reportBase": "FullInventory"})
    booted.release()
    parts = [(part["requestId"], part["seqNo"], part["tbc"]) for part in booted.told("NotifyReport")]
    half = len(parts) // 2
    assert half > 1
    for number, told in ((4, parts[:half]), (5, parts[half:])):
        assert told == [(number, seq, seq < half - 1) for seq in range(half)]


# Reset


def test_the_end_that_nobody_answers_is_told_again_after_the_reset(charging: Bench) -> None:
    """B12.FR.05."""
    charging.answers["TransactionEvent"] = "hold"
    assert reset(charging, "Immediate") == "Accepted"
    charging.advance(29)
    assert charging.resets == 0
    charging.advance(2)
    assert charging.resets == 1
    charging.answers.clear()
    charging.release()
    charging.advance(1)
    boot = charging.actions().index("BootNotification")
    again = [said for action, said in charging.sent[boot:] if action == "TransactionEvent"]
    assert [(said["eventType"], said["seqNo"], said["offline"]) for said in again] == [("Ended", 2, True)]


@pytest.mark.parametrize("evse", [None, 1])
def test_out_of_service_by_schedule_it_stays_so_over_the_reset(evse: int | None) -> None:
    """B12.FR.06: what waited for the transaction that the reset has ended."""
    bench = Bench("2.0.1", abilities=EVSE_RESET)
    bench.plug()
    bench.present("CARD1")
    where = {"evse": {"id": 1}} if evse else {}
    asked = {"operationalStatus": "Inoperative", **where}
    assert bench.ask("ChangeAvailability", asked)["status"] == "Scheduled"
    bench.take()
    assert reset(bench, "Immediate", **({"evseId": evse} if evse else {})) == "Accepted"
    bench.advance(5)
    assert set(bench.statuses()) == {"Unavailable"}
    bench.present("CARD1")
    assert not bench.outlets[1].permitted


def test_a_reset_in_good_time_takes_the_place_of_one_that_waits(charging: Bench) -> None:
    """B11.FR.07, B12.FR.01/02."""
    assert reset(charging, "OnIdle") == "Scheduled"
    assert reset(charging, "OnIdle") == "Scheduled"
    assert reset(charging, "Immediate") == "Accepted"
    charging.advance(5)
    assert charging.resets == 1
    assert [said["reason"] for said in charging.told("BootNotification")] == ["RemoteReset"]


def test_a_station_that_pends_can_be_reset() -> None:
    bench = answered("Pending", 1000)
    bench.take()
    assert reset(bench, "Immediate") == "Accepted"
    assert [said["reason"] for said in bench.told("BootNotification")] == ["RemoteReset"]
