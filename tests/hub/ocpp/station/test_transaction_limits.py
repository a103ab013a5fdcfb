"""A transaction ends when it has had what it was to have."""

import pytest

from hub.ocpp.station.effects import Happened, Permit
from tests.hub.ocpp.world import CHARGING, PLUGGED, World


def charging(version: str = "2.0.1", **defaults: str) -> World:
    world = World(version, defaults=defaults)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def limit(world: World, energy_wh: int | None = None, seconds: float | None = None) -> bool:
    good = world.station.transaction_limits.set(1, energy_wh, seconds, world.clock.now())
    world.pump()
    return good


def ends(world: World) -> list[tuple[str, str]]:
    return [
        (said["triggerReason"], said["transactionInfo"]["stoppedReason"])
        for action, said in world.sent
        if action == "TransactionEvent" and said["eventType"] == "Ended"
    ]


def test_by_energy() -> None:
    world = charging()
    assert limit(world, energy_wh=2000)
    world.state({**CHARGING, "energy_total": 11.9})
    assert ends(world) == []
    world.state({**CHARGING, "energy_total": 12.0})
    assert ends(world) == [("EnergyLimitReached", "EnergyLimitReached")]
    assert world.last(Permit) == Permit(1, False)
    assert world.last(Happened).event == "transaction_limit"


@pytest.mark.parametrize("restarted", [False, True])
def test_by_time_also_over_a_restart(restarted: bool) -> None:
    world = charging()
    assert limit(world, seconds=100)
    world.advance(50)
    if restarted:
        world.restart()
        world.connect()
        world.state(CHARGING)
    world.advance(49)
    assert ends(world) == []
    world.advance(2)
    assert ends(world) == [("TimeLimitReached", "TimeLimitReached")]


def test_1_6_has_other_words() -> None:
    world = charging("1.6")
    limit(world, energy_wh=0)
    assert dict(world.sent)["StopTransaction"]["reason"] == "Other"


def test_the_stop_points_say_what_ends() -> None:
    world = charging(TxStopPoint="EVConnected")
    limit(world, seconds=0)
    assert world.events() == [("Updated", "TimeLimitReached")]
    assert world.last(Permit) == Permit(1, False)


def test_it_can_be_taken_back_and_needs_a_transaction() -> None:
    world = charging()
    limit(world, energy_wh=1000, seconds=10)
    limit(world)
    world.advance(20)
    world.state({**CHARGING, "energy_total": 20.0})
    assert ends(world) == []
    assert not limit(World(), seconds=10)


def test_a_limit_of_one_transaction_is_not_the_next_ones() -> None:
    world = charging()
    limit(world, seconds=100)
    world.swipe()
    world.state({**PLUGGED, "status": "available", "plugged": False})
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    world.advance(200)
    assert ends(world) == []


def test_without_a_driver_there_is_nothing_to_wait_for() -> None:
    world = World(defaults={"TxStartPoint": "EVConnected"})
    world.state(PLUGGED)
    assert limit(world, seconds=10)
    assert world.station.transaction_limits.deadlines() == []
    world.advance(20)
    world.swipe()
    world.advance(1)
    assert ends(world) == [("TimeLimitReached", "TimeLimitReached")]
