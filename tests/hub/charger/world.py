"""A charger runtime with a device that the test plays, a clock that it turns, and everything that it publishes."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hub.bus import Bus, Message
from hub.charger.description import Description
from hub.charger.limits import Fallback
from hub.charger.memory import Memory, Remembered, StoredMemory
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.clock import ManualClock
from hub.errors import HubError
from hub.integration.api import EvseReading, Reading, Sink
from hub.model.charger import Abilities, Identity, Ratings, Status
from hub.model.command import Command, CommandResult
from hub.model.entity import Scalar
from hub.store.database import Database
from hub.topics import Topics
from tests import contract

ACTIONS = frozenset({"start", "pause", "set_limit"})
READINGS = frozenset({"power", "energy"})
IDLE: dict[str, Scalar] = {"power": 0.0, "energy": 10_000, "plugged": False}
BUSY: dict[str, Scalar] = {"power": 11_000.0, "energy": 10_000, "plugged": True}


class Device:
    """Does what it is told, at once; `refuse` is raised instead. `gate` holds actions up."""

    def __init__(self, evses: int, actions: frozenset[str], readings: frozenset[str]) -> None:
        self.evses = evses
        self.abilities = Abilities(actions, readings)
        self.ratings = Ratings()
        self.told: list[tuple[str, int, Mapping[str, Scalar]]] = []
        self.refuse: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.context: dict[int, bool] = {}
        self.refreshed = 0
        self.breaks: Exception | None = None
        self.runs = 0

    async def run(self, sink: Sink) -> None:
        self.runs += 1
        if self.breaks:
            raise self.breaks
        await asyncio.Event().wait()

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        self.told.append((action, evse, dict(arguments)))
        await self.gate.wait()
        if self.refuse:
            raise self.refuse

    async def refresh(self) -> None:
        self.refreshed += 1
        if self.refuse:
            raise self.refuse

    def set_context(self, evse: int, *, transaction: bool) -> None:
        self.context[evse] = transaction


class World:
    def __init__(
        self,
        *,
        evses: int = 1,
        actions: frozenset[str] = ACTIONS,
        readings: frozenset[str] = READINGS,
        max_current: float | None = None,
        fallback: Fallback | None = None,
        memory: Memory | None = None,
        remembered: Remembered | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        self.bus, self.topics, self.clock = Bus(), Topics(), clock or ManualClock()
        self.device = Device(evses, actions, readings)
        self.published: list[Message] = []
        self.bus.subscribe("evhub/#", self.published.append)
        contract.watch(self.bus)
        description = Description(
            "Garage",
            "modbus",
            "acme/one",
            Identity("Acme", "One"),
            max_current,
            fallback or Fallback(),
        )
        self.runtime = ChargerRuntime(
            "garage",
            description,
            self.device,
            bus=self.bus,
            topics=self.topics,
            clock=self.clock,
            memory=memory,
            remembered=remembered,
        )
        self.registry = Registry(self.bus, self.topics, self.clock)
        self.registry.add(self.runtime)

    def see(
        self,
        values: Mapping[str, Scalar] = IDLE,
        status: Status = Status.AVAILABLE,
        *,
        evse: int = 1,
        identity: Identity | None = None,
        **more: Any,
    ) -> None:
        self.runtime.reading(Reading({evse: EvseReading(values, status, **more)}, identity))

    def charge(self, energy: int = 10_000, **more: Scalar) -> None:
        """A car that charges, permitted."""
        self.see({**BUSY, "energy": energy, **more}, Status.CHARGING)

    async def charging(self, limit_a: float = 32.0) -> None:
        """Until a permitted car charges with its limit confirmed."""
        self.charge(limit_applied=limit_a)
        self.runtime.wishes.permit(1, True)
        await self.calm()

    async def calm(self) -> None:
        """Until nothing happens by itself."""
        for _ in range(20):
            await asyncio.sleep(0)

    def pass_time(self, seconds: float) -> None:
        """Second by second, as the runtime's own clock would."""
        for _ in range(round(seconds)):
            self.runtime.tick(self.clock.advance(1.0))

    def command(self, op: str, source: str = "ems", **message: object) -> "asyncio.Task[CommandResult]":
        command = Command("garage", op, message, source=source)
        return asyncio.get_running_loop().create_task(self.registry.execute(command))

    def shown(self, key: str, evse: int = 1) -> Scalar:
        """As it is retained on the bus."""
        (message,) = self.bus.retained(f"evhub/garage/evse/{evse}/state")
        assert isinstance(message.payload, Mapping)
        return message.payload[key]  # type: ignore[return-value]

    def events(self, *names: str) -> list[dict[str, Any]]:
        found = [dict(m.payload) for m in self.published if m.topic == "evhub/garage/event"]  # type: ignore[call-overload]
        return [event for event in found if not names or event["event_type"] in names]

    def told(self, action: str) -> list[Any]:
        return [arguments.get("limit") for name, _, arguments in self.device.told if name == action]


class Broken(HubError):
    """An error that nobody has a table row for."""


async def reborn(database: Database, clock: ManualClock, **more: Any) -> World:
    """A hub that starts with what the one before has written."""
    memory = StoredMemory(database, "garage")
    return World(memory=memory, remembered=await memory.remembered(), clock=clock, **more)
