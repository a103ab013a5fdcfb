"""Fetches a file from, and sends one to, an address that a CSMS names. Blocks: for a thread."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import SplitResult

from hub.uplink import over_ftp, over_http
from hub.uplink.reaching import TransferFailed, Way, translated

LARGEST = 1 << 30


class Protocols(Protocol):
    """Each raises BadUrl, TransferFailed, OSError."""

    def fetch(self, parts: SplitResult, take: Callable[[bytes], None], way: Way) -> None: ...

    def send(self, parts: SplitResult, filename: str, content: bytes, way: Way) -> None: ...


def over(scheme: str) -> Protocols:
    if scheme == "sftp":
        # SSH is read when the first such address comes; several transfers may bring one at once.
        from hub.uplink import over_sftp

        return over_sftp
    return over_http if scheme.startswith("http") else over_ftp


def fetch(url: str, target: Path, way: Way) -> bytes:
    """Writes the file; its SHA-256. Raises TransferFailed, OSError."""
    digest = hashlib.sha256()
    size = 0

    def take(file: IO[bytes], chunk: bytes) -> None:
        nonlocal size
        way.halt.check()
        size += len(chunk)
        if size > LARGEST:
            raise TransferFailed(f"the file is larger than {LARGEST} bytes")
        digest.update(chunk)
        file.write(chunk)

    def work(file: IO[bytes]) -> None:
        parts = way.reach.check(url)
        over(parts.scheme).fetch(parts, lambda chunk: take(file, chunk), way)

    with target.open("wb") as file:
        translated(lambda: work(file))
    return digest.digest()


def send(url: str, filename: str, content: bytes, way: Way) -> None:
    """Raises TransferFailed."""

    def work() -> None:
        parts = way.reach.check(url)
        over(parts.scheme).send(parts, filename, content, way)

    translated(work)
