"""Files by FTP, and by FTP in TLS: asked for (`ftpes:`, explicit) or from the first byte (port 990, implicit).

`ftps:` is both, as people write it: at another port than 990 the server shows which it speaks, since one that waits
for TLS doesn't greet. Both connections are in TLS, or there is no transfer.
"""

import contextlib
import ftplib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, unquote

from hub.uplink.reaching import CHUNK, PORTS, TIMEOUT_S, TransferFailed, Way, connect, context, port, secured

GREETING_S = 5.0
FAREWELL_S = 3.0
DENIED = ("530", "532", "550", "553")


def fetch(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> None:
    with _client(parts, way) as client, client.data(f"RETR {_place(parts)}") as data:
        while chunk := data.recv(CHUNK):
            take(chunk)


def send(parts: SplitResult, filename: str, content: bytes, way: Way) -> None:
    """The address names a folder; where there is none of that name, the file itself."""
    place = _place(parts)
    with _client(parts, way) as client:
        target = filename
        if place:
            try:
                client.cwd(place)
            except ftplib.error_perm:
                target = place
        with client.data(f"STOR {target}") as data:
            for start in range(0, len(content), CHUNK):
                way.halt.check()
                data.sendall(content[start : start + CHUNK])


class _Plain(ftplib.FTP):
    """Passive; the data connection goes to the same address, whatever the server says of it."""

    def __init__(self, parts: SplitResult, way: Way, **more: Any) -> None:
        super().__init__(timeout=TIMEOUT_S, **more)
        self._parts, self._way = parts, way
        self.host = parts.hostname or ""

    def begin(self) -> None:
        self.sock = connect(self._parts, self._way)
        self._greeted(self.sock)

    def _greeted(self, sock: socket.socket) -> None:
        self.sock, self.af = sock, sock.family
        self.file = sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    @contextlib.contextmanager
    def data(self, command: str) -> Iterator[socket.socket]:
        """Whether all has arrived is what the reply says that comes last."""
        self.voidcmd("TYPE I")
        with self.transfercmd(command) as data:
            yield data
            if isinstance(data, ssl.SSLSocket):
                data.settimeout(FAREWELL_S)
                with contextlib.suppress(OSError):  # many servers just close it
                    data.unwrap()
        self.voidresp()

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - a CSMS may have nothing better
        self._way.halt.guard(data)
        return data, size


class _Secure(_Plain, ftplib.FTP_TLS):
    def __init__(self, parts: SplitResult, way: Way) -> None:
        super().__init__(parts, way, context=context(way.roots))

    def begin(self) -> None:
        self.sock = connect(self._parts, self._way)
        if self._implicit(self.sock):
            self._greeted(self._within(self.sock))
        else:
            self._greeted(self.sock)
            self.voidcmd("AUTH TLS")
            self.sock = self._within(self.sock)
            self.file = self.sock.makefile("r", encoding=self.encoding)
        self.prot_p()

    def _within(self, sock: socket.socket, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
        return secured(sock, self._parts, self._way, by=self.context, session=session)

    def _implicit(self, sock: socket.socket) -> bool:
        if self._parts.scheme == "ftpes":
            return False
        if port(self._parts) == PORTS["ftps"]:
            return True
        sock.settimeout(GREETING_S)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            sock.settimeout(TIMEOUT_S)
        return False

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Servers know a client's own data connection by the TLS session that it goes on with."""
        data, size = _Plain.ntransfercmd(self, cmd, rest)
        assert isinstance(self.sock, ssl.SSLSocket)
        return self._within(data, self.sock.session), size


@contextlib.contextmanager
def _client(parts: SplitResult, way: Way) -> Iterator[_Plain]:
    """Logged in."""
    client = _Plain(parts, way) if parts.scheme == "ftp" else _Secure(parts, way)
    try:
        client.begin()
        client.login(unquote(parts.username or "anonymous"), unquote(parts.password or "evhub@"))
        yield client
        with contextlib.suppress(ftplib.Error, EOFError, OSError):  # all has been done by then
            client.quit()
    except ftplib.error_perm as error:
        reason = "PermissionDenied" if str(error)[:3] in DENIED else "UploadFailure"
        raise TransferFailed(f"FTP: {error}", reason) from error
    except ftplib.Error as error:
        raise TransferFailed(f"FTP: {error}") from error
    finally:
        client.close()


def _place(parts: SplitResult) -> str:
    return unquote(parts.path.lstrip("/"))
