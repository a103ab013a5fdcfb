"""OCPP 2.1 K: dynamic profiles, and what of its profiles is refused. What is said is checked by 2.1's schemas."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Limit
from hub.ocpp.station.external_limits import Outside
from tests.hub.ocpp.world import CHARGING, PLUGGED, World


def profile(kind: str = "Dynamic", limit: float | None = 10.0, **more: Any) -> dict[str, Any]:
    period = {"startPeriod": 0, **({} if limit is None else {"limit": limit}), **more.pop("period", {})}
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [period],
        **more.pop("schedule", {}),
    }
    return {
        "id": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
        **more,
    }


def put(world: World, body: dict[str, Any]) -> Any:
    return world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": body})


def charging() -> World:
    world = World("2.1")
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def limit_of(world: World) -> float | None:
    return world.last(Limit).current_a


def ems(world: World, amperes: float | None) -> None:
    outside = None if amperes is None else Outside("ems", amperes, None)
    world.station.outside_limit(1, outside, world.clock.now())
    world.pump()


def reported(world: World) -> Any:
    """What the CSMS is told of the one profile that is there."""
    world.sent.clear()
    world.ask("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"chargingProfileId": [7]}})
    (report,) = [payload for action, payload in world.sent if action == "ReportChargingProfiles"]
    (told,) = report["chargingProfile"]
    return told


def test_a_dynamic_profile_takes_the_limit_that_is_said_last() -> None:
    world = charging()
    assert put(world, profile())["status"] == "Accepted"
    assert limit_of(world) == 10.0
    update = {"chargingProfileId": 7, "scheduleUpdate": {"limit": 8.5}}
    assert world.ask("UpdateDynamicSchedule", update) == {"status": "Accepted"}
    assert limit_of(world) == 8.5
    world.restart()
    world.connect()
    world.state(CHARGING)
    assert limit_of(world) == 8.5


def test_the_csms_is_asked_for_a_dynamic_limit_as_often_as_it_wants() -> None:
    world = charging()
    world.answers["PullDynamicScheduleUpdate"] = {"status": "Accepted", "scheduleUpdate": {"limit": 7.0}}
    put(world, profile(dynUpdateInterval=300))
    world.sent.clear()
    world.advance(299)
    assert [action for action, _ in world.sent if action.startswith("Pull")] == []
    world.advance(2)
    assert ("PullDynamicScheduleUpdate", {"chargingProfileId": 7}) in world.sent
    assert limit_of(world) == 7.0
    world.answers["PullDynamicScheduleUpdate"] = {"status": "Rejected"}
    world.advance(301)
    assert limit_of(world) == 7.0


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        ({"chargingProfileId": 8, "scheduleUpdate": {"limit": 8}}, "InvalidProfileId"),
        ({"chargingProfileId": 7, "scheduleUpdate": {"limit": -1}}, "InvalidValue"),
        ({"chargingProfileId": 7, "scheduleUpdate": {}}, "UnsupportedParam"),
        ({"chargingProfileId": 7, "scheduleUpdate": {"limit": 8, "setpoint": 3}}, "UnsupportedParam"),
    ],
)
def test_an_update_that_cannot_be_followed_is_rejected(update: dict[str, Any], reason: str) -> None:
    world = charging()
    put(world, profile())
    answer = world.ask("UpdateDynamicSchedule", update)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)
    assert limit_of(world) == 10.0


def test_only_a_dynamic_profile_is_updated() -> None:
    world = charging()
    put(world, profile("Relative"))
    answer = world.ask("UpdateDynamicSchedule", {"chargingProfileId": 7, "scheduleUpdate": {"limit": 8}})
    assert answer["statusInfo"]["reasonCode"] == "InvalidProfile"


TWO = {"chargingSchedulePeriod": [{"startPeriod": start, "limit": 6} for start in (0, 60)]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (profile("Relative", None, period={"setpoint": 5}), "UnsupportedParam"),
        (profile("Relative", None), "InvalidSchedule"),
        (profile("Relative", period={"operationMode": "CentralSetpoint"}), "InvalidOperationMode"),
        (profile("Relative", period={"operationMode": "ExternalLimits"}), "InvalidOperationMode"),
        (profile(period={"operationMode": "ExternalSetpoint"}), "InvalidOperationMode"),
        (profile("Relative", period={"limit_L2": 6}), "PhaseConflict"),
        (profile("Relative", schedule={"limitAtSoC": {"soc": 80, "limit": 6}}), "InvalidSchedule"),
        (profile("Relative", schedule={"useLocalTime": True}), "InvalidSchedule"),
        (profile("Relative", schedule={"randomizedDelay": 60}), "InvalidSchedule"),
        (profile("Relative", period={"evseSleep": True}), "InvalidSchedule"),
        (profile("Relative", maxOfflineDuration=60), "UnsupportedParam"),
        (profile("Relative", dynUpdateInterval=60), "InvalidProfile"),
        (profile(dynUpdateInterval=-5), "InvalidProfile"),
        (profile("Relative", chargingProfilePurpose="PriorityCharging"), "UnsupportedPurpose"),
        (profile(schedule=TWO), "InvalidSchedule"),
        (profile(period={"startPeriod": 60}), "InvalidSchedule"),
    ],
)
def test_a_profile_that_says_more_than_can_be_followed_is_rejected(body: dict[str, Any], reason: str) -> None:
    world = charging()
    assert put(world, body)["statusInfo"]["reasonCode"] == reason
    token = {"idToken": "APP", "type": "Central"}
    start = {"idToken": token, "remoteStartId": 1, "evseId": 1, "chargingProfile": body}
    assert world.ask("RequestStartTransaction", start)["status"] == "Rejected"


def test_what_is_said_to_be_off_asks_for_nothing() -> None:
    body = profile(
        "Relative", schedule={"useLocalTime": False, "randomizedDelay": 0}, period={"evseSleep": False}
    )
    assert put(charging(), body)["status"] == "Accepted"


def test_a_dynamic_profile_says_what_holds_by_now_and_since_when() -> None:
    world = charging()
    put(world, profile(dynUpdateInterval=300))
    told = reported(world)
    assert (told["chargingProfileKind"], told["dynUpdateInterval"]) == ("Dynamic", 300)
    first = told["dynUpdateTime"]
    world.advance(10)
    world.ask("UpdateDynamicSchedule", {"chargingProfileId": 7, "scheduleUpdate": {"limit": 8}})
    told = reported(world)
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 8
    assert told["dynUpdateTime"] > first


def test_a_dynamic_profile_whose_updates_stay_away_holds_no_longer_until_one_comes() -> None:
    world = charging()
    put(world, profile(schedule={"duration": 60}))
    world.advance(50)
    update = {"chargingProfileId": 7, "scheduleUpdate": {"limit": 8}}
    world.ask("UpdateDynamicSchedule", update)
    world.advance(50)
    assert limit_of(world) == 8.0
    world.advance(11)
    assert limit_of(world) is None
    world.ask("UpdateDynamicSchedule", update)
    assert limit_of(world) == 8.0


def test_where_others_set_the_limit_theirs_holds_instead_of_the_csms_own() -> None:
    world = charging()
    assert put(world, profile(limit=6.0, period={"operationMode": "ExternalLimits"}))["status"] == "Accepted"
    modes = [p["transactionInfo"].get("operationMode") for a, p in world.sent if a == "TransactionEvent"]
    assert (modes, limit_of(world)) == (["ExternalLimits"], 6.0)
    ems(world, 12.0)
    assert limit_of(world) == 12.0
    period = reported(world)["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    assert (period["operationMode"], period["limit"]) == ("ExternalLimits", 12.0)
    ems(world, None)
    assert limit_of(world) == 6.0
    world.ask("ClearChargingProfile", {"chargingProfileId": 7})
    modes = [p["transactionInfo"].get("operationMode") for a, p in world.sent if a == "TransactionEvent"]
    assert modes[-1] == "ChargingOnly"


def test_where_others_set_the_limit_the_csms_need_not_say_one() -> None:
    world = charging()
    mode = {"operationMode": "ExternalLimits"}
    assert put(world, profile(limit=None, period=mode))["status"] == "Accepted"
    assert limit_of(world) == world.station.setup.ratings.max_current
