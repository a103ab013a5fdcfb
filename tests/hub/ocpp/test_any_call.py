"""Whatever a CSMS asks, in whatever state: one answer by the schema or one exact error, and the station lives on."""

import random
from typing import Any

import pytest

from hub.model.command import CommandResult, Outcome
from hub.ocpp.errors import ErrorCode
from hub.ocpp.schemas import schemas
from hub.ocpp.station.effects import Act
from tests.hub.ocpp.nonsense import Nonsense
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

ACTIONS = {
    version: sorted(
        name.removesuffix(".json").removesuffix("Request")
        for name in schemas(version)._names
        if not name.endswith("Response.json") and (version == "1.6" or name.endswith("Request.json"))
    )
    for version in ("1.6", "2.0.1", "2.1")
}
CODES = {code.value for code in ErrorCode}


def carried_out(world: World, action: str, chance: random.Random) -> Any:
    """The answer that waits for the charger."""
    act = world.last(Act)
    outcome = chance.choice((Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNSUPPORTED, Outcome.TIMEOUT))
    world.station.device_done(act.ref, CommandResult(outcome), world.clock.now())
    world.pump(answering=action)
    return list(world.replies.values())[-1]


def talk(version: str, seed: int, turns: int) -> None:
    """A world in which things happen between the CALLs."""
    chance = random.Random(seed)
    nonsense = Nonsense(schemas(version), chance)
    world = World(version, evses=2)
    for _ in range(turns):
        action = chance.choice(ACTIONS[version])
        answer = world.ask(action, nonsense.payload(action))
        if answer is None:
            answer = carried_out(world, action, chance)
        assert isinstance(answer, dict) or answer in CODES, (action, answer)
        happening = chance.choice(("", "", "plug", "swipe", "leave", "wait", "restart", "away"))
        if happening in ("plug", "leave"):
            state = chance.choice((PLUGGED, CHARGING)) if happening == "plug" else IDLE
            world.state(state, chance.choice((1, 2)))
        elif happening == "swipe":
            world.swipe("CARD1", chance.choice((1, 2)))
        elif happening == "wait":
            world.advance(chance.choice((1, 70, 4000)))
        elif happening == "restart":
            world.restart()
            world.connect()
        elif happening == "away":
            world.disconnect()
            world.connect()


@pytest.mark.parametrize("version", ACTIONS)
@pytest.mark.parametrize("seed", range(12))
def test_every_call_is_answered(version: str, seed: int) -> None:
    talk(version, seed, 60)


@pytest.mark.fuzz
@pytest.mark.parametrize("version", ACTIONS)
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_every_call_is_answered_for_long(version: str, seed: int) -> None:
    talk(version, seed, 400)
