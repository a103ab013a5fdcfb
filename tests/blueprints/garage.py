"""One blueprint at work: its simulated charger on Modbus TCP, the real device, and the charger's runtime."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.load import available, read_source
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
from integrations.modbus.simulated import Registers
from integrations.modbus.simulator import SimulatedCharger
from tests.blueprints.warped import WarpedClock

SEARCH = (shipped("blueprints"),)
PATHS = [name for name, _ in available(SEARCH) if read_source(name, SEARCH).value["protocol"] == "modbus"]


def load(path: str, inputs: Mapping[str, Any]) -> BlueprintMapping:
    return load_blueprint(path, example_inputs(path, SEARCH) | inputs, SEARCH, load_codec)


def single(path: str) -> dict[str, Any]:
    """The inputs for a charger with one socket."""
    return {"sockets": 1} if "input.sockets" in load(path, {}).inputs else {}


def several(path: str) -> dict[str, Any]:
    """And for one with two."""
    return {"sockets": 2} if "input.sockets" in load(path, {}).inputs else {}


def sockets(path: str) -> int:
    """How many a charger of this blueprint may have here: two at most."""
    return min(2, load(path, several(path)).evses)


class Garage:
    def __init__(self, path: str, **inputs: Any) -> None:
        self.path, self._inputs = path, inputs
        self.charger = SimulatedCharger(load(path, inputs))
        self.bus, self.events = Bus(), list[Mapping[str, Any]]()
        self.written_at: dict[str, list[float]] = defaultdict(list)
        """The seconds in which a point was written."""
        self.runtime: ChargerRuntime
        self._tasks: list[asyncio.Task[None]] = []
        self._port = 0

    async def __aenter__(self) -> "Garage":
        port = self._port = await self.charger.start()
        mapping = self._mapping(port)
        clock = WarpedClock()
        device = load_factory("modbus")(DeviceSetup("garage", mapping, {}, clock))
        self.bus.subscribe("evhub/garage/event", self._heard)
        description = Description("Garage", "modbus", self.path, mapping.identity, None, Fallback())
        self.runtime = ChargerRuntime(
            "garage", description, device, bus=self.bus, topics=Topics(), clock=clock
        )
        self._tasks = [asyncio.create_task(work) for work in (self.runtime.run(), self._time_passes())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.charger.close()

    @property
    def outlet(self) -> Outlet:
        return self.charger.outlets[1]

    def state(self, key: str = "status", evse: int = 1) -> Scalar:
        return self.runtime.state(evse).get(key)

    async def restart(self, away_s: float) -> None:
        """The charger loses its power for a while, and forgets what it was told."""
        charger = self.charger
        await charger.close()
        await asyncio.sleep(away_s)
        for outlet in charger.outlets.values():
            outlet.limit_a, outlet.enabled, outlet.phases = 32.0, True, 3
        charger.registers = Registers(charger.mapping, charger.outlets)
        charger.update()
        await charger.start(port=self._port)

    async def until(self, holds: Callable[[], Any], what: str, seconds: float = 300.0) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, f"{what}: {self._told()}"
            await asyncio.sleep(1)

    async def until_status(self, *statuses: str, evse: int = 1) -> None:
        what = f"waited for {' or '.join(statuses)} at {evse}"
        await self.until(lambda: self.state(evse=evse) in statuses, what)

    async def _time_passes(self) -> None:
        while True:
            seen = len(self.charger.written)
            await asyncio.sleep(1)
            self.charger.pass_time(1)
            for name, _, _ in self.charger.written[seen:]:
                self.written_at[name].append(asyncio.get_running_loop().time())

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
        declared = self.charger.mapping.inputs
        address = f"tcp://127.0.0.1:{port}"
        where = {"host": address, "serial": address, "port": port}
        return load(
            self.path, {k: v for k, v in where.items() if f"input.{k}" in declared} | dict(self._inputs)
        )
