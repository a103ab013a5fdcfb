"""A transaction ends when it has had what it was to have."""

from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.ocpp.station.effects import Happened, Permit
from tests.hub.ocpp.world import ACTIONS, CHARGING, PLUGGED, World


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


# 2.1: E16


def told(world: World) -> list[tuple[str, str, str, Any]]:
    """eventType, triggerReason, chargingState and transactionLimit of what was told."""
    return [
        (
            said["eventType"],
            said["triggerReason"],
            said["transactionInfo"]["chargingState"],
            said["transactionInfo"].get("transactionLimit"),
        )
        for action, said in world.sent
        if action == "TransactionEvent"
    ]


def allow(world: World, **limits: float) -> None:
    """With the answer to a transaction's event."""
    world.answers["TransactionEvent"] = {"transactionLimit": limits}
    world.advance(60)
    world.answers["TransactionEvent"] = {}


def test_a_limit_of_the_csms_is_confirmed_once_and_suspends() -> None:
    world = charging("2.1")
    allow(world, maxEnergy=5000, maxTime=7200)
    limits = {"maxEnergy": 5000, "maxTime": 7200}
    assert told(world)[1:] == [("Updated", "LimitSet", "Charging", limits)]
    world.take()
    world.state({**CHARGING, "energy_total": 15.0})
    assert told(world) == [("Updated", "EnergyLimitReached", "SuspendedEVSE", None)]
    assert world.last(Permit) == Permit(1, False)
    world.state({**CHARGING, "status": "suspended_evse", "energy_total": 15.0})
    world.state({**PLUGGED, "plugged": False, "status": "available", "energy_total": 15.0})
    assert ends(world) == [("EVCommunicationLost", "EVDisconnected")]


def test_a_higher_limit_lets_it_charge_on() -> None:
    world = charging("2.1")
    allow(world, maxEnergy=5000)
    world.state({**CHARGING, "energy_total": 15.0})
    paused = {**CHARGING, "status": "suspended_evse", "energy_total": 15.0}
    world.state(paused)
    world.take()
    allow(world, maxEnergy=6000)
    assert told(world)[1:] == [("Updated", "LimitSet", "SuspendedEVSE", {"maxEnergy": 6000})]
    assert world.last(Permit) == Permit(1, True)
    world.state({**CHARGING, "energy_total": 15.1})
    assert told(world)[-1][1:3] == ("ChargingStateChanged", "Charging")
    world.state({**CHARGING, "energy_total": 16.0})
    assert told(world)[-1][1:3] == ("EnergyLimitReached", "SuspendedEVSE")


def test_where_energy_is_a_stop_point_it_ends() -> None:
    world = charging("2.1", TxStopPoint="EnergyTransfer")
    allow(world, maxEnergy=5000)
    world.state({**CHARGING, "energy_total": 15.0})
    assert ends(world) == [("EnergyLimitReached", "EnergyLimitReached")]


@pytest.mark.parametrize("most", [0, -5])
def test_a_limit_that_is_reached_already_holds_at_once(most: int) -> None:
    world = charging("2.1")
    allow(world, maxTime=most)
    assert [event[1] for event in told(world)[1:]] == ["LimitSet", "TimeLimitReached"]


def test_time_counts_from_the_begin_and_over_a_restart() -> None:
    world = charging("2.1")
    allow(world, maxTime=600)
    world.restart()
    world.connect()
    world.state(CHARGING)
    world.take()
    world.advance(535)
    assert "TimeLimitReached" not in [event[1] for event in told(world)]
    world.advance(10)
    assert "TimeLimitReached" in [event[1] for event in told(world)]


def test_a_state_of_charge_that_the_charger_knows_is_a_limit() -> None:
    world = World("2.1", abilities=Abilities(ACTIONS, frozenset({"soc"})))
    world.state(PLUGGED)
    world.swipe()
    world.state({**CHARGING, "soc": 50.0})
    allow(world, maxSoC=80)
    assert told(world)[-1][3] == {"maxSoC": 80}
    world.state({**CHARGING, "soc": 80.0})
    assert told(world)[-1][1:3] == ("SoCLimitReached", "SuspendedEVSE")


def test_one_that_nobody_knows_is_not_confirmed() -> None:
    world = charging("2.1")
    allow(world, maxSoC=80)
    assert "LimitSet" not in [event[1] for event in told(world)]


def test_what_the_csms_says_that_it_costs_is_the_measure_of_a_cost() -> None:
    world = charging("2.1")
    allow(world, maxCost=10.5)
    assert told(world)[-1][3] == {"maxCost": 10.5}
    transaction = world.station.evses.flows[1].transaction
    assert transaction is not None
    world.ask("CostUpdated", {"totalCost": 10.0, "transactionId": transaction.id})
    world.answers["TransactionEvent"] = {"totalCost": 10.5}
    world.advance(60)
    assert told(world)[-1][1:3] == ("CostLimitReached", "SuspendedEVSE")


def test_nobody_here_allows_more_than_the_csms() -> None:
    world = charging("2.1")
    allow(world, maxEnergy=5000)
    world.take()
    limit(world, energy_wh=20_000)
    limit(world, energy_wh=1000)
    limit(world)
    energies = [event[3]["maxEnergy"] for event in told(world)]
    assert energies == [5000, 1000, 5000]


def test_what_is_said_in_each_answer_is_set_once() -> None:
    world = charging("2.1")
    world.answers["TransactionEvent"] = {"transactionLimit": {"maxEnergy": 5000}}
    world.advance(200)
    assert [event[1] for event in told(world)].count("LimitSet") == 1


def test_a_limit_that_is_taken_back_is_told_as_one_that_nobody_reaches() -> None:
    world = charging("2.1")
    limit(world, energy_wh=1000)
    limit(world)
    assert [event[3] for event in told(world)] == [{"maxEnergy": 1000}, {"maxEnergy": 1_000_000_000}]
