"""What an EVSE would like, and what it may be drawing."""

import pytest

from hub.charger.claim import Claim
from hub.errors import DeviceRefused
from hub.model.charger import Status
from tests.hub.charger.world import BUSY, World


def claim(world: World) -> Claim:
    return world.runtime.claim(1)


async def test_a_car_that_may_charge_wants_to() -> None:
    world = World()
    world.charge()
    assert not claim(world).known
    world.runtime.wishes.permit(1, True)
    await world.calm()
    found = claim(world)
    assert (found.wants, found.known, found.most_a, found.held_a) == (True, True, 32.0, 32.0)
    world.runtime.wishes.pause(1, True)
    assert not claim(world).wants


async def test_no_car_no_wish() -> None:
    world = World()
    world.see()
    world.runtime.wishes.permit(1, True)
    assert not claim(world).wants


async def test_what_others_allow_is_the_most_and_nothing_is_no_wish() -> None:
    world = World()
    await world.charging()
    world.runtime.wishes.limit(1, "ems", 10.0)
    world.runtime.wishes.grant(1, 8.0, restrained=True)
    assert claim(world).most_a == 10.0
    world.runtime.wishes.limit(1, "ems", 0.0)
    await world.calm()
    assert not claim(world).wants


async def test_a_cut_counts_when_it_is_confirmed_and_shown() -> None:
    world = World()
    await world.charging()
    world.device.gate.clear()
    world.runtime.wishes.grant(1, 10.0, restrained=True)
    await world.calm()
    assert claim(world).held_a == 32.0
    world.device.gate.set()
    await world.calm()
    assert claim(world).held_a == 32.0  # its register says so still
    world.charge(limit_applied=10.0)
    assert claim(world).held_a == 10.0


async def test_a_raise_that_was_refused_may_have_been_taken() -> None:
    world = World()
    world.runtime.wishes.grant(1, 10.0, restrained=True)
    await world.charging(10.0)
    assert claim(world).held_a == 10.0
    world.device.refuse = DeviceRefused("no")
    world.clock.advance(2)
    world.runtime.wishes.grant(1, 16.0, restrained=True)
    await world.calm()
    assert claim(world).held_a == 16.0


@pytest.mark.parametrize(("amperes", "held"), [(10.5, 10.0), (16.0, 16.0), (15.2, 16.0)])
async def test_a_car_that_draws_more_than_it_may_counts_with_that(amperes: float, held: float) -> None:
    world = World()
    world.runtime.wishes.grant(1, 10.0, restrained=True)
    await world.charging(10.0)
    world.charge(limit_applied=10.0, current_l1=amperes)
    assert claim(world).held_a == held


async def test_a_charger_that_is_away_counts_with_what_it_was_told_or_falls_back_to() -> None:
    world = World()
    await world.charging()
    world.runtime.offline("no answer")
    found = claim(world)
    assert (found.known, found.wants, found.held_a, found.safe_a) == (False, False, 32.0, 6.0)


async def test_what_it_said_it_falls_back_to_counts_if_that_is_more() -> None:
    world = World()
    world.charge(safe_current=10.0)
    world.runtime.offline("no answer")
    assert claim(world).safe_a == 10.0


async def test_nobody_knows_what_a_charger_does_that_never_answered() -> None:
    assert claim(World()).held_a is None


async def test_a_charger_that_was_never_told_anything_does_what_it_shows() -> None:
    world = World()
    world.see({**BUSY, "limit_applied": 20.0}, Status.CHARGING)
    assert claim(world).held_a == 20.0
    world.see(BUSY, Status.PREPARING, enabled=False)
    assert claim(world).held_a == 0.0


async def test_one_that_takes_no_limits_charges_with_all_or_nothing() -> None:
    world = World(actions=frozenset({"start", "pause"}))
    await world.charging()
    found = claim(world)
    assert (found.least_a, found.most_a, found.step_a, found.floor_a) == (32.0, 32.0, 32.0, 0.0)


async def test_one_that_cannot_be_paused_keeps_its_least() -> None:
    world = World(actions=frozenset({"set_limit"}))
    await world.charging()
    assert claim(world).floor_a == 6.0


async def test_a_circuit_s_limit_is_shown_only_where_it_restrains() -> None:
    world = World()
    await world.charging()
    world.runtime.wishes.grant(1, 10.0, restrained=False)
    await world.calm()
    assert (world.shown("limit_source"), world.shown("current_limit")) == ("charger", 32.0)
    world.clock.advance(2)
    world.runtime.wishes.grant(1, 10.0, restrained=True)
    await world.calm()
    assert (world.shown("limit_source"), world.shown("current_limit")) == ("circuit", 10.0)
