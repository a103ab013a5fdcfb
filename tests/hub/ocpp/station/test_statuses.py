"""When the CSMS is told of a connector's status, and that it is never left with an old one."""

import pytest

from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]


def statuses(world: World) -> list[str]:
    kind = "status" if world.version == "1.6" else "connectorStatus"
    return [payload[kind] for action, payload in world.sent if action == "StatusNotification"]


def test_a_short_status_is_not_told() -> None:
    world = World("1.6", defaults={"MinimumStatusDuration": "10"})
    world.state(PLUGGED)
    world.advance(5)
    world.state(IDLE)
    world.advance(20)
    assert statuses(world) == []
    world.state(PLUGGED)
    world.advance(11)
    assert statuses(world) == ["Preparing"]


def test_the_duration_can_be_changed() -> None:
    world = World("1.6")
    asked = {"key": "MinimumStatusDuration", "value": "30"}
    assert world.ask("ChangeConfiguration", asked) == {"status": "Accepted"}
    world.state(PLUGGED)
    assert statuses(world) == []
    world.advance(31)
    assert statuses(world) == ["Preparing"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_status_that_was_lost_with_the_connection_is_told_again(version: str) -> None:
    world = World(version)
    world.answers["StatusNotification"] = "hold"
    world.state(PLUGGED)
    assert len(statuses(world)) == 1
    world.disconnect()
    world.answers.clear()
    world.take()
    world.connect()
    assert len(statuses(world)) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_status_that_waited_for_its_turn_is_told_again(version: str) -> None:
    world = World(version)
    world.answers["StatusNotification"] = "hold"
    world.state({**IDLE, "status": "faulted"})
    world.state(PLUGGED)
    world.disconnect()
    world.answers.clear()
    world.take()
    world.connect()
    assert statuses(world) == ["Preparing" if version == "1.6" else "Occupied"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_driver_whose_question_is_cut_off_gets_the_answer_that_holds_offline(version: str) -> None:
    world = World(version, defaults={"OfflineTxForUnknownId": "true"})
    world.state(PLUGGED)
    world.held = True
    world.swipe()
    world.held = False
    world.station.disconnected(world.clock.now())
    world.pump()
    assert world.station.evses.flows[1].transaction


def test_the_whole_station_is_connector_0() -> None:
    world = World("1.6")
    world.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    told = [(p["connectorId"], p["status"]) for a, p in world.sent if a == "StatusNotification"]
    assert sorted(told) == [(0, "Unavailable"), (1, "Unavailable")]


def test_an_unplugged_car_may_come_back() -> None:
    world = World("1.6", defaults={"StopTxOnEVSideDisconnect": "false", "TxStopPoint": "Authorized"})
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.state(IDLE)
    assert statuses(world)[-1] == "SuspendedEV"
    world.advance(61)
    assert dict(world.sent)["StopTransaction"]["reason"] == "Other"


def test_a_device_has_a_moment_to_begin_before_the_car_is_said_to_wait() -> None:
    world = World("1.6")
    world.state(PLUGGED)
    world.swipe()
    world.advance(2)
    assert statuses(world) == ["Preparing"]
    world.advance(2)
    assert statuses(world) == ["Preparing", "SuspendedEV"]


def test_a_device_that_has_just_been_permitted_may_still_say_that_it_waits() -> None:
    world = World("1.6")
    waiting = {**PLUGGED, "status": "suspended_evse", "charging_enabled": False}
    world.state(waiting)
    world.swipe()
    world.advance(2)
    assert statuses(world) == ["Preparing"]
    world.state(CHARGING)
    assert statuses(world) == ["Preparing", "Charging"]
    world.state(waiting)
    assert statuses(world)[-1] == "SuspendedEVSE"


def test_a_device_that_goes_on_waiting_is_told_to_wait() -> None:
    world = World("1.6")
    world.state({**PLUGGED, "status": "suspended_evse", "charging_enabled": False})
    world.swipe()
    world.advance(4)
    assert statuses(world) == ["Preparing", "SuspendedEVSE"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_status_follows_the_event_that_it_comes_from(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.state(IDLE)
    started, ended = (
        ("StartTransaction", "StopTransaction")
        if version == "1.6"
        else ("TransactionEvent", "TransactionEvent")
    )
    assert [action for action in world.actions() if action != "Authorize"] == (
        ["StatusNotification", started, "StatusNotification", ended, "StatusNotification"]
        if version == "1.6"
        else ["StatusNotification", started, started, ended, "StatusNotification"]
    )


def test_a_fault_holds_up_the_transaction_until_it_is_over() -> None:
    world = World("1.6")
    world.swipe()
    world.state({**PLUGGED, "status": "faulted", "error_code": "ConnectorLockFailure"})
    assert "StartTransaction" not in world.actions()
    world.state(PLUGGED)
    assert "StartTransaction" in world.actions()


def test_while_nobody_is_there_no_status_waits_for_its_time() -> None:
    world = World("1.6", defaults={"MinimumStatusDuration": "10"})
    world.state(PLUGGED)
    world.disconnect()
    assert world.station.statuses.deadlines() == []
    world.advance(20)
    world.connect()
    world.advance(1)
    assert statuses(world)[-1] == "Preparing"
