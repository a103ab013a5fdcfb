"""Files by SFTP. A server is known by the host key that a person has written down: no first word is believed."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast
from urllib.parse import SplitResult, unquote

import asyncssh

from hub.uplink.reaching import TIMEOUT_S, TransferFailed, Way, connect, port

AT_ONCE = 1 << 18
"""Bytes asked for together: several requests of SFTP are on their way at a time."""


class _Patience:
    """Cuts a connection on which nothing has come of it for long: a server may be alive, and its files stuck."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._loop = sock, asyncio.get_running_loop()
        self.over = False
        self._timer = self._loop.call_later(TIMEOUT_S, self._cut)

    def renew(self) -> None:
        self.end()
        self._timer = self._loop.call_later(TIMEOUT_S, self._cut)

    def end(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.over = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


Work = Callable[[asyncssh.SFTPClient, _Patience], Awaitable[None]]


def fetch(parts: SplitResult, take: Callable[[bytes], None], way: Way) -> None:
    async def get(sftp: asyncssh.SFTPClient, patience: _Patience) -> None:
        async with sftp.open(_place(parts), "rb", encoding=None) as file:
            while chunk := await file.read(AT_ONCE):
                patience.renew()
                take(cast("bytes", chunk))

    _run(parts, way, get)


def send(parts: SplitResult, filename: str, content: bytes, way: Way) -> None:
    """The address names a folder; where there is none of that name, the file itself."""

    async def put(sftp: asyncssh.SFTPClient, patience: _Patience) -> None:
        place = _place(parts)
        folder = place.endswith("/") or await sftp.isdir(place)
        async with sftp.open(f"{place.rstrip('/')}/{filename}" if folder else place, "wb") as file:
            for start in range(0, len(content), AT_ONCE):
                way.halt.check()
                await file.write(content[start : start + AT_ONCE])
                patience.renew()

    _run(parts, way, put)


def _run(parts: SplitResult, way: Way, work: Work) -> None:
    async def run() -> None:
        async with _client(parts, way) as (sftp, patience):
            await work(sftp, patience)

    try:
        # This thread's own loop: to encrypt a file takes time that the hub's has not.
        asyncio.run(run())
    except (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied) as error:
        raise TransferFailed(f"SFTP: {error}", "PermissionDenied") from error
    except asyncssh.SFTPOpUnsupported as error:
        raise TransferFailed(f"SFTP: {error}", "NotSupportedOperation") from error
    except asyncssh.Error as error:
        raise TransferFailed(f"SFTP: {error}") from error


@contextlib.asynccontextmanager
async def _client(parts: SplitResult, way: Way) -> AsyncIterator[tuple[asyncssh.SFTPClient, _Patience]]:
    """Nothing of this machine's own SSH set-up is used: no keys, no agent, no known hosts, no configuration."""
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    known = asyncssh.import_known_hosts("\n".join(way.host_keys))
    strangers: list[str] = []

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey) -> bool:
            strangers.append(key.export_public_key().decode().strip())
            return False

    sock = connect(parts, way)
    sock.setblocking(False)
    patience = _Patience(sock)
    try:
        async with (
            asyncssh.connect(
                parts.hostname or "",
                port(parts),
                sock=sock,
                config=None,
                known_hosts=known,
                client_factory=Client,
                username=unquote(parts.username or "anonymous"),
                password=unquote(parts.password or ""),
                client_keys=None,
                agent_path=None,
                x509_trusted_certs=None,
                gss_host=None,
                compression_algs=None,
                login_timeout=TIMEOUT_S,
                keepalive_interval=TIMEOUT_S,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            yield sftp, patience
    except asyncssh.HostKeyNotVerifiable as error:
        raise TransferFailed(_stranger(parts, strangers) or f"SFTP: {error}") from error
    except asyncssh.Error as error:
        if patience.over:
            raise TransferFailed(f"SFTP: nothing has come for {TIMEOUT_S:g} s") from error
        raise
    finally:
        patience.end()
        sock.close()


def _stranger(parts: SplitResult, keys: list[str]) -> str | None:
    """What a person can do about it, when he has asked whom the key belongs to."""
    if not keys:
        return None
    host = parts.hostname if parts.port in (None, 22) else f"[{parts.hostname}]:{parts.port}"
    return f"SFTP: the server's host key isn't in csms.host_keys: {host} {keys[-1]}"


def _place(parts: SplitResult) -> str:
    """From the server's root, as in other URLs; `/~/` begins where one arrives."""
    path = unquote(parts.path)
    return path.removeprefix("/~/") if path.startswith("/~/") else path or "."
