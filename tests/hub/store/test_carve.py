"""Records out of pages, whatever has become of the rest."""

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.carve import PAGE, records

VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=300).filter(lambda t: "\0" not in t)
)


def image_of(path: Path, rows: list[tuple[object, object, object]], *, delete: str = "0") -> bytes:
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, a, b) WITHOUT ROWID")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.execute(f"DELETE FROM t WHERE {delete}")
        connection.execute("COMMIT")
    return path.read_bytes()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=40))
def test_every_record_is_found_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[object, object]]
) -> None:
    rows = [(number, *pair) for number, pair in enumerate(pairs)]
    image = image_of(tmp_path_factory.getbasetemp() / "carve.db", rows)
    assert sorted(records(image), key=lambda row: int(str(row[0]))) == [list(row) for row in rows]


@pytest.mark.parametrize("size", [400, 488, 489, 990, 1001, 1002, 4000, 4092, 5000, 5100, 12_000, 100_000])
def test_texts_that_run_over_several_pages_are_put_together(tmp_path: Path, size: int) -> None:
    rows = [(number, "é" * (size // 2), str(number)) for number in range(20)]
    found = list(records(image_of(tmp_path / "x.db", rows)))
    assert sorted(found, key=lambda row: int(str(row[0]))) == [list(row) for row in rows]


def test_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    rows = [(number, "x" * 500, None) for number in range(500)]
    image = image_of(tmp_path / "x.db", rows, delete="k % 100 <> 7")
    assert sorted(row[0] for row in records(image)) == [7, 107, 207, 307, 407]  # type: ignore[type-var]


def test_other_values_than_texts_and_integers_are_passed_over(tmp_path: Path) -> None:
    assert list(records(image_of(tmp_path / "x.db", [(1, 1.5, None), (2, b"blob", None), (3, "a", 0)]))) == [
        [3, "a", 0]
    ]


def test_damaged_pages_give_less_and_never_an_error(tmp_path: Path) -> None:
    rows = [(number, "x" * draw, number) for number, draw in enumerate([300, 2000, 9000] * 20)]
    image = image_of(tmp_path / "x.db", rows)
    draw = random.Random(3)
    for _ in range(200):
        raw = bytearray(image)
        for _ in range(draw.randrange(1, 30)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        list(records(bytes(raw)))
    for page in range(1, len(image) // PAGE):
        list(records(image[: page * PAGE] + draw.randbytes(PAGE) + image[(page + 1) * PAGE :]))
        list(records(image[: page * PAGE + 100]))
