"""The command that installs: run once for the same file, and believed by its exit code."""

import sys
from pathlib import Path

import pytest

from hub.errors import HubError
from hub.uplink.installer import CommandInstaller

PYTHON = sys.executable


async def test_the_command_gets_path_and_digest_and_runs_once_for_a_file(tmp_path: Path) -> None:
    note = tmp_path / "note"
    script = f"import sys; open({str(note)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    installer = CommandInstaller((PYTHON, "-c", script), unsigned=False)
    for digest in ("aa", "aa", "bb"):
        await installer.install(Path("/fw"), digest, signed=True)
    assert note.read_text() == "/fw aa\n/fw bb\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((PYTHON, "-c", "raise SystemExit(3)"), "ended with 3"),
        (("/nonexistent/command",), "can't be run"),
        ((PYTHON, "-c", "import time; time.sleep(60)"), "longer"),
    ],
)
async def test_what_goes_wrong_is_said(command: tuple[str, ...], words: str) -> None:
    installer = CommandInstaller(command, unsigned=True, longest_s=0.5 if "longer" in words else 30)
    with pytest.raises(HubError, match=words):
        await installer.install(Path("/fw"), "aa", signed=False)


async def test_unsigned_firmware_wants_a_person_s_consent() -> None:
    with pytest.raises(HubError, match="isn't signed"):
        await CommandInstaller((PYTHON,), unsigned=False).install(Path("/fw"), "aa", signed=False)
