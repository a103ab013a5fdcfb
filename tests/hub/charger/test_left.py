"""Sessions of EVSEs and chargers that have gone: they end, with all that was counted."""

import asyncio
import json
import logging

import pytest

from hub.charger.left import close
from hub.clock import ManualClock
from hub.model.charger import Status
from hub.store.database import Database
from tests.hub.charger.world import BUSY, World, reborn


async def charged(database: Database, clock: ManualClock) -> World:
    """A car at each of two EVSEs; the one at the second has taken 0.5 kWh."""
    world = await reborn(database, clock, evses=2)
    for evse in (1, 2):
        world.see({**BUSY, "energy": 10_000}, Status.CHARGING, evse=evse)
    world.runtime.annotate(2, {"id_tag": "CARD2", "transaction_id": "T2"})
    clock.advance(180)
    world.see({**BUSY, "energy": 10_500}, Status.CHARGING, evse=2)
    world.pass_time(60)
    await world.runtime._memory.written()
    return world


async def closed(database: Database) -> list[tuple[int, float, str | None, float]]:
    rows = await database.read("SELECT evse, body FROM sessions ORDER BY evse")
    bodies = [(evse, json.loads(body)) for evse, body in rows]
    return [(evse, round(it["counted"], 3), it["id_tag"], it["lasted_s"]) for evse, it in bodies]


async def open_at(database: Database) -> list[int]:
    return [evse for (evse,) in await database.read("SELECT evse FROM session_open ORDER BY evse")]


async def test_an_evse_that_is_no_more_leaves_a_closed_session(database: Database) -> None:
    clock = ManualClock()
    await charged(database, clock)
    clock.advance(60)
    after = await reborn(database, clock, evses=1)
    running = asyncio.create_task(after.runtime.run())
    await after.calm()
    assert [event["evse"] for event in after.events("session_ended")] == [2]
    told = [m.payload for m in after.published if m.topic == "evhub/garage/sessions"]
    assert len(told) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await open_at(database) == [1]
    assert await closed(database) == [(2, 0.5, "CARD2", 300.0)]


async def test_a_charger_that_is_taken_away_takes_no_session_with_it(database: Database) -> None:
    clock = ManualClock()
    world = await charged(database, clock)
    await world.runtime.clear()
    assert await open_at(database) == []
    assert await closed(database) == [(1, 0.0, None, 240.0), (2, 0.5, "CARD2", 240.0)]
    assert list(world.bus.retained("evhub/garage/#")) == []


async def test_a_charger_that_was_taken_away_while_the_hub_was_off_leaves_none_open(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    await charged(database, clock)
    await close(database, {"garage"}, clock.now())
    assert await open_at(database) == [1, 2]
    await close(database, {"another"}, clock.now())
    assert await open_at(database) == []
    assert [row[:2] for row in await closed(database)] == [(1, 0.0), (2, 0.5)]
    assert "garage" in caplog.text


async def test_what_cannot_be_read_is_said_once_and_left(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    put = "INSERT INTO session_open VALUES ('garage', ?, ?)"
    await database.write([(put, (2, '{"id": "x"}')), (put, (3, '{"id": "x", "started": "soon"}'))])
    for _ in range(2):
        await close(database, (), ManualClock().now())
    assert len(caplog.records) == 2
    assert await open_at(database) == []
    assert await closed(database) == []
