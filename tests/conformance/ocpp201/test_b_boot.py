"""2.0.1 B: registering, status after an absence, and resets."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.model.charger import Abilities
from tests.conformance.bench import Bench
from tests.conformance.cases import case

NOW = "2026-01-01T00:00:00Z"
EVSE_RESET = Abilities(frozenset({"start", "pause", "set_limit", "unlock", "reset", "reset_evse"}))


def registering(status: str, interval: int = 20) -> Bench:
    """The CSMS answers BootNotification so, until its `answers` are cleared."""
    bench = Bench("2.0.1", boot=False)
    bench.answers["BootNotification"] = {"status": status, "currentTime": NOW, "interval": interval}
    bench.power_up()
    return bench


@case("TC_B_01_CS", "B01.FR.01", "B01.FR.05", "B01.FR.09")
def test_a_cold_boot_registers_and_tells_every_connector() -> None:
    bench = Bench("2.0.1", boot=False, evses=2)
    bench.power_up()
    assert bench.actions()[0] == "BootNotification"
    (boot,) = bench.told("BootNotification")
    assert boot["reason"] == "PowerUp"
    assert boot["chargingStation"]["vendorName"] == "Maker"
    assert (bench.statuses(1), bench.statuses(2)) == (["Available"], ["Available"])
    bench.advance(300)
    assert bench.actions()[-1] == "Heartbeat"


@case("TC_B_02_CS", "B02.FR.01", "B02.FR.02", "B02.FR.04", "B02.FR.05", "B02.FR.06", "F06.FR.17")
def test_while_pending_it_can_be_set_up_and_starts_nothing() -> None:
    bench = registering("Pending")
    bench.plug()
    bench.advance(5)
    assert bench.actions() == ["BootNotification"]
    assert bench.set("TxCtrlr.EVConnectionTimeOut", "45") == "Accepted"
    assert bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})["status"] == "Accepted"
    assert set(bench.actions()[1:]) == {"NotifyReport"}
    token = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    assert bench.ask("RequestStartTransaction", token)["status"] == "Rejected"
    assert bench.ask("RequestStopTransaction", {"transactionId": "T"})["status"] == "Rejected"
    bench.take()
    bench.answers.clear()
    assert bench.ask("TriggerMessage", {"requestedMessage": "BootNotification"})["status"] == "Accepted"
    assert bench.actions()[0] == "BootNotification"
    assert bench.statuses() == ["Occupied"]


@case("TC_B_03_CS", "B03.FR.02", "B03.FR.04", "B03.FR.06")
def test_rejected_it_is_silent_and_tries_again() -> None:
    bench = registering("Rejected")
    bench.plug()
    bench.advance(19)
    assert bench.actions() == ["BootNotification"]
    bench.answers.clear()
    bench.advance(2)
    assert bench.actions()[1] == "BootNotification"
    assert bench.statuses() == ["Occupied"]


@case("TC_B_30_CS", "B03.FR.08")
def test_rejected_it_answers_with_a_security_error() -> None:
    bench = registering("Rejected")
    assert bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == "SecurityError"
    assert bench.actions() == ["BootNotification"]


def away(bench: Bench, seconds: float) -> None:
    assert bench.set("OCPPCommCtrlr.OfflineThreshold", "60") == "Accepted"
    bench.take()
    bench.offline()
    bench.plug(1)
    bench.advance(seconds)
    bench.online()


@case("TC_B_51_CS", "B04.FR.01")
def test_after_a_long_absence_every_connector_is_told(two: Bench) -> None:
    away(two, 90)
    assert (two.statuses(1), two.statuses(2)) == (["Occupied"], ["Available"])


@case("TC_B_52_CS", "B04.FR.02")
def test_after_a_short_absence_only_what_changed_is_told(two: Bench) -> None:
    away(two, 30)
    assert (two.statuses(1), two.statuses(2)) == (["Occupied"], [])
    assert "BootNotification" not in two.actions()


# Reset


def reset(bench: Bench, kind: str, evse: int | None = None) -> str:
    asked: Mapping[str, Any] = {"type": kind, **({} if evse is None else {"evseId": evse})}
    status = str(bench.ask("Reset", asked)["status"])
    bench.advance(5)
    return status


def booted_again(bench: Bench) -> list[str]:
    return [said["reason"] for said in bench.told("BootNotification")]


@case("TC_B_20_CS", "B11.FR.01", "B11.FR.03", "B11.FR.04", "B01.FR.03")
def test_idle_it_resets_at_once(booted: Bench) -> None:
    assert reset(booted, "OnIdle") == "Accepted"
    assert booted_again(booted) == ["RemoteReset"]
    assert booted.resets == 1
    assert booted.statuses() == ["Available"]


@case("TC_B_21_CS", "B12.FR.01", "B12.FR.03")
def test_on_idle_the_transaction_may_end_first(charging: Bench) -> None:
    assert reset(charging, "OnIdle") == "Scheduled"
    assert charging.resets == 0
    assert charging.outlets[1].charging
    charging.present("CARD1")
    charging.advance(5)
    assert charging.resets == 1
    assert booted_again(charging) == ["ScheduledReset"]


@case("TC_B_22_CS", "B12.FR.02", "B12.FR.04", "E07.FR.03", "B01.FR.03")
def test_at_once_ends_the_transaction(charging: Bench) -> None:
    assert reset(charging, "Immediate") == "Accepted"
    assert charging.events() == [("Ended", "ResetCommand")]
    assert charging.told("TransactionEvent")[0]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert booted_again(charging) == ["RemoteReset"]
    assert charging.actions().index("BootNotification") > charging.actions().index("TransactionEvent")


@case("TC_B_23_CS", "B11.FR.01", "B11.FR.02", "B11.FR.03", "B11.FR.04", "B01.FR.03")
def test_out_of_service_it_stays_so(unavailable: Bench) -> None:
    assert reset(unavailable, "OnIdle") == "Accepted"
    assert unavailable.statuses() == ["Unavailable"]


@case("TC_B_41_CS", "B12.FR.01", "B12.FR.03", "E07.FR.03")
def test_on_idle_every_transaction_may_end_first(two: Bench) -> None:
    for evse in (1, 2):
        two.plug(evse)
        two.present(f"CARD{evse}", evse)
    assert reset(two, "OnIdle") == "Scheduled"
    two.present("CARD1", 1)
    two.advance(5)
    assert two.resets == 0
    two.present("CARD2", 2)
    two.advance(5)
    assert two.resets == 1


@pytest.fixture
def parted() -> Bench:
    """Two EVSEs that can be reset one by one; the second one charges."""
    bench = Bench("2.0.1", evses=2, abilities=EVSE_RESET)
    bench.plug(2)
    bench.present("CARD2", 2)
    bench.take()
    return bench


@case("TC_B_25_CS", "B11.FR.01", "B11.FR.08", "B11.FR.10")
def test_one_evse_is_reset_at_once(parted: Bench) -> None:
    assert reset(parted, "OnIdle", 1) == "Accepted"
    assert parted.resets == 1
    assert booted_again(parted) == []
    assert parted.outlets[2].charging


@case("TC_B_26_CS", "B12.FR.01", "B12.FR.07")
def test_one_evse_is_reset_when_it_is_idle(parted: Bench) -> None:
    assert reset(parted, "OnIdle", 2) == "Scheduled"
    assert parted.resets == 0
    parted.present("CARD2", 2)
    parted.advance(5)
    assert parted.resets == 1
    assert booted_again(parted) == []


@case("TC_B_27_CS", "B12.FR.02", "B12.FR.08", "E07.FR.03")
def test_one_evse_is_reset_and_its_transaction_ended(parted: Bench) -> None:
    assert reset(parted, "Immediate", 2) == "Accepted"
    assert parted.events() == [("Ended", "ResetCommand")]
    assert parted.resets == 1
    assert booted_again(parted) == []


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(
            "booted", marks=case("TC_B_28_CS", "B11.FR.09", "B12.FR.09", says="one EVSE can't be reset")
        ),
        pytest.param(
            "charging", marks=case("TC_B_29_CS", "B12.FR.09", says="one EVSE can't be reset; it goes on")
        ),
    ],
)
def test_one_evse_can_not_be_reset(request: pytest.FixtureRequest, state: str) -> None:
    bench: Bench = request.getfixturevalue(state)
    assert reset(bench, "Immediate", 1) == "Rejected"
    assert bench.resets == 0
    assert bench.outlets[1].charging is (state == "charging")


@case("TC_B_24_CS", "B11.FR.01", "B11.FR.03", "B11.FR.04", "B11.FR.05", "B01.FR.03")
def test_reserved_it_stays_so(booted: Bench) -> None:
    token = {"idToken": "CARD1", "type": "ISO14443"}
    asked = {"id": 7, "expiryDateTime": "2026-01-01T01:00:00Z", "idToken": token, "evseId": 1}
    assert booted.ask("ReserveNow", asked)["status"] == "Accepted"
    assert reset(booted, "OnIdle") == "Accepted"
    assert booted.statuses()[-1] == "Reserved"
    booted.plug()
    booted.present("OTHER")
    assert not booted.outlets[1].permitted
    booted.present("CARD1")
    assert booted.outlets[1].charging
