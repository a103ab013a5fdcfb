"""Stacks of other hands, in the versions that are pinned beside this file: installed once into a folder of the project
(or the one that EVHUB_PEERS names), with the ordinary clients. What can't be had is skipped with its reason.

usage: python -m tests.interop.peers   installs all of them, and says what can't be had
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("EVHUB_PEERS", HERE.parents[2] / ".peers"))
PATIENCE_S = 240
NEWER = ("python3.14", "python3.13")


class Absent(Exception):
    """It can't be had here."""


def node_modules() -> Path:
    """A value of NODE_PATH. Raises Absent."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Absent("node and npm are not installed")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))

    return _once("node", install, HERE / "package-lock.json") / "node_modules"


def python() -> Path:
    """An interpreter that has them. Raises Absent."""
    return _environment("python", sys.executable, HERE / "requirements.txt")


def files_python() -> Path:
    """The same with a file server. Raises Absent."""
    return _environment("python-files", sys.executable, HERE / "requirements-files.txt")


def newer_python() -> Path:
    """The same with what needs 3.13. Raises Absent."""
    installed = sorted(map(str, Path.home().glob(".pyenv/versions/3.1[3-9].*/bin/python3")))
    interpreter = next(filter(_runs, (*NEWER, *installed)), None)
    if interpreter is None:
        raise Absent("it needs Python 3.13 or newer")
    return _environment("python-newer", interpreter, HERE / "requirements-newer.txt")


def compiled(folder: Path, source: Path, *libraries: str) -> Path:
    """A program in C with libraries that pkg-config knows. Raises Absent."""
    flags: list[str] = []
    for library in libraries:
        flags += _run("pkg-config", "--cflags", "--libs", library).split()
    _run("cc", "-O1", "-o", str(folder / source.stem), str(source), *flags)
    return folder / source.stem


def unpacked() -> Path:
    """Debian's packages of `debian.txt`, not installed: nothing of them runs by itself. Raises Absent."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Absent("this is no Debian")
    packages = (HERE / "debian.txt").read_text().split()

    def install(folder: Path) -> None:
        unpack = 'cd "$0" && apt-get download -qq "$@" && for file in *.deb; do dpkg -x "$file" .; done'
        _run("sh", "-c", unpack, str(folder), *packages)

    return _once("debian", install, HERE / "debian.txt")


def _environment(name: str, interpreter: str, requirements: Path) -> Path:
    def install(folder: Path) -> None:
        _run(interpreter, "-m", "venv", str(folder))
        pip = (
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        )
        _run(*pip, "-r", str(requirements))

    return _once(name, install, requirements) / "bin" / "python"


def _once(name: str, install: Callable[[Path], None], pins: Path) -> Path:
    """A folder that has what the file `pins` says; several test processes may ask at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder, stamp = FOLDER / name, FOLDER / f"{name}.installed"
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != pins.read_text():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            stamp.write_text(pins.read_text())
    return folder


def _runs(interpreter: str) -> bool:
    try:
        _run(interpreter, "-c", "import venv")
    except Absent:
        return False
    return True


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S, text=True)
    except FileNotFoundError:
        raise Absent(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Absent(f"{command[0]} took too long") from None
    if done.returncode:
        raise Absent(f"{Path(command[0]).name}: {done.stderr.strip()[-200:]}")
    return done.stdout


ALL: Sequence[Callable[[], Path]] = (node_modules, python, newer_python, files_python, unpacked)
