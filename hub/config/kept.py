"""The last configurations that were good, for a start with a broken file.

Theory: what a hub has started with, or was reloaded with, is copied to the state directory, three generations, without
the secrets: those are read anew. A file that is broken at the next start is said, and the newest copy that still checks
is used. A file that isn't there at all is nobody's configuration: the hub doesn't start.
"""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from hub.config.load import load_config
from hub.config.settings import Config, HubSettings
from hub.errors import ConfigError

log = logging.getLogger(__name__)

GENERATIONS = 3
STATE_DIR = re.compile(rb"""\bstate_dir:\s*["']?([^\s"',}#]+)""")


def load_or_last_good(path: Path) -> Config:
    """Raises ConfigError with what is wrong with the file, when there is no copy of a better one."""
    try:
        return load_config(path)
    except ConfigError as error:
        if not path.is_file():
            raise
        for texts in _copies(state_dir(path), path):
            try:
                good = load_config(path, texts)
            except ConfigError:
                continue
            return replace(good, refused=tuple(error.problems))
        raise


def keep(config: Config) -> None:
    """A configuration that the hub runs with. One with bad chargers isn't good. Raises OSError."""
    folder = config.hub.state_dir / "config"
    body = {"path": str(config.path.absolute()), "texts": dict(config.texts)}
    if not config.texts or config.charger_problems or next(_bodies(folder), None) == body:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / "new.json"
    fresh.touch(mode=0o600)
    with fresh.open("wb") as file:
        file.write(orjson.dumps(body))
        file.flush()
        os.fsync(file.fileno())
    for number in range(GENERATIONS - 1, 0, -1):
        older = folder / f"good-{number}.json"
        if older.is_file():
            older.replace(folder / f"good-{number + 1}.json")
    fresh.replace(folder / "good-1.json")


def state_dir(path: Path) -> Path:
    """As well as a broken file can say it."""
    given = os.environ.get("EVHUB_STATE_DIR")
    if given:
        return path.parent / given
    try:
        found = STATE_DIR.search(path.read_bytes())
    except OSError:
        found = None
    return path.parent / os.fsdecode(found[1]) if found else HubSettings().state_dir


def _copies(folder: Path, path: Path) -> Iterator[dict[str, str]]:
    for body in _bodies(folder / "config"):
        if body.get("path") == str(path.absolute()) and isinstance(body.get("texts"), dict):
            yield body["texts"]


def _bodies(folder: Path) -> Iterator[dict[str, Any]]:
    """The newest first; a damaged one is passed over."""
    for number in range(1, GENERATIONS + 1):
        try:
            body = orjson.loads((folder / f"good-{number}.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            continue
        if isinstance(body, dict):
            yield body
