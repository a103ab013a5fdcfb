"""Connections to file servers that a CSMS names: each address is looked at before it is spoken to."""

import contextlib
import ftplib
import http.client
import socket
import ssl
from collections.abc import Callable
from urllib.parse import SplitResult, unquote

from hub.errors import HubError
from hub.ocpp.station.urls import BadUrl, Reach
from hub.tls import client_context

TIMEOUT_S = 20.0
PORTS = {"http": 80, "https": 443, "ftp": 21}


class TransferFailed(Exception):
    """`reason`: BadMessage, PermissionDenied, NotSupportedOperation or UploadFailure; the text is for the log."""

    def __init__(self, text: str, reason: str = "UploadFailure") -> None:
        super().__init__(text)
        self.reason = reason


class Halt:
    """Ends a transfer from another thread: what it waits for ends at once."""

    def __init__(self) -> None:
        self.set = False
        self._socket: socket.socket | None = None

    def guard(self, sock: socket.socket) -> None:
        self._socket = sock
        self.check()

    def check(self) -> None:
        if self.set:
            raise TransferFailed("it was called off")

    def halt(self) -> None:
        self.set = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def address(parts: SplitResult, reach: Reach) -> tuple[str, int]:
    """Where the host is now. Raises BadUrl, OSError."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        reach.check_address(host, str(place[0]))
    return str(found[0][4][0]), port


def context(roots: tuple[str, ...]) -> ssl.SSLContext:
    """Raises TransferFailed."""
    try:
        return client_context(roots=roots)
    except HubError as error:
        raise TransferFailed(str(error)) from error


class Http(http.client.HTTPConnection):
    """To `place` and nowhere else, whatever the name says by then; `secure` None: without TLS."""

    def __init__(
        self, parts: SplitResult, place: tuple[str, int], secure: ssl.SSLContext | None, halt: Halt
    ) -> None:
        super().__init__(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=TIMEOUT_S)
        self._place, self._secure, self._halt = place, secure, halt

    def connect(self) -> None:
        sock = socket.create_connection(self._place, TIMEOUT_S)
        self._halt.guard(sock)
        self.sock = (
            sock if self._secure is None else self._secure.wrap_socket(sock, server_hostname=self.host)
        )
        self._halt.guard(self.sock)


class Ftp(ftplib.FTP):
    """Logged in, binary, passive; the data connection goes to the same address."""

    def __init__(self, parts: SplitResult, place: tuple[str, int], halt: Halt) -> None:
        super().__init__(timeout=TIMEOUT_S)
        try:
            self.connect(*place)
            assert self.sock is not None
            halt.guard(self.sock)
            self.login(unquote(parts.username or "anonymous"), unquote(parts.password or "evhub@"))
        except BaseException:
            self.close()
            raise


def translated(work: Callable[[], None]) -> None:
    """The libraries' errors as TransferFailed; the texts tell no password."""
    try:
        work()
    except BadUrl as error:
        raise TransferFailed(str(error)) from error
    except ftplib.error_perm as error:
        reason = "PermissionDenied" if str(error)[:3] in ("530", "532", "550", "553") else "UploadFailure"
        raise TransferFailed(f"FTP: {error}", reason) from error
    except (ftplib.Error, EOFError, OSError, http.client.HTTPException, ValueError) as error:
        raise TransferFailed(f"{type(error).__name__}: {error}") from error
