"""The database's tables, version by version; each step of a migration is applied in one transaction with the others."""

import contextlib
import logging
import sqlite3
from pathlib import Path

from hub.errors import StoreError

log = logging.getLogger(__name__)

STEPS: tuple[tuple[str, ...], ...] = (
    (
        (
            "CREATE TABLE sessions (id TEXT PRIMARY KEY, charger TEXT NOT NULL, evse INTEGER NOT NULL,"
            " started TEXT NOT NULL, ended TEXT, body TEXT NOT NULL) WITHOUT ROWID"
        ),
        "CREATE INDEX sessions_by_start ON sessions (charger, started)",
        (
            "CREATE TABLE session_open (charger TEXT, evse INTEGER, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, evse)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE limits (charger TEXT, evse INTEGER, source TEXT, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, evse, source)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE station (charger TEXT, kind TEXT, key TEXT, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, kind, key)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE outbox (charger TEXT, id INTEGER, body TEXT NOT NULL, attempts INTEGER NOT NULL,"
            " PRIMARY KEY (charger, id)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE dead_letters (charger TEXT, id INTEGER, body TEXT NOT NULL, reason TEXT NOT NULL,"
            " at TEXT NOT NULL, PRIMARY KEY (charger, id)) WITHOUT ROWID"
        ),
    ),
)
"""WITHOUT ROWID: what belongs to a charger lies together, and can be walked from both ends after a damage."""


def migrate(
    connection: sqlite3.Connection, path: Path, steps: tuple[tuple[str, ...], ...] | None = None
) -> None:
    """To the newest version, or not at all. What was there is kept beside it as `*.v<version>`.

    Raises StoreError for the store of a newer hub, which stays as it is."""
    steps = STEPS if steps is None else steps
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreError(
            f"the store is of a newer evhub (its version {version}, this one knows {len(steps)})"
        )
    if version == len(steps):
        return
    if version:
        _back_up(connection, path.with_name(f"{path.name}.v{version}"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version:]:
            for sql in step:
                connection.execute(sql)
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _back_up(connection: sqlite3.Connection, backup: Path) -> None:
    backup.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(backup),))
    backup.chmod(0o600)
    log.info("the store of the version before is kept as %s", backup)
