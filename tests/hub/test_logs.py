"""The log: one line a record, whatever is in it."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.logs import Diary, JsonFormat, TextFormat, _compress, setup_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    level = root.level
    yield root
    for handler in list(root.handlers):
        if getattr(handler, "evhub", False):
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)


def record(text: str, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("n", logging.WARNING, "f", 1, text, (), None)
    made.__dict__.update(more)
    return made


def test_control_characters_cannot_forge_a_line() -> None:
    line = TextFormat().format(record("token \x1b[31m\nERROR forged"))
    assert "\n" not in line
    assert "\\x1b" in line


def test_a_line_has_the_time_of_the_configured_zone() -> None:
    told = record("x")
    told.created = 1_800_000_000.0
    assert TextFormat().format(told).startswith("2027-01-15T08:00:00+0000 WARNING n: x")
    assert TextFormat("Asia/Tokyo").format(told).startswith("2027-01-15T17:00:00+0900")


def test_json_lines_name_the_charger_and_the_exception() -> None:
    body = json.loads(JsonFormat().format(record("x", charger="garage")))
    assert (body["level"], body["charger"]) == ("warning", "garage")
    try:
        raise ValueError("why")
    except ValueError as error:
        told = record("x", exc_info=(ValueError, error, None))
    assert "why" in JsonFormat().format(told)


def test_the_file_is_written_rotated_and_compressed(tmp_path: Path, root: logging.Logger) -> None:
    file = tmp_path / "log" / "evhub.log"
    for style in ("text", "json"):
        setup_logs(level="info", file=file, keep=2, compress=True, style=style)
    logging.getLogger("x").info("hello")
    assert "hello" in file.read_text()
    _compress(str(file), str(tmp_path / "old.gz"))
    assert not file.exists()


def test_a_log_file_that_cannot_be_opened_is_no_reason_to_stop(tmp_path: Path, root: logging.Logger) -> None:
    (tmp_path / "file").write_text("")
    setup_logs(level="info", file=tmp_path / "file" / "x.log", keep=1, compress=False, style="text")


def test_the_diary_tells_a_charger_s_lines_of_the_time_that_is_asked_for() -> None:
    diary = Diary(most=3)
    for text in ("garage: forgotten", "garage: one", "garage-2: other", "two at garage"):
        diary.handle(record(text))
    lines = diary.lines("garage", None, None)
    assert [line.rpartition("n: ")[2] for line in lines] == ["garage: one", "two at garage"]
    assert diary.lines("garage", datetime(2100, 1, 1, tzinfo=UTC), None) == []
    assert diary.lines("garage", None, datetime(2000, 1, 1, tzinfo=UTC)) == []
