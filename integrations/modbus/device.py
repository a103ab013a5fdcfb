"""One Modbus charger: polls its points, keeps it alive, and carries out its blueprint's actions.

Theory: poll groups fall due on a 50 ms grid, so that a hundred chargers wake the process twenty times a second
and not three hundred. A round that fails is tried again at once by the link; after three failed rounds the
charger is offline, and the link says when asking it makes sense again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.expression import Compiled, compile_expression
from hub.blueprint.mapping import BlueprintMapping, StepPlan
from hub.blueprint.schema import seconds
from hub.clock import Clock
from hub.errors import DeviceOffline, Unsupported
from hub.integration.api import Device, DeviceSetup, Reading, Sink, Tracer
from hub.model.charger import Abilities, Ratings
from hub.model.entity import Scalar
from integrations.modbus.address import address_of
from integrations.modbus.budget import budget, groups_of, keep_alive_s, own_stretch, requests, share
from integrations.modbus.grid import GRID_S, Grid
from integrations.modbus.keeper import FAILURES, Keeper
from integrations.modbus.links import POLL, READ_BACK, STOP, WRITE, BusLink, Manner, NoAnswer
from integrations.modbus.quirks import quirk_of
from integrations.modbus.registers import Registers
from integrations.modbus.sharing import LINKS
from integrations.modbus.spans import spans
from integrations.modbus.writer import Writer

log = logging.getLogger(__name__)

MISSES = 3
AWAY_S = 1.0
RELEASE_S = 3.0
PREPARE_AGAIN_S = 30.0
SETTINGS_S = 60.0
"""What is polled that seldom are settings: they don't belong to a change of state."""
URGENT = frozenset({"pause", "set_limit", "start"})
UNLIMITED = float("inf")


