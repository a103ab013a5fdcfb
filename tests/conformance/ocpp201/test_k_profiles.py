"""2.0.1 K: charging profiles."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.model.charger import Abilities
from tests.conformance.bench import Bench
from tests.conformance.cases import case

START = "2026-01-01T00:00:00Z"
MAX, DEFAULT, TX = "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"


def profile(number: int, purpose: str, *limits: tuple[int, float], **more: Any) -> dict[str, Any]:
    """`limits`: (second, ampere), from the beginning of this day on; `schedule`: more of the schedule."""
    schedule = {
        "id": number,
        "chargingRateUnit": "A",
        "startSchedule": START,
        "chargingSchedulePeriod": [
            {"startPeriod": second, "limit": float(limit)} for second, limit in limits
        ],
        **more.pop("schedule", {}),
    }
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **more,
    }


def install(bench: Bench, evse: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(bench.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": body}))


def accepted(bench: Bench, evse: int, body: Mapping[str, Any]) -> None:
    assert install(bench, evse, body) == {"status": "Accepted"}


def rejected(bench: Bench, evse: int, body: Mapping[str, Any]) -> str:
    answer = install(bench, evse, body)
    assert answer["status"] == "Rejected"
    return str(answer["statusInfo"]["reasonCode"])


def schedule(bench: Bench, evse: int = 1, duration: int = 400) -> list[tuple[int, float]]:
    """The composite schedule as (second, ampere)."""
    answer = bench.ask(
        "GetCompositeSchedule", {"evseId": evse, "duration": duration, "chargingRateUnit": "A"}
    )
    assert answer["status"] == "Accepted"
    assert answer["schedule"]["evseId"] == evse
    return [
        (period["startPeriod"], period["limit"]) for period in answer["schedule"]["chargingSchedulePeriod"]
    ]


# Setting


@case("TC_K_01_CS", "K01.FR.07", "K01.FR.15")
def test_a_default_for_one_evse(two: Bench) -> None:
    accepted(two, 1, profile(1, DEFAULT, (0, 6), (300, 10)))
    assert schedule(two, 1) == [(0, 6), (300, 10)]
    assert schedule(two, 2) == [(0, 32)]
    two.plug(1)
    two.present("CARD1", 1)
    assert two.outlets[1].current_a == 6
    two.advance(301)
    assert two.outlets[1].current_a == 10


@case("TC_K_10_CS", "K01.FR.07", "K01.FR.14")
def test_a_default_for_every_evse(two: Bench) -> None:
    accepted(two, 0, profile(1, DEFAULT, (0, 7)))
    assert schedule(two, 1) == schedule(two, 2) == [(0, 7)]


@case("TC_K_60_CS", "K01.FR.04", "K01.FR.07", "K01.FR.15")
def test_a_profile_for_the_transaction_that_runs(charging: Bench) -> None:
    accepted(charging, 1, profile(1, TX, (0, 8), transactionId=charging.transaction))
    assert charging.outlets[1].current_a == 8
    charging.present("CARD1")
    assert schedule(charging) == [(0, 32)]


@case("TC_K_02_CS", "K01.FR.04", "K01.FR.07", "K01.FR.09")
def test_without_a_transaction_there_is_no_profile_for_it(booted: Bench) -> None:
    assert rejected(booted, 1, profile(1, TX, (0, 8), transactionId="T1")) == "TxNotFound"


@case("TC_K_11_CS", "K01.FR.04", "K01.FR.16")
def test_a_transactions_profile_is_of_one_evse(charging: Bench) -> None:
    rejected(charging, 0, profile(1, TX, (0, 8), transactionId=charging.transaction))
    assert charging.outlets[1].current_a == 16


@case("TC_K_03_CS", "K01.FR.07")
def test_a_limit_of_the_station(charging: Bench) -> None:
    accepted(charging, 0, profile(1, MAX, (0, 9)))
    assert charging.outlets[1].current_a == 9
    rejected(charging, 1, profile(2, MAX, (0, 9)))


@case("TC_K_19_CS", "K01.FR.40")
def test_a_profile_that_recurs_every_day(booted: Bench) -> None:
    daily = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
    accepted(booted, 1, profile(1, DEFAULT, (0, 6), (100, 10), schedule={"duration": 86400}, **daily))
    booted.advance(86400 + 50)
    assert schedule(booted) == [(0, 6), (50, 10)]


@case("TC_K_12_CS", "K01.FR.26")
def test_a_unit_that_the_charger_does_not_know() -> None:
    bench = Bench("2.0.1", defaults={"RateUnit": "A"})
    body = profile(1, DEFAULT, (0, 4000), schedule={"chargingRateUnit": "W"})
    assert rejected(bench, 1, body) == "UnsupportedRateUnit"


@case("TC_K_13_CS", "K01.FR.27")
def test_a_profile_survives_a_power_cut(booted: Bench) -> None:
    accepted(booted, 1, profile(1, DEFAULT, (0, 6)))
    booted.power_loss()
    assert schedule(booted) == [(0, 6)]


@case("TC_K_14_CS", "K01.FR.28")
def test_an_evse_that_is_none(booted: Bench) -> None:
    assert rejected(booted, 9, profile(1, DEFAULT, (0, 6))) == "UnknownEvse"


@case("TC_K_28_CS", "K01.FR.32")
def test_a_default_holds_for_the_transaction_that_runs(charging: Bench) -> None:
    accepted(charging, 1, profile(1, DEFAULT, (0, 8)))
    assert charging.outlets[1].current_a == 8


@case("TC_K_16_CS", "K01.FR.33")
def test_a_transaction_that_is_none(charging: Bench) -> None:
    assert rejected(charging, 1, profile(1, TX, (0, 8), transactionId="T1")) == "UnknownTxId"
    assert charging.outlets[1].current_a == 16


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        pytest.param(
            {"validFrom": "2026-01-01T00:01:00Z"},
            16,
            7,
            marks=case("TC_K_21_CS", "K01.FR.36", says="a profile holds from the moment it is valid from"),
        ),
        pytest.param(
            {"validTo": "2026-01-01T00:01:00Z"},
            7,
            16,
            marks=case("TC_K_22_CS", "K01.FR.37", says="a profile holds no longer than it is valid"),
        ),
        pytest.param(
            {"schedule": {"startSchedule": "2026-01-01T00:01:00Z"}},
            16,
            7,
            marks=case("TC_K_23_CS", "K01.FR.30", says="a schedule holds from its start on"),
        ),
    ],
)
def test_a_profile_holds_in_its_time(
    charging: Bench, body: dict[str, Any], before: float, after: float
) -> None:
    accepted(charging, 1, profile(1, DEFAULT, (0, 7), **body))
    charging.advance(1)
    assert charging.outlets[1].current_a == before
    charging.advance(61)
    assert charging.outlets[1].current_a == after


@case("TC_K_04_CS", "K01.FR.05")
def test_the_same_number_replaces_it(booted: Bench) -> None:
    accepted(booted, 0, profile(1, MAX, (0, 6)))
    accepted(booted, 0, profile(1, MAX, (0, 12)))
    assert schedule(booted) == [(0, 12)]


@case("TC_K_37_CS", "K05.FR.03", "E01.FR.02", "F01.FR.10", "F01.FR.13")
def test_a_remote_start_brings_a_profile(plugged: Bench) -> None:
    asked = {
        "idToken": {"idToken": "APP1", "type": "ISO14443"},
        "remoteStartId": 1,
        "evseId": 1,
        "chargingProfile": profile(1, TX, (0, 7)),
    }
    assert plugged.ask("RequestStartTransaction", asked)["status"] == "Accepted"
    assert plugged.outlets[1].current_a == 7
    (told,) = reports(plugged, chargingProfilePurpose=TX)
    assert told["chargingProfile"][0]["transactionId"] == plugged.transaction


@case("TC_K_38_CS", "F01.FR.12", "F01.FR.13")
def test_without_smart_charging_a_remote_starts_profile_is_ignored() -> None:
    bench = Bench("2.0.1", abilities=Abilities(frozenset({"start", "pause", "unlock"})))
    bench.plug()
    asked = {
        "idToken": {"idToken": "APP1", "type": "ISO14443"},
        "remoteStartId": 1,
        "evseId": 1,
        "chargingProfile": profile(1, TX, (0, 7)),
    }
    assert bench.ask("RequestStartTransaction", asked)["status"] == "Accepted"
    assert bench.outlets[1].current_a == 16


# The composite schedule


@case("TC_K_39_CS", "K08.FR.02", "K08.FR.03", "K08.FR.06")
def test_without_a_profile_the_charger_itself_is_the_limit(two: Bench) -> None:
    assert schedule(two, 1) == [(0, 32)]
    assert schedule(two, 0) == [(0, 64)]


@case("TC_K_40_CS", "K08.FR.02", "K08.FR.06")
def test_the_higher_level_holds_while_it_says_something(booted: Bench) -> None:
    accepted(booted, 1, profile(1, DEFAULT, (0, 6), (200, 9)))
    accepted(booted, 1, profile(2, DEFAULT, (0, 12), stackLevel=1, schedule={"duration": 100}))
    assert schedule(booted) == [(0, 12), (100, 6), (200, 9)]


@case("TC_K_41_CS", "K08.FR.02", "K08.FR.04")
def test_of_all_purposes_the_lowest_holds(charging: Bench) -> None:
    accepted(charging, 0, profile(1, MAX, (0, 10)))
    accepted(charging, 1, profile(2, DEFAULT, (0, 6)))
    accepted(charging, 1, profile(3, TX, (0, 8), (50, 14), (200, 7), transactionId=charging.transaction))
    assert schedule(charging) == [(0, 8), (50, 10), (200, 7)]


@case("TC_K_42_CS", "K08.FR.07")
def test_a_schedule_in_a_unit_that_the_charger_does_not_know() -> None:
    bench = Bench("2.0.1", defaults={"RateUnit": "A"})
    asked = {"evseId": 1, "duration": 100, "chargingRateUnit": "W"}
    assert bench.ask("GetCompositeSchedule", asked)["status"] == "Rejected"


@case("TC_K_47_CS", "K08.FR.05")
def test_a_schedule_of_an_evse_that_is_none(booted: Bench) -> None:
    assert booted.ask("GetCompositeSchedule", {"evseId": 9, "duration": 100})["status"] == "Rejected"


# Reporting


@pytest.fixture
def full(two: Bench) -> Bench:
    """Four profiles: 1 of the station, 2 and 3 of EVSE 1, 4 of EVSE 2."""
    accepted(two, 0, profile(1, MAX, (0, 30)))
    accepted(two, 1, profile(2, DEFAULT, (0, 6)))
    accepted(two, 1, profile(3, DEFAULT, (0, 8), stackLevel=2))
    accepted(two, 2, profile(4, DEFAULT, (0, 9)))
    two.take()
    return two


def reports(bench: Bench, evse: int | None = None, **criteria: Any) -> list[Mapping[str, Any]]:
    where = {} if evse is None else {"evseId": evse}
    asked = {"requestId": 5, "chargingProfile": criteria, **where}
    answer = bench.ask("GetChargingProfiles", asked)
    told = bench.told("ReportChargingProfiles")
    assert answer["status"] == ("Accepted" if told else "NoProfiles")
    assert [said["tbc"] for said in told] == [True] * (len(told) - 1) + [False] * bool(told)
    assert {said["requestId"] for said in told} <= {5}
    return told


@pytest.mark.parametrize(
    ("evse", "criteria", "numbers"),
    [
        pytest.param(
            0, {}, [1], marks=case("TC_K_29_CS", "K09.FR.02", "K09.FR.05", says="of the station itself")
        ),
        pytest.param(1, {}, [2, 3], marks=case("TC_K_30_CS", "K09.FR.02", "K09.FR.04", says="of one EVSE")),
        pytest.param(
            None, {}, [1, 2, 3, 4], marks=case("TC_K_31_CS", "K09.FR.02", "K09.FR.06", says="all there are")
        ),
        pytest.param(
            None,
            {"chargingProfileId": [3]},
            [3],
            marks=case("TC_K_32_CS", "K09.FR.01", "K09.FR.02", says="by number"),
        ),
        pytest.param(
            1,
            {"stackLevel": 2},
            [3],
            marks=case("TC_K_33_CS", "K09.FR.02", "K09.FR.04", says="of an EVSE, by level"),
        ),
        pytest.param(
            1,
            {"chargingLimitSource": ["CSO"]},
            [2, 3],
            marks=case("TC_K_34_CS", "K09.FR.02", "K09.FR.04", says="of an EVSE, by who set it"),
        ),
        pytest.param(
            1,
            {"chargingProfilePurpose": DEFAULT},
            [2, 3],
            marks=case("TC_K_35_CS", "K09.FR.02", "K09.FR.04", says="of an EVSE, by purpose"),
        ),
        pytest.param(
            1,
            {"chargingProfilePurpose": DEFAULT, "stackLevel": 0},
            [2],
            marks=case("TC_K_36_CS", "K09.FR.02", "K09.FR.04", says="of an EVSE, by purpose and level"),
        ),
    ],
)
def test_profiles_are_reported(
    full: Bench, evse: int | None, criteria: dict[str, Any], numbers: list[int]
) -> None:
    told = reports(full, evse, **(criteria or {"chargingLimitSource": ["CSO", "EMS"]}))
    assert [body["id"] for said in told for body in said["chargingProfile"]] == numbers
    assert {said["chargingLimitSource"] for said in told} == {"CSO"}


# Clearing


def clear(bench: Bench, **asked: Any) -> str:
    return str(bench.ask("ClearChargingProfile", asked)["status"])


def left(bench: Bench) -> list[int]:
    return [found.id for found in bench.station.profiles.all()]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        pytest.param(
            {"chargingProfileId": 2}, [1, 3, 4], marks=case("TC_K_05_CS", "K10.FR.03", says="by number")
        ),
        pytest.param(
            {"chargingProfileCriteria": {"evseId": 1, "chargingProfilePurpose": DEFAULT, "stackLevel": 2}},
            [1, 2, 4],
            marks=case("TC_K_06_CS", "K10.FR.04", says="one, by purpose and level"),
        ),
        pytest.param(
            {"chargingProfileCriteria": {"chargingProfilePurpose": DEFAULT, "stackLevel": 0}},
            [1, 3],
            marks=case("TC_K_24_CS", "K10.FR.04", says="several, by purpose and level"),
        ),
    ],
)
def test_profiles_are_cleared(full: Bench, asked: dict[str, Any], numbers: list[int]) -> None:
    assert clear(full, **asked) == "Accepted"
    assert left(full) == numbers


@case("TC_K_07_CS", "K10.FR.01")
def test_what_fits_none_clears_none(full: Bench) -> None:
    assert clear(full, chargingProfileId=99) == "Unknown"
    criteria = {"chargingProfilePurpose": TX, "stackLevel": 5}
    assert clear(full, chargingProfileCriteria=criteria) == "Unknown"
    assert left(full) == [1, 2, 3, 4]


@case("TC_K_08_CS", "K10.FR.01")
def test_where_there_are_none_none_is_cleared(booted: Bench) -> None:
    assert clear(booted, chargingProfileId=1) == "Unknown"


@case("TC_K_09_CS", "K10.FR.07")
def test_cleared_it_no_longer_holds_for_the_transaction_that_runs(charging: Bench) -> None:
    accepted(charging, 1, profile(1, DEFAULT, (0, 6)))
    assert charging.outlets[1].current_a == 6
    criteria = {"chargingProfilePurpose": DEFAULT, "stackLevel": 0, "evseId": 1}
    assert clear(charging, chargingProfileCriteria=criteria) == "Accepted"
    assert charging.outlets[1].current_a == 16
