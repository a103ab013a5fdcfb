"""What a station has to remember, as rows: its effects -> statements, and its memory back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.ocpp.station.effects import Attempt, Bury, Durable, Keep, Owe, Settle
from hub.store.database import Database, Statement


def statements(charger: str, changes: Iterable[Durable]) -> list[Statement]:
    """All of one input: they are written in one transaction."""
    return [statement for change in changes for statement in _rows(charger, change)]


def _rows(charger: str, change: Durable) -> Sequence[Statement]:
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
            at = datetime.now(UTC).isoformat(timespec="seconds")
            return (
                ("DELETE FROM outbox WHERE charger=? AND id=?", (charger, number)),
                (
                    "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?)",
                    (charger, number, _json(body), reason, at),
                ),
            )
        case Keep(kind=kind, key=key, body=None):
            return (("DELETE FROM station WHERE charger=? AND kind=? AND key=?", (charger, kind, key)),)
        case Keep(kind=kind, key=key, body=body):
            return (
                ("INSERT OR REPLACE INTO station VALUES (?, ?, ?, ?)", (charger, kind, key, _json(body))),
            )


async def memory(database: Database, charger: str) -> dict[tuple[str, str], Any]:
    rows = await database.read("SELECT kind, key, body FROM station WHERE charger=?", (charger,))
    return {(kind, key): orjson.loads(body) for kind, key, body in rows}


async def outbox(database: Database, charger: str) -> list[tuple[int, Mapping[str, object], int]]:
    """(id, body, attempts), oldest first."""
    rows = await database.read(
        "SELECT id, body, attempts FROM outbox WHERE charger=? ORDER BY id", (charger,)
    )
    return [(number, orjson.loads(body), attempts) for number, body, attempts in rows]


async def dead_letters(database: Database) -> int:
    ((count,),) = await database.read("SELECT count(*) FROM dead_letters")
    return int(count)


def _json(body: object) -> str:
    return orjson.dumps(body).decode()
