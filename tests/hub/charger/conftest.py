"""A store for a charger's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.store.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "evhub.db")
    yield database
    await database.close()
