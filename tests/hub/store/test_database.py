"""The store: durable, atomic for each caller, alive after every fault."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
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


@pytest.mark.parametrize(
    "statement",
    [
        ("INSERT INTO nowhere VALUES (1)", ()),
        (KEEP, ("c", "k", "1")),
        (KEEP, ("c", "k", "1", object())),
        ("INSERT INTO outbox VALUES ('c', ?, '', 0)", (2**70,)),
        (KEEP, ("c", "k", "1", "\ud800")),
    ],
)
async def test_a_statement_that_can_never_work_is_its_callers_fault_alone(
    tmp_path: Path, statement: tuple[str, tuple[object, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    database = await Database.open(tmp_path / "evhub.db")
    results = await asyncio.gather(
        database.write([statement]), database.write([(KEEP, ("c", "k", "2", "b"))]), return_exceptions=True
    )
    assert isinstance(results[0], StoreError)
    assert results[1] is None
    assert await database.read("SELECT key FROM station") == [("2",)]
    assert caplog.text == ""
    await database.close()


class Failure(Exception):
    """Errors as SQLite raises them, with their code."""

    @staticmethod
    def full() -> sqlite3.OperationalError:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL  # type: ignore[misc]
        return error

    @staticmethod
    def io() -> sqlite3.OperationalError:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC  # type: ignore[misc]
        return error


class Disk:
    """Fails the writer's statements from the `first` to the `last` one, counted over all connections."""

    def __init__(self, failure: Callable[[], Exception], first: int = 0, last: int = 0) -> None:
        self.failure, self.first, self.last = failure, first, last
        self.done = self.connections = 0
        self.armed = False

    def connect(self, path: Path) -> sqlite3.Connection:
        disk = self
        self.connections += 1

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:  # type: ignore[override]
                if disk.armed and sql.startswith(("BEGIN", "INSERT", "RELEASE", "COMMIT")):
                    disk.done += 1
                    if disk.first <= disk.done <= disk.last:
                        raise disk.failure()
                return super().execute(sql, parameters)  # type: ignore[arg-type]

        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection


@pytest.mark.parametrize("first", range(1, 14))
@pytest.mark.parametrize("length", [1, 3])
async def test_whichever_statement_fails_what_was_acknowledged_is_there_and_nothing_else(
    tmp_path: Path, first: int, length: int
) -> None:
    disk = Disk(Failure.io, first, first + length - 1)
    database = await Database.open(tmp_path / "evhub.db", connect=disk.connect)
    disk.armed = True
    acknowledged = []
    for number in range(6):
        with contextlib.suppress(StoreError):
            await database.write(
                [("INSERT INTO outbox VALUES ('c', ?, '', 0)", (2 * number + part,)) for part in (0, 1)]
            )
            acknowledged += [(2 * number,), (2 * number + 1,)]
    disk.armed = False
    assert await database.read("SELECT id FROM outbox ORDER BY id") == acknowledged
    assert len(acknowledged) >= 12 - 2 * length
    assert disk.connections >= 4  # open, writer, a fresh one after the failure, reader
    await database.close()


async def test_a_loss_is_logged_once_and_so_is_the_recovery(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(Failure.io, 1, 5)
    database = await Database.open(tmp_path / "evhub.db", connect=disk.connect)
    disk.armed = True
    for number in range(8):
        with contextlib.suppress(StoreError):
            await database.write([(KEEP, ("c", "k", str(number), "1"))])
    assert caplog.text.count("nothing can be written") == 1
    assert caplog.text.count("written again") == 1
    await database.close()


async def test_on_a_full_disk_the_reserve_is_given_up_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(Failure.full, 3, 3)
    database = await Database.open(tmp_path / "evhub.db", connect=disk.connect)
    assert (tmp_path / "ballast").stat().st_size == 8 * 1024 * 1024
    monkeypatch.setattr("hub.store.ballast.ROOM", 2**62)
    disk.armed = True
    await database.write([(KEEP, ("c", "k", "1", "1"))])
    assert "last reserve" in caplog.text
    assert not (tmp_path / "ballast").exists()
    disk.first = disk.last = disk.done + 2
    with pytest.raises(StoreError, match="full"):
        await database.write([(KEEP, ("c", "k", "2", "1"))])
    monkeypatch.setattr("hub.store.ballast.ROOM", 0)
    await database.write([(KEEP, ("c", "k", "3", "1"))])
    assert (tmp_path / "ballast").exists()
    await database.close()


async def test_a_disk_that_gives_no_connection_is_said_to_writers_and_readers(tmp_path: Path) -> None:
    works = True

    def connect(path: Path) -> sqlite3.Connection:
        if not works:
            raise Failure.io()
        return connect_to(path)

    database = await Database.open(tmp_path / "evhub.db", connect=connect)
    works = False
    with pytest.raises(StoreError, match="I/O"):
        await database.write([(KEEP, ("c", "k", "1", "1"))])
    with pytest.raises(StoreError, match="I/O"):
        await database.read("SELECT 1")
    works = True
    await database.write([(KEEP, ("c", "k", "1", "1"))])
    await database.close()


async def test_a_disk_that_fails_at_the_start_frees_the_lock(tmp_path: Path) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        raise Failure.io()

    with pytest.raises(StoreError, match="I/O"):
        await Database.open(tmp_path / "evhub.db", connect=connect)
    database = await Database.open(tmp_path / "evhub.db")
    await database.close()


async def test_closing_writes_what_was_asked_before(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "evhub.db")
    writes = [asyncio.ensure_future(database.write([(KEEP, ("c", "k", str(n), "1"))])) for n in range(1200)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*writes) == [None] * 1200
    again = await Database.open(tmp_path / "evhub.db")
    assert await again.read("SELECT count(*) FROM station") == [(1200,)]
    await again.close()


async def test_whoever_stops_waiting_harms_nobody(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "evhub.db")
    left = asyncio.ensure_future(database.write([(KEEP, ("c", "k", "1", "1"))]))
    await asyncio.sleep(0)
    left.cancel()
    await database.write([(KEEP, ("c", "k", "2", "1"))])
    assert left.cancelled()
    await database.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_writer_that_breaks_leaves_nobody_waiting(tmp_path: Path) -> None:
    disk = Disk(lambda: RuntimeError("a bug"), 1, 1)
    database = await Database.open(tmp_path / "evhub.db", connect=disk.connect)
    disk.armed = True
    results = await asyncio.gather(
        *(database.write([(KEEP, ("c", "k", str(n), "1"))]) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, StoreError) for result in results)
    with pytest.raises(StoreError, match="closed"):
        await database.write([])
    await database.close()


async def test_what_waits_while_the_disk_is_busy_is_committed_together(tmp_path: Path) -> None:
    disk = Disk(Failure.io)
    database = await Database.open(tmp_path / "evhub.db", connect=disk.connect)
    disk.armed = True
    await asyncio.gather(*(database.write([(KEEP, ("c", "k", str(n), "1"))]) for n in range(200)))
    commits = (disk.done - 400) / 2  # an INSERT and a RELEASE for each caller, a BEGIN and a COMMIT together
    assert commits < 100
    await database.close()
