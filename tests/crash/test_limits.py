"""kill -9 right after a limit was answered: the next hub holds it, and tells it to the charger."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.crash.test_kill import KilledWorld

pytestmark = pytest.mark.crash
FREE = ", tokens: {free: true}, limits: {fallback: fallback_current, fallback_current: 7}"


class Told(KilledWorld):
    async def cmd(self, operation: str, **message: object) -> Any:
        answer = await self.ask("cmd", charger="garage", operation=operation, message=message)
        assert answer["status"] == "accepted", answer
        return answer["result"]["evses"][0]

    async def shows(self, **wanted: object) -> None:
        """Until the hub's state says so."""
        async with asyncio.timeout(20):
            while True:
                state = (await self.ask("status"))["states"].get("garage", {}).get("1", {})
                if all(state.get(key) == value for key, value in wanted.items()):
                    return
                await asyncio.sleep(0.05)

    async def killed(self) -> None:
        await self.kill()
        await self.start_hub()

    def offered(self) -> float:
        return self.chargers["garage"].outlets[1].limit_a


async def test_every_limit_that_was_answered_holds_after_a_kill(tmp_path: Path) -> None:
    async with Told(tmp_path, {"garage": ("keba/p30", {}, FREE)}, csms=False) as world:
        world.chargers["garage"].plug(Car(needs_wh=1e9))
        await world.shows(status="charging")
        for limit in (10, 16, 8, 13, 9):
            held = await world.cmd("set_limit", current=limit)
            assert (held["current_limit"], held["confirmed"]) == (limit, True)
            world.chargers["garage"].outlets[1].limit_a = 32.0  # as a charger that has forgotten
            await world.killed()
            await world.shows(current_limit=limit, limit_source="cli", pending=False)
            await world.until(lambda limit=limit: world.offered() == limit)  # type: ignore[misc]


async def test_a_pause_and_its_end_hold_after_a_kill(tmp_path: Path) -> None:
    async with Told(tmp_path, {"garage": ("keba/p30", {}, FREE)}, csms=False) as world:
        world.chargers["garage"].plug(Car(needs_wh=1e9))
        await world.shows(status="charging")
        await world.cmd("pause")
        await world.killed()
        await world.shows(charging_enabled=False, pending=False)
        await world.cmd("resume")
        await world.killed()
        await world.shows(status="charging")


async def test_a_dead_mans_switch_goes_off_although_the_hub_was_dead(tmp_path: Path) -> None:
    async with Told(tmp_path, {"garage": ("keba/p30", {}, FREE)}, csms=False) as world:
        world.chargers["garage"].plug(Car(needs_wh=1e9))
        await world.shows(status="charging")
        await world.cmd("set_limit", current=16, expires_in=1)
        await world.kill()
        await asyncio.sleep(1.0)
        await world.start_hub()
        await world.shows(current_limit=7, limit_source="cli", limit_until=None)
        await world.until(lambda: world.offered() == 7)
