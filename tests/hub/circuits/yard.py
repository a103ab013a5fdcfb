"""Chargers on circuits as the hub runs them, with devices that do what they are told."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hub.bus import Bus
from hub.charger.description import Description
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.circuits.site import Site
from hub.clock import ManualClock
from hub.config.settings import CircuitSettings, MemberSettings
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Status
from hub.model.command import Command, CommandResult
from hub.model.moment import rfc3339
from hub.store.database import Database
from hub.topics import Topics
from tests import contract
from tests.hub.charger.world import ACTIONS, READINGS, Device

SHED = CircuitSettings("shed", "Shed", 32.0, (MemberSettings("a"), MemberSettings("b")))


class Yard:
    def __init__(self, database: Database) -> None:
        self.bus, self.topics, self.clock, self.database = Bus(), Topics(), ManualClock(), database
        contract.watch(self.bus)
        self.events: list[Any] = []
        self.bus.subscribe("evhub/circuit/+/event", lambda message: self.events.append(message.payload))
        self.begin()

    def begin(self) -> None:
        """A hub starts."""
        self.registry = Registry(self.bus, self.topics, self.clock)
        self.site = Site(self.bus, self.topics, self.clock, self.registry, self.database)
        self.chargers: dict[str, ChargerRuntime] = {}
        self.devices: dict[str, Device] = {}

    async def open(self, *settings: CircuitSettings) -> None:
        await self.site.open({each.id: each for each in settings})

    def add(self, charger: str, *, evses: int = 1) -> ChargerRuntime:
        device = self.devices[charger] = Device(evses, ACTIONS, READINGS)
        description = Description(charger, "modbus")
        runtime = ChargerRuntime(
            charger, description, device, bus=self.bus, topics=self.topics, clock=self.clock
        )
        self.chargers[charger] = runtime
        self.registry.add(runtime)
        self.leave = self.site.join(runtime)
        return runtime

    async def see(self, charger: str, *, car: bool = True, evse: int = 1, **more: Any) -> None:
        """A car is there and may charge, or there is none."""
        status = Status.CHARGING if car else Status.AVAILABLE
        values = {"power": 0.0, "plugged": car, **more}
        runtime = self.chargers[charger]
        runtime.reading(Reading({evse: EvseReading(values, status)}))
        runtime.wishes.permit(evse, car)
        await self.calm()

    async def calm(self) -> None:
        """Until nothing happens by itself."""
        for _ in range(4):
            await self.site.look()
            for _ in range(10):
                await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for runtime in self.chargers.values():
            runtime.tick(self.clock.now())
        await self.calm()

    def told(self, charger: str) -> float | None:
        """What the device was told last."""
        if not self.devices[charger].told:
            return None
        action, _, arguments = self.devices[charger].told[-1]
        return 0.0 if action == "pause" else float(arguments["limit"])  # type: ignore[arg-type]

    async def ask(self, **message: object) -> CommandResult:
        command = Command("circuit/shed", "set_limit", message, source="ems")
        result = await self.registry.execute(command)
        await self.calm()
        return result

    def measure(self, amperes: float | None) -> None:
        state = {
            "available": amperes is not None,
            "current_l1": amperes,
            "ts": rfc3339(self.clock.now().wall),
        }
        self.bus.publish("evhub/panel/state", state, retain=True)

    def shown(self) -> Mapping[str, Any]:
        (message,) = self.bus.retained("evhub/circuit/shed/state")
        assert isinstance(message.payload, Mapping)
        return message.payload


async def two(yard: Yard, settings: CircuitSettings = SHED) -> None:
    """Cars at both."""
    await yard.open(settings)
    for charger in ("a", "b"):
        yard.add(charger)
        await yard.see(charger, car=False)
    for charger in ("a", "b"):
        await yard.see(charger)
