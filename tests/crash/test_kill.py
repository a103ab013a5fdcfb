"""kill -9 at each message of a transaction: the CSMS has everything in the end, once and in order."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Any

import pytest

from hub.control import ask
from hub.errors import HubError
from hub.simulate.ev import Car
from tests.e2e.world import World

pytestmark = pytest.mark.crash
ROOT = Path(__file__).parents[2]


class KilledWorld(World):
    """The hub is a process of its own."""

    process: Process | None = None

    async def start_hub(self) -> None:
        self.write_config()
        command = (sys.executable, "-m", "hub.cli.main", "run", "-c", str(self.path))
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL
        )

    async def stop_hub(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert await asyncio.wait_for(self.process.wait(), 10) == 0
            self.process = None

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def ask(self, op: str, **arguments: object) -> Any:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await ask(self.folder / "state" / "control.sock", op, **arguments)
                except HubError:  # it isn't there yet
                    await asyncio.sleep(0.02)


def told(world: World) -> int:
    kinds = ("TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues")
    return sum(action in kinds for _, action, _ in world.csms.messages)


def boots(world: World) -> int:
    return sum(action == "BootNotification" for _, action, _ in world.csms.messages)


@pytest.mark.parametrize("version", ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"])
@pytest.mark.parametrize("after", range(1, 6))
@pytest.mark.parametrize("later_s", [0.0, 0.005])
async def test_killed_after_a_message_nothing_is_lost_or_doubled(
    tmp_path: Path, version: str, after: int, later_s: float
) -> None:
    more = f", tokens: {{free: true}}, csms: {{versions: [{version}]}}"
    async with KilledWorld(tmp_path, {"garage": ("keba/p30", {}, more)}) as world:
        await world.until(lambda: world.csms.stations, 20)
        world.chargers["garage"].plug(Car(needs_wh=8_000))
        if after == 5:
            await world.until(lambda: told(world) >= 2, 20)
            world.chargers["garage"].unplug()
        await world.until(lambda: told(world) >= min(after, 3), 20)
        await asyncio.sleep(later_s)
        await world.kill()
        await world.start_hub()
        await world.until(lambda: boots(world) == 2, 30)
        world.chargers["garage"].unplug()
        await world.until(
            lambda: world.csms.transactions and all(t.ended for t in world.csms.transactions.values()), 30
        )
        assert [t.ended for t in world.csms.transactions.values()] == [1] * len(world.csms.transactions)
        assert world.csms.complaints == []
