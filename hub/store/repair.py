"""A damaged database: found out before it is used, kept under another name, and what is readable saved from it."""

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from hub.store.migrations import STEPS, migrate

log = logging.getLogger(__name__)

PAGE = 4096
HEADER = 100
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Primary result codes that speak of the file's content; others (locked, no right, I/O) don't."""
BODY = "body"


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
    """Keeps the damaged file as `*.corrupt-<time>`; a new one with all that could be saved takes its place."""
    damaged = _set_aside(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as fresh:
        migrate(fresh, path)
        saved = _salvage(damaged, fresh)
    log.error("%s was damaged: kept as %s, %d rows were saved from it", path, damaged.name, saved)


def _whole(connection: sqlite3.Connection) -> bool:
    """A header or schema that lost its content can pass SQLite's own check."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = set(_tables(connection))
    if version == 0:
        return not tables
    if version != len(STEPS):
        return True  # the migration decides
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, Path())
        return set(_tables(model)) <= tables


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


def _salvage(damaged: Path, fresh: sqlite3.Connection) -> int:
    """As it is; else with a new header, else with a new first page (the schema's) in a copy."""
    saved = _copy_rows(damaged, fresh)
    for size in (HEADER, PAGE):
        if saved:
            break
        with _patched(damaged, fresh, size) as copy:
            saved = _copy_rows(copy, fresh)
    return saved


def _copy_rows(source: Path, fresh: sqlite3.Connection) -> int:
    before = fresh.total_changes
    fresh.execute("BEGIN")
    with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.text_factory = bytes
        for table in _tables(fresh):
            columns = fresh.execute(f"PRAGMA table_info({table})").fetchall()
            names = [column[1] for column in columns]
            keys = [column[1] for column in columns if column[5]]
            marks = ",".join("?" * len(names))
            into = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - our own table names
            # From both ends: what lies behind a damaged page is reached from the other one.
            for order in ("ASC", "DESC"):
                way = ",".join(f"{key} {order}" for key in keys)
                sql = f"SELECT {','.join(names)} FROM {table} ORDER BY {way}"  # noqa: S608
                for row in _readable(connection, sql, names):
                    with contextlib.suppress(sqlite3.IntegrityError):
                        fresh.execute(into, row)
    fresh.execute("COMMIT")
    return fresh.total_changes - before


def _readable(connection: sqlite3.Connection, sql: str, names: Sequence[str]) -> Iterator[list[object]]:
    """Rows until the first damaged page; a row with a body that is no JSON any more is left out."""
    with contextlib.suppress(sqlite3.Error):
        for row in connection.execute(sql):
            try:
                values = [item.decode() if isinstance(item, bytes) else item for item in row]
                orjson.loads(str(values[names.index(BODY)]))
            except ValueError:
                continue
            yield values


@contextlib.contextmanager
def _patched(damaged: Path, fresh: sqlite3.Connection, size: int) -> Iterator[Path]:
    """A copy whose first `size` bytes are those of a sound database of the same tables."""
    copy = damaged.with_name(damaged.name + ".patched")
    try:
        shutil.copyfile(damaged, copy)
        with copy.open("r+b") as file:
            page = bytearray(fresh.serialize()[:size])
            page[28:32] = (copy.stat().st_size // PAGE).to_bytes(4, "big")  # pages
            page[32:40] = bytes(8)  # no free pages
            file.write(page)
        yield copy
    finally:
        for suffix in ("", "-wal", "-shm"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")
    return [str(row[0]) for row in rows]
