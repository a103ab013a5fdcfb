"""What a station has to remember, as rows: its effects -> statements, and its memory back."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from hub.model.moment import Moment, rfc3339
from hub.ocpp.station.effects import Attempt, Bury, Durable, Keep, Owe, Settle
from hub.store.database import Database, Statement

log = logging.getLogger(__name__)


def statements(charger: str, changes: Iterable[Durable], now: Moment) -> list[Statement]:
    """All of one input: they are written in one transaction."""
    return [statement for change in changes for statement in _rows(charger, change, now)]


def _rows(charger: str, change: Durable, now: Moment) -> Sequence[Statement]:
    match change:
        case Owe(id=number, body=body):
            # The counter lives on when the outbox is empty: an id is never given twice.
            counted = (charger, "counter", "outbox", str(number + 1))
            return (
                ("INSERT INTO outbox VALUES (?, ?, ?, 0)", (charger, number, _json(body))),
                ("INSERT OR REPLACE INTO station VALUES (?, ?, ?, ?)", counted),
            )
        case Settle(id=number):
            return (("DELETE FROM outbox WHERE charger=? AND id=?", (charger, number)),)
        case Attempt(id=number, attempts=attempts):
            return (("UPDATE outbox SET attempts=? WHERE charger=? AND id=?", (attempts, charger, number)),)
        case Bury(id=number, body=body, reason=reason):
            letter = (charger, number, _json(body), reason, rfc3339(now.wall))
            return (
                ("DELETE FROM outbox WHERE charger=? AND id=?", (charger, number)),
                ("INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?)", letter),
            )
        case Keep(kind=kind, key=key, body=None):
            return (("DELETE FROM station WHERE charger=? AND kind=? AND key=?", (charger, kind, key)),)
        case Keep(kind=kind, key=key, body=body):
            row = (charger, kind, key, _json(body))
            return (("INSERT OR REPLACE INTO station VALUES (?, ?, ?, ?)", row),)


async def memory(database: Database, charger: str) -> dict[tuple[str, str], Any]:
    """What `Keep` kept, by (kind, key). An entry that a damaged disk made unreadable is said and left out."""
    # As bytes: SQLite hands out a damaged text unseen, Python's decoding of it would fail the whole query.
    rows = await database.read(
        "SELECT kind, key, CAST(body AS BLOB) FROM station WHERE charger=?", (charger,)
    )
    found: dict[tuple[str, str], Any] = {}
    for kind, key, body in rows:
        try:
            found[kind, key] = orjson.loads(body)
        except orjson.JSONDecodeError:
            log.error("%s: its %s %s can't be read any more", charger, kind, key)
    return found


async def outbox(
    database: Database, charger: str, now: Moment
) -> list[tuple[int, Mapping[str, object], int]]:
    """(id, body, attempts), oldest first. An unreadable one goes to the dead letters: it must not block the others."""
    rows = await database.read(
        "SELECT id, CAST(body AS BLOB), attempts FROM outbox WHERE charger=? ORDER BY id", (charger,)
    )
    found: list[tuple[int, Mapping[str, object], int]] = []
    for number, body, attempts in rows:
        try:
            found.append((number, orjson.loads(body), attempts))
        except orjson.JSONDecodeError:
            log.error("%s: the owed message %d can't be read any more", charger, number)
            await database.write(_unreadable(charger, number, now))
    return found


async def dead_letters(database: Database) -> int:
    ((count,),) = await database.read("SELECT count(*) FROM dead_letters")
    return int(count)


def _unreadable(charger: str, number: int, now: Moment) -> Sequence[Statement]:
    """Moved as it is."""
    return (
        (
            (
                "INSERT OR REPLACE INTO dead_letters"
                " SELECT charger, id, body, 'unreadable', ? FROM outbox WHERE charger=? AND id=?"
            ),
            (rfc3339(now.wall), charger, number),
        ),
        ("DELETE FROM outbox WHERE charger=? AND id=?", (charger, number)),
    )


def _json(body: object) -> str:
    return orjson.dumps(body).decode()
