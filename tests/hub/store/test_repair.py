"""Damaged stores: found out, kept aside, and their readable rows saved."""

import contextlib
import functools
import random
import sqlite3
from pathlib import Path

import orjson
import pytest

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store import journal
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.store.repair import replace, resume, sound

NOW = ManualClock().now()
ROWS = 400


def fill(path: Path) -> None:
    """A store with messages owed, as a hub leaves it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        migrate(connection, path)
        connection.execute("BEGIN")
        for number in range(1, ROWS + 1):
            body = orjson.dumps({"n": number, "filler": "x" * (300 if number % 7 else 9000)}).decode()
            connection.execute("INSERT INTO outbox VALUES ('c', ?, ?, 0)", (number, body))
        connection.execute("INSERT INTO station VALUES ('c', 'boot', 'reason', '\"PowerUp\"')")
        connection.execute("COMMIT")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("image") / "evhub.db"
    fill(path)
    return path.read_bytes()


async def owed(path: Path) -> list[int]:
    database = await Database.open(path)
    try:
        await journal.memory(database, "c")
        rows = await journal.outbox(database, "c", NOW)
        await database.write([("INSERT OR REPLACE INTO outbox VALUES ('new', 1, '{}', 0)", ())])
        return [number for number, body, _ in rows if body["n"] == number]
    finally:
        await database.close()


async def test_rows_on_both_sides_of_a_damaged_page_are_saved(
    tmp_path: Path, image: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "evhub.db"
    interior = [at for at in range(4096, len(image), 4096) if image[at] == 2]
    middle = interior[-1]
    path.write_bytes(image[:middle] + b"\xff" * 4096 + image[middle + 4096 :])
    saved = await owed(path)
    assert 1 in saved
    assert ROWS in saved
    assert len(saved) > ROWS - 40
    (kept,) = tmp_path.glob("evhub.db.corrupt-*")
    assert kept.read_bytes()[middle : middle + 4096] == b"\xff" * 4096
    assert "rows were saved" in caplog.text


@pytest.mark.parametrize(
    ("start", "end"), [(0, 16), (0, 100), (0, 4096), (16, 40), (18, 20), (60, 64), (40, 60)]
)
@pytest.mark.parametrize("filler", [b"\0", b"\xa5"])
async def test_a_lost_header_or_schema_costs_no_rows(
    tmp_path: Path, image: bytes, start: int, end: int, filler: bytes
) -> None:
    path = tmp_path / "evhub.db"
    path.write_bytes(image[:start] + filler * (end - start) + image[end:])
    try:
        saved = await owed(path)
    except StoreError as error:
        # A version of the future is refused, and the file stays as it is.
        assert "newer" in str(error)
        assert (start, end) == (60, 64)
    else:
        assert len(saved) == ROWS


async def test_a_hundred_random_damages_never_stop_the_hub_and_lose_few_rows(
    tmp_path: Path, image: bytes
) -> None:
    draw = random.Random(7)
    for round_ in range(100):
        path = tmp_path / str(round_) / "evhub.db"
        path.parent.mkdir()
        raw = bytearray(image)
        at = draw.randrange(100, len(raw))
        match round_ % 4:
            case 0:
                raw[at] ^= 1 << draw.randrange(8)
            case 1:
                raw[at : at + 5000] = bytes(len(raw[at : at + 5000]))
            case 2:
                del raw[max(at, 4096 * 8) :]
            case 3:
                raw[at : at + 64] = draw.randbytes(len(raw[at : at + 64]))
        path.write_bytes(raw)
        saved = await owed(path)
        assert saved, f"round {round_}"
        assert saved == sorted(set(saved))


async def test_a_file_that_never_was_a_database_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    path.write_bytes(b"no database " * 1000)
    assert await owed(path) == []
    (kept,) = tmp_path.glob("evhub.db.corrupt-*")
    assert kept.read_bytes() == b"no database " * 1000


def test_an_empty_file_is_a_new_store_and_a_missing_table_is_a_damage(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    path.touch()
    assert sound(path)
    fill(path)
    assert sound(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE dead_letters")
    assert not sound(path)
    replace(path)
    assert sound(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (ROWS,)


async def test_a_store_that_somebody_else_holds_is_not_taken_for_damaged(
    tmp_path: Path, image: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evhub.db"
    path.write_bytes(image)
    impatient = functools.partial(sqlite3.connect, timeout=0.01)
    monkeypatch.setattr("hub.store.repair.sqlite3.connect", impatient)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sound(path)
    assert not list(tmp_path.glob("*.corrupt-*"))


async def test_a_row_that_is_no_json_any_more_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "evhub.db"
    fill(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outbox SET body=CAST(x'7bff' AS TEXT) WHERE id=5")
        connection.execute("UPDATE outbox SET body='{' WHERE id=6")
        connection.commit()
    replace(path)
    assert set(range(1, ROWS + 1)) - set(await owed(path)) == {5, 6}


async def test_a_start_that_is_cut_off_while_saving_is_made_again(
    tmp_path: Path, image: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evhub.db"
    path.write_bytes(b"?" * 4096 + image[4096:])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("cut off")))
        with pytest.raises(OSError, match="cut off"):
            replace(path)
    assert path.read_bytes()[:4096] == b"?" * 4096
    assert len(await owed(path)) == ROWS
    assert not (tmp_path / "evhub.db.new").exists()
    path.rename(tmp_path / "evhub.db.new")
    resume(path)
    assert len(await owed(path)) == ROWS
