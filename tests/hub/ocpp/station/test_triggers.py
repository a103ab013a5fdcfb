"""Messages on demand: which there are, and what each of them has said."""

import pytest

from tests.hub.ocpp.world import CHARGING, PLUGGED, World


def trigger(world: World, wanted: str, evse: int | None = None) -> bool:
    world.take()
    good = world.station.triggers.trigger(wanted, evse, world.clock.now())
    world.pump()
    return good


@pytest.mark.parametrize(
    "wanted", ["Heartbeat", "StatusNotification", "MeterValues", "LogStatusNotification"]
)
def test_what_is_asked_for_is_said(wanted: str) -> None:
    world = World()
    assert trigger(world, wanted)
    assert wanted in world.actions()


def test_what_nobody_knows_or_can_be_said_of_nothing_is_not() -> None:
    world = World()
    assert not world.station.triggers.has("CustomTrigger")
    assert not trigger(world, "CustomTrigger")
    assert not trigger(world, "MeterValues", 9)
    assert not trigger(world, "TransactionEvent")
    assert world.sent == []


def test_a_transaction_is_told_of_where_one_runs() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    assert trigger(world, "TransactionEvent", 1)
    assert world.events() == [("Updated", "Trigger")]
