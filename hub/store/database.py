"""SQLite with one writer thread: `write` returns when its statements are on disk, or raises.

Theory: WAL with synchronous=FULL, the mode that lost nothing in simulated power cuts. While one commit waits
for the disk, what is asked meanwhile gathers and is committed together next: the busier the hub, the fewer
fsyncs for each message. Every caller's statements stay together (a savepoint), so one caller's bad statement
harms nobody else's. After an I/O error the connection is closed and opened anew: a failed fsync says nothing
about what the next one would mean.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from hub.errors import StoreError, reason
from hub.seldom import Trouble
from hub.store.ballast import Ballast
from hub.store.migrations import migrate
from hub.store.repair import replace, resume, sound

log = logging.getLogger(__name__)

Statement = tuple[str, Sequence[object]]
JOURNAL_LIMIT = 64 * 1024 * 1024
MOST_AT_ONCE = 500


@dataclass(slots=True)
class _Work:
    statements: Sequence[Statement]
    done: "asyncio.Future[None]"
    loop: asyncio.AbstractEventLoop

    def settle(self, error: Exception | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed under us: nobody waits any more
            self.loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


Connect = Callable[[Path], sqlite3.Connection]


class Database:
    """One file, locked for one process."""

    def __init__(self, path: Path, lock: IO[str], connect: Connect) -> None:
        self._path = path
        self._lock = lock
        self._connect = connect
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="evhub-store", daemon=True)
        self._connection: sqlite3.Connection | None = None  # the writer's
        self._ballast = Ballast(path.with_name("ballast"))
        self._trouble = Trouble()
        self._closed = self._ended = False

    @classmethod
    async def open(cls, path: Path, *, connect: Connect | None = None) -> "Database":
        """Raises StoreError: another hub has it, a newer hub wrote it, or the folder can't be written."""
        return await asyncio.to_thread(cls._open, path, connect or connect_to)

    @classmethod
    def _open(cls, path: Path, connect: Connect) -> "Database":
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _lock(path.with_name("evhub.lock"))
        except OSError as error:
            raise StoreError(
                f"{path.parent}: {reason(error)}; the hub must be able to write there"
            ) from error
        try:
            _prepare(path, connect)
        except (sqlite3.Error, OSError) as error:
            lock.close()
            raise StoreError(f"{path}: {error}") from error
        except StoreError:
            lock.close()
            raise
        database = cls(path, lock, connect)
        database._ballast.load()
        database._thread.start()
        return database

    async def write(self, statements: Sequence[Statement]) -> None:
        """All of them in one durable transaction. Raises StoreError: none of them counts."""
        if self._closed or self._ended:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        work = _Work(statements, loop.create_future(), loop)
        self._queue.put(work)
        await work.done

    async def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query; sees everything that `write` has returned from."""
        return await asyncio.to_thread(self._read, sql, parameters)

    async def close(self) -> None:
        """What was asked before is written first."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._lock.close()

    def _read(self, sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            with contextlib.closing(self._connect(self._path)) as connection:
                return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def _write_all(self) -> None:
        try:
            while (batch := self._batch()) is not None:
                self._write_batch(batch)
        finally:
            self._ended = True
            _discard(self._connection)
            while not self._queue.empty():  # only after a bug: nobody may wait for ever
                if work := self._queue.get():
                    work.settle(StoreError("the store is closed: its writer has ended"))

    def _write_batch(self, batch: Sequence[_Work]) -> None:
        refused: dict[int, StoreError] = {}
        failure: StoreError | None = StoreError(f"{self._path}: not written")
        try:
            refused = self._commit(batch)
            failure = None
            self._recovered()
        except (sqlite3.Error, OSError) as error:
            failure = StoreError(f"{self._path}: {error}")
            if self._trouble.comes(time.monotonic()):
                log.error("%s: nothing can be written: %s", self._path, error)
        finally:
            for work in batch:
                work.settle(refused.get(id(work), failure))

    def _commit(self, batch: Sequence[_Work]) -> dict[int, StoreError]:
        """On a full disk once more with the ballast's space. Raises sqlite3.Error: nothing was committed."""
        try:
            return self._commit_once(batch)
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            if not full or not self._ballast.drop():
                raise
            log.error("%s: the disk is full; the last reserve is in use", self._path)
            return self._commit_once(batch)

    def _commit_once(self, batch: Sequence[_Work]) -> dict[int, StoreError]:
        try:
            self._connection = self._connection or self._connect(self._path)
            return _commit(self._connection, batch)
        except (sqlite3.Error, OSError):
            _discard(self._connection)
            self._connection = None
            raise

    def _recovered(self) -> None:
        self._ballast.load()
        if self._trouble.goes():
            log.warning("%s: written again", self._path)

    def _batch(self) -> list[_Work] | None:
        """What waits, at least one; None when the store closes (after the last batch)."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MOST_AT_ONCE and not self._queue.empty():
            work = self._queue.get()
            if work is None:
                self._queue.put(None)  # the end comes after this batch
                break
            batch.append(work)
        return batch


def connect_to(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA journal_size_limit={JOURNAL_LIMIT}")
    return connection


def _commit(connection: sqlite3.Connection, batch: Sequence[_Work]) -> dict[int, StoreError]:
    """Returns what was refused, by id of the work; raises sqlite3.Error when nothing was committed."""
    refused: dict[int, StoreError] = {}
    connection.execute("BEGIN IMMEDIATE")
    for work in batch:
        connection.execute("SAVEPOINT one")
        try:
            for sql, parameters in work.statements:
                connection.execute(sql, parameters)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if not _callers_fault(error):
                raise
            connection.execute("ROLLBACK TO one")
            refused[id(work)] = StoreError(str(error))
        connection.execute("RELEASE one")
    connection.execute("COMMIT")
    return refused


def _callers_fault(error: Exception) -> bool:
    """A statement that would never work, unlike a disk that doesn't work now."""
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    wrong = (
        sqlite3.IntegrityError,
        sqlite3.ProgrammingError,
        sqlite3.InterfaceError,
        sqlite3.DataError,
        ValueError,
        OverflowError,
    )
    return isinstance(error, wrong)


def _discard(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with contextlib.suppress(sqlite3.Error):
            connection.close()


def _lock(path: Path) -> IO[str]:
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise StoreError(f"{path.parent} is in use by another hub (process {holder})") from error
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def _prepare(path: Path, connect: Connect) -> None:
    resume(path)
    if path.exists() and not sound(path):
        replace(path)
    with contextlib.closing(connect(path)) as connection:
        path.chmod(0o600)
        migrate(connection, path)
