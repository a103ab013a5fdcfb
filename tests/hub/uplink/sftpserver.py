"""An SFTP server on loopback, in a thread of its own; it serves a folder."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh


class _Server(asyncssh.SSHServer):
    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def begin_auth(self, username: str) -> bool:
        self._seen.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("evhub", "secret")


class SftpServer:
    def __init__(self, folder: Path, files: type[asyncssh.SFTPServer] = asyncssh.SFTPServer) -> None:
        self._folder, self._files = folder, files
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.seen: list[str] = []
        """Who has asked to be let in."""
        self.port = 0
        self._ready = threading.Event()
        self._end: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def close(self) -> None:
        assert self._end is not None
        loop, event = self._end
        loop.call_soon_threadsafe(event.set)
        self._thread.join()

    def known_as(self, host: str) -> str:
        """The line that names its key."""
        return f"{host} {self._key.export_public_key().decode().strip()}"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        folder, end = str(self._folder).encode(), asyncio.Event()
        self._end = asyncio.get_running_loop(), end
        listener = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._key],
            server_factory=lambda: _Server(self.seen),
            sftp_factory=lambda channel: self._files(channel, chroot=folder),
        )
        async with listener:
            self.port = listener.get_port()
            self._ready.set()
            await end.wait()


@contextlib.contextmanager
def sftp_server(folder: Path, files: type[asyncssh.SFTPServer] = asyncssh.SFTPServer) -> Iterator[SftpServer]:
    server = SftpServer(folder, files)
    server.start()
    try:
        yield server
    finally:
        server.close()
