"""Chargers that were found and accepted: a file of the hub's own in the state directory, beside what people write.

What evhub.yaml says of a charger with the same id goes before it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub.errors import HubError, reason
from hub.yaml import Tree, YamlError, load

FILE = "accepted.yaml"
HEAD = "# Written by evhub: chargers that were found and accepted. evhub.yaml goes before it.\n"


@dataclass(frozen=True, slots=True)
class Accepted:
    """`chargers`: id -> what would stand in evhub.yaml. `ignored`: keys of devices that nobody wants to see."""

    chargers: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @classmethod
    def read(cls, state_dir: Path) -> "Accepted":
        """Raises HubError for a file that isn't of the hub's own making."""
        tree = _tree(state_dir / FILE)
        value = tree.value if tree is not None else {}
        chargers, ignored = value.get("chargers") or {}, value.get("ignored") or []
        if not isinstance(chargers, dict) or not isinstance(ignored, list):
            raise HubError(f"{state_dir / FILE}:1:1: expected chargers: and ignored:")
        return cls(chargers, tuple(map(str, ignored)))

    def write(self, state_dir: Path) -> None:
        """All or nothing. Raises HubError."""
        body = {"chargers": dict(self.chargers), "ignored": list(self.ignored)}
        text = HEAD + yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
        file = state_dir / FILE
        draft = file.with_suffix(".draft")
        try:
            with draft.open("w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
        except OSError as error:
            raise HubError(f"{file}: {reason(error)}") from error


def lay_below(tree: Tree, state_dir: Path) -> list[str]:
    """Adds the accepted chargers that the file doesn't have itself; returns what is wrong with theirs."""
    try:
        accepted = _tree(state_dir / FILE)
    except HubError as error:
        return [str(error)]
    found = (accepted.value.get("chargers") or {}) if accepted is not None else {}
    own = tree.value.get("chargers")
    if accepted is None or not isinstance(found, dict) or not (own is None or isinstance(own, dict)):
        return []
    more = {charger: body for charger, body in found.items() if charger not in (own or {})}
    tree.value["chargers"] = {**(own or {}), **more}
    for charger in more:
        _take_places(tree, accepted, ("chargers", charger))
    return []


def line(charger: str, body: Mapping[str, Any]) -> str:
    """As it would stand below `chargers:` in evhub.yaml."""
    text = yaml.safe_dump(
        dict(body), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return f"{charger}: {text.strip()}"


def _tree(file: Path) -> Tree | None:
    if not file.is_file():
        return None
    try:
        tree = load(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError, YamlError) as error:
        raise HubError(str(error)) from error
    if not isinstance(tree.value, dict):
        raise HubError(f"{file}:1:1: expected a map with chargers:")
    return tree


def _take_places(tree: Tree, other: Tree, path: tuple[object, ...]) -> None:
    for table, theirs in ((tree.values, other.values), (tree.keys, other.keys)):
        table.update(_below(theirs.items(), path))
    tree.value_files[path] = other.file


def _below(
    places: Iterable[tuple[tuple[object, ...], tuple[int, int]]], path: tuple[object, ...]
) -> Iterable[tuple[tuple[object, ...], tuple[int, int]]]:
    return [(place, position) for place, position in places if place[: len(path)] == path]
