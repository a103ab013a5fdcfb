"""2.0.1 C: who may charge, asked for online."""

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

FAMILY = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}
MASTER = {"groupIdToken": {"idToken": "MASTER", "type": "Central"}}


def events(bench: Bench) -> list[tuple[str, str]]:
    return bench.events()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(
            "Invalid", marks=case("TC_C_02_CS", "C01.FR.02", says="a card that is invalid starts nothing")
        ),
        pytest.param(
            "Blocked", marks=case("TC_C_06_CS", "C01.FR.02", says="a card that is blocked starts nothing")
        ),
        pytest.param(
            "Expired", marks=case("TC_C_07_CS", "C01.FR.02", says="a card that is expired starts nothing")
        ),
        pytest.param(
            "Unknown", marks=case("TC_C_56_CS", "C01.FR.02", says="a card that is unknown starts nothing")
        ),
    ],
)
def test_a_card_that_is_refused_starts_nothing(plugged: Bench, status: str) -> None:
    plugged.answer_token("Authorize", status)
    plugged.present("CARD1")
    assert plugged.actions() == ["Authorize"]
    assert not plugged.outlets[1].permitted


@case("TC_C_04_CS", "C01.FR.02", "C01.FR.03")
def test_another_card_does_not_stop(charging: Bench) -> None:
    charging.present("CARD2")
    assert charging.actions() == ["Authorize"]
    assert charging.outlets[1].charging


@case("TC_C_39_CS", "C09.FR.02", "C09.FR.03", "C09.FR.05")
def test_another_card_of_the_group_stops_when_the_csms_says_so(plugged: Bench) -> None:
    plugged.answer_token("Authorize", "Accepted", **FAMILY)
    plugged.present("CARD1")
    plugged.take()
    plugged.present("CARD2")
    assert plugged.actions()[0] == "Authorize"
    assert events(plugged)[-1] == ("Ended", "StopAuthorized")
    assert plugged.told("TransactionEvent")[-1]["idToken"]["idToken"] == "CARD2"
    assert not plugged.outlets[1].permitted


@case("TC_C_42_CS", "C09.FR.11")
def test_a_card_of_the_group_that_is_not_accepted_does_not_stop(plugged: Bench) -> None:
    plugged.answer_token("Authorize", "Accepted", **FAMILY)
    plugged.present("CARD1")
    plugged.take()
    plugged.answer_token("Authorize", "Blocked", **FAMILY)
    plugged.present("CARD2")
    assert plugged.actions() == ["Authorize"]
    assert plugged.outlets[1].charging


@pytest.fixture
def mastered() -> Bench:
    """Two EVSEs that charge, and a group of master passes."""
    bench = Bench("2.0.1", evses=2)
    assert bench.set("AuthCtrlr.MasterPassGroupId", "MASTER") == "Accepted"
    for evse in (1, 2):
        bench.plug(evse)
        bench.present(f"CARD{evse}", evse)
    bench.answer_token("Authorize", "Accepted", **MASTER)
    bench.take()
    return bench


@case("TC_C_45_CS", "C16.FR.03")
def test_a_master_pass_starts_nothing(plugged: Bench) -> None:
    plugged.set("AuthCtrlr.MasterPassGroupId", "MASTER")
    plugged.answer_token("Authorize", "Accepted", **MASTER)
    plugged.present("BOSS")
    assert plugged.actions() == ["Authorize"]
    assert not plugged.outlets[1].permitted


@case("TC_C_49_CS", "C16.FR.02")
def test_a_master_pass_stops_everything(mastered: Bench) -> None:
    mastered.present("BOSS")
    ended = [said for said in mastered.told("TransactionEvent") if said["eventType"] == "Ended"]
    assert [said["transactionInfo"]["stoppedReason"] for said in ended] == ["MasterPass"] * 2
    assert [said["idToken"]["idToken"] for said in ended] == ["BOSS"] * 2
    assert not any(outlet.permitted for outlet in mastered.outlets.values())


@case("TC_C_26_CS", "C13.FR.04", "C15.FR.02", "C15.FR.06", "C15.FR.08")
def test_an_unknown_card_may_start_offline_and_is_judged_later(booted: Bench) -> None:
    booted.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    booted.set("TxCtrlr.StopTxOnInvalidId", "false")
    booted.offline()
    booted.take()
    booted.plug()
    assert booted.present("CARD1") == "accepted"
    assert booted.outlets[1].charging
    booted.advance(20)
    booted.answer_token("TransactionEvent", "Invalid")
    booted.online()
    started = booted.told("TransactionEvent")[0]
    assert (started["eventType"], started["offline"], started["idToken"]["idToken"]) == (
        "Started",
        True,
        "CARD1",
    )
    assert not booted.outlets[1].charging
    assert ("Ended", "Deauthorized") not in events(booted)
    assert booted.told("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"