class ModbusDevice:
    """Implements `integration.api.Device`."""

    def __init__(self, charger: str, mapping: BlueprintMapping, clock: Clock) -> None:
        self.evses = mapping.evses
        self.ratings: Ratings = mapping.ratings
        self._charger = charger
        self._mapping = mapping
        self._clock = clock
        self._registers = Registers(charger, mapping, manner_of(mapping.link))
        self._context: dict[int, dict[str, Any]] = {number: {} for number in range(1, mapping.evses + 1)}
        self._acting = {number: asyncio.Lock() for number in range(1, mapping.evses + 1)}
        self._writer = Writer(mapping, self._registers, self._env, self._look, self._follow)
        self._keeper = Keeper(
            charger,
            mapping,
            self._registers,
            self._writer,
            self._env,
            lambda evse: self._acting[evse].locked(),
        )
        self._quirk = quirk_of(mapping, self._registers, self._give)
        can = mapping.abilities
        self.abilities: Abilities = replace(can, actions=can.actions - self._quirk.without)
        self._sleeps = _sleeps(mapping)
        self._reading: Reading | None = None
        self._sink: Sink | None = None
        self._online = False
        self._arriving = False
        """What it wants first is on its way: nobody is told before, for who is told may act."""
        self._grid = Grid()
        self._counter = 0
        self._stretch = 1.0

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        async with contextlib.AsyncExitStack() as stack:
            for port in sorted({item.port for item in self._registers.spans}, key=lambda port: port or 0):
                self._registers.links[port] = await self._linked(port, stack)
            beside = [asyncio.create_task(task) for task in (self._keeper.run(), self._quirk.run())]
            try:
                await self._prepared()
                await self._poll_for_ever()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, self._keeper.stop(), return_exceptions=True)
                await self._release()
                self._registers.links.clear()

    async def _prepared(self) -> None:
        while True:
            try:
                await self._quirk.prepare()
                return
            except FAILURES as error:
                self._lost(str(error))
                await asyncio.sleep(PREPARE_AGAIN_S)

    async def _linked(self, port: int | None, stack: contextlib.AsyncExitStack) -> BusLink:
        """The link of the sockets with this port, told what will be asked of it."""
        address, declared = address_of(self._mapping.link, port), self._mapping.link
        await stack.enter_async_context(budget(address, declared.get("connections"), self._charger))
        link = await stack.enter_async_context(
            LINKS.open(address, reconnect_s=seconds(declared.get("reconnect", 0)))
        )
        groups = groups_of(self._mapping, port)
        keep_s = keep_alive_s(self._mapping)
        link.load.joins(self._charger, share(groups, link.line, keep_s), requests(groups, keep_s))
        stack.callback(link.load.leaves, self._charger)
        self._stretch = own_stretch(self._charger, groups, link.line, self._registers.manner)
        return link

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        if action not in self.abilities.actions:
            raise Unsupported(f"the blueprint {self._mapping.path} has no action {action!r}")
        if self._reading is None or not self._online:
            raise DeviceOffline(f"{self._charger} is offline")
        evse = max(evse, 1)
        async with self._acting[evse]:
            self._context[evse]["waking"] = action == "wake"
            try:
                priority = STOP if action in URGENT else WRITE
                if not await self._quirk.act(action, evse, arguments):
                    written = await self._writer.carry_out(
                        (StepPlan(action=action),), evse, priority, arguments
                    )
                    await self._writer.verify(written, evse)
            finally:
                self._context[evse]["waking"] = False
                if self._online:
                    # A keep-alive that repeats a set-point must not repeat the one before.
                    self._look()

    async def refresh(self) -> None:
        if not self._registers.links:
            raise DeviceOffline(f"{self._charger} is not running")
        await self._registers.read_groups(tuple(self._mapping.groups), READ_BACK, _now())
        self._tell(self._read())

    def trace(self, tracer: Tracer | None) -> None:
        self._registers.manner.trace = tracer

    def set_context(self, evse: int, *, transaction: bool) -> None:
        self._context[evse]["tx"] = transaction

    @property
    def raw_values(self) -> Mapping[tuple[str, int], Raw]:
        """As they were read, by element and EVSE (0: shared)."""
        return self._registers.raw

    @property
    def read_at(self) -> Mapping[tuple[str, int], float]:
        """By element and EVSE (0: shared)."""
        return self._registers.times()

    # Polling

    async def _poll_for_ever(self) -> None:
        due = dict.fromkeys(self._mapping.groups, _now())
        failed = 0
        while True:
            now = _now()
            groups = tuple(group for group, at in due.items() if at <= now + GRID_S / 2)
            try:
                # Before it is online everything is read once.
                groups, reading = await self._read_due(groups if self._online else tuple(due), POLL, now)
            except DeviceOffline as error:
                failed += 1
                if failed >= MISSES or not self._online:
                    self._lost(str(error))
                await asyncio.sleep(_pause(error, online=self._online))
                continue
            failed = 0
            await self._seen(due, groups, reading)
            await asyncio.sleep(max(0.0, min(due.values()) - _now()))

    async def _read_due(
        self, groups: tuple[str, ...], priority: int, now: float
    ) -> tuple[tuple[str, ...], Reading]:
        """(the groups that were read, what they say). Raises DeviceOffline.

        A new state is told together with what the meters say by then: both belong to one event (E02.FR.13)."""
        await self._registers.read_groups(groups, priority, now)
        reading = self._read()
        if not self._online or not self._moved(reading):
            return groups, reading
        rest = tuple(
            group
            for group, every in self._mapping.groups.items()
            if 0 < every < SETTINGS_S and group not in groups
        )
        await self._registers.read_groups(rest, priority, now)
        return groups + rest, self._read()

    def _moved(self, reading: Reading) -> bool:
        """Has an EVSE another status than was told last?"""
        told = self._reading.evses if self._reading else {}
        return any(
            number in told and told[number].status != seen.status for number, seen in reading.evses.items()
        )

    async def _seen(self, due: dict[str, float], groups: tuple[str, ...], reading: Reading) -> None:
        now = _now()
        stretch = max([self._stretch, *(link.load.stretch for link in self._bus_links())])
        for group in groups:
            every = self._mapping.groups[group] * stretch
            due[group] = self._grid.next(now, every) if every else UNLIMITED
        if not self._online:
            await self._came()
        else:
            self._tell(reading)
        self._keeper.look()

    def _bus_links(self) -> list[BusLink]:
        return [link for link in self._registers.links.values() if isinstance(link, BusLink)]

    async def _came(self) -> None:
        self._online = self._keeper.online = self._arriving = True
        self._reading = self._read()
        try:
            await self._quirk.came()
            await self._all_evses("on_connect")
        except FAILURES as error:
            log.warning("charger %s: %s: %s", self._charger, self._mapping.quirk, error)
        finally:
            self._arriving = False
        self._tell(self._read())

    async def _release(self) -> None:
        """The hub lets go of it: what its blueprint wants then, if it can still be told."""
        if self._online:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_S):
                    await self._all_evses("on_release")
        self._online = self._keeper.online = False

    async def _all_evses(self, action: str) -> None:
        if action not in self._mapping.actions:
            return
        try:
            for evse in range(1, self.evses + 1):
                await self._writer.carry_out((StepPlan(action=action),), evse, WRITE, {})
        except FAILURES as error:
            log.warning("charger %s: %s: %s", self._charger, action, error)

    def _lost(self, reason: str) -> None:
        if not self._online and self._reading is not None:
            return
        assert self._sink is not None
        asleep = self._online and self._sleeps is not None and bool(self._sleeps(self._env(1)))
        self._online = self._keeper.online = False
        if asleep and self._reading is not None:
            log.info("charger %s is asleep: %s", self._charger, reason)
            self._sink.reading(_all_stale(self._reading))
            return
        self._registers.forget()
        self._sink.offline(reason)
        self._reading = self._reading or Reading({})

    def _read(self) -> Reading:
        self._quirk.look(self._registers.raw, _now())
        reading = self._mapping.reading(self._registers.raw, self._context)
        stale = self._registers.stale(_now())
        if not stale:
            return reading
        shared = stale.get(0, frozenset())
        evses = {
            evse: replace(seen, stale=shared | stale.get(evse, frozenset()))
            for evse, seen in reading.evses.items()
        }
        return replace(reading, evses=evses)

    async def _follow(self) -> None:
        """While a writer waits for the device: the fast points, and all that belongs to a new state."""
        self._tell((await self._read_due(("fast",), READ_BACK, _now()))[1])

    def _look(self) -> None:
        self._tell(self._read())

    def _give(self, evse: int, name: str, value: Scalar) -> None:
        self._context[evse][name] = value

    def _tell(self, reading: Reading) -> None:
        self._reading = reading
        assert self._sink is not None
        if not self._arriving:
            self._sink.reading(reading)

    def _env(self, evse: int) -> dict[str, Any]:
        assert self._reading is not None
        self._counter = (self._counter + 1) % 65536
        return self._mapping.env(self._reading, evse, counter=self._counter, **self._context[evse])


