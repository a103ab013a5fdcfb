"""What outlives the hub."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.circuits.circuit import Circuit
from hub.circuits.kept import OWN, PUT_LIMIT, PUT_SHARE, SHARE, Kept, Share
from hub.clock import ManualClock
from hub.config.settings import CircuitSettings
from hub.errors import StoreError
from hub.store.database import Database

SETTINGS = CircuitSettings("c", "c", 32.0, ())
CLOCK = ManualClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "hub.db")
    yield opened
    await opened.close()


async def test_shares_are_read_again(database: Database) -> None:
    kept, again = Kept(database), Kept(database)
    await kept.keep({("box-a", 1): Share(6.0, 16.0), ("box-a", 2): Share(0.0, 0.0)})
    await again.read()
    assert again.shares == kept.shares == {("box-a", 1): Share(6.0, 16.0), ("box-a", 2): Share(0.0, 0.0)}


@pytest.mark.parametrize(
    ("key", "body"), [("a/1", "{"), ("a/1", "[]"), ("a/1", '{"given_a": "x"}'), ("a", "{}")]
)
async def test_what_cannot_be_read_is_said_and_left_out(
    database: Database, caplog: pytest.LogCaptureFixture, key: str, body: str
) -> None:
    await database.write([(PUT_SHARE, (OWN, SHARE, key, body))])
    kept = Kept(database)
    await kept.read()
    assert kept.shares == {}
    assert "can't be read any more" in caplog.text


async def test_limits_are_restored_and_forgotten(database: Database) -> None:
    circuit, now = Circuit(SETTINGS), CLOCK.now()
    circuit.limits.set("ems", 20.0)
    kept = Kept(database)
    await kept.limit(circuit, "ems", now)
    again = Circuit(SETTINGS)
    await kept.restore(again, now)
    assert again.limit().asked_a == 20.0
    circuit.limits.set("ems", None)
    await kept.limit(circuit, "ems", now)
    again = Circuit(SETTINGS)
    await kept.restore(again, now)
    assert again.limit().asked_a == 32.0


async def test_a_circuit_that_is_no_more_has_no_limits(database: Database) -> None:
    circuit, kept = Circuit(SETTINGS), Kept(database)
    circuit.limits.set("ems", 20.0)
    await kept.limit(circuit, "ems", CLOCK.now())
    await kept.forget("c")
    again = Circuit(SETTINGS)
    await kept.restore(again, CLOCK.now())
    assert again.limit().asked_a == 32.0


async def test_a_limit_that_is_none_is_left_out(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await database.write([(PUT_LIMIT, ("circuit/c", "ems", '{"current_a": -5}'))])
    circuit = Circuit(SETTINGS)
    await Kept(database).restore(circuit, CLOCK.now())
    assert circuit.limit().asked_a == 32.0
    assert "can't be used" in caplog.text


async def test_a_full_disk_is_told_once_and_stops_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(_rows: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(database, "write", full)
    kept = Kept(database)
    for amperes in (6.0, 8.0):
        await kept.keep({("a", 1): Share(amperes, amperes)})
    assert kept.shares == {("a", 1): Share(8.0, 8.0)}  # known all the same, for a charger that comes anew
    assert caplog.text.count("disk full") == 1
