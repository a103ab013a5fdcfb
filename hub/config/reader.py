"""Reads evhub.yaml with what it includes, its secrets and the environment; what fails is a problem at its place."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.config.settings import Secret
from hub.errors import ConfigError, reason
from hub.yaml import Tagged, Tree, YamlError, load, suggestion

MAX_INCLUDES = 16
DEFAULT_PLACES = (Path("/etc/evhub/evhub.yaml"), Path("evhub.yaml"), Path("config/evhub.yaml"))


class Reader:
    """Resolves !include, !secret and !env; what fails is a problem at its place."""

    def __init__(self, path: Path, given: Mapping[str, str]) -> None:
        self._path = path
        self._given = given
        self.texts: dict[str, str] = {}
        """What was read, but for the secrets."""
        self.problems: list[str] = []
        self.charger_problems: dict[str, list[str]] = {}
        self._secrets: Tree | None = None
        self._includes = 0
        self._open = [path.resolve()]

    def read(self) -> Tree:
        tree = self._file(self._path, self._text(self._path))
        tree.value = self._resolved(tree.value, (), tree)
        return tree

    def in_charger(self, problem: str) -> bool:
        return any(problem in problems for problems in self.charger_problems.values())

    def _text(self, path: Path) -> str:
        try:
            text = self._given.get(_name(path))
            text = path.read_text(encoding="utf-8") if text is None else text
        except (OSError, UnicodeDecodeError) as error:
            hint = "; name yours with -c" if path in DEFAULT_PLACES else ""
            raise ConfigError([f"{path}: cannot be read: {reason(error)}{hint}"]) from error
        self.texts[_name(path)] = text
        return text

    def _file(self, path: Path, text: str) -> Tree:
        try:
            return load(text, str(path))
        except YamlError as error:
            if error.tree is None:
                raise ConfigError(list(error.problems)) from error
            self.problems += error.problems
            return error.tree

    def _resolved(self, node: Any, path: tuple[object, ...], tree: Tree) -> Any:
        if isinstance(node, Tagged):
            return self._tag(node, path, tree)
        if isinstance(node, dict):
            return {key: self._resolved(item, (*path, key), tree) for key, item in node.items()}
        if isinstance(node, list):
            return [self._resolved(item, (*path, index), tree) for index, item in enumerate(node)]
        return node

    def _tag(self, node: Tagged, path: tuple[object, ...], tree: Tree) -> Any:
        handlers = {"secret": self._secret, "env": self._env, "include": self._include}
        handler = handlers.get(node.tag)
        try:
            if handler is None:
                raise ValueError(f"!{node.tag} is unknown{suggestion(node.tag, handlers)}")
            return handler(node.value, path, tree)
        except ValueError as error:
            problem = f"{tree.where(path)}: {'.'.join(map(str, path))}: {error}"
            self.problems.append(problem)
            if path[:1] == ("chargers",) and len(path) > 1:
                self.charger_problems.setdefault(str(path[1]), []).append(problem)
            return "missing" if node.tag != "include" else {}

    def _env(self, name: str, _path: object, _tree: Tree) -> str:
        value = os.environ.get(name)
        if value is None:
            raise ValueError(f"!env {name}: there is no such environment variable")
        return Secret(value)

    def _secret(self, name: str, _path: object, _tree: Tree) -> str:
        file = self._path.with_name("secrets.yaml")
        if self._secrets is None:
            if not file.is_file():
                raise ValueError(f"!secret {name}: {file} is missing")
            if file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_IROTH):
                raise ValueError(f"!secret {name}: {file} may be read or written by others; chmod 600 {file}")
            self._secrets = self._file(file, self._text(file))
            del self.texts[_name(file)]
        found = self._secrets.value if isinstance(self._secrets.value, dict) else {}
        if not isinstance(found.get(name), str | int | float):
            raise ValueError(f"!secret {name}: not in {file}{suggestion(name, found)}")
        return Secret(found[name])

    def _include(self, name: str, path: tuple[object, ...], tree: Tree) -> Any:
        self._includes += 1
        folder = self._path.parent.resolve()
        file = (folder / name).resolve()
        if self._includes > MAX_INCLUDES:
            raise ValueError(f"more than {MAX_INCLUDES} includes")
        if not file.is_relative_to(folder) or not (_name(file) in self._given or file.is_file()):
            raise ValueError(f"!include {name}: no such file beside {self._path.name}")
        if file in self._open:
            raise ValueError(f"!include {name}: it includes itself")
        self._open.append(file)
        try:
            return self._included(file, path, tree)
        finally:
            self._open.pop()

    def _included(self, file: Path, path: tuple[object, ...], tree: Tree) -> Any:
        included = self._file(file, self._text(file))
        for table, theirs in ((tree.values, included.values), (tree.keys, included.keys)):
            table.update({(*path, *place): position for place, position in theirs.items() if place})
        tree.value_files[path] = str(file)
        return self._resolved(included.value, path, tree)


def _name(path: Path) -> str:
    return str(path.absolute())
