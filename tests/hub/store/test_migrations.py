"""Schema steps: all of them or none, with the old store kept."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.store.migrations import STEPS, migrate

NEXT = (*STEPS, ("ALTER TABLE outbox ADD COLUMN extra TEXT", "CREATE TABLE more (x)"))
BROKEN = (*STEPS, ("CREATE TABLE more (x)", "CREATE TABLE outbox (twice)"))


def opened(path: Path) -> "contextlib.closing[sqlite3.Connection]":
    return contextlib.closing(sqlite3.connect(path, isolation_level=None))


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}


def test_a_new_version_is_reached_and_the_old_store_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    (tmp_path / "evhub.db.v1").write_text("of an earlier try")
    with opened(path) as connection:
        migrate(connection, path)
        connection.execute("INSERT INTO outbox VALUES ('c', 1, '{}', 0)")
        migrate(connection, path, NEXT)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT id, extra FROM outbox").fetchall() == [(1, None)]
    with opened(tmp_path / "evhub.db.v1") as before:
        assert before.execute("SELECT * FROM outbox").fetchall() == [("c", 1, "{}", 0)]
    assert (tmp_path / "evhub.db.v1").stat().st_mode & 0o777 == 0o600


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    with opened(path) as connection:
        migrate(connection, path)
        before = tables(connection)
        with pytest.raises(sqlite3.Error):
            migrate(connection, path, BROKEN)
        assert not connection.in_transaction
        assert tables(connection) == before
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)


def test_nothing_is_done_twice_and_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    with opened(path) as connection:
        migrate(connection, path, NEXT)
        migrate(connection, path, NEXT)
        with pytest.raises(StoreError, match="newer evhub \\(its version 2, this one knows 1\\)"):
            migrate(connection, path, STEPS)
