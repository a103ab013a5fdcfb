"""Peers as fixtures: what can't be had is skipped with its reason."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop import peers

HERE = Path(__file__).parent


@contextmanager
def _or_skipped() -> Iterator[None]:
    try:
        yield
    except peers.Absent as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def node_modules() -> Path:
    with _or_skipped():
        return peers.node_modules()


@pytest.fixture(scope="session")
def node(node_modules: Path) -> list[str]:
    """The words before a script's name."""
    return ["env", f"NODE_PATH={node_modules}", "node"]


@pytest.fixture(scope="session")
def pychonet() -> Path:
    with _or_skipped():
        return peers.python()


@pytest.fixture(scope="session")
def pyhems() -> Path:
    with _or_skipped():
        return peers.newer_python()


@pytest.fixture(scope="session")
def files_python() -> Path:
    with _or_skipped():
        return peers.files_python()


@pytest.fixture(scope="session")
def debian() -> Path:
    with _or_skipped():
        return peers.unpacked()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """(source, libraries ...) -> program"""

    @functools.cache
    def program(source: Path, *libraries: str) -> Path:
        with _or_skipped():
            return peers.compiled(tmp_path_factory.mktemp("peer"), source, *libraries)

    return program


@pytest.fixture
def libmodbus(compiled: Callable[..., Path]) -> list[str]:
    return [str(compiled(HERE / "modbus" / "peer.c", "libmodbus"))]


@pytest.fixture
def modbus_serial(node: list[str]) -> list[str]:
    return [*node, str(HERE / "modbus" / "peer.js")]