def manner_of(link: Mapping[str, Any]) -> Manner:
    """How a blueprint wants its charger to be asked."""
    return Manner(
        seconds(link.get("timeout", 2.0)),
        seconds(link.get("gap", 0.0)),
        seconds(link.get("min_period", 0.0)),
        bool(link.get("resend", False)),
    )


def _sleeps(mapping: BlueprintMapping) -> Compiled | None:
    """When silence is normal: the rule of a charger that leaves its bus in standby."""
    text = mapping.link.get("sleeps")
    if text is None:
        return None
    elements = {element for point in mapping.points.values() for element in point.elements}
    names = elements | set(mapping.points) | {name for name, _ in mapping.derive} | {"tx", *mapping.inputs}
    return compile_expression(text, frozenset(names))[0]


def _all_stale(reading: Reading) -> Reading:
    evses = {evse: replace(seen, stale=frozenset(seen.values)) for evse, seen in reading.evses.items()}
    return replace(reading, evses=evses)


def _pause(error: DeviceOffline, *, online: bool) -> float:
    again = error.again_s if isinstance(error, NoAnswer) else 0.0
    return again if online else max(again, GRID_S if again else AWAY_S)


def _now() -> float:
    return asyncio.get_running_loop().time()


def make_device(setup: DeviceSetup) -> Device:
    """Raises HubError for an address that makes no sense."""
    mapping = setup.blueprint
    assert isinstance(mapping, BlueprintMapping)
    for port in {item.port for item in spans(mapping)}:
        address_of(mapping.link, port)
    return ModbusDevice(setup.charger, mapping, setup.clock)
