"""The cases of the certification: which there are, which of them we show, and by which test."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
VERSIONS = {"1.6": "ocpp16", "2.0.1": "ocpp201"}


def case(number: str, *requirements: str, says: str | None = None) -> pytest.MarkDecorator:
    """Marks the test (or the row of a table) that shows a case. `says`: what a row shows."""
    return pytest.mark.case(number, *requirements, says=says)


@dataclass(frozen=True, slots=True)
class Listed:
    """A case of the catalogue. `absent`: why it doesn't apply to a station of this hub."""

    number: str
    block: str
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A case that a test shows."""

    number: str
    requirements: tuple[str, ...]
    says: str
    file: str


def listed(version: str) -> list[Listed]:
    """The catalogue, in its order."""
    tree: dict[str, list[Any]] = yaml.safe_load((HERE / f"{VERSIONS[version]}.yaml").read_text())
    return [_listed(block, row) for block, rows in tree.items() for row in rows]


def _listed(block: str, row: str | dict[str, str]) -> Listed:
    if isinstance(row, str):
        return Listed(row, block)
    ((number, absent),) = row.items()
    return Listed(number, block, absent)


def shown(version: str) -> list[Shown]:
    """Read from the tests' source: each use of `case`."""
    found = []
    for path in sorted((HERE / VERSIONS[version]).glob("test_*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found += list(_marks(function, path.name))
    return found


def _marks(function: ast.FunctionDef | ast.AsyncFunctionDef, file: str) -> Iterator[Shown]:
    name = function.name.removeprefix("test_").replace("_", " ")
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "case":
                number, *requirements = (ast.literal_eval(argument) for argument in node.args)
                says = next((ast.literal_eval(word.value) for word in node.keywords), None)
                yield Shown(number, tuple(requirements), says or name, file)
