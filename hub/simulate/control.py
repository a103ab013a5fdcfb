"""The control port of a simulated charger: one JSON object for each line, `do` says what, the rest are arguments.

{"do": "plug", "needs_wh": 8000}  ->  {"ok": true, "state": {...}}
{"do": "plugg"}                   ->  {"ok": false, "error": "unknown order 'plugg'; did you mean 'plug'?"}
"""

import asyncio
import contextlib
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from hub.errors import HubError
from hub.yaml import suggestion

Orders = Mapping[str, Callable[..., Any]]
"""By name; what one returns goes back as `state`. Raises ValueError, LookupError for arguments that make no sense."""


def obey(orders: Orders, line: str) -> dict[str, Any]:
    """The answer to one line."""
    try:
        order = json.loads(line)
        if not isinstance(order, dict):
            raise ValueError("expected a JSON object")
        name = order.pop("do", None)
        if name not in orders:
            raise ValueError(f"unknown order {name!r}{suggestion(name, list(orders))}")
        work = orders[name]
        inspect.signature(work).bind(**order)
        return {"ok": True, "state": work(**order)}
    except (ValueError, LookupError, TypeError, HubError) as error:
        return {"ok": False, "error": str(error)}


class Control:
    """Listens, for anybody on that address: meant for this machine alone."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Returns the port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port)
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
        # ValueError: a line that is too long.
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                answer = obey(self._orders, line.decode("utf-8", "replace"))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        self._writers.discard(writer)
        writer.close()
