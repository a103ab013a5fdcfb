"""Sessions on disk: the open one of each EVSE, and all that were closed."""

import logging
from typing import Any

import orjson

from hub.charger.runtime import SessionKeeper
from hub.charger.sessions import Session, document
from hub.errors import StoreError
from hub.store.database import Database, Statement

log = logging.getLogger(__name__)


class StoredSessions(SessionKeeper):
    """A session that can't be written is said; charging goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, charger: str, evse: int, session: Session | None, closed: Session | None) -> None:
        rows: list[Statement] = []
        if session is not None:
            body = orjson.dumps(document(session)).decode()
            rows.append(("INSERT OR REPLACE INTO session_open VALUES (?, ?, ?)", (charger, evse, body)))
        else:
            rows.append(("DELETE FROM session_open WHERE charger=? AND evse=?", (charger, evse)))
        if closed is not None:
            body = orjson.dumps(document(closed)).decode()
            values = (closed.id, charger, evse, closed.started, closed.ended, body)
            rows.append(("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)", values))
        try:
            await self._database.write(rows)
        except StoreError as error:
            log.error("charger %s: a session was not kept: %s", charger, error)

    async def open(self, charger: str) -> dict[int, Session]:
        rows = await self._database.read("SELECT evse, body FROM session_open WHERE charger=?", (charger,))
        return {evse: Session(**_fields(body)) for evse, body in rows}


def _fields(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = orjson.loads(body)
    return fields
