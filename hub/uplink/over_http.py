"""Files by HTTP and HTTPS: GET, and PUT or a browser's POST."""

import base64
import hashlib
import http.client
import io
from collections.abc import Callable
from contextlib import closing
from urllib.parse import SplitResult, quote, unquote, urljoin

from hub.uplink.reaching import CHUNK, TIMEOUT_S, TransferFailed, Way, connect, port, secured

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


class _Connection(http.client.HTTPConnection):
    def __init__(self, parts: SplitResult, way: Way) -> None:
        super().__init__(parts.hostname or "", port(parts), timeout=TIMEOUT_S)
        self._parts, self._way = parts, way

    def connect(self) -> None:
        self.sock = connect(self._parts, self._way)
        if self._parts.scheme == "https":
            self.sock = secured(self.sock, self._parts, self._way)


def fetch(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> None:
    try:
        _follow(parts, take, way)
    except http.client.HTTPException as error:
        raise TransferFailed(f"{type(error).__name__}: {error}") from error


def send(parts: SplitResult, filename: str, content: bytes, way: Way) -> None:
    """By PUT; by POST where a server takes no PUT."""
    try:
        status = _sent(parts, filename, content, way)
    except http.client.HTTPException as error:
        raise TransferFailed(f"{type(error).__name__}: {error}") from error
    if not 200 <= status < 300:
        raise TransferFailed(f"HTTP {status}", REFUSALS.get(status, "UploadFailure"))


def _follow(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> None:
    for _ in range(MOST_REDIRECTS):
        elsewhere = _get(parts, take, way)
        if elsewhere is None:
            return
        secure = parts.scheme == "https"
        parts = way.reach.check(elsewhere, {"https"} if secure else {"http", "https"})
    raise TransferFailed("it was redirected too often")


def _get(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> str | None:
    """None: that was all of it; an address: it is there."""
    with closing(_Connection(parts, way)) as connection:
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


def _sent(parts: SplitResult, filename: str, content: bytes, way: Way) -> int:
    """The server's last word."""
    named = parts._replace(path=f"{parts.path}{quote(filename)}") if parts.path.endswith("/") else parts
    status = _put(named, "PUT", content, {"Content-Type": "application/octet-stream"}, way)
    return _put(parts, "POST", *_form(filename, content), way) if status in (404, 405, 501) else status


def _put(parts: SplitResult, method: str, content: bytes, headers: dict[str, str], way: Way) -> int:
    with closing(_Connection(parts, way)) as connection:
        connection.request(
            method,
            _target(parts),
            io.BytesIO(content),
            headers={**headers, **_login(parts), "Content-Length": str(len(content))},
        )
        return connection.getresponse().status


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
