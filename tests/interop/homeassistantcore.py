"""Home Assistant itself with its OCPP integration, as a process, spoken to over its REST and WebSocket APIs.

Neither is part of this project: EVHUB_HOMEASSISTANT names a folder with `venv` (Home Assistant with its frontend, and
the `ocpp` and `websockets` that the integration wants) and `custom_components/ocpp`.
"""

import asyncio
import json
import os
import re
import shutil
import socket
import urllib.error
import urllib.parse
import urllib.request
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

PATIENCE_S = 60.0
CONFIGURATION = """\
frontend:
config:
http: {{server_host: 127.0.0.1, server_port: {port}}}
logger: {{default: warning, logs: {{custom_components.ocpp: info}}}}
"""
CENTRAL: dict[str, Any] = {
    "host": "127.0.0.1",
    "ssl": False,
    "ssl_certfile_path": "",
    "ssl_keyfile_path": "",
    "csid": "central",
    "websocket_close_timeout": 2,
    "websocket_ping_tries": 2,
    "websocket_ping_interval": 20,
    "websocket_ping_timeout": 20,
}
CHARGER: dict[str, Any] = {
    "max_current": 32,
    "monitored_variables_autoconfig": True,
    "meter_interval": 1,
    "idle_interval": 900,
    "skip_schema_validation": False,
    "force_smart_charging": False,
}
FLOWS = "/api/config/config_entries/flow"


class Absent(Exception):
    """It isn't installed."""


def installed() -> Path:
    named = os.environ.get("EVHUB_HOMEASSISTANT")
    if named is None:
        raise Absent("EVHUB_HOMEASSISTANT names no folder with Home Assistant and its OCPP integration")
    folder = Path(named)
    for needed in ("venv/bin/python", "custom_components/ocpp/manifest.json"):
        if not (folder / needed).exists():
            raise Absent(f"{folder / needed} is missing")
    return folder


class Core:
    """Enter it with `async with`. `csms_port`: where the integration listens."""

    def __init__(self, installation: Path, folder: Path) -> None:
        self._python = installation / "venv/bin/python"
        self.folder = folder
        self.port, self.csms_port = _free_port(), _free_port()
        self._token = ""
        self._process: Process | None = None
        shutil.copytree(installation / "custom_components", folder / "custom_components")
        text = CONFIGURATION.format(port=self.port)
        (folder / "configuration.yaml").write_text(text, encoding="utf-8")

    async def __aenter__(self) -> "Core":
        await self.start()
        owner = {"client_id": self._url("/"), "name": "o", "username": "o", "password": "p", "language": "en"}
        code = (await self.post("/api/onboarding/users", owner))["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": self._url("/")}
        form = urllib.parse.urlencode(grant).encode()
        self._token = (await asyncio.to_thread(self._request, "/auth/token", form, "x-www-form-urlencoded"))[
            "access_token"
        ]
        flow = (await self.post(FLOWS, {"handler": "ocpp"}))["flow_id"]
        created = await self.post(f"{FLOWS}/{flow}", {**CENTRAL, "port": self.csms_port})
        assert created["result"]["state"] == "loaded", created
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        with (self.folder / "said").open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                *(str(self._python), "-m", "homeassistant", "-c", str(self.folder), "--skip-pip"),
                stdout=said,
                stderr=said,
            )
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(self._serves):
                await asyncio.sleep(0.2)

    async def stop(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()

    async def add_charger(self, name: str) -> None:
        """What has dialled in is found, and taken in with the form's own values."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await self._discovered()):
                await asyncio.sleep(0.2)
        await self.post(f"{FLOWS}/{found[0]['flow_id']}", {**CHARGER, "cpid": name})

    async def reload(self) -> None:
        """The entities of more than one connector are there only then."""
        (entry,) = await self.get("/api/config/config_entries/entry?domain=ocpp")
        await self.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload", {})

    async def press(self, domain: str, service: str, **fields: Any) -> None:
        await self.post(f"/api/services/{domain}/{service}", fields)

    async def state(self, entity: str) -> str:
        return str((await self.states()).get(entity, {}).get("state"))

    async def states(self) -> dict[str, dict[str, Any]]:
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def until(self, entity: str, *wanted: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.state(entity) not in wanted:
                await asyncio.sleep(0.2)

    def complaints(self) -> list[str]:
        """What the integration has logged as a warning or an error."""
        said = (self.folder / "said").read_text(encoding="utf-8", errors="replace")
        return re.findall(r"(?:WARNING|ERROR) .*\[custom_components\.ocpp\] .*", said)

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self._request, path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await asyncio.to_thread(self._request, path, json.dumps(body).encode())

    async def _discovered(self) -> list[dict[str, Any]]:
        async with connect(f"ws://127.0.0.1:{self.port}/api/websocket") as link:
            await link.recv()
            await link.send(json.dumps({"type": "auth", "access_token": self._token}))
            await link.recv()
            await link.send(json.dumps({"id": 1, "type": "config_entries/flow/progress"}))
            found: list[dict[str, Any]] = json.loads(await link.recv())["result"]
            return found

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _serves(self) -> bool:
        try:
            self._request("/api/onboarding")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def _request(self, path: str, body: bytes | None = None, kind: str = "json") -> Any:
        headers = {"Content-Type": f"application/{kind}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url(path), body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
