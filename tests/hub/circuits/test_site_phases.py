"""Circuits by phase: who leads where, by what is said and by what cars show."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import rfc3339
from hub.store.database import Database
from tests.hub.circuits.yard import Yard, two


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    database = await Database.open(tmp_path / "hub.db")
    yield Yard(database)
    await database.close()


def led(*phases: str, **more: Any) -> CircuitSettings:
    """The shed, with the phases that a and b lead to."""
    members = tuple(
        MemberSettings(charger, phases=tuple(map(int, each)))
        for charger, each in zip("ab", phases, strict=True)
    )
    return CircuitSettings("shed", "Shed", 32.0, members, **more)


def amperes(*currents: float) -> dict[str, float]:
    return {f"current_l{phase}": current for phase, current in enumerate(currents, 1)}


async def test_cars_on_different_phases_have_all_that_each_phase_carries(yard: Yard) -> None:
    await two(yard, led("1", "3"))
    assert (yard.told("a"), yard.told("b")) == (32.0, 32.0)
    await yard.wait(1)
    shown = yard.shown()
    assert [each["phases"] for each in shown["members"]] == [("L1",), ("L3",)]
    assert {phase: told["allocated"] for phase, told in shown["phases"].items()} == {
        "L1": 32.0,
        "L2": 0.0,
        "L3": 32.0,
    }
    await yard.site.use({"shed": led("1", "1")})
    await yard.calm()
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)


async def test_who_draws_where_it_was_said_not_to_be_counts_everywhere(yard: Yard) -> None:
    await two(yard, led("1", "3"))
    await yard.see("a", **amperes(16.0, 16.0, 0.0))
    await yard.see("a", **amperes(0.0, 0.0, 0.0))
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)
    await yard.wait(11)
    assert yard.events[-1] == {
        "event_type": "miswired",
        "chargers": ("a",),
        "ts": rfc3339(yard.clock.now().wall),
    }


async def test_a_car_counts_on_the_phases_on_which_it_has_drawn_for_a_minute(yard: Yard) -> None:
    await two(yard, led("123", "231", car_phases="seen"))
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)
    for charger in ("a", "b"):
        await yard.see(charger, **amperes(16.0, 0.0, 0.0))
    await yard.wait(61)
    for charger in ("a", "b"):
        await yard.see(charger, **amperes(16.0, 0.0, 0.1))
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (32.0, 32.0)
    assert [each["phases"] for each in yard.shown()["members"]] == [("L1",), ("L2",)]
    await yard.see("b", **amperes(32.0, 32.0, 32.0))
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)


async def test_another_car_is_watched_anew(yard: Yard) -> None:
    await two(yard, led("123", "231", car_phases="seen"))
    for charger in ("a", "b"):
        await yard.see(charger, **amperes(16.0, 0.0, 0.0))
    await yard.wait(61)
    await yard.wait(6)
    assert yard.told("a") == 32.0
    await yard.see("b", car=False, **amperes(0.0, 0.0, 0.0))
    await yard.see("b", **amperes(0.0, 0.0, 0.0))
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)


async def test_a_minute_is_over_without_a_word(yard: Yard) -> None:
    await two(yard, led("123", "231", car_phases="seen"))
    for charger in ("a", "b"):
        await yard.see(charger, **amperes(16.0, 0.0, 0.0))
    for _ in range(70):
        await yard.wait(1)
        assert await yard.site.look() > 0
    assert (yard.told("a"), yard.told("b")) == (32.0, 32.0)


async def test_the_next_hub_knows_what_the_cars_have_shown(yard: Yard) -> None:
    settings = led("123", "231", car_phases="seen")
    await two(yard, settings)
    for charger in ("a", "b"):
        await yard.see(charger, **amperes(16.0, 0.0, 0.0))
    await yard.wait(61)
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (32.0, 32.0)
    yard.site.close()
    yard.begin()
    await yard.open(settings)
    for charger in ("a", "b"):
        yard.add(charger)
    for charger in ("a", "b"):
        await yard.see(charger, limit_applied=32.0, **amperes(32.0, 0.0, 0.0))
    await yard.wait(11)
    assert [each["share"] for each in yard.shown()["members"]] == [32.0, 32.0]
