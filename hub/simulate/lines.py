"""A control port: JSON lines over TCP, one answer for each."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

LONGEST = 64 * 1024


class Lines:
    """`answer`: the message's meaning; it never raises."""

    def __init__(self, answer: Callable[[object], dict[str, Any]]) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Returns the port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LONGEST)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        # A line that is too long ends the conversation.
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(self._told(line)).encode() + b"\n")
                await writer.drain()
        self._writers.discard(writer)
        writer.close()

    def _told(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except ValueError as error:
            return {"error": f"no JSON: {error}"}
        return self._answer(message)
