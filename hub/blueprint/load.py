"""Finds a blueprint and merges it with what it extends; every part remembers the file and line it came from."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.errors import BlueprintError, reason
from hub.yaml import Tree, YamlError, load, suggestion

MAX_BYTES = 256 * 1024
MAX_INHERITANCE = 8
Where = tuple[object, ...]


@dataclass(slots=True)
class Source:
    """A merged blueprint: plain values, and for each path the place of its value and of its key."""

    path: str
    value: dict[str, Any]
    places: dict[Where, str] = field(default_factory=dict)
    key_places: dict[Where, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    digest: str = ""
    """Of the files' texts: the same digest, the same blueprint."""

    def where(self, path: Where, *, key: bool = False) -> str:
        first, second = (self.key_places, self.places) if key else (self.places, self.key_places)
        for length in range(len(path), -1, -1):
            place = first.get(path[:length]) or second.get(path[:length])
            if place:
                return place
        return f"{self.path}:1:1"


Read = Callable[[Path], str]


def read_source(path: str, search: Sequence[Path]) -> Source:
    """`path` as in `use_blueprint` (`keba/p30`), or a file's. Raises BlueprintError."""
    return _read(path, search, ())


def _read(path: str, search: Sequence[Path], opened: tuple[Path, ...]) -> Source:
    file = find(path, search)
    if file in opened:
        raise BlueprintError([f"{file}:1:1: extends itself ({' -> '.join(f.stem for f in (*opened, file))})"])
    if len(opened) >= MAX_INHERITANCE:
        raise BlueprintError([f"{file}:1:1: more than {MAX_INHERITANCE} levels of extends"])
    tree, digest = _tree(file)
    base = tree.value.get("extends")
    value = {key: item for key, item in tree.value.items() if key != "extends"}
    own = Source(path, value, *_places(tree), [file], digest)
    if base is None:
        return own
    if not isinstance(base, str):
        raise BlueprintError([f"{tree.where(('extends',))}: extends: expected the path of a blueprint"])
    try:
        below = _read(base, (file.parent, *search), (*opened, file))
    except FileNotFoundError as error:
        raise BlueprintError([f"{tree.where(('extends',))}: extends: {error}"]) from error
    return _merged(below, own)


def find(path: str, search: Sequence[Path]) -> Path:
    """The file of a blueprint. Raises FileNotFoundError with what is near."""
    direct = Path(path)
    if direct.suffix in (".yaml", ".yml") and direct.is_file():
        return direct.resolve()
    relative = direct if direct.suffix == ".yaml" else Path(f"{path}.yaml")
    if ".." in relative.parts or relative.is_absolute():
        raise FileNotFoundError(f"no blueprint {path!r}")
    for folder in search:
        if (folder / relative).is_file():
            return (folder / relative).resolve()
    raise FileNotFoundError(
        f"no blueprint {path!r}{suggestion(path, (name for name, _ in available(search)))}"
    )


def available(search: Sequence[Path]) -> list[tuple[str, Path]]:
    """(path, file) of all blueprints that may be used; a user's own hides a shipped one of the same path."""
    found: dict[str, Path] = {}
    for folder in search:
        for file in sorted(folder.rglob("*.yaml")):
            name = file.relative_to(folder).with_suffix("").as_posix()
            if not any(part.startswith("_") for part in Path(name).parts):
                found.setdefault(name, file)
    return sorted(found.items())


def _tree(file: Path) -> tuple[Tree, str]:
    """(what the file says, the digest of its text)."""
    try:
        text = file.read_text(encoding="utf-8")
        tree = _parsed(text, str(file))
    except YamlError as error:
        raise BlueprintError(list(error.problems)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BlueprintError([f"{file}: cannot be read: {reason(error)}"]) from error
    if not isinstance(tree.value, dict):
        raise BlueprintError([f"{file}:1:1: expected a map with blueprint:, protocol:, points: ..."])
    return tree, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=128)
def _parsed(text: str, file: str) -> Tree:
    """A hundred chargers of one blueprint: parsing is most of what it costs to load one. Nobody changes the tree."""
    return load(text, file, max_bytes=MAX_BYTES)


def _places(tree: Tree) -> tuple[dict[Where, str], dict[Where, str]]:
    return (
        {path: f"{tree.file}:{line}:{column}" for path, (line, column) in tree.values.items()},
        {path: f"{tree.file}:{line}:{column}" for path, (line, column) in tree.keys.items()},
    )


def _merged(below: Source, above: Source) -> Source:
    """Maps merge, scalars and lists replace, null removes."""
    source = Source(
        above.path,
        merge(below.value, above.value),
        {**below.places, **above.places},
        {**below.key_places, **above.key_places},
        [*above.files, *below.files],
        hashlib.sha256(f"{above.digest} {below.digest}".encode()).hexdigest(),
    )
    return source


def merge(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    result = dict(below)
    for key, value in above.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result
