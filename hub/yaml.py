"""YAML with positions, for files that people write: nothing executable, nothing surprising.

Scalars are read by the core schema: no sexagesimal numbers, no yes/no/on/off booleans, no timestamps. Doubled
keys and boolean keys are errors. Size, depth, anchors and the number of expanded nodes are bounded.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ANCHORS = 64
MAX_NODES = 20_000

INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,16}|0o[0-7]{1,20}|0b[01]{1,64}")
FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
WORDS = {
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "null": None,
    "~": None,
    "": None,
    "Null": None,
}
NON_KEYS = frozenset({"y", "n", "yes", "no", "on", "off"})
"""Booleans to other YAML readers: as keys they'd be read differently elsewhere."""

Path = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """`!tag value`; whoever knows the tag resolves it."""

    tag: str
    value: str


@dataclass(slots=True)
class Tree:
    """A file's value, and where each part of it stands."""

    value: Any
    file: str
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    value_files: dict[Path, str] = field(default_factory=dict)
    """Parts that were included from another file."""

    def where(self, path: Path, *, key: bool = False) -> str:
        """file:line:column of a value (or of its key); of the nearest parent where it isn't there."""
        places = (self.keys, self.values) if key else (self.values, self.keys)
        for length in range(len(path), -1, -1):
            for table in places:
                if path[:length] in table:
                    line, column = table[path[:length]]
                    return f"{self._file_of(path[:length])}:{line}:{column}"
        return f"{self.file}:1:1"

    def _file_of(self, path: Path) -> str:
        for length in range(len(path) - 1, -1, -1):
            if path[:length] in self.value_files:
                return self.value_files[path[:length]]
        return self.file


class YamlError(Exception):
    """Each problem begins with file:line:column. Where the file could be read for all that, `tree` is what it says."""

    def __init__(self, *problems: str, tree: Tree | None = None) -> None:
        super().__init__("\n".join(problems))
        self.problems, self.tree = problems, tree


def load(text: str, file: str, *, max_bytes: int = MAX_BYTES) -> Tree:
    """Raises YamlError for anything that isn't one well-formed, moderate document."""
    if len(text) > max_bytes:
        raise YamlError(f"{file}:1:1: larger than {max_bytes // 1024} KiB")
    if text.count("&") > MAX_ANCHORS and len(re.findall(r"(?:^|[\s\[{,:-])&\w", text)) > MAX_ANCHORS:
        raise YamlError(f"{file}:1:1: more than {MAX_ANCHORS} anchors")
    _check_depth(text, file)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise YamlError(f"{file}:{place}: {error.problem or error.context}") from error
    except RecursionError as error:
        raise YamlError(f"{file}:1:1: nested deeper than {MAX_DEPTH}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(f"{file}:1:1: {str(error).splitlines()[0]}") from error
    tree = Tree(None, file)
    if node is not None:
        builder = _Builder(tree)
        tree.value = builder.build(node, (), 0)
        if builder.repeated:
            raise YamlError(*builder.repeated, tree=tree)
    return tree


def suggestion(word: object, known: Iterable[object]) -> str:
    """`; did you mean 'x'?` where something is close."""
    close = difflib.get_close_matches(str(word), [str(item) for item in known], 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _check_depth(text: str, file: str) -> None:
    """PyYAML recurses: brackets in the thousands would take seconds first."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
        if depth > 4 * MAX_DEPTH:
            raise YamlError(f"{file}:{number}:1: nested deeper than {MAX_DEPTH}")


class _Builder:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._nodes = 0
        self._open: set[int] = set()
        self.repeated: list[str] = []

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self._nodes += 1
        self._tree.values[path] = _place(node)
        if depth > MAX_DEPTH or self._nodes > MAX_NODES or id(node) in self._open:
            raise self._error(node, "nested too deeply, or too large once its anchors are expanded")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                self._no_tag(node, "tag:yaml.org,2002:seq")
                return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
            assert isinstance(node, yaml.MappingNode)
            self._no_tag(node, "tag:yaml.org,2002:map")
            return self._mapping(node, path, depth)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[Any, Any]:
        built: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in built:
                self.repeated.append(str(self._error(key_node, f"key {key!r} stands twice")))
                continue
            self._tree.keys[*path, key] = _place(key_node)
            built[key] = self.build(value_node, (*path, key), depth + 1)
        return built

    def _key(self, node: yaml.Node) -> object:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "a key must be a word or a number")
        key = self._scalar(node)
        if isinstance(key, Tagged) or key is None:
            raise self._error(node, "a key must be a word or a number")
        if node.style is None and (isinstance(key, bool) or str(key).lower() in NON_KEYS):
            raise self._error(node, f"key {node.value!r} is a boolean in YAML; quote it or use another word")
        return key

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if not node.tag.startswith("tag:yaml.org,2002:"):
            return Tagged(node.tag.lstrip("!"), node.value)
        if node.style is not None:
            return node.value
        text = node.value
        if text in WORDS:
            return WORDS[text]
        if INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0x", "0o", "0b") else int(text)
        return float(text) if FLOAT.fullmatch(text) else text

    def _no_tag(self, node: yaml.Node, usual: str) -> None:
        if node.tag != usual:
            raise self._error(node, f"{node.tag} doesn't belong here")

    def _error(self, node: yaml.Node, words: str) -> YamlError:
        line, column = _place(node)
        return YamlError(f"{self._tree.file}:{line}:{column}: {words}")


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
