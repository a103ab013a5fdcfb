"""The shell of a disturbing wire: bytes from the hub's link to a server of other hands, and back through the faults."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from tests.interop.disturbing import Disturbance, Pty

Send = Callable[[bytes], object]


class DisturbedWire:
    """`ask`: one request to the server behind. `share`: of the replies that are spoilt."""

    def __init__(self, disturbance: Disturbance, server: "Server") -> None:
        self.share = 0.0
        self.disturbance = disturbance
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None
        self._pty: Pty | None = None

    async def listen(self) -> int:
        """Returns the port."""
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return int(self._listening.sockets[0].getsockname()[1])

    def open_pty(self) -> str:
        """Returns the path."""
        self._pty = pty = Pty()
        self._start(self._forward(pty.reader, pty.write, lambda: None))
        return pty.path

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        if self._listening is not None:
            self._listening.close()
        if self._pty is not None:
            self._pty.close()

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            await self._forward(reader, writer.write, writer.transport.abort)
        self._writers.discard(writer)
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, send: Send, reset: Callable[[], object]) -> None:
        while request := await reader.read(4096):
            reply = await self._server.ask(request)
            if reply:
                parts = self.disturbance.parts(reply, self.share)
                self._start(self._tell(parts, send, reset))

    async def _tell(self, parts: list[tuple[float, bytes]], send: Send, reset: Callable[[], object]) -> None:
        for pause, part in parts:
            await asyncio.sleep(pause)
            if part:
                send(part)
            else:
                reset()


class Server:
    """What is behind: a stream to it, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, send: Send, *, tcp: bool) -> None:
        self._reader, self._send, self._tcp = reader, send, tcp
        self._turn = asyncio.Lock()

    async def ask(self, request: bytes) -> bytes:
        """The reply, undisturbed; nothing if there is none within a second."""
        async with self._turn:
            self._send(request)
            try:
                async with asyncio.timeout(1):
                    return await self._reply()
            except TimeoutError:
                return b""

    async def _reply(self) -> bytes:
        head = await self._reader.readexactly(6 if self._tcp else 3)
        if self._tcp:
            return head + await self._reader.readexactly(int.from_bytes(head[4:6]))
        more = 2 if head[1] & 0x80 else 2 + head[2] if head[1] <= 4 else 5
        return head + await self._reader.readexactly(more)
