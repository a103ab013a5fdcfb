"""A wire that can be cut: TCP between the hub and whoever it talks to."""

import asyncio
import contextlib
from typing import Literal

Wire = Literal["up", "down", "half_open"]


class Proxy:
    """`down` refuses and cuts; `half_open` swallows every byte and says nothing; `delay_s` holds all back."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.port = 0
        self.delay_s = 0.0
        self.opened = 0
        self._state: Wire = "up"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set(self, state: Wire) -> None:
        self._state = state
        if state == "down":
            self._cut()

    def _cut(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        if self._state == "down":
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self.to_port)
        except ConnectionError:
            writer.transport.abort()
            return
        pair = (writer, there[1])
        self._open.update(pair)
        for source, sink in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                while self._state == "half_open":
                    await asyncio.sleep(0.05)
                sink.write(piece)
                await sink.drain()
        self._open.discard(sink)
        sink.close()
