"""How the command line reaches a running hub: JSON lines on a Unix socket in the state directory."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from hub.charger.registry import Registry
from hub.errors import HubError, reason
from hub.integration.loader import gauges
from hub.model.command import Command

LARGEST = 64 * 1024
Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]


class ControlServer:
    """`handlers` by operation. Whoever may open the socket (its owner) may do everything."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path, self._handlers = path, handlers
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LARGEST)
        self._path.chmod(0o600)

    async def close(self) -> None:
        if self._server:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            try:
                line = await asyncio.wait_for(reader.readline(), 10)
                answer = await self._answer(line)
            except (TimeoutError, ValueError):
                answer = {"error": "expected one line of JSON within ten seconds"}
            writer.write(orjson.dumps(answer, default=dict) + b"\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = orjson.loads(line)
            handler = self._handlers[asked["op"]]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return {"error": f"expected an op of {', '.join(sorted(self._handlers))}"}
        try:
            return {"data": await handler(asked)}
        except HubError as error:
            return {"error": str(error)}


def questions(
    registry: Registry,
    health: Callable[[], Mapping[str, object]],
    problems: Callable[[], Sequence[str]],
    circuits: Callable[[], Mapping[str, object]] = dict,
) -> dict[str, Handler]:
    """What can be asked of any hub: `status`, and `cmd`. `problems`: of a configuration that isn't used."""

    async def status(_asked: Mapping[str, Any]) -> Any:
        return {
            "health": health(),
            "config_problems": list(problems()),
            "chargers": registry.listing(),
            "states": registry.states(),
            "away": registry.absences(),
            "ages": registry.ages(),
            "circuits": dict(circuits()),
            "gauges": [asdict(gauge) for gauge in gauges()],
        }

    async def command(asked: Mapping[str, Any]) -> Any:
        message = asked.get("message")
        message = {} if message is None else message
        if not isinstance(message, dict):
            raise HubError("the message must be a JSON object")
        op = str(asked.get("operation"))
        result = await registry.execute(Command(str(asked.get("charger")), op, message, source="cli"))
        error = None if result.code is None else {"code": result.code, "message": result.text}
        return {"status": result.outcome.value, "result": dict(result.result), "error": error}

    return {"status": status, "cmd": command}


async def ask(path: Path, op: str, **arguments: object) -> Any:
    """Raises HubError: no hub is running there, or what it answers."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=16 * 1024 * 1024)
    except OSError as error:
        raise HubError(f"no hub is running on {path.parent} ({reason(error)})") from error
    try:
        writer.write(orjson.dumps({"op": op, **arguments}) + b"\n")
        await writer.drain()
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        raise HubError(f"the hub went away before it answered ({reason(error)})") from error
    answer = orjson.loads(line or b'{"error": "the hub went away before it answered"}')
    if "error" in answer:
        raise HubError(answer["error"])
    return answer["data"]
