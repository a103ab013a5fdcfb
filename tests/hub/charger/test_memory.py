"""What outlives the process, on a real store."""

import asyncio
import logging
from typing import Any

import pytest

from hub.charger.limits import Fallback
from hub.charger.memory import Forgetful, StoredMemory
from hub.charger.sessions import Session
from hub.clock import ManualClock
from hub.errors import StoreError
from hub.model.command import Outcome
from hub.store.database import Database
from tests.hub.charger.world import IDLE, World, reborn

COUNTS_SESSIONS = frozenset({"power", "energy_session"})


async def test_an_answered_limit_is_on_disk(database: Database) -> None:
    """Nothing but the answer is awaited: a kill -9 may come right after it."""
    clock = ManualClock()
    world = await reborn(database, clock)
    world.see()
    assert (await world.command("set_limit", current=10, expires_in=600)).outcome is Outcome.ACCEPTED
    assert (await world.command("set_limit", "home", power=4140)).outcome is Outcome.ACCEPTED
    clock.advance(60)
    after = await reborn(database, clock)
    after.charge()
    assert after.runtime.state(1)["current_limit"] == 6.0
    assert after.runtime.state(1)["limit_source"] == "home"
    assert (await after.command("set_limit", "home", clear=True)).outcome is Outcome.ACCEPTED
    last = await reborn(database, clock)
    last.charge()
    assert last.runtime.state(1)["current_limit"] == 10.0
    assert str(last.runtime.state(1)["limit_until"]).startswith("2026-01-01T00:10:00")


async def test_a_limit_that_ended_while_the_hub_was_away_gives_way_to_the_fallback(
    database: Database,
) -> None:
    clock, fallback = ManualClock(), Fallback("fallback_current", 7.0)
    world = await reborn(database, clock, fallback=fallback)
    await world.command("set_limit", current=16, expires_in=60)
    clock.advance(3600)
    after = await reborn(database, clock, fallback=fallback)
    after.see()
    after.pass_time(1)
    assert after.runtime.state(1)["current_limit"] == 7.0
    assert len(after.events("limit_expired")) == 1
    await after.runtime._memory.written()
    last = await reborn(database, clock, fallback=fallback)
    last.see()
    last.pass_time(1)
    assert last.runtime.state(1)["current_limit"] == 7.0
    assert last.events("limit_expired") == []


