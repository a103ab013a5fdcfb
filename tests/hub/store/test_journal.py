"""Effects become rows and come back as memory and outbox."""

from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.ocpp.station.effects import Attempt, Bury, Keep, Owe, Settle
from hub.store import journal
from hub.store.database import Database

NOW = ManualClock().now()


@pytest.fixture
async def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = await Database.open(tmp_path / "evhub.db")
    yield database
    await database.close()


async def test_what_is_kept_comes_back_and_what_is_forgotten_does_not(database: Database) -> None:
    changes = [
        Keep("variable", "a", "1"),
        Keep("boot", "reason", {"x": [1, None]}),
        Keep("variable", "a", "2"),
    ]
    await database.write(journal.statements("c", changes, NOW))
    await database.write(journal.statements("other", [Keep("variable", "b", True)], NOW))
    assert await journal.memory(database, "c") == {
        ("variable", "a"): "2",
        ("boot", "reason"): {"x": [1, None]},
    }
    await database.write(journal.statements("c", [Keep("boot", "reason", None)], NOW))
    assert await journal.memory(database, "c") == {("variable", "a"): "2"}


async def test_the_outbox_comes_back_in_order_with_its_attempts(database: Database) -> None:
    changes = [Owe(9, {"n": 9}), Owe(10, {"n": 10}), Owe(11, {"n": 11}), Attempt(10, 2), Settle(9)]
    await database.write(journal.statements("c", changes, NOW))
    await database.write(journal.statements("other", [Owe(9, {})], NOW))
    assert await journal.outbox(database, "c", NOW) == [(10, {"n": 10}, 2), (11, {"n": 11}, 0)]


async def test_an_id_is_never_given_twice_even_when_the_outbox_is_empty(database: Database) -> None:
    await database.write(journal.statements("c", [Owe(4, {}), Settle(4)], NOW))
    assert await journal.outbox(database, "c", NOW) == []
    assert (await journal.memory(database, "c"))["counter", "outbox"] == 5


async def test_a_buried_message_lies_among_the_dead_letters_with_its_reason(database: Database) -> None:
    changes = [Owe(1, {"n": 1}), Bury(1, {"n": 1}, "Timeout")]
    await database.write(journal.statements("c", changes, NOW))
    assert await journal.outbox(database, "c", NOW) == []
    assert await journal.dead_letters(database) == 1
    rows = await database.read("SELECT charger, id, body, reason, at FROM dead_letters")
    assert rows == [("c", 1, '{"n":1}', "Timeout", "2026-01-01T00:00:00.000Z")]


async def test_what_a_damaged_disk_made_unreadable_blocks_nothing_else(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    changes = [Owe(1, {"n": 1}), Owe(2, {"n": 2}), Keep("variable", "a", "1"), Keep("variable", "b", "2")]
    await database.write(journal.statements("c", changes, NOW))
    garbage = "CAST(x'7b22ff' AS TEXT)"
    await database.write([(f"UPDATE outbox SET body={garbage} WHERE id=1", ())])
    await database.write([(f"UPDATE station SET body={garbage} WHERE key='a'", ())])
    assert await journal.outbox(database, "c", NOW) == [(2, {"n": 2}, 0)]
    assert ("variable", "a") not in await journal.memory(database, "c")
    assert await journal.dead_letters(database) == 1
    assert caplog.text.count("can't be read") == 2
    assert await journal.outbox(database, "c", NOW) == [(2, {"n": 2}, 0)]
