"""A hub with simulated chargers on Modbus TCP and a CSMS on WebSocket, all on loopback."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.app import Hub
from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.config.load import load_config
from hub.integration.loader import load_codec
from hub.shipped import shipped
from hub.simulate.csms import Csms, Settings
from integrations.modbus.simulator import SimulatedCharger
from tests import contract

SPEED = 600.0
SEARCH = (shipped("blueprints"),)


class World:
    """`chargers`: id -> (blueprint, inputs, more YAML of the charger). `also`: other sections of the configuration."""

    def __init__(
        self,
        folder: Path,
        chargers: dict[str, tuple[str, dict[str, Any], str]],
        *,
        csms: bool = True,
        also: str = "",
    ) -> None:
        self.folder = folder
        self.path = folder / "evhub.yaml"
        self.csms = Csms(Settings())
        self._with_csms = csms
        self.also = also
        self._declared = chargers
        self.chargers: dict[str, SimulatedCharger] = {}
        self._ports: dict[str, int] = {}
        self._clocks: list[asyncio.Task[None]] = []
        self.csms_port = 0
        self.hub: Hub | None = None
        self.loop = asyncio.get_running_loop()

    async def __aenter__(self) -> "World":
        self.csms_port = await self.csms.start()
        for name, (path, inputs, _) in self._declared.items():
            mapping = load_blueprint(path, example_inputs(path, SEARCH) | inputs, SEARCH, load_codec)
            self.chargers[name] = SimulatedCharger(mapping, speed=SPEED)
            self._ports[name] = await self.chargers[name].start()
            self._clocks.append(asyncio.create_task(self.chargers[name].run()))
        await self.start_hub()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_hub()
        for clock in self._clocks:
            clock.cancel()
        await asyncio.gather(*self._clocks, return_exceptions=True)
        for charger in self.chargers.values():
            await charger.close()
        await self.csms.close()

    async def start_hub(self) -> None:
        self.write_config()
        self.hub = Hub(load_config(self.path), jitter_s=0.0, logs=False)
        contract.watch(self.hub.bus)
        await self.hub.start()

    async def stop_hub(self) -> None:
        if self.hub is not None:
            hub, self.hub = self.hub, None
            await hub.stop()

    def write_config(self, *, without: tuple[str, ...] = (), mqtt: str = "") -> None:
        lines = ["hub: {state_dir: state}", f"mqtt: {{listen: '127.0.0.1:0'{mqtt}}}"]
        if self._with_csms:
            defaults = "{RetryBackOffWaitMinimum: 0, RetryBackOffRandomRange: 0, TxUpdatedInterval: 1}"
            lines.append(f"csms: {{url: 'ws://127.0.0.1:{self.csms_port}/ocpp', defaults: {defaults}}}")
        lines.append("chargers:")
        for name, (path, inputs, more) in self._declared.items():
            if name not in without:
                given = "".join(f", {key}: {value}" for key, value in inputs.items())
                where = f"{{{self._where(name, path)}{given}}}"
                lines.append(f"  {name}: {{use_blueprint: {{path: {path}, input: {where}}}{more}}}")
        lines += [self.also] if self.also else []
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _where(self, name: str, path: str) -> str:
        """Modbus TCP, for chargers on a serial line too."""
        port = self._ports[name]
        serial = "serial" in example_inputs(path, SEARCH)
        return f"serial: 'tcp://127.0.0.1:{port}'" if serial else f"host: 127.0.0.1, port: {port}"

    async def until(self, holds: Callable[[], Any], seconds: float = 15.0) -> None:
        """Waits for a fact; fails when it doesn't come true."""
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)

    def status(self, charger: str, evse: int = 1) -> Any:
        assert self.hub is not None
        runtime = self.hub.registry.get(charger)
        return runtime.state(evse).get("status") if runtime else None

    def state(self, charger: str, key: str, evse: int = 1) -> Any:
        assert self.hub is not None
        runtime = self.hub.registry.get(charger)
        assert runtime is not None
        return runtime.state(evse).get(key)
