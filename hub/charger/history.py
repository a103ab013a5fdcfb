"""Closed sessions, as they are asked for later."""

from collections.abc import Mapping
from typing import Any

import orjson

from hub.charger.sessions import restored
from hub.errors import HubError
from hub.model.moment import Moment, parse_time, rfc3339
from hub.store.database import Database

MOST = 1000
USUAL = 100
KNOWN = frozenset({"id", "op", "charger", "from", "to", "limit"})
"""`id` and `op` are the asker's envelope."""


async def query(database: Database, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The newest first: `charger`, `from` and `to` (of their beginning), `limit`. Raises HubError."""
    unknown = sorted(set(asked) - KNOWN)
    if unknown:
        raise HubError(f"{', '.join(unknown)}: unknown; charger, from, to and limit are known")
    clauses, values = ["1"], list[object]()
    if asked.get("charger") is not None:
        clauses.append("charger=?")
        values.append(str(asked["charger"]))
    for name, comparison in (("from", ">="), ("to", "<")):
        if asked.get(name) is not None:
            clauses.append(f"started{comparison}?")
            values.append(_time(name, asked[name]))
    # As bytes: a damaged text would fail the whole query.
    sql = "SELECT charger, evse, CAST(body AS BLOB) FROM sessions WHERE " + " AND ".join(clauses)  # noqa: S608 - ours
    rows = await database.read(f"{sql} ORDER BY started DESC LIMIT ?", (*values, _limit(asked.get("limit"))))
    return {"sessions": [body for row in rows if (body := _body(*row)) is not None]}


def _body(charger: str, evse: int, text: bytes) -> Mapping[str, object] | None:
    """As the `sessions` topic had it; what a damaged disk made unreadable is left out."""
    try:
        document = orjson.loads(text)
        ended = Moment(0.0, parse_time(str(document["ended"])))
        return restored(document, ended).body(charger, evse, ended)
    except (ValueError, KeyError, TypeError):
        return None


def _time(name: str, given: object) -> str:
    try:
        return rfc3339(parse_time(str(given)))
    except ValueError as error:
        raise HubError(f"{name} must be a time such as 2026-01-31T00:00:00Z, not {given!r}") from error


def _limit(given: object) -> int:
    if given is None:
        return USUAL
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST:
        raise HubError(f"limit must be 1 to {MOST}, not {given!r}")
    return given
