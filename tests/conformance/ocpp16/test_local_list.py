"""1.6: the local authorization list."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

GOOD = {"status": "Accepted"}


def send(bench: Bench, version: int, kind: str, *tags: str, info: Any = GOOD) -> str:
    rows = [{"idTag": tag, **({"idTagInfo": info} if info else {})} for tag in tags]
    asked = {"listVersion": version, "updateType": kind, "localAuthorizationList": rows}
    return str(bench.ask("SendLocalList", asked)["status"])


def version_of(bench: Bench) -> int:
    return int(bench.ask("GetLocalListVersion", {})["listVersion"])


@pytest.fixture
def without(booted: Bench) -> Bench:
    """The list is switched off."""
    asked = {"key": "LocalAuthListEnabled", "value": "false"}
    assert booted.ask("ChangeConfiguration", asked)["status"] == "Accepted"
    return booted


@case("TC_042_1_CS")
def test_a_list_that_is_switched_off_has_version_minus_one(without: Bench) -> None:
    assert version_of(without) == -1


@case("TC_042_2_CS")
def test_an_empty_list_has_version_0(booted: Bench) -> None:
    send(booted, 3, "Full")
    assert version_of(booted) == 0


@case("TC_043_CS")
def test_a_list_is_replaced_and_amended(booted: Bench) -> None:
    assert send(booted, 1, "Full", "CARD1", "CARD2") == "Accepted"
    assert version_of(booted) == 1
    assert send(booted, 2, "Differential", "CARD1", info=None) == "Accepted"
    assert version_of(booted) == 2
    booted.plug()
    assert booted.present("CARD1") == "asking"
    booted.restart()
    booted.power_up()
    assert version_of(booted) == 2


@case("TC_043_1_CS")
def test_a_list_that_is_switched_off_takes_nothing(without: Bench) -> None:
    assert send(without, 1, "Full", "CARD1") == "NotSupported"


@case("TC_043_2_CS")
def test_an_older_version_is_a_mismatch(booted: Bench) -> None:
    send(booted, 5, "Full", "CARD1")
    assert send(booted, 4, "Differential", "CARD2") == "VersionMismatch"
    assert version_of(booted) == 5


@case("TC_043_3_CS")
def test_a_list_that_names_a_card_twice_fails(booted: Bench) -> None:
    send(booted, 1, "Full", "CARD1")
    assert send(booted, 2, "Full", "CARD2", "CARD2") == "Failed"
    assert version_of(booted) == 1


@case("TC_008_CS")
def test_a_listed_card_starts_without_being_asked_about(booted: Bench) -> None:
    send(booted, 1, "Full", "CARD1")
    booted.plug()
    booted.take()
    assert booted.present("CARD1") == "accepted"
    assert booted.actions() == ["StartTransaction", "StatusNotification"]
    assert booted.statuses() == ["Charging"]
