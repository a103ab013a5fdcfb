"""CSMSs of others that run in Node, spoken to by lines of JSON."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "node"


class NodeCsms:
    """Enter it with `async with`. `heard`: everything that the script has said, in order."""

    def __init__(self, node: list[str], script: str, *arguments: str) -> None:
        file = script if "." in script else f"{script}.js"
        self._command = (*node, str(HERE / file), *arguments)
        self.heard: list[dict[str, Any]] = []
        self._process: Process | None = None
        self._numbers = iter(range(10_000))

    async def __aenter__(self) -> "NodeCsms":
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=1 << 22
        )
        self._reader = asyncio.create_task(self._read())
        await self.until(lambda: self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        await self._reader

    @property
    def port(self) -> int:
        return next((int(said["port"]) for said in self.heard if "port" in said), 0)

    async def ask(self, action: str, **payload: Any) -> Any:
        """The station's answer. An error fails the test."""
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        line = json.dumps({"number": number, "action": action, "payload": payload})
        self._process.stdin.write(line.encode() + b"\n")
        await self.until(lambda: self._answer(number))
        answer = self._answer(number)
        assert "error" not in answer, (action, answer)
        return answer["answer"]

    def calls(self, action: str) -> list[dict[str, Any]]:
        return [said["payload"] for said in self.heard if said.get("action") == action]

    def complaints(self) -> list[dict[str, Any]]:
        return [said for said in self.heard if "complaint" in said]

    async def until(self, holds: Callable[[], Any], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                assert not self.complaints(), self.complaints()
                await asyncio.sleep(0.02)

    def _answer(self, number: int) -> dict[str, Any]:
        return next((said for said in self.heard if said.get("number") == number), {})

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.heard.append(json.loads(line))
