"""Closed sessions are found again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.charger.history import query
from hub.charger.memory import StoredMemory
from hub.charger.sessions import Session
from hub.errors import HubError
from hub.model.moment import rfc3339
from hub.store.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "evhub.db")
    for charger in ("garage", "street"):
        memory = StoredMemory(opened, charger)
        for day in range(1, 6):
            times = [rfc3339(datetime(2026, 3, day, hour, tzinfo=UTC)) for hour in (8, 9)]
            closed = Session(f"{charger}-{day}", times[0], 1.5 * day, ended=times[1], lasted_s=3600.0)
            memory.session(1, None, closed)
        await memory.written()
    yield opened
    await opened.close()


async def ids(database: Database, **asked: Any) -> list[str]:
    return [str(session["id"]) for session in (await query(database, asked))["sessions"]]


async def test_the_newest_come_first(database: Database) -> None:
    assert await ids(database, charger="garage") == [f"garage-{day}" for day in (5, 4, 3, 2, 1)]
    assert len(await ids(database)) == 10
    assert await ids(database, charger="garage", limit=2) == ["garage-5", "garage-4"]
    assert await ids(database, charger="nobody") == []


async def test_a_span_of_time_is_by_the_beginning(database: Database) -> None:
    asked = {"charger": "garage", "from": "2026-03-02T08:00:00Z", "to": "2026-03-04T10:00:00+02:00"}
    assert await ids(database, **asked) == ["garage-3", "garage-2"]


async def test_a_session_is_told_as_on_its_topic(database: Database) -> None:
    (session,) = (await query(database, {"charger": "street", "limit": 1}))["sessions"]
    assert session == {
        "id": "street-5",
        "charger": "street",
        "evse": 1,
        "started": "2026-03-05T08:00:00.000Z",
        "ended": "2026-03-05T09:00:00.000Z",
        "duration_s": 3600,
        "energy_kwh": 7.5,
        "id_tag": None,
        "transaction_id": None,
    }


async def test_what_is_damaged_is_left_out(database: Database) -> None:
    await database.write([("UPDATE sessions SET body='{' WHERE id='garage-3'", ())])
    assert await ids(database, charger="garage") == [f"garage-{day}" for day in (5, 4, 2, 1)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"from": "yesterday"}, "from must be a time"),
        ({"limit": 0}, "limit must be"),
        ({"limit": True}, "limit must be"),
        ({"wish": "garage"}, "wish: unknown"),
    ],
)
async def test_what_cannot_be_understood_is_said(database: Database, asked: Any, words: str) -> None:
    with pytest.raises(HubError, match=words):
        await query(database, asked)
