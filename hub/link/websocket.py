"""OCPP-J's WebSocket: a link, and how one connects to a CSMS. (`serving` takes those who dial in.)

Compression is off (65 kB for each connection), messages are bounded, redirects are not followed (they would
carry the password elsewhere), and asyncio's TLS buffer is cut from 256 KiB to 16 KiB a connection.
"""

import base64
import contextlib
import logging
import re
import socket
import ssl
from asyncio import sslproto
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import connect as ws_connect
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from hub.errors import HubError, reason
from hub.tls import client_context, refusal

sslproto.SSLProtocol.max_size = 16 * 1024

MAX_BYTES = 1024 * 1024
OPEN_S = 20.0
HEX_KEY = re.compile(r"[0-9A-Fa-f]{32,40}")
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
"""Of TLS 1.2 those with forward secrecy and authenticated encryption (A00.FR.319, A00.FR.320)."""
TLS_REASONS = {
    "UNSUPPORTED_PROTOCOL": "version",
    "NO_PROTOCOLS_AVAILABLE": "version",
    "WRONG_SSL_VERSION": "version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "version",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "cipher",
    "NO_SHARED_CIPHER": "cipher",
    "WRONG_CIPHER_RETURNED": "cipher",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "cipher",
    "DH_KEY_TOO_SMALL": "cipher",
    "SSLV3_ALERT_BAD_CERTIFICATE": "own certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "own certificate",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "own certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "own certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "own certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "own certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "own certificate",
}
"""OpenSSL's word for a failure -> what it was about."""
Kind = Literal["tls", "http", "subprotocol", "network"]

quiet = logging.getLogger("hub.link.websockets")
quiet.setLevel(logging.CRITICAL)
"""What websockets itself would log: every loss is told once, by whoever holds the link."""


class LinkRefused(HubError):
    """No connection; `kind` says on which floor it failed, `status` is HTTP's, `why` is about TLS:
    certificate (the server's), own certificate, version, cipher."""

    def __init__(self, kind: Kind, reason: str, status: int | None = None, why: str = "") -> None:
        super().__init__(reason)
        self.kind, self.status, self.why = kind, status, why


class LinkClosed(HubError):
    """The connection is gone."""


class TextLink(Protocol):
    """What an uplink or a local CSMS needs of a connection."""

    subprotocol: str

    async def send(self, text: str) -> None:
        """Raises LinkClosed."""

    async def receive(self) -> str | bytes:
        """Raises LinkClosed."""

    async def close(self, code: int = 1000) -> None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a CSMS is and how one gets in. `url` without the identity."""

    url: str
    identity: str
    subprotocols: tuple[str, ...]
    password: str | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    ping_interval_s: float | None = None
    roots: tuple[str, ...] = ()
    """Certificates (PEM) that are trusted besides `ca`, or besides the system's."""

    @property
    def address(self) -> str:
        """The identity is one percent-encoded path segment (interop A6)."""
        return f"{self.url.rstrip('/')}/{quote(self.identity, safe='')}"


