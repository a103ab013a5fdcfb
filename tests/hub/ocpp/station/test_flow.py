"""What a transaction's chargingState says while a device has not begun yet, or nobody may charge."""

import pytest

from tests.hub.ocpp.world import CHARGING, PLUGGED, World

PAUSED = {**PLUGGED, "status": "suspended_evse", "charging_enabled": False}
READY = {**PAUSED, "charging_enabled": True}


def states(world: World) -> list[str]:
    events = [said for action, said in world.sent if action == "TransactionEvent"]
    return [said["transactionInfo"]["chargingState"] for said in events]


@pytest.mark.parametrize("card_first", [True, False])
def test_a_device_that_was_only_just_allowed_to_charge_has_not_suspended_anything(card_first: bool) -> None:
    world = World()
    if card_first:
        world.swipe()
    world.state(PAUSED)
    if not card_first:
        world.swipe()
    world.advance(1)
    world.state(READY)
    world.advance(1)
    world.state(CHARGING)
    assert states(world) == ["EVConnected", "Charging"]
    world.state(READY)
    assert states(world)[2:] == ["SuspendedEVSE"]


def test_a_device_that_does_not_begin_is_told_of() -> None:
    world = World()
    world.state(PAUSED)
    world.swipe()
    world.advance(2)
    assert states(world) == ["EVConnected"]
    world.advance(2)
    assert states(world) == ["EVConnected", "SuspendedEVSE"]


def test_where_nobody_is_authorized_the_car_is_connected() -> None:
    world = World(defaults={"TxStartPoint": "EVConnected", "TxStopPoint": "EVConnected"})
    world.state(PAUSED)
    assert states(world) == ["EVConnected"]
    world.swipe()
    world.state(CHARGING)
    world.swipe()
    world.take()
    world.state(PAUSED)
    assert states(world) == ["EVConnected"]


def charging() -> World:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def test_a_fault_suspends_what_runs() -> None:
    world = charging()
    world.state({**PLUGGED, "status": "faulted", "error_code": "GroundFailure"})
    world.state(CHARGING)
    assert states(world) == ["SuspendedEVSE", "Charging"]


def test_a_charger_that_is_not_heard_may_well_go_on() -> None:
    world = charging()
    world.state({"status": "faulted"})
    world.state(CHARGING)
    assert states(world) == []


def test_a_charger_that_shows_only_the_cable_while_it_is_paused_is_suspended() -> None:
    world = charging()
    world.state({**PLUGGED, "charging_enabled": False})
    assert states(world)[-1] == "SuspendedEVSE"
