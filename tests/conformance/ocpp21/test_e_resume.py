"""2.1, E17 and B13: transactions that outlive a power cut (TC_E_112 to 116) and a reset (TC_B_101 to 104)."""

from typing import Any

import pytest

from tests.conformance.bench import Bench

RESUMING = {"type": "ImmediateAndResume"}


def events(bench: Bench) -> list[dict[str, Any]]:
    return [dict(said) for said in bench.told("TransactionEvent")]


def triggers(bench: Bench) -> list[tuple[str, str, str]]:
    """Without what was measured."""
    told = ((said["eventType"], said["triggerReason"], said["transactionInfo"]) for said in events(bench))
    return [(kind, why, info["chargingState"]) for kind, why, info in told if not why.startswith("Meter")]


@pytest.mark.parametrize(("allowed", "state"), [("true", "Charging"), ("false", "SuspendedEVSE")])
def test_a_power_cut_within_the_timeout(charging: Bench, allowed: str, state: str) -> None:
    """TC_E_112, TC_E_113: E17.FR.10 to 14."""
    charging.set("TxCtrlr.ResumptionTimeout", "999")
    charging.set("TxCtrlr.AllowEnergyTransferResumption", allowed)
    transaction = charging.transaction
    charging.take()
    charging.power_loss()
    charging.advance(60)
    assert triggers(charging) == [("Updated", "TxResumed", state)]
    assert {said["transactionInfo"]["transactionId"] for said in events(charging)} == {transaction}
    assert charging.outlets[1].charging is (allowed == "true")


@pytest.mark.parametrize(("timeout", "seconds"), [("0", 5), ("60", 90)])
def test_a_power_cut_that_is_too_long(charging: Bench, timeout: str, seconds: float) -> None:
    """TC_E_115, TC_E_116: E17.FR.20/21."""
    charging.set("TxCtrlr.ResumptionTimeout", timeout)
    charging.take()
    charging.power_loss(seconds)
    (ended,) = events(charging)
    assert (ended["eventType"], ended["triggerReason"]) == ("Ended", "AbnormalCondition")
    assert ended["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert not charging.outlets[1].permitted


def test_a_car_that_is_found_after_a_long_power_cut_begins_anew(booted: Bench) -> None:
    """TC_E_116: the cable is found as after any start."""
    booted.set("TxCtrlr.TxStartPoint", "EVConnected")
    booted.set("TxCtrlr.ResumptionTimeout", "60")
    booted.plug()
    booted.present("CARD1")
    before = booted.transaction
    booted.take()
    booted.power_loss(90)
    assert triggers(booted)[-1] == ("Started", "CablePluggedIn", "EVConnected")
    assert booted.transaction != before


@pytest.mark.parametrize(("allowed", "state"), [("true", "Charging"), ("false", "SuspendedEVSE")])
def test_a_reset_that_the_transaction_outlives(charging: Bench, allowed: str, state: str) -> None:
    """TC_B_102, TC_B_103: B13.FR.03/04, B13.FR.20 to 30."""
    charging.set("TxCtrlr.ResumptionTimeout", "999")
    charging.set("TxCtrlr.AllowEnergyTransferResumption", allowed)
    transaction = charging.transaction
    charging.take()
    assert charging.ask("Reset", RESUMING) == {"status": "Accepted"}
    charging.advance(60)
    assert triggers(charging) == [("Updated", "ResetCommand", "Charging"), ("Updated", "TxResumed", state)]
    order = [action for action in charging.actions() if action in ("BootNotification", "TransactionEvent")]
    assert order[:3] == ["TransactionEvent", "BootNotification", "TransactionEvent"]
    assert [said["reason"] for said in charging.told("BootNotification")] == ["RemoteReset"]
    assert {said["transactionInfo"]["transactionId"] for said in events(charging)} == {transaction}
    assert [said["seqNo"] for said in events(charging)] == list(
        range(events(charging)[0]["seqNo"], events(charging)[0]["seqNo"] + len(events(charging)))
    )


def test_a_reset_that_nothing_may_outlive(charging: Bench) -> None:
    """TC_B_101: B13.FR.01."""
    charging.set("TxCtrlr.ResumptionTimeout", "0")
    assert charging.ask("Reset", RESUMING) == {"status": "Rejected"}


def test_a_reset_with_nothing_running(booted: Bench) -> None:
    """TC_B_104: B13.FR.02."""
    assert booted.ask("Reset", RESUMING) == {"status": "Accepted"}
    assert "BootNotification" in booted.actions()
