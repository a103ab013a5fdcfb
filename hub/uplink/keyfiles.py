"""The private keys of one charger's station, each in a file that only the hub can read."""

import os
from pathlib import Path

from hub.ocpp.station.client_certificate import Own

SUFFIX = ".key"


class KeyFiles:
    """`folder` is made with the first key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> frozenset[str]:
        return frozenset(path.stem for path in self._folder.glob(f"*{SUFFIX}"))

    def store(self, name: str, pem: str | None) -> None:
        """None: the key and its certificate go. Raises OSError."""
        path = self._folder / f"{name}{SUFFIX}"
        if pem is None:
            path.unlink(missing_ok=True)
            path.with_suffix(".pem").unlink(missing_ok=True)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, pem)

    def pair(self, own: Own) -> tuple[Path, Path]:
        """(certificate chain, key) as files for TLS. Raises OSError."""
        key = self._folder / f"{own.key}{SUFFIX}"
        certificate = key.with_suffix(".pem")
        _write(certificate, own.pem)
        return certificate, key


def _write(path: Path, text: str) -> None:
    """All of it or nothing, and never readable by others, not even for a moment."""
    half = path.with_suffix(path.suffix + ".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