class WebSocketLink:
    """A TextLink on a websockets connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.subprotocol = connection.subprotocol or ""

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise LinkClosed(_why(error)) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise LinkClosed(_why(error)) from error

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(WebSocketException, OSError):
            await self._connection.close(code)


async def connect(endpoint: Endpoint) -> WebSocketLink:
    """Raises LinkRefused. A password that can be read in two ways is shown in both."""
    *others, last = _credentials(endpoint)
    for headers in others:
        try:
            return await _connect(endpoint, headers)
        except LinkRefused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
    return await _connect(endpoint, last)


async def _connect(endpoint: Endpoint, headers: dict[str, str]) -> WebSocketLink:
    parts = urlsplit(endpoint.url)
    tls = tls_context(endpoint) if parts.scheme == "wss" else None
    try:
        connection = await _Unredirected(
            endpoint.address,
            subprotocols=[Subprotocol(name) for name in endpoint.subprotocols],
            additional_headers=headers,
            ssl=tls,
            compression=None,
            max_size=MAX_BYTES,
            open_timeout=OPEN_S,
            ping_interval=endpoint.ping_interval_s or None,
            ping_timeout=endpoint.ping_interval_s or None,
            close_timeout=2,
            proxy=None,
            logger=quiet,
        )
    except ssl.SSLError as error:
        raise _tls_refused(error) from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise LinkRefused("http", f"HTTP {status}", status) from error
    except InvalidHandshake as error:
        silent = isinstance(error.__cause__, EOFError)
        raise LinkRefused("http", _silence(endpoint, tls) if silent else str(error)) from error
    except TimeoutError as error:
        raise LinkRefused("network", f"no connection within {OPEN_S:g} s") from error
    except OSError as error:
        raise LinkRefused("network", reason(error)) from error
    except (ValueError, WebSocketException) as error:
        raise LinkRefused("network", str(error) or type(error).__name__) from error
    if connection.subprotocol not in endpoint.subprotocols:
        await connection.close(1002)
        raise LinkRefused("subprotocol", f"the CSMS takes none of {', '.join(endpoint.subprotocols)}")
    no_delay(connection)
    return WebSocketLink(connection)


class _Unredirected(ws_connect):
    """A 3xx is an answer like any other refusal."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate path and host name checked. Raises LinkRefused for bad files.

    One for all links with the same certificates: the system's roots take 0.8 MB and 15 ms each time.
    """
    system = ssl.get_default_verify_paths()
    trusted = (endpoint.ca,) if endpoint.ca else (system.cafile, system.capath)
    files = [Path(path) for path in (*trusted, endpoint.cert, endpoint.key) if path]
    try:
        ages = tuple(path.stat().st_mtime_ns for path in files)
        return _made(endpoint.ca, endpoint.roots, endpoint.cert, endpoint.key, ages)
    except OSError as error:
        raise LinkRefused("tls", f"certificates: {error.filename}: {reason(error)}") from error
    except HubError as error:
        raise LinkRefused("tls", f"certificates: {error}") from error


@lru_cache(maxsize=16)
def _made(
    ca: Path | None, roots: tuple[str, ...], cert: Path | None, key: Path | None, _ages: tuple[int, ...]
) -> ssl.SSLContext:
    context = client_context(ca, roots=roots, cert=cert, key=key)
    context.set_ciphers(CIPHERS)
    return context


def _tls_refused(error: ssl.SSLError) -> LinkRefused:
    unverified = isinstance(error, ssl.SSLCertVerificationError)
    why = "certificate" if unverified else TLS_REASONS.get(error.reason or "", "")
    return LinkRefused("tls", refusal(error), why=why)


def _silence(endpoint: Endpoint, tls: ssl.SSLContext | None) -> str:
    """With TLS 1.3 that is all that a client hears whose certificate is refused."""
    words = "the CSMS closed the connection without an answer"
    if tls is None:
        return words
    return f"{words}; it may want {'another' if endpoint.cert else 'a'} certificate of the station"


def _credentials(endpoint: Endpoint) -> list[dict[str, str]]:
    """What may be shown, the likeliest first: 1.6 writes a binary AuthorizationKey in hex, and not every CSMS knows."""
    if not endpoint.password:
        return [{}]
    secrets = [endpoint.password.encode()]
    hexadecimal = HEX_KEY.fullmatch(endpoint.password) and len(endpoint.password) % 2 == 0
    if hexadecimal and "ocpp1.6" in endpoint.subprotocols:
        only_16 = endpoint.subprotocols == ("ocpp1.6",)
        secrets.insert(0 if only_16 else 1, bytes.fromhex(endpoint.password))
    user = endpoint.identity.encode() + b":"
    return [{"Authorization": "Basic " + base64.b64encode(user + secret).decode()} for secret in secrets]


def no_delay(connection: Connection) -> None:
    raw = connection.transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _why(error: ConnectionClosed) -> str:
    frame = error.rcvd or error.sent
    return f"closed with {frame.code} {frame.reason}".strip() if frame else "the connection was lost"
