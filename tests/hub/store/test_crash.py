"""A writer that is killed: every row that it was told of is there."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from hub.store.database import Database

WRITER = """
import asyncio, sys
from pathlib import Path
from hub.store.database import Database

async def one(database, number):
    await database.write([
        ("INSERT INTO outbox VALUES ('c', ?, '{}', 0)", (2 * number,)),
        ("INSERT INTO outbox VALUES ('c', ?, '{}', 0)", (2 * number + 1,)),
    ])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()

async def main():
    database = await Database.open(Path(sys.argv[1]))
    first = int(sys.argv[2])
    for start in range(first, first + 100_000, 5):
        await asyncio.gather(*(one(database, start + more) for more in range(5)))

asyncio.run(main())
"""


@pytest.mark.crash
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path, draw = tmp_path / "evhub.db", random.Random(11)
    acknowledged: set[int] = set()
    for round_ in range(40):
        acknowledged |= await killed_writer(path, first=round_ * 1_000_000, after=draw.randrange(1, 300))
        database = await Database.open(path)
        ids = {row[0] for row in await database.read("SELECT id FROM outbox")}
        await database.close()
        assert {2 * n for n in acknowledged} | {2 * n + 1 for n in acknowledged} <= ids
        assert all((number ^ 1) in ids for number in ids), "half of a caller's statements"
    assert not list(tmp_path.glob("*.corrupt-*"))


async def killed_writer(path: Path, *, first: int, after: int) -> set[int]:
    """The numbers that it said before it was killed."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), str(first), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout
    said = [int(await writer.stdout.readline()) for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    said += [int(line) for line in (await writer.stdout.read()).splitlines()]
    assert await writer.wait() == -signal.SIGKILL
    return set(said)
