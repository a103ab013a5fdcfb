"""Where the hub's log goes: the terminal, and a file that is rotated and compressed."""

import gzip
import logging
import re
import shutil
import sys
from collections import deque
from datetime import UTC, datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code != 10}


class TextFormat(logging.Formatter):
    """One line a record; control characters of what came from outside are escaped."""

    def __init__(self, timezone: str = "UTC") -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._zone = ZoneInfo(timezone)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, self._zone).strftime(datefmt or "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).translate(CONTROL)
        return text if record.exc_info else text.replace("\n", "\\n")


class JsonFormat(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        body = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        charger = getattr(record, "charger", None)
        if charger:
            body["charger"] = charger
        if record.exc_info:
            body["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(body).decode()


class Diary(logging.Handler):
    """The latest lines in memory: what a CSMS gets that asks for a charger's diagnostics."""

    def __init__(self, most: int = 5000) -> None:
        super().__init__()
        self.setFormatter(TextFormat())
        self._lines: deque[tuple[float, str]] = deque(maxlen=most)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((record.created, self.format(record)))

    def lines(self, charger: str, oldest: datetime | None, latest: datetime | None) -> list[str]:
        """Those that name the charger: what concerns others is nothing for its CSMS."""
        names = re.compile(rf"(?<![\w-]){re.escape(charger)}(?![\w-])")
        first = oldest.timestamp() if oldest else 0.0
        last = latest.timestamp() if latest else float("inf")
        return [line for at, line in list(self._lines) if first <= at <= last and names.search(line)]


def _compress(source: str, target: str) -> None:
    with Path(source).open("rb") as plain, gzip.open(target, "wb") as packed:
        shutil.copyfileobj(plain, packed)
    Path(source).unlink()


def setup_logs(
    *,
    level: str,
    file: Path | None,
    keep: int,
    compress: bool,
    style: str,
    timezone: str = "UTC",
    diary: Diary | None = None,
) -> None:
    """Takes the place of what was set up before; a file that can't be opened is said on the terminal."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if getattr(handler, "evhub", False) or isinstance(handler, Diary):
            root.removeHandler(handler)
            handler.close()
    if diary is not None:
        root.addHandler(diary)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    problem = None
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(_file_handler(file, keep, compress))
        except OSError as error:
            problem = error
    for handler in handlers:
        handler.setFormatter(JsonFormat() if style == "json" else TextFormat(timezone))
        handler.evhub = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(level.upper())
    if problem:
        logging.getLogger(__name__).error("log.file %s: %s", file, problem)


def _file_handler(file: Path, keep: int, compress: bool) -> logging.Handler:
    handler = TimedRotatingFileHandler(file, when="midnight", backupCount=keep, encoding="utf-8", utc=True)
    if compress:
        handler.namer = lambda name: f"{name}.gz"
        handler.rotator = _compress
    return handler
