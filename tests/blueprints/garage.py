"""One blueprint at work: its simulated charger on Modbus TCP, the real device, and the charger's runtime."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.blueprint.testing import example_inputs
from hub.bus import Bus, Message
from hub.charger.description import Description
from hub.charger.limits import Fallback
from hub.charger.runtime import ChargerRuntime
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_codec, load_factory
from hub.model.entity import Scalar
from hub.shipped import shipped
from hub.simulate.ev import Outlet
from hub.topics import Topics
from integrations.modbus.simulator import SimulatedCharger
from tests.blueprints.warped import WarpedClock

SEARCH = (shipped("blueprints"),)


def load(path: str, inputs: Mapping[str, Any]) -> BlueprintMapping:
    return load_blueprint(path, example_inputs(path, SEARCH) | inputs, SEARCH, load_codec)


class Garage:
    def __init__(self, path: str, **inputs: Any) -> None:
        self.path, self._inputs = path, inputs
        self.charger = SimulatedCharger(load(path, inputs))
        self.bus, self.events = Bus(), list[Mapping[str, Any]]()
        self.runtime: ChargerRuntime
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Garage":
        port = await self.charger.start()
        mapping = self._mapping(port)
        clock = WarpedClock()
        device = load_factory("modbus")(DeviceSetup("garage", mapping, {}, clock))
        self.bus.subscribe("evhub/garage/event", self._heard)
        description = Description("Garage", "modbus", self.path, mapping.identity, None, Fallback())
        self.runtime = ChargerRuntime(
            "garage", description, device, bus=self.bus, topics=Topics(), clock=clock
        )
        self._tasks = [asyncio.create_task(work) for work in (self.runtime.run(), self.charger.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.charger.close()

    @property
    def outlet(self) -> Outlet:
        return self.charger.outlets[1]

    def state(self, key: str = "status") -> Scalar:
        return self.runtime.state(1).get(key)

    async def until(self, holds: Callable[[], Any], what: str, seconds: float = 300.0) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, f"{what}: {self._told()}"
            await asyncio.sleep(0.5)

    async def until_status(self, *statuses: str) -> None:
        await self.until(lambda: self.state() in statuses, f"waited for {' or '.join(statuses)}")

    def _told(self) -> str:
        wrote = [write for write in self.charger.written if write[0] != ""][-12:]
        return (
            f"{self.outlet}, {dict(self.runtime.state(1))}, wrote {wrote}, refused {self.charger.refused[:5]}"
        )

    def _heard(self, message: Message) -> None:
        assert isinstance(message.payload, Mapping)
        self.events.append(message.payload)

    def _mapping(self, port: int) -> BlueprintMapping:
        """Modbus TCP, whichever wire the blueprint is for."""
        where = dict.fromkeys(example_inputs(self.path, SEARCH), f"tcp://127.0.0.1:{port}")
        if "input.port" in self.charger.mapping.inputs:
            where |= {"port": port}
        return load(self.path, {**where, **self._inputs})
