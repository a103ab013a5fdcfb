"""Connections to file servers that a CSMS names: each address is looked at before it is spoken to."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import SplitResult

from hub.errors import HubError
from hub.ocpp.station.urls import BadUrl, Reach
from hub.tls import client_context, refusal

T = TypeVar("T")

TIMEOUT_S = 20.0
CHUNK = 1 << 16
PORTS = {"http": 80, "https": 443, "ftp": 21, "ftpes": 21, "ftps": 990, "sftp": 22}


class TransferFailed(Exception):
    """`reason`: BadMessage, PermissionDenied, NotSupportedOperation or UploadFailure; the text is for the log."""

    def __init__(self, text: str, reason: str = "UploadFailure") -> None:
        super().__init__(text)
        self.reason = reason


class Halt:
    """Ends a transfer from another thread: what it waits for ends at once."""

    def __init__(self) -> None:
        self.set = False
        self._sockets: list[socket.socket] = []

    def guard(self, sock: socket.socket) -> None:
        self._sockets.append(sock)
        if self.set:
            sock.close()
        self.check()

    def check(self) -> None:
        if self.set:
            raise TransferFailed("it was called off")

    def halt(self) -> None:
        self.set = True
        for sock in tuple(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a transfer may go, what it trusts (`host_keys`: lines as in SSH's known_hosts), and how it is ended."""

    reach: Reach
    roots: tuple[str, ...]
    halt: Halt
    host_keys: tuple[str, ...] = ()


def port(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def connect(parts: SplitResult, way: Way) -> socket.socket:
    """To where the host is now, whatever its name says later. Raises BadUrl, OSError, TransferFailed."""
    way.halt.check()
    sock = _connected(_addresses(parts, way.reach))
    way.halt.guard(sock)
    return sock


def _addresses(parts: SplitResult, reach: Reach) -> list[tuple[str, int]]:
    host = parts.hostname or ""
    found = socket.getaddrinfo(host, port(parts), type=socket.SOCK_STREAM)
    for *_, place in found:
        reach.check_address(host, str(place[0]))
    return [(str(place[0]), port(parts)) for *_, place in found]


def _connected(places: list[tuple[str, int]]) -> socket.socket:
    """A host may have an address of a kind that this network has not: the last one says why there is none."""
    for place in places[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection(place, TIMEOUT_S)
    return socket.create_connection(places[-1], TIMEOUT_S)


def secured(
    sock: socket.socket,
    parts: SplitResult,
    way: Way,
    *,
    by: ssl.SSLContext | None = None,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    """TLS on it, with the host's name checked. Raises TransferFailed, OSError."""
    within = (by or context(way.roots)).wrap_socket(
        sock, server_hostname=parts.hostname, session=session, do_handshake_on_connect=False
    )
    way.halt.guard(within)
    try:
        within.do_handshake()
    except OSError:
        within.close()
        raise
    return within


def context(roots: tuple[str, ...]) -> ssl.SSLContext:
    """Raises TransferFailed."""
    try:
        return client_context(roots=roots)
    except HubError as error:
        raise TransferFailed(str(error)) from error


def translated(work: Callable[[], T]) -> T:
    """What the system's sockets, and addresses that aren't followed, raise as TransferFailed; it tells no password."""
    try:
        return work()
    except BadUrl as error:
        raise TransferFailed(str(error)) from error
    except ssl.SSLError as error:
        raise TransferFailed(f"TLS: {refusal(error)}") from error
    except (EOFError, OSError, ValueError) as error:
        raise TransferFailed(f"{type(error).__name__}: {error}") from error
