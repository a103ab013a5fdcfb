"""What is wanted of a charger: kept to through losses, expiries and set clocks, and shown as far as it is done."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.charger.limits import Fallback
from hub.clock import ManualClock
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Status
from tests.hub.charger.world import BUSY, IDLE, World


async def test_what_is_wanted_is_told_again_after_a_loss() -> None:
    world = World()
    await world.charging()
    world.runtime.wishes.limit(1, "ems", 10.0)
    await world.calm()
    world.runtime.offline("no answer")
    world.pass_time(5)
    world.charge(limit_applied=32.0)
    await world.calm()
    assert world.device.told[-1] == ("start", 1, {"limit": 10.0})


async def test_nothing_is_told_to_a_device_that_is_away() -> None:
    world = World()
    world.runtime.wishes.permit(1, True)
    world.runtime.wishes.limit(1, "ems", 10.0)
    world.pass_time(3)
    await world.calm()
    assert world.device.told == []


async def test_each_evse_has_its_own_limit_and_session() -> None:
    world = World(evses=2)
    world.runtime.reading(
        Reading({1: EvseReading(BUSY, Status.CHARGING), 2: EvseReading(IDLE, Status.AVAILABLE)})
    )
    world.runtime.wishes.limit(2, "ems", 8.0)
    assert world.shown("current_limit", 1) == 32.0
    assert world.runtime.state(2)["current_limit"] == 8.0
    assert [event["evse"] for event in world.events("session_started")] == [1]


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_a_clock_that_is_set_ends_no_limit_and_silences_no_topic(jump: float) -> None:
    clock = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    world = World(clock=clock, fallback=Fallback("fallback_current", 8.0))
    world.charge()
    world.runtime.wishes.limit(1, "ems", 16.0, expires_in=30)
    clock.jump(jump)
    world.pass_time(20)
    world.charge(power=5000.0)
    assert world.shown("power") == 5000.0
    assert world.shown("current_limit") == 16.0
    assert str(world.shown("limit_until")) == (clock.now().wall + timedelta(seconds=10)).strftime(
        "%Y-%m-%dT%H:%M:%S.000Z"
    )
    world.pass_time(11)
    assert world.shown("current_limit") == 8.0
    assert [event["source"] for event in world.events("limit_expired")] == ["ems"]


async def test_a_limit_that_is_over_gives_way_to_the_fallback_at_the_device() -> None:
    world = World(fallback=Fallback("stop"))
    await world.charging()
    world.runtime.wishes.limit(1, "ems", 16.0, expires_in=10)
    await world.calm()
    world.pass_time(10)
    await world.calm()
    assert world.device.told[-1] == ("pause", 1, {})


async def test_pending_until_the_device_has_confirmed() -> None:
    world = World()
    await world.charging()
    world.device.gate.clear()
    world.clock.advance(5)
    world.runtime.wishes.limit(1, "ems", 10.0)
    await world.calm()
    assert world.shown("pending") is True
    assert world.shown("current_limit") == 32.0
    world.clock.advance(1)
    world.device.gate.set()
    await world.calm()
    assert world.shown("pending") is False
    assert world.shown("current_limit") == 10.0
    assert world.shown("limit_source") == "ems"


async def test_a_device_that_does_not_keep_to_its_limit_is_said() -> None:
    world = World()
    await world.charging()
    world.runtime.wishes.limit(1, "ems", 10.0)
    await world.calm()
    for _ in range(60):
        world.charge(limit_applied=32.0)
        world.pass_time(1)
        await world.calm()
    assert [event["wanted"] for event in world.events("not_followed")] == [10.0]
    assert set(world.told("set_limit")) == {10.0}


async def test_whoever_watches_the_limits_learns_of_those_that_are_not_the_csms() -> None:
    world = World()
    world.runtime.wishes.limit(1, "ems", 10.0)
    seen: list[tuple[int, str | None]] = []
    end = world.runtime.wishes.watch_limits(
        lambda evse, outside: seen.append((evse, outside and outside.source))
    )
    world.runtime.wishes.limit(1, "csms", 8.0)
    world.runtime.wishes.limit(1, "ems", None)
    end()
    world.runtime.wishes.limit(1, "ems", 6.0)
    assert seen == [(1, "ems"), (1, None)]
