"""2.0.1 C: the authorization cache."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

FAMILY = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}


def remember(bench: Bench, status: str, card: str = "CARD1", **more: Any) -> None:
    """The cache holds the card with this status; the CSMS accepts from then on."""
    bench.answer_token("Authorize", status, **more)
    bench.present(card)
    bench.advance(61)
    bench.answers.clear()
    bench.take()


@case("TC_C_32_CS", "C10.FR.02")
def test_the_cache_survives_a_power_cut(cached: Bench) -> None:
    cached.power_loss()
    cached.take()
    assert cached.present("CARD1") == "accepted"
    assert "Authorize" not in cached.actions()


@case("TC_C_33_CS", "C10.FR.04", "C12.FR.06")
def test_an_answer_to_authorize_goes_into_the_cache(booted: Bench) -> None:
    remember(booted, "Accepted")
    assert booted.present("CARD1") == "accepted"
    assert booted.actions() == []


@case("TC_C_34_CS", "C10.FR.05", "C12.FR.06")
def test_an_answer_to_a_transactions_event_goes_into_the_cache(cached: Bench) -> None:
    cached.answer_token("TransactionEvent", "Blocked")
    cached.plug()
    assert cached.present("CARD1") == "accepted"
    assert cached.events()[-1] == ("Ended", "Deauthorized")
    cached.unplug()
    cached.plug()
    cached.take()
    assert cached.present("CARD1") == "asking"


@case("TC_C_36_CS", "C10.FR.11")
def test_without_local_preauthorization_the_csms_is_asked(cached: Bench) -> None:
    cached.set("AuthCtrlr.LocalPreAuthorize", "false")
    assert cached.present("CARD1") == "asking"
    assert cached.actions()[0] == "Authorize"


@case("TC_C_46_CS", "C10.FR.08")
def test_a_card_that_is_not_used_for_long_leaves_the_cache(booted: Bench) -> None:
    booted.set("AuthCacheCtrlr.LifeTime", "100")
    remember(booted, "Accepted")
    assert booted.present("CARD1") == "accepted"
    booted.advance(101)
    booted.take()
    assert booted.present("CARD1") == "asking"


@case("TC_C_37_CS", "C11.FR.01", "C11.FR.02", "C11.FR.03")
def test_the_cache_can_be_cleared(cached: Bench) -> None:
    assert cached.ask("ClearCache", {})["status"] == "Accepted"
    assert cached.present("CARD1") == "asking"


@case("TC_C_38_CS", "C11.FR.01", "C11.FR.02", "C11.FR.04")
def test_a_cache_that_is_switched_off_is_not_cleared(booted: Bench) -> None:
    booted.set("AuthCacheCtrlr.Enabled", "false")
    assert booted.ask("ClearCache", {})["status"] == "Rejected"


@case("TC_C_41_CS", "C09.FR.02", "C09.FR.03", "C09.FR.07")
def test_a_cached_card_of_the_group_stops_without_a_question(booted: Bench) -> None:
    for card in ("CARD1", "CARD2"):
        remember(booted, "Accepted", card, **FAMILY)
    booted.plug()
    booted.present("CARD1")
    booted.take()
    assert booted.present("CARD2") == "stopped"
    assert "Authorize" not in booted.actions()
    assert booted.events()[-1] == ("Ended", "StopAuthorized")


@case("TC_C_44_CS", "C09.FR.02", "C09.FR.03", "C09.FR.07")
def test_a_cached_card_of_the_group_that_is_invalid_does_not_stop(booted: Bench) -> None:
    remember(booted, "Accepted", "CARD1", **FAMILY)
    remember(booted, "Invalid", "CARD2", **FAMILY)
    booted.plug()
    booted.present("CARD1")
    booted.take()
    booted.answer_token("Authorize", "Invalid", **FAMILY)
    booted.present("CARD2")
    assert booted.actions() == ["Authorize"]
    assert booted.outlets[1].charging


@case("TC_C_08_CS", "C12.FR.02", "C12.FR.04")
def test_a_cached_card_starts_at_a_plugged_car_without_a_question(cached: Bench) -> None:
    cached.plug()
    cached.take()
    assert cached.present("CARD1") == "accepted"
    assert "Authorize" not in cached.actions()
    assert cached.told("TransactionEvent")[0]["idToken"]["idToken"] == "CARD1"
    assert cached.outlets[1].charging


@case("TC_C_13_CS", "C12.FR.02", "C12.FR.04")
def test_a_cached_card_is_accepted_before_the_plug_comes(cached: Bench) -> None:
    assert cached.present("CARD1") == "accepted"
    assert "Authorize" not in cached.actions()
    cached.plug()
    assert cached.outlets[1].charging


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(
            "Invalid", marks=case("TC_C_09_CS", "C10.FR.03", "C12.FR.05", says="cached invalid: asked")
        ),
        pytest.param(
            "Blocked", marks=case("TC_C_10_CS", "C10.FR.03", "C12.FR.05", says="cached blocked: asked")
        ),
        pytest.param(
            "Expired", marks=case("TC_C_11_CS", "C10.FR.03", "C12.FR.05", says="cached expired: asked")
        ),
    ],
)
def test_a_card_that_is_cached_as_refused_is_asked_about(booted: Bench, status: str) -> None:
    remember(booted, status)
    booted.plug()
    booted.take()
    booted.answer_token("Authorize", status)
    booted.present("CARD1")
    assert booted.actions() == ["Authorize"]
    assert not booted.outlets[1].permitted


@case("TC_C_12_CS", "C10.FR.03", "C12.FR.05")
def test_a_card_that_is_cached_as_refused_starts_when_the_csms_accepts_it_now(booted: Bench) -> None:
    remember(booted, "Invalid")
    booted.plug()
    booted.take()
    booted.present("CARD1")
    assert booted.actions()[0] == "Authorize"
    assert booted.outlets[1].charging


@case("TC_C_57_CS", "C10.FR.03", "C12.FR.05")
def test_the_question_about_a_refused_cached_card_can_be_switched_off(booted: Bench) -> None:
    remember(booted, "Invalid")
    booted.set("AuthCacheCtrlr.DisablePostAuthorize", "true")
    assert booted.present("CARD1") == "rejected"
    assert booted.actions() == []


@pytest.mark.parametrize(
    ("stops", "energy", "ends", "serves"),
    [
        pytest.param(
            "true",
            "0",
            True,
            False,
            marks=case(
                "TC_C_16_CS", "C12.FR.02", "C12.FR.04", says="refused once begun: the transaction ends"
            ),
        ),
        pytest.param(
            "false",
            "0",
            False,
            False,
            marks=case(
                "TC_C_17_CS", "C12.FR.02", "C12.FR.04", says="refused once begun: energy stops, no end"
            ),
        ),
        pytest.param(
            "false",
            "500",
            False,
            True,
            marks=case(
                "TC_C_15_CS", "C12.FR.02", "C12.FR.04", says="refused once begun: some energy, then none"
            ),
        ),
        pytest.param(
            "true",
            "500",
            True,
            True,
            marks=case(
                "TC_C_18_CS", "C12.FR.02", "C12.FR.04", says="refused once begun: some energy, then the end"
            ),
        ),
    ],
)
def test_a_cached_card_that_the_csms_refuses_once_it_has_begun(
    cached: Bench, stops: str, energy: str, ends: bool, serves: bool
) -> None:
    assert cached.set("TxCtrlr.StopTxOnInvalidId", stops) == "Accepted"
    assert cached.set("TxCtrlr.MaxEnergyOnInvalidId", energy) == "Accepted"
    cached.answer_token("TransactionEvent", "Invalid")
    cached.plug()
    cached.present("CARD1")
    assert cached.outlets[1].charging is serves
    served = cached.outlets[1].energy_wh
    cached.advance(600)
    assert not cached.outlets[1].charging
    assert cached.outlets[1].energy_wh - served < int(energy) + 50
    assert (("Ended", "Deauthorized") in cached.events()) is ends
    assert ends or cached.told("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"
