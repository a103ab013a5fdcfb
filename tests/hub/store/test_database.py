"""The store: durable, atomic for each caller, alive after every fault."""

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.store.database import Database, connect_to

KEEP = "INSERT INTO station VALUES (?, ?, ?, ?)"


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "evhub.db"
    database = await Database.open(path)
    await asyncio.gather(*(database.write([(KEEP, ("c", "k", str(n), "1"))]) for n in range(300)))
    assert await database.read("SELECT count(*) FROM station") == [(300,)]
    await database.close()
    await database.close()
    again = await Database.open(path)
    assert await again.read("SELECT count(*) FROM station") == [(300,)]
    assert path.stat().st_mode & 0o777 == 0o600
    await again.close()


async def test_a_bad_statement_harms_only_its_caller(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "evhub.db")
    results = await asyncio.gather(
        database.write([(KEEP, ("c", "k", "1", "a")), (KEEP, ("c", "k", "1", "twice"))]),
        database.write([(KEEP, ("c", "k", "2", "b"))]),
        return_exceptions=True,
    )
    assert isinstance(results[0], StoreError)
    assert await database.read("SELECT key FROM station") == [("2",)]
    with pytest.raises(StoreError):
        await database.read("SELECT nothing")
    await database.close()
    with pytest.raises(StoreError, match="closed"):
        await database.write([])


async def test_a_second_hub_is_told_who_has_the_store(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "evhub.db")
    with pytest.raises(StoreError, match=f"another hub \\(process {os.getpid()}\\)"):
        await Database.open(tmp_path / "evhub.db")
    await database.close()


async def test_a_newer_store_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer"):
        await Database.open(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="must be able to write"):
        await Database.open(tmp_path / "file" / "evhub.db")


async def test_a_damaged_store_is_kept_aside_and_its_rows_are_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "evhub.db"
    database = await Database.open(path)
    await database.write([(KEEP, ("c", "k", str(n), "x" * 500)) for n in range(200)])
    await database.write([("INSERT INTO outbox VALUES ('c', 1, 'owed', 0)", ())])
    await database.close()
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 6000] = b"\xff" * 6000
    path.write_bytes(raw)
    again = await Database.open(path)
    assert "rows were saved" in caplog.text
    assert list(tmp_path.glob("evhub.db.corrupt-*"))
    await again.write([(KEEP, ("new", "k", "1", "y"))])
    await again.close()


async def test_no_database_at_all_is_kept_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    path.write_bytes(b"no database" * 1000)
    database = await Database.open(path)
    assert await database.read("SELECT count(*) FROM outbox") == [(0,)]
    await database.close()


class Failing(sqlite3.Connection):
    """Refuses the COMMITs that `fails` names, as a full disk does."""

    commits = 0
    fails: frozenset[int] = frozenset()

    def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:  # type: ignore[override]
        if sql == "COMMIT":
            Failing.commits += 1
            if Failing.commits in Failing.fails:
                raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("fails", [{2}, {2, 3}, {3}])
async def test_a_commit_that_fails_did_not_happen_and_the_next_one_works(
    tmp_path: Path, fails: set[int]
) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)
        connection.execute("PRAGMA journal_mode=WAL")
        return connection

    Failing.commits, Failing.fails = 0, frozenset(fails)
    database = await Database.open(tmp_path / "evhub.db", connect=connect)
    kept = []
    for number in range(4):
        try:
            await database.write([(KEEP, ("c", "k", str(number), "1"))])
        except StoreError as error:
            assert "full" in str(error)
        else:
            kept.append((str(number),))
    assert await database.read("SELECT key FROM station ORDER BY key") == kept
    assert len(kept) == 4 - len(fails)
    await database.close()


def test_the_mode_is_the_one_that_loses_nothing(tmp_path: Path) -> None:
    with contextlib.closing(connect_to(tmp_path / "x.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
