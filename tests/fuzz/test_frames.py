"""Coverage-guided fuzzing with atheris, where it is installed: make fuzz."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.fuzz


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
def test_no_frame_breaks_the_receive_path(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.frames", "-runs=200000", "-max_len=4096", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-2000:]
