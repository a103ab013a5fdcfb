"""A damaged database: found out before it is used, kept under another name, and what is readable saved from it."""

import contextlib
import logging
import mmap
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.store.carve import records
from hub.store.migrations import STEPS, migrate

log = logging.getLogger(__name__)

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Primary result codes that speak of the file's content; others (locked, no right, I/O) don't."""
TYPES = {"TEXT": str, "INTEGER": int}


def sound(path: Path) -> bool:
    """Can it be read and written? Raises sqlite3.Error when that can't be told: locked, no access, I/O errors."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                return False
            # A header that names another format leaves the file readable only.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            return _whole(connection)
    except sqlite3.DatabaseError as error:
        if _is_damage(error, path):
            return False
        raise


def replace(path: Path) -> None:
    """Keeps the damaged file as `*.corrupt-<time>`; a new one with all that could be saved takes its place.

    Nothing is renamed before the new one is complete: a start that is cut off here is simply made again."""
    new = _beside(path)
    new.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as fresh:
        new.chmod(0o600)
        migrate(fresh, new)
        saved = _salvage(path, fresh)
    damaged = _set_aside(path)
    new.rename(path)
    log.error("%s was damaged: kept as %s, %d rows were saved from it", path, damaged.name, saved)


def resume(path: Path) -> None:
    """Cut off between the two renames, the new file still waits under its own name."""
    if not path.exists() and _beside(path).exists():
        _beside(path).rename(path)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _whole(connection: sqlite3.Connection) -> bool:
    """A header or schema that lost its content can pass SQLite's own check."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = _tables(connection)
    if version <= 0:
        return version == 0 and not tables
    if version != len(STEPS):
        return True  # the migration decides
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, Path())
        return set(_tables(model)) <= set(tables)


def _is_damage(error: sqlite3.DatabaseError, path: Path) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        return os.access(path, os.W_OK)
    return code & 0xFF in DAMAGE


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    damaged = path.with_name(f"{path.name}.corrupt-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(damaged.with_name(damaged.name + suffix))
    return damaged


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: Sequence[tuple[str, type, bool]]
    """Name, type, and whether it may be NULL."""

    @property
    def insert(self) -> str:
        marks = ",".join("?" * len(self.columns))
        return f"INSERT OR IGNORE INTO {self.name} VALUES ({marks})"  # noqa: S608 - our own table names

    def takes(self, row: Sequence[object]) -> bool:
        """No two tables have the same types in a row; a body is JSON."""
        if len(row) != len(self.columns):
            return False
        for value, (name, kind, nullable) in zip(row, self.columns, strict=True):
            if not (isinstance(value, kind) or (nullable and value is None)):
                return False
            if name == "body" and not _is_json(str(value)):
                return False
        return True


def _salvage(damaged: Path, fresh: sqlite3.Connection) -> int:
    """What SQLite can still read; where it meets damage, what the pages hold besides."""
    tables = [_described(fresh, name) for name in _tables(fresh)]
    before = fresh.total_changes
    fresh.execute("BEGIN")
    if not _read_tables(damaged, tables, fresh):
        _read_pages(damaged, tables, fresh)
    fresh.execute("COMMIT")
    return fresh.total_changes - before


def _read_tables(damaged: Path, tables: Iterable[_Table], fresh: sqlite3.Connection) -> bool:
    """False: not to the end."""
    complete = True
    with contextlib.closing(sqlite3.connect(damaged, isolation_level=None)) as connection:
        connection.text_factory = _text
        for table in tables:
            try:
                for row in _rows(connection, table):
                    if table.takes(row):
                        fresh.execute(table.insert, row)
            except _UnreadableError:
                complete = False
    return complete


class _UnreadableError(Exception):
    """Of the damaged file, unlike an error of the new one."""


def _rows(connection: sqlite3.Connection, table: _Table) -> Iterator[tuple[Any, ...]]:
    names = ",".join(name for name, _, _ in table.columns)
    try:
        yield from connection.execute(f"SELECT {names} FROM {table.name}")  # noqa: S608 - our own names
    except sqlite3.DatabaseError as error:
        raise _UnreadableError from error


def _read_pages(damaged: Path, tables: Sequence[_Table], fresh: sqlite3.Connection) -> None:
    with damaged.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        for row in records(image):  # type: ignore[arg-type]
            table = next((table for table in tables if table.takes(row)), None)
            if table is not None:
                fresh.execute(table.insert, row)


def _described(fresh: sqlite3.Connection, table: str) -> _Table:
    rows = fresh.execute(f"PRAGMA table_info({table})").fetchall()
    return _Table(
        table, [(name, TYPES[kind], not required and not key) for _, name, kind, required, _, key in rows]
    )


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")
    return [str(row[0]) for row in rows]


def _text(raw: bytes) -> str | None:
    """None: damaged; no required column takes that."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
