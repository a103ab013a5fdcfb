"""Fetches a file from, and sends one to, an address that a CSMS names: HTTP, HTTPS and FTP. Blocks: for a thread."""

import base64
import ftplib
import hashlib
import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, quote, unquote, urljoin

from hub.ocpp.station.urls import Reach
from hub.uplink.reaching import Ftp, Halt, Http, TransferFailed, address, context, translated

LARGEST = 1 << 30
CHUNK = 1 << 16
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
REFUSALS = {
    400: "BadMessage",
    401: "PermissionDenied",
    403: "PermissionDenied",
    404: "NotSupportedOperation",
    405: "NotSupportedOperation",
    415: "NotSupportedOperation",
    501: "NotSupportedOperation",
}


@dataclass(frozen=True, slots=True)
class Way:
    """Where a transfer may go, what it trusts, and how it is ended."""

    reach: Reach
    roots: tuple[str, ...]
    halt: Halt


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

    with target.open("wb") as file:
        translated(lambda: _fetch(url, lambda chunk: take(file, chunk), way))
    return digest.digest()


def send(url: str, filename: str, content: bytes, way: Way) -> None:
    """By PUT; by POST where a server takes no PUT. Raises TransferFailed."""
    translated(lambda: _send(url, filename, content, way))


def _fetch(url: str, take: Callable[[bytes], None], way: Way) -> None:
    parts = way.reach.check(url)
    if parts.scheme == "ftp":
        with Ftp(parts, address(parts, way.reach), way.halt) as ftp:
            ftp.retrbinary(f"RETR {unquote(parts.path.lstrip('/'))}", take, CHUNK)
        return
    for _ in range(MOST_REDIRECTS):
        elsewhere = _get(parts, take, way)
        if elsewhere is None:
            return
        secure = parts.scheme == "https"
        parts = way.reach.check(elsewhere, {"https"} if secure else {"http", "https"})
    raise TransferFailed("it was redirected too often")


def _get(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> str | None:
    """None: that was all of it; an address: it is there."""
    with closing(_connection(parts, way)) as connection:
        connection.request("GET", _target(parts), headers=_login(parts))
        answer = connection.getresponse()
        if answer.status in REDIRECTS:
            return urljoin(parts.geturl(), answer.headers.get("Location", ""))
        if answer.status != 200:
            raise TransferFailed(f"HTTP {answer.status}")
        while chunk := answer.read(CHUNK):
            take(chunk)
        if answer.length:
            raise TransferFailed("the connection was lost")
    return None


def _send(url: str, filename: str, content: bytes, way: Way) -> None:
    parts = way.reach.check(url)
    if parts.scheme == "ftp":
        _store(parts, filename, content, way)
        return
    named = parts._replace(path=f"{parts.path}{quote(filename)}") if parts.path.endswith("/") else parts
    status = _put(named, "PUT", content, {"Content-Type": "application/octet-stream"}, way)
    if status in (404, 405, 501):
        status = _put(parts, "POST", *_form(filename, content), way)
    if not 200 <= status < 300:
        raise TransferFailed(f"HTTP {status}", REFUSALS.get(status, "UploadFailure"))


def _put(parts: SplitResult, method: str, content: bytes, headers: dict[str, str], way: Way) -> int:
    with closing(_connection(parts, way)) as connection:
        connection.request(
            method,
            _target(parts),
            io.BytesIO(content),
            headers={**headers, **_login(parts), "Content-Length": str(len(content))},
        )
        return connection.getresponse().status


def _store(parts: SplitResult, filename: str, content: bytes, way: Way) -> None:
    """The address names a folder; where there is none of that name, the file itself."""
    place = unquote(parts.path.lstrip("/"))
    with Ftp(parts, address(parts, way.reach), way.halt) as ftp:
        target = filename
        if place:
            try:
                ftp.cwd(place)
            except ftplib.error_perm:
                target = place
        ftp.storbinary(f"STOR {target}", io.BytesIO(content), CHUNK)


def _connection(parts: SplitResult, way: Way) -> Http:
    way.halt.check()
    secure = context(way.roots) if parts.scheme == "https" else None
    return Http(parts, address(parts, way.reach), secure, way.halt)


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(words).decode()}"}


def _form(filename: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    """N01.FR.19: as a browser's upload."""
    mark = f"evhub-{hashlib.sha256(content).hexdigest()[:32]}"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="uploadfile"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={mark}"}
