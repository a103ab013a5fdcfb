"""What of a charger outlives the process: its open and closed sessions, limits, pauses and meters.

Theory: the newest of each thing waits until it is written; what the store refuses waits on and is tried again, so
that a full disk loses nothing while the hub runs. Who must know that it is on disk awaits `written`.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from hub.charger.sessions import Session, document
from hub.errors import StoreError
from hub.seldom import Trouble
from hub.store.database import Database, Statement

log = logging.getLogger(__name__)

AGAIN_S = 5.0
PAUSE = ""
"""The limits' source under which a pause is kept: no source of a limit has this name."""
PUT_LIMIT = "INSERT OR REPLACE INTO limits VALUES (?, ?, ?, ?)"
PUT_METER = "INSERT OR REPLACE INTO station VALUES (?, 'meter', ?, ?)"
PUT_OPEN = "INSERT OR REPLACE INTO session_open VALUES (?, ?, ?)"
PUT_CLOSED = "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)"
NEWEST = " ORDER BY started DESC LIMIT 1"
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was kept of a charger, by EVSE; limits also by source."""

    sessions: Mapping[int, Body] = field(default_factory=dict)
    limits: Mapping[tuple[int, str], Body] = field(default_factory=dict)
    meters: Mapping[int, Body] = field(default_factory=dict)
    last: tuple[int, Body] | None = None
    """The newest closed session, with its EVSE."""


class Memory(Protocol):
    def session(self, evse: int, session: Session | None, closed: Session | None) -> None:
        """The open one now, and one that was closed."""

    def limit(self, evse: int, source: str, body: Mapping[str, object] | None) -> None:
        """None: it is no more."""

    def meter(self, evse: int, body: Mapping[str, object]) -> None: ...

    async def written(self) -> None:
        """Until all of it is on disk. Raises StoreError: it goes on waiting."""

    async def forget(self) -> None:
        """The charger was taken away: one that is called so later begins without its limits and pauses. Its energy
        and its closed sessions stay. Raises StoreError."""

    async def run(self) -> None: ...


class Forgetful:
    """A memory of nothing."""

    def session(self, evse: int, session: Session | None, closed: Session | None) -> None: ...

    def limit(self, evse: int, source: str, body: Mapping[str, object] | None) -> None: ...

    def meter(self, evse: int, body: Mapping[str, object]) -> None: ...

    async def written(self) -> None: ...

    async def forget(self) -> None: ...

    async def run(self) -> None: ...


class StoredMemory:
    """In the hub's database."""

    def __init__(self, database: Database, charger: str) -> None:
        self._database, self._charger = database, charger
        self._waiting: dict[tuple[object, ...], Statement] = {}
        self._work = asyncio.Event()
        self._writing = asyncio.Lock()
        self._trouble = Trouble()

    def session(self, evse: int, session: Session | None, closed: Session | None) -> None:
        place = (self._charger, evse)
        if session is None:
            self._put(("open", evse), "DELETE FROM session_open WHERE charger=? AND evse=?", place)
        else:
            self._put(("open", evse), PUT_OPEN, (*place, _json(document(session))))
        if closed is not None:
            row = (closed.id, *place, closed.started, closed.ended, _json(document(closed)))
            self._put(("closed", closed.id), PUT_CLOSED, row)

    def limit(self, evse: int, source: str, body: Mapping[str, object] | None) -> None:
        row = (self._charger, evse, source)
        if body is None:
            sql = "DELETE FROM limits WHERE charger=? AND evse=? AND source=?"
            self._put(("limit", evse, source), sql, row)
        else:
            self._put(("limit", evse, source), PUT_LIMIT, (*row, _json(body)))

    def meter(self, evse: int, body: Mapping[str, object]) -> None:
        self._put(("meter", evse), PUT_METER, (self._charger, str(evse), _json(body)))

    async def written(self) -> None:
        async with self._writing:
            rows, self._waiting = self._waiting, {}
            done = not rows
            try:
                if rows:
                    await self._database.write(list(rows.values()))
                    done = True
            finally:
                if not done:
                    self._waiting = {**rows, **self._waiting}

    async def forget(self) -> None:
        await self.written()
        place = (self._charger,)
        await self._database.write(
            [
                ("DELETE FROM limits WHERE charger=?", place),
                ("DELETE FROM session_open WHERE charger=?", place),
            ]
        )

    async def run(self) -> None:
        """Writes what waits, until cancelled; then once more."""
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                await self._try()
        finally:
            await self._try()

    async def remembered(self) -> Remembered:
        """Raises StoreError. What a damaged disk made unreadable is said and left out."""
        return Remembered(
            {evse: body for (evse,), body in await self._rows("evse", "session_open", "")},
            {(evse, source): body for (evse, source), body in await self._rows("evse, source", "limits", "")},
            {
                int(evse): body
                for (evse,), body in await self._rows("key", "station", " AND kind='meter'")
                if evse.isdecimal()
            },
            next(((evse, body) for (evse,), body in await self._rows("evse", "sessions", NEWEST)), None),
        )

    def _put(self, key: tuple[object, ...], sql: str, row: tuple[object, ...]) -> None:
        self._waiting.pop(key, None)
        self._waiting[key] = (sql, row)
        self._work.set()

    async def _try(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await self.written()
        except StoreError as error:
            if self._trouble.comes(loop.time()):
                log.error("charger %s: kept in memory until it can be written: %s", self._charger, error)
            loop.call_later(AGAIN_S, self._work.set)
        else:
            self._trouble.goes()

    async def _rows(self, columns: str, table: str, which: str) -> Iterator[tuple[tuple[Any, ...], Body]]:
        # As bytes: SQLite hands out a damaged text unseen, Python's decoding of it would fail the whole query.
        sql = f"SELECT {columns}, CAST(body AS BLOB) FROM {table} WHERE charger=?{which}"  # noqa: S608 - ours
        rows = await self._database.read(sql, (self._charger,))
        return self._readable(table, rows)

    def _readable(self, table: str, rows: list[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Body]]:
        for *key, text in rows:
            try:
                body = orjson.loads(text)
            except orjson.JSONDecodeError:
                body = None
            if isinstance(body, dict):
                yield tuple(key), body
            else:
                log.error("charger %s: its %s %s can't be read any more", self._charger, table, key)


def _json(body: object) -> str:
    return orjson.dumps(body).decode()
