"""1.6: charging profiles."""

from collections.abc import Mapping
from typing import Any

from tests.conformance.bench import Bench
from tests.conformance.cases import case

START = "2026-01-01T00:00:00Z"


def profile(number: int, purpose: str, *limits: tuple[int, float], **more: Any) -> dict[str, Any]:
    """`limits`: (second, ampere), from the beginning of this day on."""
    schedule = {
        "chargingRateUnit": "A",
        "startSchedule": START,
        "duration": 86400,
        "chargingSchedulePeriod": [{"startPeriod": second, "limit": limit} for second, limit in limits],
    }
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **more,
    }


def install(bench: Bench, connector: int, body: Mapping[str, Any]) -> str:
    asked = {"connectorId": connector, "csChargingProfiles": body}
    return str(bench.ask("SetChargingProfile", asked)["status"])


def schedule(bench: Bench, connector: int = 1, duration: int = 400) -> list[tuple[int, float]]:
    """The composite schedule as (second, ampere)."""
    asked = {"connectorId": connector, "duration": duration, "chargingRateUnit": "A"}
    answer = bench.ask("GetCompositeSchedule", asked)
    assert answer["status"] == "Accepted"
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    return [(period["startPeriod"], period["limit"]) for period in periods]


@case("TC_056_CS")
def test_a_default_profile_limits_the_next_transaction(plugged: Bench) -> None:
    assert install(plugged, 1, profile(1, "TxDefaultProfile", (0, 6), (300, 10))) == "Accepted"
    plugged.present("CARD1")
    assert schedule(plugged) == [(0, 6), (300, 10)]
    assert plugged.outlets[1].current_a == 6
    plugged.advance(301)
    assert plugged.outlets[1].current_a == 10


@case("TC_057_CS")
def test_a_profile_of_the_transaction_goes_before_the_default(charging: Bench) -> None:
    install(charging, 1, profile(1, "TxDefaultProfile", (0, 6)))
    assert install(charging, 1, profile(2, "TxProfile", (0, 13), transactionId=100)) == "Accepted"
    assert schedule(charging) == [(0, 13)]
    assert charging.outlets[1].current_a == 13
    charging.present("CARD1")
    assert schedule(charging) == [(0, 6)]


@case("TC_058_1_CS")
def test_a_transactions_profile_needs_a_transaction(plugged: Bench) -> None:
    assert install(plugged, 1, profile(1, "TxProfile", (0, 6))) == "Rejected"


@case("TC_058_2_CS")
def test_a_transactions_profile_needs_the_right_transaction(charging: Bench) -> None:
    assert install(charging, 1, profile(1, "TxProfile", (0, 6), transactionId=4711)) == "Rejected"
    assert charging.outlets[1].current_a == 16


@case("TC_082_CS")
def test_a_default_profile_holds_for_the_transaction_that_runs(charging: Bench) -> None:
    assert install(charging, 0, profile(1, "TxDefaultProfile", (0, 8))) == "Accepted"
    assert charging.outlets[1].current_a == 8


@case("TC_066_CS")
def test_the_composite_schedule_is_the_lowest_of_what_holds(charging: Bench) -> None:
    install(charging, 0, profile(1, "ChargePointMaxProfile", (0, 10)))
    install(charging, 1, profile(2, "TxDefaultProfile", (0, 6), (100, 12)))
    install(charging, 1, profile(3, "TxProfile", (0, 8), (50, 14), (200, 7), transactionId=100))
    assert schedule(charging) == [(0, 8), (50, 10), (200, 7)]
    charging.advance(100)
    assert schedule(charging) == [(0, 10), (100, 7)]
    assert charging.outlets[1].current_a == 10


@case("TC_067_CS")
def test_profiles_are_cleared_by_id_or_by_what_they_are(booted: Bench) -> None:
    for number, level in ((1, 0), (2, 1), (3, 2)):
        install(booted, 1, profile(number, "TxDefaultProfile", (0, 6 + number), stackLevel=level))
    assert booted.ask("ClearChargingProfile", {"id": 3})["status"] == "Accepted"
    assert schedule(booted) == [(0, 8)]
    chosen = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}
    assert booted.ask("ClearChargingProfile", chosen)["status"] == "Accepted"
    assert schedule(booted) == [(0, 7)]
    assert booted.ask("ClearChargingProfile", {"id": 3})["status"] == "Unknown"
    assert booted.ask("ClearChargingProfile", {})["status"] == "Accepted"
    assert schedule(booted) == [(0, 32)]


@case("TC_072_CS")
def test_the_higher_level_of_a_stack_holds_while_it_says_something(charging: Bench) -> None:
    install(charging, 1, profile(1, "TxDefaultProfile", (0, 6), (200, 9)))
    upper = profile(2, "TxDefaultProfile", (0, 12), stackLevel=1)
    upper["chargingSchedule"]["duration"] = 100
    assert install(charging, 1, upper) == "Accepted"
    assert schedule(charging) == [(0, 12), (100, 6), (200, 9)]
    charging.advance(101)
    assert charging.outlets[1].current_a == 6


@case("TC_059_CS")
def test_a_remote_start_brings_a_profile_for_its_transaction(plugged: Bench) -> None:
    body = profile(1, "TxProfile", (0, 7))
    asked = {"idTag": "APP1", "connectorId": 1, "chargingProfile": body}
    assert plugged.ask("RemoteStartTransaction", asked)["status"] == "Accepted"
    assert plugged.outlets[1].current_a == 7
    assert schedule(plugged) == [(0, 7)]


@case("TC_060_CS")
def test_a_remote_start_with_a_profile_for_something_else_is_rejected(plugged: Bench) -> None:
    body = profile(1, "TxDefaultProfile", (0, 7))
    asked = {"idTag": "APP1", "connectorId": 1, "chargingProfile": body}
    assert plugged.ask("RemoteStartTransaction", asked)["status"] == "Rejected"
    assert plugged.told("StartTransaction") == []
