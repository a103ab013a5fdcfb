"""1.6: what the central system starts, stops, resets, unlocks and triggers."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.model.charger import Abilities
from tests.conformance.bench import Bench
from tests.conformance.cases import case

LIMITED = frozenset({"start", "pause", "set_limit", "reset"})
FIXED_CABLE = Abilities(LIMITED)


def start(bench: Bench, **more: Any) -> str:
    """The answer's status."""
    asked = {"idTag": "APP1", "connectorId": 1, **more}
    return str(bench.ask("RemoteStartTransaction", asked)["status"])


def ask(bench: Bench, action: str, payload: Mapping[str, Any]) -> str:
    return str(bench.ask(action, payload)["status"])


@case("TC_010_CS")
def test_a_remote_start_at_a_plugged_car_begins_the_transaction(plugged: Bench) -> None:
    assert start(plugged) == "Accepted"
    assert plugged.actions() == ["StartTransaction", "StatusNotification"]
    assert plugged.told("StartTransaction")[0]["idTag"] == "APP1"
    assert plugged.statuses() == ["Charging"]


@case("TC_011_1_CS")
def test_a_remote_start_waits_for_the_plug(booted: Bench) -> None:
    assert start(booted) == "Accepted"
    assert booted.statuses() == ["Preparing"]
    booted.plug()
    assert booted.told("StartTransaction")[0]["idTag"] == "APP1"
    assert booted.statuses() == ["Preparing", "Charging"]


@case("TC_011_2_CS")
def test_a_remote_start_without_a_plug_in_time_is_forgotten(booted: Bench) -> None:
    booted.ask("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "30"})
    assert start(booted) == "Accepted"
    booted.advance(31)
    assert booted.statuses() == ["Preparing", "Available"]
    booted.plug()
    assert booted.told("StartTransaction") == []


@case("TC_012_CS")
def test_a_remote_stop_ends_the_transaction_and_the_cable_is_still_in(charging: Bench) -> None:
    assert ask(charging, "RemoteStopTransaction", {"transactionId": 100}) == "Accepted"
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "Remote")
    assert "idTag" not in stop
    charging.unplug()
    assert charging.statuses() == ["Finishing", "Available"]


@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        pytest.param(
            "booted", "Hard", None, marks=case("TC_013_CS", says="hard reset, nothing runs: boots anew")
        ),
        pytest.param(
            "booted", "Soft", None, marks=case("TC_014_CS", says="soft reset, nothing runs: boots anew")
        ),
        pytest.param(
            "charging",
            "Hard",
            "HardReset",
            marks=case("TC_015_CS", says="hard reset: the transaction ends with that reason, then it boots"),
        ),
        pytest.param(
            "charging",
            "Soft",
            "SoftReset",
            marks=case("TC_016_CS", says="soft reset: the transaction ends with that reason, then it boots"),
        ),
    ],
)
def test_a_reset_ends_what_runs_and_boots(
    request: pytest.FixtureRequest, state: str, kind: str, reason: str | None
) -> None:
    bench: Bench = request.getfixturevalue(state)
    assert ask(bench, "Reset", {"type": kind}) == "Accepted"
    bench.advance(5)
    assert [stop["reason"] for stop in bench.told("StopTransaction")] == ([reason] if reason else [])
    assert bench.actions().index("BootNotification") > len(bench.told("StopTransaction")) - 1
    assert bench.resets == 1
    assert bench.statuses()[-1] == ("Preparing" if reason else "Available")


UNLOCK = {"connectorId": 1}


@case("TC_017_1_CS")
def test_a_free_connector_is_unlocked(booted: Bench) -> None:
    assert ask(booted, "UnlockConnector", UNLOCK) == "Unlocked"
    assert booted.unlocks() == 1


@case("TC_018_1_CS")
def test_unlocking_ends_the_transaction_first(charging: Bench) -> None:
    assert ask(charging, "UnlockConnector", UNLOCK) == "Unlocked"
    assert charging.told("StopTransaction")[0]["reason"] == "UnlockCommand"
    assert charging.statuses()[0] == "Finishing"


@pytest.mark.parametrize(
    "charges",
    [
        pytest.param(False, marks=case("TC_017_2_CS", says="a fixed cable that is free can't be unlocked")),
        pytest.param(
            True, marks=case("TC_018_2_CS", says="a fixed cable in use can't be unlocked: it goes on")
        ),
    ],
)
def test_a_fixed_cable_is_not_unlocked(charges: bool) -> None:
    bench = Bench("1.6", abilities=FIXED_CABLE)
    if charges:
        bench.plug()
        bench.present("CARD1")
    assert ask(bench, "UnlockConnector", UNLOCK) == "NotSupported"
    assert bench.told("StopTransaction") == []
    assert bench.unlocks() == 0


@case("TC_030_CS")
def test_a_lock_that_does_not_open_is_a_failure(booted: Bench) -> None:
    booted.outlets[1].jammed = True
    assert ask(booted, "UnlockConnector", UNLOCK) == "UnlockFailed"


@case("TC_031_CS")
def test_a_connector_that_is_none_is_not_unlocked(booted: Bench) -> None:
    assert ask(booted, "UnlockConnector", {"connectorId": 9}) == "NotSupported"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        pytest.param(
            "RemoteStartTransaction",
            {"idTag": "APP1", "connectorId": 1},
            marks=case("TC_026_CS", says="a remote start where a transaction runs is rejected"),
        ),
        pytest.param(
            "RemoteStartTransaction",
            {"idTag": "APP1", "connectorId": 0},
            marks=case("TC_027_CS", says="a remote start at connector 0 is rejected"),
        ),
        pytest.param(
            "RemoteStopTransaction",
            {"transactionId": 4711},
            marks=case("TC_028_CS", says="a remote stop of a transaction that is none is rejected"),
        ),
    ],
)
def test_what_can_not_be_done_is_rejected(charging: Bench, action: str, payload: Mapping[str, Any]) -> None:
    assert ask(charging, action, payload) == "Rejected"
    assert charging.actions() == []


@case("TC_054_CS")
@pytest.mark.parametrize("wanted", ["MeterValues", "Heartbeat", "StatusNotification", "BootNotification"])
def test_a_message_on_demand_follows_the_answer(booted: Bench, wanted: str) -> None:
    where = {"connectorId": 1} if wanted in ("MeterValues", "StatusNotification") else {}
    assert ask(booted, "TriggerMessage", {"requestedMessage": wanted, **where}) == "Accepted"
    assert booted.actions()[0] == wanted
    if wanted == "MeterValues":
        (value,) = booted.told(wanted)[0]["meterValue"]
        assert {sample["context"] for sample in value["sampledValue"]} == {"Trigger"}


@case("TC_055_CS")
def test_a_message_of_a_connector_that_is_none_is_rejected(booted: Bench) -> None:
    asked = {"requestedMessage": "MeterValues", "connectorId": 9}
    assert ask(booted, "TriggerMessage", asked) == "Rejected"
    assert booted.actions() == []


@case("TC_062_CS")
def test_data_for_a_vendor_that_nobody_knows_is_refused(booted: Bench) -> None:
    asked = {"vendorId": "org.example.none", "messageId": "hello", "data": "{}"}
    assert ask(booted, "DataTransfer", asked) == "UnknownVendorId"
    heard = Bench("1.6", vendors={"org.example": frozenset({"hello"})})
    assert ask(heard, "DataTransfer", {**asked, "vendorId": "org.example"}) == "Accepted"
    assert ask(heard, "DataTransfer", {"vendorId": "org.example", "messageId": "x"}) == "UnknownMessageId"
