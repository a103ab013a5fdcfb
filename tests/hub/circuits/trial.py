"""A site of real chargers' runtimes whose boxes do as they please, and a judge at the wires."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.bus import Bus
from hub.charger.description import Description
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.circuits.site import Site
from hub.clock import ManualClock
from hub.config.settings import CircuitSettings
from hub.errors import DeviceOffline, DeviceRefused, NotConfirmed, StoreError
from hub.integration.api import EvseReading, Reading, Sink
from hub.model.charger import Abilities, Ratings, Status
from hub.model.command import Command
from hub.model.entity import Scalar
from hub.store.database import Statement
from hub.topics import Topics
from tests.hub.charger.world import ACTIONS, READINGS

TABLES = """
CREATE TABLE station (charger, kind, key, body, PRIMARY KEY (charger, kind, key));
CREATE TABLE limits (charger, evse, source, body, PRIMARY KEY (charger, evse, source));
"""


class Disk:
    """What of the database circuits need; `full`: nothing can be written."""

    def __init__(self) -> None:
        self.full = False
        self._rows = sqlite3.connect(":memory:")
        self._rows.executescript(TABLES)

    async def read(self, sql: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        return list(self._rows.execute(sql, values))

    async def write(self, statements: Sequence[Statement]) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if self.full:
            raise StoreError("the disk is full")
        for sql, values in statements:
            self._rows.execute(sql, values)


@dataclass
class Outlet:
    """`limit_a`, `enabled`: what it really does."""

    plugged: bool = False
    takes_a: float = 32.0
    limit_a: float = 32.0
    enabled: bool = False

    @property
    def offers_a(self) -> float:
        return self.limit_a if self.enabled else 0.0


@dataclass
class Box:
    """`mode`: ok; slow (until `release`); refuse; mute (obeys, and doesn't say so); lost (obeys, and is gone)."""

    charger: str
    judge: "Trial"
    evses: int = 1
    shows: bool = True
    metered: bool = True
    mode: str = "ok"
    online: bool = True
    ratings: Ratings = field(default_factory=Ratings)
    abilities: Abilities = field(default_factory=lambda: Abilities(ACTIONS, READINGS))
    outlets: dict[int, Outlet] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.outlets = {number: Outlet() for number in range(1, self.evses + 1)}

    async def run(self, sink: Sink) -> None:
        await asyncio.Event().wait()

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        begun = self.judge.version
        if not self.online:
            raise DeviceOffline("gone")
        if self.mode == "refuse":
            raise DeviceRefused("no")
        if self.mode == "slow":
            await self.gate.wait()
        outlet = self.outlets[evse]
        before = outlet.offers_a
        outlet.enabled = action != "pause"
        if "limit" in arguments:
            outlet.limit_a = float(arguments["limit"])  # type: ignore[arg-type]
        if outlet.offers_a > before and begun == self.judge.version:
            self.judge.raised((self.charger, evse), outlet.offers_a)
        if self.mode == "lost":
            self.online = False
            self.judge.chargers[self.charger].offline("gone")
        if self.mode in ("lost", "mute"):
            raise NotConfirmed("no answer")

    async def refresh(self) -> None:
        pass

    def set_context(self, evse: int, *, transaction: bool) -> None:
        pass

    def reading(self) -> Reading:
        return Reading({number: self._seen(outlet) for number, outlet in self.outlets.items()})

    def _seen(self, outlet: Outlet) -> EvseReading:
        values: dict[str, Scalar] = {"plugged": outlet.plugged}
        if self.metered:
            values["current_l1"] = min(outlet.offers_a, outlet.takes_a) if outlet.plugged else 0.0
        if self.shows:
            values["limit_applied"] = outlet.limit_a
        status = Status.CHARGING if outlet.plugged and outlet.enabled else Status.PREPARING
        return EvseReading(values, status if outlet.plugged else Status.AVAILABLE, enabled=outlet.enabled)


class Trial:
    """`real`: the phases that a box is really at, whatever the circuits have been told; else at all of them."""

    def __init__(
        self,
        circuits: Sequence[CircuitSettings],
        boxes: Mapping[str, tuple[int, Ratings]],
        real: Mapping[str, tuple[int, ...]] | None = None,
    ) -> None:
        self.real = real or {}
        self.disk, self.clock = Disk(), ManualClock()
        self.circuits = {circuit.id: circuit for circuit in circuits}
        self.ems: dict[str, float] = {}
        self.unkept: set[str] = set()
        """Circuits whose limit isn't on disk, as the EMS was told."""
        self.version = 0
        self.boxes = {
            name: Box(name, self, evses, ratings=ratings) for name, (evses, ratings) in boxes.items()
        }
        self.chargers: dict[str, ChargerRuntime] = {}
        self.failures: list[str] = []

    async def begin(self) -> None:
        """A hub starts."""
        self.version += 1
        self.bus, topics = Bus(), Topics()
        self.topics = topics
        self.registry = Registry(self.bus, topics, self.clock)
        self.site = Site(self.bus, topics, self.clock, self.registry, self.disk)  # type: ignore[arg-type]
        await self.site.open(self.circuits)
        self.leaves = {}
        for name in self.boxes:
            self.build(name)
        await self.look()

    def build(self, name: str) -> None:
        runtime = ChargerRuntime(
            name,
            Description(name, "modbus"),
            self.boxes[name],
            bus=self.bus,
            topics=self.topics,
            clock=self.clock,
        )
        self.chargers[name] = runtime
        self.leaves[name] = self.site.join(runtime)

    def see(self, *names: str) -> None:
        """They are polled."""
        for name in names or self.boxes:
            box, runtime = self.boxes[name], self.chargers[name]
            if not box.online:
                if runtime.available:
                    runtime.offline("gone")
                continue
            runtime.reading(box.reading())
            for evse, outlet in box.outlets.items():
                runtime.wishes.permit(evse, outlet.plugged)

    async def look(self) -> None:
        await self.site.look()
        for _ in range(6):
            await asyncio.sleep(0)

    async def calm(self) -> None:
        for _ in range(5):
            await self.look()
            self.see()

    async def kill(self, moments: int) -> None:
        """In the middle of whatever it does."""
        task = asyncio.get_running_loop().create_task(self.site.look())
        for _ in range(moments):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for runtime in self.chargers.values():
            await self._end(runtime)
        self.ems = {circuit: amperes for circuit, amperes in self.ems.items() if circuit not in self.unkept}
        await self.begin()

    @property
    def forgets(self) -> bool:
        """Would the next hub know too little? It can't know that."""
        return self.disk.full or bool(self.site._kept._owed)

    async def _end(self, runtime: ChargerRuntime) -> None:
        await asyncio.sleep(0)  # what was just begun is on the wire
        for each in runtime._tasks:
            each.cancel()
        await asyncio.gather(*runtime._tasks, return_exceptions=True)

    async def rebuild(self, name: str) -> None:
        """Its settings or its blueprint have changed."""
        leave = self.leaves.pop(name)
        self.chargers[name].offline("it was stopped")
        await self._end(self.chargers[name])
        await leave()
        await self.look()
        self.build(name)

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for runtime in self.chargers.values():
            runtime.tick(self.clock.now())
        await self.look()

    async def limit(self, circuit: str, amperes: float | None) -> None:
        await self._change()
        message: dict[str, object] = {"clear": True} if amperes is None else {"current": amperes}
        result = await self.registry.execute(
            Command(f"circuit/{circuit}", "set_limit", message, source="ems")
        )
        if amperes is None:
            self.ems.pop(circuit, None)
        else:
            self.ems[circuit] = amperes
        assert result.outcome == ("error" if self.disk.full else "accepted"), result
        (self.unkept.add if self.disk.full else self.unkept.discard)(circuit)
        await self.look()

    async def _change(self) -> None:
        """What was decided before counts by what was right then."""
        for _ in range(3):
            await asyncio.sleep(0)
        self.version += 1

    async def reload(self, *circuits: CircuitSettings) -> None:
        await self._change()
        gone = self.circuits.keys() - {each.id for each in circuits}
        self.circuits = {circuit.id: circuit for circuit in circuits}
        self.ems = {name: value for name, value in self.ems.items() if name not in gone}
        await self.site.use(self.circuits)

    # The judge

    def room(self, circuit: str) -> float:
        return min(self.circuits[circuit].max_current, self.ems.get(circuit, 1e9))

    def leaves_of(self, circuit: str) -> set[tuple[str, int]]:
        found: set[tuple[str, int]] = set()
        for member in self.circuits[circuit].members:
            if member.id in self.circuits:
                found |= self.leaves_of(member.id)
            else:
                box = self.boxes[member.id]
                found |= {(member.id, evse) for evse in box.outlets if member.evse in (None, evse)}
        return found

    def offered(self, circuit: str) -> float:
        """In the fullest phase."""
        phases = dict.fromkeys((1, 2, 3), 0.0)
        for name, evse in self.leaves_of(circuit):
            for phase in self.real.get(name, (1, 2, 3)):
                phases[phase] += self.boxes[name].outlets[evse].offers_a
        return max(phases.values())

    def raised(self, leaf: tuple[str, int], amperes: float) -> None:
        for circuit in self.circuits:
            if leaf in self.leaves_of(circuit):
                offered, room = self.offered(circuit), self.room(circuit)
                if offered > room + 1e-3:
                    self.failures.append(self.tell(circuit, leaf, amperes))

    def tell(self, circuit: str, leaf: tuple[str, int], amperes: float) -> str:
        text = {
            f"{name}/{evse}": self.boxes[name].outlets[evse].offers_a
            for name, evse in self.leaves_of(circuit)
        }
        return f"{leaf} to {amperes} A: {circuit} of {self.room(circuit)} A offers {text}"
