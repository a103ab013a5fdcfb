"""2.0.1 C and D: the local authorization list."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

FAMILY = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}


def entry(card: str, status: str | None = "Accepted", **more: Any) -> dict[str, Any]:
    token = {"idToken": {"idToken": card, "type": "ISO14443"}}
    return token if status is None else {**token, "idTokenInfo": {"status": status, **more}}


def send(bench: Bench, version: int, *entries: dict[str, Any], kind: str = "Full") -> str:
    asked: dict[str, Any] = {"versionNumber": version, "updateType": kind}
    if entries:
        asked["localAuthorizationList"] = list(entries)
    return str(bench.ask("SendLocalList", asked)["status"])


def version_of(bench: Bench) -> int:
    return int(bench.ask("GetLocalListVersion", {})["versionNumber"])


@case("TC_C_21_CS", "C13.FR.02")
def test_a_listed_card_starts_offline(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1"))
    plugged.offline()
    assert plugged.present("CARD1") == "accepted"
    plugged.online()
    assert plugged.told("TransactionEvent")[0]["offline"] is True
    assert "Authorize" not in plugged.actions()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(
            "Invalid", marks=case("TC_C_22_CS", "C13.FR.02", says="listed as invalid: nothing offline")
        ),
        pytest.param(
            "Blocked", marks=case("TC_C_23_CS", "C13.FR.02", says="listed as blocked: nothing offline")
        ),
        pytest.param(
            "Expired", marks=case("TC_C_24_CS", "C13.FR.02", says="listed as expired: nothing offline")
        ),
    ],
)
def test_a_card_that_is_listed_as_refused_starts_nothing_offline(plugged: Bench, status: str) -> None:
    send(plugged, 1, entry("CARD1", status))
    plugged.offline()
    assert plugged.present("CARD1") == "rejected"
    assert not plugged.outlets[1].permitted


@case("TC_C_25_CS", "C13.FR.01", "C14.FR.01")
def test_the_list_goes_before_the_cache(cached: Bench) -> None:
    send(cached, 1, entry("CARD1", "Invalid"))
    cached.offline()
    cached.plug()
    assert cached.present("CARD1") == "rejected"


@case("TC_C_27_CS", "C14.FR.02")
def test_a_listed_card_starts_without_a_question(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1"))
    assert plugged.present("CARD1") == "accepted"
    assert "Authorize" not in plugged.actions()
    assert plugged.outlets[1].charging


@case("TC_C_28_CS", "C14.FR.03")
def test_the_question_about_a_refused_listed_card_can_be_switched_off(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1", "Invalid"))
    plugged.set("LocalAuthListCtrlr.DisablePostAuthorize", "true")
    assert plugged.present("CARD1") == "rejected"
    assert plugged.actions() == []


@case("TC_C_58_CS", "C14.FR.03")
def test_switched_off_the_question_is_not_asked_about_any_refused_entry(plugged: Bench) -> None:
    plugged.set("LocalAuthListCtrlr.DisablePostAuthorize", "true")
    send(plugged, 1, *(entry(status, status) for status in ("Blocked", "Expired", "Invalid")))
    assert {plugged.present(card) for card in ("BLOCKED", "EXPIRED", "INVALID")} == {"rejected"}
    assert plugged.actions() == []
    assert plugged.present("OTHER") == "asking"


@pytest.mark.parametrize(
    ("listed", "now", "charges"),
    [
        pytest.param(
            "Blocked", "Blocked", False, marks=case("TC_C_29_CS", "C14.FR.03", says="listed blocked: asked")
        ),
        pytest.param(
            "Expired", "Expired", False, marks=case("TC_C_30_CS", "C14.FR.03", says="listed expired: asked")
        ),
        pytest.param(
            "Invalid",
            "Accepted",
            True,
            marks=case("TC_C_31_CS", "C14.FR.03", says="listed invalid, accepted now"),
        ),
    ],
)
def test_a_card_that_is_listed_as_refused_is_asked_about(
    plugged: Bench, listed: str, now: str, charges: bool
) -> None:
    send(plugged, 1, entry("CARD1", listed))
    plugged.answer_token("Authorize", now)
    plugged.present("CARD1")
    assert plugged.actions()[0] == "Authorize"
    assert plugged.outlets[1].charging is charges


@case("TC_C_40_CS", "C09.FR.02", "C09.FR.03", "C09.FR.07")
def test_a_listed_card_of_the_group_stops_without_a_question(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1", **FAMILY), entry("CARD2", **FAMILY))
    plugged.present("CARD1")
    assert plugged.present("CARD2") == "stopped"
    assert "Authorize" not in plugged.actions()
    assert plugged.events()[-1] == ("Ended", "StopAuthorized")


@case("TC_C_43_CS", "C09.FR.02", "C09.FR.03", "C09.FR.07")
def test_a_listed_card_of_the_group_that_is_invalid_does_not_stop(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1", **FAMILY), entry("CARD2", "Invalid", **FAMILY))
    plugged.present("CARD1")
    plugged.answer_token("Authorize", "Invalid", **FAMILY)
    plugged.present("CARD2")
    assert plugged.outlets[1].charging


# D: the list itself


@case("TC_D_01_CS", "D01.FR.02", "D01.FR.15")
def test_a_full_list_replaces_what_was_there(plugged: Bench) -> None:
    assert send(plugged, 1, entry("CARD1")) == "Accepted"
    assert send(plugged, 2, entry("CARD2")) == "Accepted"
    assert version_of(plugged) == 2
    assert plugged.present("CARD1") == "asking"


@case("TC_D_02_CS", "D01.FR.02", "D01.FR.16")
def test_a_difference_adds_and_changes(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1", "Invalid"))
    assert send(plugged, 2, entry("CARD1"), entry("CARD2"), kind="Differential") == "Accepted"
    assert version_of(plugged) == 2
    assert plugged.present("CARD1") == "accepted"


@case("TC_D_03_CS", "D01.FR.02", "D01.FR.17")
def test_a_difference_removes(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1"), entry("CARD2"))
    assert send(plugged, 2, entry("CARD1", None), kind="Differential") == "Accepted"
    assert plugged.present("CARD1") == "asking"


@case("TC_D_04_CS", "D01.FR.02", "D01.FR.04")
def test_a_full_list_without_entries_empties_it(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1"))
    assert send(plugged, 2) == "Accepted"
    assert version_of(plugged) == 2
    assert plugged.present("CARD1") == "asking"


@case("TC_D_05_CS", "D01.FR.02", "D01.FR.05")
def test_a_difference_without_entries_changes_nothing_but_the_version(plugged: Bench) -> None:
    send(plugged, 1, entry("CARD1"))
    assert send(plugged, 2, kind="Differential") == "Accepted"
    assert version_of(plugged) == 2
    assert plugged.present("CARD1") == "accepted"


@case("TC_D_06_CS", "D01.FR.19")
def test_a_difference_to_something_older_is_a_mismatch(plugged: Bench) -> None:
    send(plugged, 5, entry("CARD1"))
    assert send(plugged, 4, entry("CARD2"), kind="Differential") == "VersionMismatch"
    assert version_of(plugged) == 5


@case("TC_D_07_CS", "D01.FR.10")
def test_the_list_survives_a_power_cut(booted: Bench) -> None:
    send(booted, 3, entry("CARD1"))
    booted.power_loss()
    assert version_of(booted) == 3
    booted.plug()
    assert booted.present("CARD1") == "accepted"


@case("TC_D_08_CS", "D02.FR.01")
def test_the_version_is_told(booted: Bench) -> None:
    assert version_of(booted) == 0
    send(booted, 7, entry("CARD1"))
    assert version_of(booted) == 7


@case("TC_D_10_CS", "D02.FR.03")
def test_a_list_that_is_switched_off_has_version_0(booted: Bench) -> None:
    send(booted, 7, entry("CARD1"))
    assert booted.set("LocalAuthListCtrlr.Enabled", "false") == "Accepted"
    assert version_of(booted) == 0
