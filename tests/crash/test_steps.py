"""The hub is killed before and after each commit of a whole transaction; the points are counted, not picked."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path

import pytest

from hub.simulate.ev import Car
from tests.crash.test_kill import ROOT, KilledWorld

pytestmark = pytest.mark.crash


class DyingWorld(KilledWorld):
    """The first hub dies at a commit; those after it live."""

    fatal, moment = 0, "after"

    async def start_hub(self) -> None:
        self.write_config()
        fatal, self.fatal = self.fatal, 0
        command = (sys.executable, "-m", "tests.crash.dying", str(fatal), self.moment, str(self.path))
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL
        )

    async def stop_hub(self) -> None:
        """What is committed while it stops may be what it dies of."""
        if self.process is not None and not self.dead:
            self.process.terminate()
            # 255 is what asyncio says of one that was dead already when it was told to end.
            assert await asyncio.wait_for(self.process.wait(), 10) in (0, -signal.SIGKILL, 255)
        self.process = None

    @property
    def dead(self) -> bool:
        return self.process is not None and self.process.returncode is not None

    @property
    def commits(self) -> int:
        return int((self.folder / "commits").read_text(encoding="utf-8") or 0)

    def owes(self, event: str) -> bool:
        """Is this on disk for the CSMS?"""
        found = sqlite3.connect(f"file:{self.folder / 'state' / 'evhub.db'}?mode=ro", uri=True)
        with contextlib.closing(found) as store:
            ((count,),) = store.execute("SELECT count(*) FROM outbox WHERE body LIKE ?", [f'%"{event}"%'])
        return bool(count)

    async def revive(self) -> None:
        if self.dead:
            await self.start_hub()


async def a_transaction(world: DyingWorld, *, away: bool) -> None:
    """A car comes, charges and leaves; whoever dies on the way is started again, once. `away`: the CSMS takes nothing
    before it is over."""

    async def until(what: str, holds: object) -> None:
        async with asyncio.timeout(40):
            while not holds():  # type: ignore[operator]
                await world.revive()
                await asyncio.sleep(0.02)

    if away:
        world.csms.settings.boot, world.csms.settings.interval_s = "Pending", 1
    await until("there", lambda: world.csms.stations)
    world.chargers["garage"].plug(Car(needs_wh=3_000))
    await until("begun", lambda: world.owes("Started") if away else world.csms.transactions)
    await until("full", lambda: world.chargers["garage"].outlets[1].state == "full")
    world.chargers["garage"].unplug()
    if away:
        await until("over", lambda: world.owes("Ended"))
        world.csms.settings.boot = "Accepted"
    await until(
        "ended", lambda: world.csms.transactions and all(o.ended for o in world.csms.transactions.values())
    )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("version", ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"])
async def test_killed_at_each_commit_the_csms_has_everything_once(
    tmp_path: Path, version: str, away: bool
) -> None:
    more = f", tokens: {{free: true}}, csms: {{versions: [{version}]}}"
    chargers = {"garage": ("keba/p30", {}, more)}
    (tmp_path / "alive").mkdir()
    async with DyingWorld(tmp_path / "alive", chargers) as world:
        await a_transaction(world, away=away)
        commits = world.commits
    assert commits > 5
    for fatal in range(1, commits + 1):
        for moment in ("before", "after"):
            folder = tmp_path / f"{fatal}-{moment}"
            folder.mkdir()
            world = DyingWorld(folder, chargers)
            world.fatal, world.moment = fatal, moment
            async with world:
                await a_transaction(world, away=away)
                told = list(world.csms.transactions.values())
                place = f"commit {fatal} of {commits}, {moment}"
                assert [(one.started, one.ended) for one in told] == [(1, 1)] * len(told), place
                assert len(told) == 1, place
                assert world.csms.complaints == [], place
