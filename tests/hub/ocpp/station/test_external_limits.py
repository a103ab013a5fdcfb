"""Limits that somebody else than the CSMS has set."""

from typing import Any

import pytest

from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Limit
from hub.ocpp.station.external_limits import Outside
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

EMS = Outside("mqtt", 10.0, None)


def outside(world: World, limit: Outside | None, evse: int = 1) -> None:
    world.station.outside_limit(evse, limit, world.clock.now())
    world.pump()


def charging(version: str = "2.0.1", **more: Any) -> World:
    world = World(version, **more)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def told(world: World, action: str) -> list[Any]:
    return [payload for said, payload in world.sent if said == action]


def test_a_limit_while_it_charges_is_told_with_the_change_of_the_rate() -> None:
    world = charging()
    outside(world, EMS)
    assert told(world, "NotifyChargingLimit") == [
        {"evseId": 1, "chargingLimit": {"chargingLimitSource": "EMS"}}
    ]
    assert world.events() == [("Updated", "ChargingRateChanged")]
    # K11: first the limit, then what comes of it.
    assert world.actions() == ["NotifyChargingLimit", "TransactionEvent"]


def test_the_number_of_somebody_elses_limit_is_taken() -> None:
    world = World()
    outside(world, EMS)
    profile = {
        "id": -1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}]}
        ],
    }
    asked = {"evseId": 1, "chargingProfile": profile}
    assert world.ask("SetChargingProfile", asked)["status"] == "Rejected"  # K01.FR.05
    assert world.ask("ClearChargingProfile", {"chargingProfileId": -1})["status"] == "Unknown"  # K10.FR.09
    outside(world, None)
    assert world.ask("SetChargingProfile", asked)["status"] == "Accepted"


def test_a_limit_while_nothing_runs_is_told_alone() -> None:
    world = World()
    outside(world, EMS)
    assert world.actions() == ["NotifyChargingLimit"]


def test_a_limit_that_is_taken_back_is_told() -> None:
    world = charging()
    outside(world, EMS)
    world.take()
    outside(world, None)
    assert told(world, "ClearedChargingLimit") == [{"chargingLimitSource": "EMS", "evseId": 1}]
    assert world.events() == [("Updated", "ChargingRateChanged")]


def test_the_schedule_is_told_where_that_is_wanted() -> None:
    world = World(defaults={"NotifyLimitWithSchedules": "true"})
    outside(world, Outside("dso", None, 4200.0))
    (said,) = told(world, "NotifyChargingLimit")
    assert said["chargingLimit"] == {"chargingLimitSource": "SO"}
    (schedule,) = said["chargingSchedule"]
    assert schedule["startSchedule"] == rfc3339(world.clock.now().wall)
    assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"]) == (
        "W",
        [{"startPeriod": 0, "limit": 4200.0}],
    )


def test_small_changes_are_not_worth_a_message() -> None:
    world = charging(defaults={"LimitChangeSignificance": "20"})
    outside(world, EMS)
    world.take()
    outside(world, Outside("mqtt", 9.0, None))
    assert world.actions() == []
    outside(world, Outside("mqtt", 6.0, None))
    assert world.actions() == ["NotifyChargingLimit", "TransactionEvent"]
    world.take()
    for current in (5.5, 5.0):  # 8 % each, 17 % in all
        outside(world, Outside("mqtt", current, None))
    assert world.actions() == []
    outside(world, Outside("mqtt", 4.5, None))
    assert world.actions() == ["NotifyChargingLimit", "TransactionEvent"]


def test_what_a_profile_has_changed_meanwhile_is_no_change_of_the_limit() -> None:
    world = charging()
    outside(world, EMS)
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7}]}
    profile = {
        "id": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
    world.take()
    outside(world, Outside("mqtt", 8.0, None))
    assert world.actions() == ["NotifyChargingLimit"]


def test_it_counts_in_schedules_and_reports_and_is_left_to_who_enforces_it() -> None:
    world = World()
    outside(world, EMS)
    answer = world.ask("GetCompositeSchedule", {"evseId": 1, "duration": 100, "chargingRateUnit": "A"})
    assert answer["schedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.0}]
    asked = {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["EMS"]}}
    assert world.ask("GetChargingProfiles", asked)["status"] == "Accepted"
    (report,) = told(world, "ReportChargingProfiles")
    (profile,) = report["chargingProfile"]
    assert (profile["id"], profile["chargingProfilePurpose"]) == (-1, "ChargingStationExternalConstraints")
    (schedule,) = profile["chargingSchedule"]
    assert schedule["startSchedule"] == rfc3339(world.clock.now().wall)  # K01.FR.40
    assert not [
        effect for effect in world.effects if isinstance(effect, Limit) and effect.current_a is not None
    ]


def test_what_happened_while_the_csms_was_away_is_told_afterwards() -> None:
    world = World()
    world.disconnect()
    outside(world, EMS)
    assert world.actions() == []
    world.connect()
    assert world.actions() == ["NotifyChargingLimit"]
    world.take()
    world.answers["ClearedChargingLimit"] = "hold"
    outside(world, None)
    world.disconnect()
    world.answers.clear()
    world.connect()
    assert world.actions() == ["ClearedChargingLimit", "ClearedChargingLimit"]


@pytest.mark.parametrize(
    ("source", "kind"), [("cli", "Other"), ("grid", "SO"), ("solar", "EMS"), ("SO", "SO")]
)
def test_who_it_was(source: str, kind: str) -> None:
    assert Outside(source, 6.0, None).kind == kind


def test_a_csms_that_does_not_know_it_is_not_told_again_until_it_comes_anew() -> None:
    world = World()
    world.answers["NotifyChargingLimit"] = "NotSupported"
    outside(world, EMS)
    outside(world, Outside("mqtt", 6.0, None))
    assert world.actions() == ["NotifyChargingLimit"]
    world.disconnect()
    world.connect()
    assert world.actions() == ["NotifyChargingLimit"] * 2


def test_1_6_has_no_word_for_it() -> None:
    world = World("1.6")
    outside(world, EMS)
    outside(world, None)
    assert world.actions() == []
    outside(world, EMS)
    answer = world.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 100})
    assert answer["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 10


def test_offline_the_last_profile_goes_on() -> None:
    """K06, K07: a profile needs no connection."""
    world = World()
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "startSchedule": "2026-01-01T00:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}, {"startPeriod": 60, "limit": 7.0}],
    }
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }
    assert world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile}) == {
        "status": "Accepted"
    }
    world.disconnect()
    world.state({**IDLE, **PLUGGED})
    assert world.last(Limit).current_a == 9
    world.advance(61)
    assert world.last(Limit).current_a == 7


def test_what_was_told_outlives_the_hub() -> None:
    world = World()
    outside(world, EMS)
    world.restart()
    outside(world, EMS)  # it holds still
    world.take()
    world.connect()
    assert "NotifyChargingLimit" not in world.actions()
    world.restart()  # and was taken back meanwhile
    world.connect()
    assert told(world, "ClearedChargingLimit") == [{"chargingLimitSource": "EMS", "evseId": 1}]
    assert ("external", "1") not in world.memory
    world.take()
    world.restart()
    world.connect()
    assert "ClearedChargingLimit" not in world.actions()
