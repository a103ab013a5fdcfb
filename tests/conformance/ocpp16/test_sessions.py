"""1.6: boot, sessions begun by a driver, and their end."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

NOW = "2026-01-01T00:00:00Z"


@case("TC_001_CS")
def test_a_cold_boot_registers_and_then_tells_the_status_of_every_connector() -> None:
    bench = Bench("1.6", boot=False, evses=2)
    bench.power_up()
    assert bench.actions()[0] == "BootNotification"
    assert [said["connectorId"] for said in bench.told("StatusNotification")] == [0, 1, 2]
    bench.advance(300)
    assert bench.actions()[-1] == "Heartbeat"


@case("TC_002_CS")
def test_while_pending_the_settings_can_be_read_and_set_and_nothing_else_is_said() -> None:
    bench = Bench("1.6", boot=False)
    bench.answers["BootNotification"] = {"status": "Pending", "currentTime": NOW, "interval": 20}
    bench.power_up()
    bench.plug()
    assert bench.actions() == ["BootNotification"]
    asked = {"key": "MeterValueSampleInterval", "value": "15"}
    assert bench.ask("ChangeConfiguration", asked)["status"] == "Accepted"
    (told,) = bench.ask("GetConfiguration", {"key": ["MeterValueSampleInterval"]})["configurationKey"]
    assert told["value"] == "15"
    assert bench.ask("RemoteStartTransaction", {"idTag": "R1", "connectorId": 1})["status"] == "Rejected"
    bench.answers.clear()
    bench.advance(20)
    assert bench.actions()[:2] == ["BootNotification", "BootNotification"]
    assert bench.statuses() == ["Preparing"]


@pytest.mark.parametrize("wants", [pytest.param(True, id="taking energy"), pytest.param(False, id="not yet")])
@case("TC_003_CS")
def test_plug_first_then_card_starts_a_transaction(booted: Bench, wants: bool) -> None:
    booted.plug(wants=wants)
    assert booted.statuses() == ["Preparing"]
    booted.present("CARD1")
    assert booted.actions()[1:3] == ["Authorize", "StartTransaction"]
    (start,) = booted.told("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (1, "CARD1")
    assert booted.statuses()[-1] == ("Charging" if wants else "SuspendedEV")


@case("TC_004_1_CS")
def test_card_first_then_plug_starts_a_transaction(booted: Bench) -> None:
    booted.present("CARD1")
    assert booted.statuses() == ["Preparing"]
    assert booted.told("StartTransaction") == []
    booted.plug()
    assert booted.told("StartTransaction")[0]["idTag"] == "CARD1"
    assert booted.statuses() == ["Preparing", "Charging"]


@case("TC_004_2_CS")
def test_a_driver_who_does_not_plug_in_in_time_has_to_identify_himself_again(authorized: Bench) -> None:
    authorized.advance(60)
    assert authorized.statuses() == ["Available"]
    authorized.plug()
    assert authorized.told("StartTransaction") == []


def stopped_with(bench: Bench) -> dict[str, Any]:
    (stop,) = bench.told("StopTransaction")
    return dict(stop)


@case("TC_068_CS")
def test_the_card_that_started_stops(charging: Bench) -> None:
    charging.present("CARD1")
    stop = stopped_with(charging)
    assert (stop["transactionId"], stop["reason"], stop["idTag"]) == (100, "Local", "CARD1")
    assert charging.statuses() == ["Finishing"]
    charging.unplug()
    assert charging.statuses() == ["Finishing", "Available"]


@case("TC_069_CS")
def test_another_card_of_the_same_parent_stops(plugged: Bench) -> None:
    for action in ("Authorize", "StartTransaction"):
        plugged.answer_token(action, "Accepted", parentIdTag="FAMILY")
    plugged.present("CARD1")
    plugged.take()
    plugged.answer_token("Authorize", "Accepted")
    plugged.present("STRANGER")
    assert plugged.told("StopTransaction") == []
    plugged.answer_token("Authorize", "Accepted", parentIdTag="FAMILY")
    plugged.present("CARD2")
    assert stopped_with(plugged)["idTag"] == "CARD2"
    assert plugged.statuses() == ["Finishing"]


@pytest.mark.parametrize(
    ("unlocks", "acts"),
    [
        pytest.param(
            "true", 1, marks=case("TC_005_1_CS", says="the cable is pulled at the car: stop, unlock")
        ),
        pytest.param(
            "false", 0, marks=case("TC_005_2_CS", says="the cable is pulled at the car: stop, locked")
        ),
    ],
)
def test_pulled_at_the_car_the_transaction_stops(charging: Bench, unlocks: str, acts: int) -> None:
    configure(charging, UnlockConnectorOnEVSideDisconnect=unlocks)
    charging.unplug()
    assert stopped_with(charging)["reason"] == "EVDisconnected"
    assert charging.statuses() == ["Available"]
    assert charging.unlocks() == acts


@case("TC_005_3_CS")
def test_pulled_at_the_car_the_transaction_may_go_on(charging: Bench) -> None:
    configure(charging, StopTransactionOnEVSideDisconnect="false", UnlockConnectorOnEVSideDisconnect="false")
    charging.unplug()
    assert charging.told("StopTransaction") == []
    assert charging.statuses() == ["SuspendedEV"]
    charging.plug()
    assert charging.statuses() == ["SuspendedEV", "Charging"]
    charging.present("CARD1")
    assert stopped_with(charging)["transactionId"] == 100


def configure(bench: Bench, **keys: str) -> None:
    for key, value in keys.items():
        assert bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
    bench.take()


@case("TC_007_CS")
def test_a_cached_card_starts_without_being_asked_about(booted: Bench) -> None:
    booted.plug()
    booted.present("CARD1")
    booted.present("CARD1")
    booted.unplug()
    booted.plug()
    booted.take()
    booted.present("CARD1")
    assert booted.actions()[0] == "StartTransaction"
    assert booted.told("Authorize") == []
    assert booted.statuses() == ["Charging"]


@case("TC_061_CS")
def test_after_the_cache_is_cleared_the_card_is_asked_about_again(booted: Bench) -> None:
    booted.present("CARD1")
    booted.advance(60)
    assert booted.ask("ClearCache", {})["status"] == "Accepted"
    booted.take()
    booted.present("CARD1")
    assert booted.actions()[0] == "Authorize"


@case("TC_023_CS")
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired"])
def test_a_card_that_is_refused_starts_nothing(plugged: Bench, status: str) -> None:
    plugged.answer_token("Authorize", status)
    assert plugged.present("CARD1") == "asking"
    assert plugged.actions() == ["Authorize"]
    assert not plugged.outlets[1].permitted


@pytest.mark.parametrize("device", ["any"], indirect=True)  # ECHONET Lite knows no fault of a lock
@case("TC_024_CS")
def test_a_lock_that_fails_is_told_and_starts_nothing(plugged: Bench) -> None:
    plugged.fault("ConnectorLockFailure")
    (said,) = plugged.told("StatusNotification")
    assert (said["status"], said["errorCode"]) == ("Faulted", "ConnectorLockFailure")
    plugged.present("CARD1")
    assert plugged.told("StartTransaction") == []


@case("TC_041_CS")
def test_a_faulted_connector_starts_nothing(faulted: Bench) -> None:
    assert faulted.ask("RemoteStartTransaction", {"idTag": "R1", "connectorId": 1})["status"] == "Rejected"
    faulted.plug()
    faulted.present("CARD1")
    assert faulted.told("StartTransaction") == []
    faulted.unplug()
    faulted.fault(None)
    assert faulted.statuses() == ["Available"]
