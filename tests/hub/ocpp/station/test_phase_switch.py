"""Phases that a profile has switched, and back."""

from datetime import timedelta
from typing import Any

from hub.model.charger import Abilities
from hub.model.command import CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Act
from tests.hub.ocpp.world import PLUGGED, World


def test_phases_are_switched_where_the_charger_can() -> None:
    actions = frozenset({"start", "pause", "set_limit", "set_phases"})
    world = World(abilities=Abilities(actions))
    period = {"startPeriod": 0, "limit": 10, "numberPhases": 1}
    body = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
    }
    ask = {"evseId": 1, "chargingProfile": body}
    assert world.ask("SetChargingProfile", ask) == {"status": "Accepted"}
    act = world.last(Act)
    assert (act.action, dict(act.arguments)) == ("set_phases", {"phases": 1})
    world.station.device_done(act.ref, CommandResult(Outcome.ERROR), world.clock.now())
    world.state(PLUGGED)
    world.swipe()
    assert sum(isinstance(effect, Act) for effect in world.effects) == 2
    world.ask("ClearChargingProfile", {"chargingProfileId": 1})
    assert dict(world.last(Act).arguments) == {"phases": 3}
    assert World().ask("SetChargingProfile", ask)["status"] == "Rejected"


def few_phases(world: World, phases: int = 1, **more: Any) -> None:
    """A default profile of some phases at EVSE 1 is installed."""
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "startSchedule": rfc3339(world.clock.now().wall),
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10, "numberPhases": phases}],
    }
    body = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **more,
    }
    asked = world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": body})
    assert asked == {"status": "Accepted"}


def switched(world: World) -> list[Any]:
    """To how many phases, one time after the other."""
    acts = [effect for effect in world.effects if isinstance(effect, Act) and effect.action == "set_phases"]
    return [act.arguments["phases"] for act in acts]


def test_phases_that_were_switched_are_switched_back_when_the_profile_ends_while_the_hub_is_off() -> None:
    world = World(abilities=Abilities(frozenset({"set_limit", "set_phases"})))
    few_phases(world, validTo=rfc3339(world.clock.now().wall + timedelta(seconds=60)))
    world.clock.advance(61)
    for _ in range(2):
        world.restart()
        world.connect()
        world.state(PLUGGED)
        world.station.device_done(world.last(Act).ref, CommandResult(Outcome.ACCEPTED), world.clock.now())
        world.swipe()
    assert switched(world) == [1, 3]
    assert "phases" not in {kind for kind, _ in world.memory}


def test_switching_back_is_tried_again_with_the_next_limit() -> None:
    world = World(abilities=Abilities(frozenset({"set_limit", "set_phases"})))
    few_phases(world)
    world.ask("ClearChargingProfile", {"chargingProfileId": 1})
    world.station.device_done(world.last(Act).ref, CommandResult(Outcome.ERROR), world.clock.now())
    world.state(PLUGGED)
    world.swipe()
    assert switched(world) == [1, 3, 3]


def test_a_profile_that_names_all_phases_switches_once() -> None:
    world = World(abilities=Abilities(frozenset({"set_limit", "set_phases"})))
    few_phases(world, 3)
    for _ in range(2):
        world.station.device_done(world.last(Act).ref, CommandResult(Outcome.ACCEPTED), world.clock.now())
        world.state(PLUGGED)
        world.swipe()
    assert switched(world) == [3]
    assert "phases" not in {kind for kind, _ in world.memory}
