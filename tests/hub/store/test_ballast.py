"""The reserve on the disk."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from hub.store import ballast
from hub.store.ballast import Ballast


class Usage(NamedTuple):
    free: int


def test_the_ballast_takes_space_and_gives_it_back(tmp_path: Path) -> None:
    reserve = Ballast(tmp_path / "ballast", 100_000)
    assert not reserve.drop()
    reserve.load()
    reserve.load()
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 100_000
    assert reserve.drop()
    assert not (tmp_path / "ballast").exists()


def test_a_disk_with_little_room_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(ballast.ROOM - 1))
    Ballast(tmp_path / "ballast").load()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    reserve = Ballast(tmp_path / "gone" / "ballast")
    reserve.load()
    assert not reserve.drop()