async def test_a_pause_survives(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    await world.command("pause")
    after = await reborn(database, clock)
    await after.charging()
    assert [action for action, _, _ in after.device.told] == ["pause"]
    await after.command("resume")
    last = await reborn(database, clock)
    await last.charging()
    assert [action for action, _, _ in last.device.told] == ["start"]


async def test_the_csms_limit_is_the_stations_to_keep(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    world.runtime.wishes.limit(1, "csms", 8.0)
    await world.runtime._memory.written()
    assert await database.read("SELECT * FROM limits") == []


async def test_a_session_goes_on_after_a_restart_and_is_closed_once(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    world.charge(energy=10_000)
    world.runtime.annotate(1, {"id_tag": "CARD", "transaction_id": "T1"})
    clock.advance(60)
    world.charge(energy=10_200)
    await world.runtime._memory.written()
    clock.advance(60)
    after = await reborn(database, clock)
    after.charge(energy=10_400, rfid="CARD")
    assert after.events() == [], "neither a new session nor a new card"
    clock.advance(60)
    after.see({"power": 0.0, "energy": 10_500, "plugged": False})
    await after.runtime._memory.written()
    ((body,),) = await database.read("SELECT body FROM sessions")
    assert '"counted":0.5' in body
    assert '"lasted_s":180.0' in body
    assert await database.read("SELECT * FROM session_open") == []


async def started(world: World) -> list[dict[str, object]]:
    """What stands on the topic of the session when the hub has begun."""
    running = asyncio.create_task(world.runtime.run())
    await world.calm()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return [message.payload for message in world.bus.retained("evhub/garage/session")]  # type: ignore[misc]


async def test_the_last_closed_session_is_shown_again_after_a_restart_and_not_told_again(
    database: Database,
) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    for _ in range(2):
        clock.advance(60)
        world.charge(energy=10_000)
        clock.advance(60)
        world.see({"power": 0.0, "energy": 10_500, "plugged": False})
    await world.runtime._memory.written()
    (before,) = world.bus.retained("evhub/garage/session")
    clock.advance(3600)
    after = await reborn(database, clock)
    assert await started(after) == [before.payload]
    assert [message.topic for message in after.published if "sessions" in message.topic] == []


async def test_a_session_that_goes_on_hides_the_last_closed_one(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    world.charge()
    world.see({"power": 0.0, "energy": 10_500, "plugged": False})
    clock.advance(60)
    world.charge(energy=10_600)
    await world.runtime._memory.written()
    assert await started(await reborn(database, clock)) == []


async def test_a_damaged_last_session_is_said(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    row = "('x', 'garage', 1, '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '{}')"
    await database.write([(f"INSERT INTO sessions VALUES {row}", ())])
    assert await started(await reborn(database, ManualClock())) == []
    assert "its last session can't be shown" in caplog.text


async def test_a_summed_register_goes_on_after_a_restart(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock, readings=COUNTS_SESSIONS)
    for wh in (0, 1000, 0, 0, 300):
        world.see({"power": 0.0, "energy_session": wh})
        clock.advance(1)
    world.pass_time(61)
    await world.runtime._memory.written()
    after = await reborn(database, clock, readings=COUNTS_SESSIONS)
    after.see({"power": 0.0, "energy_session": 400})
    assert after.runtime.state(1)["energy_total"] == 1.4


async def test_a_bad_first_read_after_a_restart_is_no_energy(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    world.charge(energy=10_000)
    await world.runtime._memory.written()
    after = await reborn(database, clock)
    after.charge(energy=10_000 + 65_536)
    assert after.runtime.state(1)["energy_total"] == 10.0
    assert after.runtime.state(1)["session_energy"] == 0.0


async def test_what_is_damaged_is_said_and_left_out(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await database.write(
        [
            ("INSERT INTO limits VALUES ('garage', 1, 'ems', ?)", ("{",)),
            ("INSERT INTO limits VALUES ('garage', 1, 'home', ?)", ('{"current_a": 8.0}',)),
            ("INSERT INTO limits VALUES ('garage', 1, 'cli', ?)", ('{"current_a": -8.0}',)),
            ("INSERT INTO limits VALUES ('garage', 9, 'cli', ?)", ('{"current_a": 6.0}',)),
            ("INSERT INTO session_open VALUES ('garage', 1, ?)", ('{"surprise": 1}',)),
            ("INSERT INTO station VALUES ('garage', 'meter', '1', ?)", ("[]",)),
            ("INSERT INTO station VALUES ('garage', 'meter', 'one', ?)", ("{}",)),
        ]
    )
    world = await reborn(database, ManualClock())
    world.charge()
    assert world.runtime.state(1)["current_limit"] == 8.0
    assert world.runtime.state(1)["energy_total"] == 10.0
    assert len(world.events("session_started")) == 1
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 4


class Failing:
    """A store that is full until it isn't."""

    def __init__(self, database: Database) -> None:
        self.database, self.full = database, True

    async def write(self, statements: Any) -> None:
        if self.full:
            raise StoreError("disk full")
        await self.database.write(statements)


async def test_what_a_full_disk_refuses_waits_and_the_newest_of_each_is_written(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.charger.memory.AGAIN_S", 0.0)
    store = Failing(database)
    memory = StoredMemory(store, "garage")  # type: ignore[arg-type]
    running = asyncio.create_task(memory.run())
    memory.limit(1, "ems", {"current_a": 8.0})
    for _ in range(50):
        await asyncio.sleep(0)
    with pytest.raises(StoreError):
        await memory.written()
    memory.limit(1, "ems", {"current_a": 9.0})
    session = Session("S", "2026-01-01T00:00:00.000Z", ended="2026-01-01T01:00:00.000Z")
    memory.session(1, None, session)
    store.full = False
    await memory.written()
    assert await database.read("SELECT body FROM limits") == [('{"current_a":9.0}',)]
    assert len(await database.read("SELECT * FROM sessions")) == 1
    assert len(caplog.records) == 1, "said once, however often it is tried"
    memory.limit(1, "ems", None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await database.read("SELECT body FROM limits") == [], "the end writes what waits"


async def test_the_runtime_writes_by_itself_and_once_more_at_its_end(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    running = asyncio.create_task(world.runtime.run())
    world.charge()
    async with asyncio.timeout(5):
        while not await database.read("SELECT * FROM session_open"):
            await asyncio.sleep(0)
    clock.advance(1)
    world.charge(energy=10_005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ((body,),) = await database.read("SELECT body FROM station WHERE kind='meter'")
    assert '"register":10.005' in body


async def test_a_meter_is_written_each_minute_in_which_it_moved() -> None:
    kept: list[object] = []

    class Counting(Forgetful):
        def meter(self, evse: int, body: object) -> None:
            kept.append(body)

    world = World(memory=Counting())
    world.see()
    world.pass_time(180)
    assert len(kept) == 1
    world.see({**IDLE, "energy": 10_100})
    world.pass_time(120)
    assert len(kept) == 2


async def test_a_charger_that_was_taken_away_leaves_no_wish_behind(database: Database) -> None:
    clock = ManualClock()
    world = await reborn(database, clock)
    world.charge()
    for op, message in (("set_limit", {"current": 10}), ("pause", {})):
        await world.command(op, **message)
    await world.runtime.clear()
    after = await reborn(database, clock)
    after.charge()
    assert after.runtime.state(1)["current_limit"] == 32.0
    assert after.runtime.wishes.holding(1)["charging"] is True
    assert after.runtime.state(1)["energy_total"] == 10.0
