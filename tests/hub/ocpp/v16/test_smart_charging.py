"""1.6 Smart Charging: the words of profiles and schedules."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.ocpp.errors import CallError
from hub.ocpp.station.effects import Limit
from hub.ocpp.v16.smart_charging import read_profile
from tests.hub.ocpp.world import PLUGGED, World


def body(purpose: str = "TxDefaultProfile", limit: float = 10.0, **more: Any) -> dict[str, Any]:
    schedule = {
        "chargingRateUnit": more.pop("unit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        **more.pop("schedule", {}),
    }
    return {
        "chargingProfileId": more.pop("id", 1),
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
        **more,
    }


def put(world: World, profile: dict[str, Any], connector: int = 1) -> Any:
    asked = {"connectorId": connector, "csChargingProfiles": profile}
    return world.ask("SetChargingProfile", asked)["status"]


def started(world: World) -> int:
    """The CSMS's number of a running transaction."""
    world.state(PLUGGED)
    world.swipe()
    (number,) = world.station.csms_ids.values()
    return number


def test_a_profile_is_read_with_everything_in_it() -> None:
    schedule = {"startSchedule": "2026-01-01T00:00:00+09:00", "duration": 60, "minChargingRate": 6.5}
    said = body(validFrom="2026-01-01T00:00:00", validTo="2026-01-02T00:00:00.123456Z", schedule=schedule)
    profile = read_profile(said, 2, "tx")
    assert (profile.evse, profile.transaction, profile.duration_s, profile.min_rate) == (2, "tx", 60, 6.5)
    assert profile.schedule_start == datetime(2025, 12, 31, 15, tzinfo=UTC)
    assert profile.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert profile.valid_to == datetime(2026, 1, 2, microsecond=123456, tzinfo=UTC)


def test_a_time_that_is_none_is_an_error() -> None:
    for text in ("0001-01-01T00:00:00+14:00", "soon"):
        with pytest.raises(CallError):
            read_profile(body(validTo=text), 1)


@pytest.mark.parametrize(
    ("profile", "connector", "status"),
    [
        (body(), 1, "Accepted"),
        (body(), 0, "Accepted"),
        (body(), 2, "Rejected"),
        (body("ChargePointMaxProfile", stackLevel=9), 0, "Accepted"),
        (body("ChargePointMaxProfile", stackLevel=9, unit="W"), 0, "Accepted"),
        (body("ChargePointMaxProfile"), 1, "Rejected"),
        (body("TxProfile"), 1, "Rejected"),
        (body(stackLevel=10), 1, "Rejected"),
        (body(limit=-1), 1, "Rejected"),
        (body(chargingProfileKind="Recurring", recurrencyKind="Daily"), 1, "Rejected"),
        (body(schedule={"chargingSchedulePeriod": [{"startPeriod": 5, "limit": 1}]}), 1, "Rejected"),
        (
            body(schedule={"chargingSchedulePeriod": [{"startPeriod": n, "limit": 1} for n in range(49)]}),
            1,
            "Rejected",
        ),
    ],
)
def test_each_profile_gets_its_status(profile: dict[str, Any], connector: int, status: str) -> None:
    assert put(World("1.6"), profile, connector) == status


@pytest.mark.parametrize(
    ("given", "status"), [("right", "Accepted"), ("none", "Accepted"), ("wrong", "Rejected")]
)
def test_a_transactions_profile_needs_the_right_number(given: str, status: str) -> None:
    world = World("1.6")
    number = started(world)
    more = {"none": {}, "right": {"transactionId": number}, "wrong": {"transactionId": number + 1}}[given]
    assert put(world, body("TxProfile", 7.0, **more)) == status
    assert (world.last(Limit) == Limit(1, 7.0)) is (status == "Accepted")


def test_profiles_stack() -> None:
    world = World("1.6")
    short = {"duration": 60}
    put(world, body(limit=10.0))
    put(world, body(limit=20.0, id=2, stackLevel=1, schedule=short))
    asked = {"connectorId": 1, "duration": 90, "chargingRateUnit": "A"}
    answer = world.ask("GetCompositeSchedule", asked)
    assert answer["status"] == "Accepted"
    assert answer["scheduleStart"] == answer["chargingSchedule"]["startSchedule"]
    assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 20.0, "numberPhases": 3},
        {"startPeriod": 60, "limit": 10.0, "numberPhases": 3},
    ]


def test_an_unknown_connector_has_no_schedule() -> None:
    asked = {"connectorId": 3, "duration": 90}
    assert World("1.6").ask("GetCompositeSchedule", asked) == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, "Accepted"),
        ({"id": 1}, "Accepted"),
        ({"id": 2}, "Unknown"),
        ({"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, "Accepted"),
        ({"chargingProfilePurpose": "ChargePointMaxProfile"}, "Unknown"),
        ({"connectorId": 0}, "Unknown"),
    ],
)
def test_clearing_says_whether_anything_fitted(asked: dict[str, Any], status: str) -> None:
    world = World("1.6")
    put(world, body())
    assert world.ask("ClearChargingProfile", asked) == {"status": status}


def test_a_charger_that_takes_no_limit_says_so() -> None:
    world = World("1.6", abilities=Abilities())
    assert put(world, body()) == "NotSupported"
    assert world.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 9}) == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        (body("TxProfile"), "Accepted"),
        (body(), "Rejected"),
        (body("TxProfile", limit=-1), "Rejected"),
        (body("TxProfile", stackLevel=10), "Rejected"),
    ],
)
def test_a_remote_start_takes_only_a_profile_that_can_hold(profile: dict[str, Any], status: str) -> None:
    world = World("1.6")
    asked = {"idTag": "CARD1", "connectorId": 1, "chargingProfile": profile}
    assert world.ask("RemoteStartTransaction", asked) == {"status": status}
    world.state(PLUGGED)
    assert ("StartTransaction" in world.actions()) is (status == "Accepted")
