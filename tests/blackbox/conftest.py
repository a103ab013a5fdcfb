"""Sites by version; `new` plays a test in both."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.blackbox.site import Site, site

Start = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def new16(tmp_path: Path) -> Start:
    return partial(site, tmp_path, "ocpp1.6")


@pytest.fixture
def new201(tmp_path: Path) -> Start:
    return partial(site, tmp_path, "ocpp2.0.1")


@pytest.fixture(params=["ocpp1.6", "ocpp2.0.1"], ids=["16", "201"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new(tmp_path: Path, version: str) -> Start:
    """What both versions have."""
    return partial(site, tmp_path, version)
