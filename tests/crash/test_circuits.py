"""kill -9 while three chargers share a circuit: the next hub never gives more than the circuit carries."""

import asyncio
from pathlib import Path

import pytest

from hub.simulate.ev import Car
from tests.crash.test_kill import KilledWorld
from tests.e2e.circuits import CHARGERS, CIRCUITS, FUSE_A, HUNGRY, Witness, offered

pytestmark = pytest.mark.crash


class KilledShed(KilledWorld):
    def offers(self) -> list[float]:
        return [offered(self.chargers[name].outlets[1]) for name in CHARGERS]

    def plug(self, name: str) -> None:
        self.chargers[name].plug(Car(needs_wh=HUNGRY, max_current=32))

    async def idle(self) -> None:
        await self._show("available", 20)

    async def charging(self) -> None:
        await self._show("charging", 100)

    async def _show(self, status: str, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while True:
                states = (await self.ask("status"))["states"]
                if all(states.get(name, {}).get("1", {}).get("status") == status for name in CHARGERS):
                    return
                await asyncio.sleep(0.05)


async def test_killed_at_any_moment_the_circuit_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    async with KilledShed(tmp_path, CHARGERS, also=CIRCUITS) as world:
        await world.idle()
        world.plug("left")
        await world.until(lambda: world.offers()[0] == 32)
        for moment_s, name in ((0.3, "middle"), (0.9, "right"), (1.1, None), (1.3, None)):
            if name:
                world.plug(name)
            await asyncio.sleep(moment_s)
            await world.kill()
            await world.start_hub()
        await world.charging()
        await world.until(lambda: sum(world.offers()) > 31.9 and min(world.offers()) > 6, 100)
        assert witness.most_a <= FUSE_A


async def test_a_limit_of_the_circuit_that_was_answered_holds_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    async with KilledShed(tmp_path, CHARGERS, also=CIRCUITS) as world:
        await world.idle()
        world.plug("left")
        world.plug("middle")
        await world.until(lambda: world.offers() == [16, 16, 0])
        answer = await world.ask(
            "cmd", charger="circuit/shed", operation="set_limit", message={"current": 18}
        )
        assert answer["status"] == "accepted"
        await world.until(lambda: world.offers() == [9, 9, 0])
        await world.kill()
        witness.most_a = 0.0
        await world.start_hub()
        world.plug("right")
        await world.until(lambda: min(world.offers()) == 6, 30)
        assert (await world.ask("status"))["circuits"]["shed"]["limit"] == 18.0
        assert witness.most_a <= 18
