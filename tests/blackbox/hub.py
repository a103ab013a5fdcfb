"""The hub as a process, and what its documentation promises from outside: configuration, MQTT, signals."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiomqtt
import yaml

BLUEPRINTS = Path(__file__).parent / "blueprints"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Hub:
    """`evhub run -c` in a folder of its own."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.mqtt_port = free_port()
        self.config = config | {
            "hub": {"state_dir": "state"} | config.get("hub", {}),
            "mqtt": {"listen": f"127.0.0.1:{self.mqtt_port}"},
            "log": {"level": "debug"},
        }
        self._process: asyncio.subprocess.Process | None = None
        self._events: list[dict[str, Any]] = []

    @property
    def log(self) -> Path:
        return self.folder / "hub.log"

    def write_config(self) -> Path:
        path = self.folder / "evhub.yaml"
        path.write_text(yaml.safe_dump(self.config))
        beside = self.folder / "blueprints"
        if not beside.exists():
            beside.symlink_to(BLUEPRINTS)
        return path

    async def start(self) -> None:
        path = self.write_config()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hub.cli.main", "run", "-c", str(path), stdout=log, stderr=log
            )

    async def reload(self) -> None:
        self.write_config()
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), 20)

    async def kill(self) -> None:
        """The power is gone."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def cmd(
        self, op: str, charger: str = "twin", *, source: str = "ems", **message: Any
    ) -> dict[str, Any]:
        """What an EMS, a reader or a person sends on MQTT; gives the result."""
        token = os.urandom(6).hex()
        async with aiomqtt.Client("127.0.0.1", self.mqtt_port) as client:
            await client.subscribe(f"evhub/{charger}/cmd_result")
            body = {"op": op, "message": message, "id": token, "source": source}
            await client.publish(f"evhub/{charger}/cmd", json.dumps(body))
            async with asyncio.timeout(15):
                async for each in client.messages:
                    result: dict[str, Any] = json.loads(bytes(each.payload))  # type: ignore[arg-type]
                    if result.get("id") == token:
                        return result
        raise AssertionError("the broker went away")

    async def state(self, topic: str, wanted: Any, within: float = 10) -> None:
        """Waits until a retained value is so."""
        last: Any = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within), aiomqtt.Client("127.0.0.1", self.mqtt_port) as client:
                await client.subscribe(topic)
                async for each in client.messages:
                    text = bytes(each.payload).decode()  # type: ignore[arg-type]
                    last = text if text.isalpha() else json.loads(text)
                    if last == wanted or (callable(wanted) and wanted(last)):
                        return
        raise AssertionError(f"{topic} stayed {last!r}")
