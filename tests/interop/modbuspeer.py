"""A Modbus server of other hands (libmodbus, npm's modbus-serial) in a process of its own: modbus/peer.c, peer.js."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any


class Peer:
    """A server in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.wrote: list[list[int]] = []
        self.port = 0
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            kind, *numbers = line.decode().split()
            if kind == "ready":
                self.port = int(numbers[0]) or -1
            else:
                self.wrote.append([int(number) for number in numbers])

    def say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())

    def fill(self) -> None:
        """Register n holds 31 n + 7, from 0 to 1999."""
        self.say("fill")

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader


async def until(holds: Callable[[], Any], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


async def started(*command: str) -> Peer:
    pipe = asyncio.subprocess.PIPE
    peer = Peer(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))
    await until(lambda: peer.port)
    return peer


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
