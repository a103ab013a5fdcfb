"""OCPP 2.1: what it has beyond 2.0.1. Everything said is checked against 2.1's schemas by the world."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Limit
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World


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
    return world


def events(world: World) -> list[Any]:
    return [payload for action, payload in world.sent if action == "TransactionEvent"]


def limit_of(world: World) -> float | None:
    return world.last(Limit).current_a


def test_a_transaction_in_2_1_is_told_in_its_words() -> None:
    world = charging()
    world.advance(130)
    world.state(IDLE)
    told = events(world)
    assert [told[0]["eventType"], told[-1]["eventType"]] == ["Started", "Ended"]
    assert [event["seqNo"] for event in told] == list(range(len(told)))


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
        ({"chargingProfileId": 7, "scheduleUpdate": {"limit": -1}}, "InvalidProfileId"),
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


@pytest.mark.parametrize(
    "body",
    [
        profile("Relative", None, period={"setpoint": 5}),
        profile("Relative", None),
        profile("Relative", period={"operationMode": "CentralSetpoint"}),
        profile("Relative", period={"limit_L2": 6}),
        profile("Relative", schedule={"limitAtSoC": {"soc": 80, "limit": 6}}),
        profile("Relative", maxOfflineDuration=60),
        profile(schedule={"chargingSchedulePeriod": [{"startPeriod": s, "limit": 6} for s in (0, 60)]}),
    ],
)
def test_a_profile_that_says_more_than_can_be_followed_is_rejected(body: dict[str, Any]) -> None:
    world = charging()
    assert put(world, body)["statusInfo"]["reasonCode"] == "UnsupportedParam"
    token = {"idToken": "APP", "type": "Central"}
    start = {"idToken": token, "remoteStartId": 1, "evseId": 1, "chargingProfile": body}
    assert world.ask("RequestStartTransaction", start)["status"] == "Rejected"


PROFILE = {"ocppTransport": "JSON", "ocppCsmsUrl": "ws://x", "messageTimeout": 30, "securityProfile": 0}


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("Reset", {"type": "Immediate"}, "Accepted"),
        (
            "GetLog",
            {"logType": "DataCollectorLog", "requestId": 1, "log": {"remoteLocation": "http://x"}},
            "Rejected",
        ),
        ("SetNetworkProfile", {**PROFILE, "identity": "other"}, "Rejected"),
        ("SetNetworkProfile", PROFILE, "Accepted"),
        ("SetNetworkProfile", {**PROFILE, "ocppVersion": "OCPP21"}, "Accepted"),
    ],
)
def test_what_2_1_adds_to_a_call_is_refused_where_it_is_not_here(
    action: str, payload: dict[str, Any], status: str
) -> None:
    if action == "SetNetworkProfile":
        payload = {"configurationSlot": 2, "connectionData": {**payload, "ocppInterface": "Any"}}
    assert World("2.1").ask(action, payload)["status"] == status


def test_a_monitor_of_a_kind_that_only_2_1_has_is_not_supported() -> None:
    monitor = {
        "value": 5,
        "type": "TargetDelta",
        "severity": 5,
        "component": {"name": "EVSE", "evse": {"id": 1}},
    }
    data = {"setMonitoringData": [{**monitor, "variable": {"name": "Power"}}]}
    (result,) = World("2.1").ask("SetVariableMonitoring", data)["setMonitoringResult"]
    assert result["status"] == "UnsupportedMonitorType"


def test_what_2_1_has_and_this_hub_has_not_is_said_to_be_so() -> None:
    assert World("2.1").ask("GetTariffs", {"evseId": 0}) == "NotSupported"
