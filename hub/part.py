"""Something that runs until it is stopped: tasks, and what to close after them."""

import asyncio
from collections.abc import Awaitable, Callable

from hub.tasks import supervise


class Part:
    """Something that runs until it is stopped: tasks, and what to close after them."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(supervise(name, work), name=name))

    def closing(self, closer: Callable[[], Awaitable[None]]) -> None:
        self._closers.append(closer)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for closer in reversed(self._closers):
            await closer()
