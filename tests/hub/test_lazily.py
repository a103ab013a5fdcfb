"""What isn't needed isn't read."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.lazily import lazily


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "seldom_needed.py").write_text("import sys\nsys.seldom_ran = True\nANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "seldom_ran", False, raising=False)
    monkeypatch.delitem(sys.modules, "seldom_needed", raising=False)
    return "seldom_needed"


def test_a_module_runs_when_something_is_first_asked_of_it(name: str) -> None:
    module = lazily(name)
    assert not getattr(sys, "seldom_ran")  # noqa: B009 - sys has no such attribute for a type checker
    assert module.ANSWER == 42
    assert getattr(sys, "seldom_ran")  # noqa: B009


def test_all_get_the_same_module(name: str) -> None:
    assert lazily(name) is lazily(name) is sys.modules.pop(name)


def test_a_module_that_there_is_not_is_said_at_once() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module_here"):
        lazily("no_such_module_here")


def test_a_hub_reads_no_cryptography_before_it_has_a_certificate_to_look_at() -> None:
    asked = "import sys, hub.app; print('cryptography' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
