"""One Modbus charger: polls its points, keeps it alive, and carries out its blueprint's actions.

Theory: poll groups fall due on a 50 ms grid, so that a hundred chargers wake the process twenty times a second
and not three hundred. A round that fails is tried again at once by the link; after three failed rounds the
charger is offline and is probed with one short read, at growing intervals.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.expression import Compiled
from hub.blueprint.mapping import BlueprintMapping, Step, Together, Until, Wait, Write
from hub.blueprint.schema import seconds
from hub.clock import Clock
from hub.errors import DeviceOffline, DeviceRefused, Unsupported
from hub.integration.api import Device, DeviceSetup, Reading, Sink
from hub.model.charger import Abilities, Ratings
from hub.model.entity import Scalar
from integrations.modbus.codec import encode
from integrations.modbus.frame import READ, ModbusException, Request, write_request
from integrations.modbus.links import KEEP_ALIVE, LINKS, POLL, READ_BACK, STOP, WRITE, Link
from integrations.modbus.planner import Block, halves, plan, rules_of
from integrations.modbus.spans import Span, span, spans
from integrations.modbus.together import together

log = logging.getLogger(__name__)

GRID_S = 0.05
MISSES = 3
LONGEST_PROBE_S = 60.0
RETRY_ABSENT_S = 86400.0
URGENT = frozenset({"pause", "set_limit", "start"})


class ModbusDevice:
    """Implements `integration.api.Device`."""

    def __init__(self, charger: str, mapping: BlueprintMapping, clock: Clock) -> None:
        self.evses = mapping.evses
        self.abilities: Abilities = mapping.abilities
        self.ratings: Ratings = mapping.ratings
        self._charger = charger
        self._mapping = mapping
        self._clock = clock
        self._spans = spans(mapping)
        self._rules = rules_of(mapping.link)
        self._plans: dict[tuple[str, ...], list[Block]] = {}
        self._words: dict[tuple[int, str, int, int], list[int]] = {}
        self._raw: dict[tuple[str, int], Raw] = {}
        self._context: dict[int, dict[str, Any]] = {number: {} for number in range(1, mapping.evses + 1)}
        self._reading: Reading | None = None
        self._link: Link | None = None
        self._sink: Sink | None = None
        self._online = False
        self._acting = asyncio.Lock()
        self._counter = 0

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        link = self._mapping.link
        timeout, gap = seconds(link.get("timeout", 2.0)), seconds(link.get("gap", 0.0))
        async with LINKS.tcp(
            str(link["host"]), int(link.get("port", 502)), timeout_s=timeout, gap_s=gap
        ) as wire:
            self._link = wire
            keeper = asyncio.create_task(self._keep_alive())
            try:
                await self._poll_for_ever()
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
                self._link = None

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        if action not in self._mapping.actions:
            raise Unsupported(f"the blueprint {self._mapping.path} has no action {action!r}")
        if self._link is None or self._reading is None or not self._online:
            raise DeviceOffline(f"{self._charger} is offline")
        async with self._acting:
            priority = STOP if action in URGENT else WRITE
            written = await self._carry_out(
                self._mapping.steps(action, self._env(max(evse, 1), arguments)), evse, priority
            )
            await self._verify(written, max(evse, 1))

    async def refresh(self) -> None:
        if self._link is None:
            raise DeviceOffline(f"{self._charger} is not running")
        await self._round(tuple(self._mapping.groups), READ_BACK)
        self._tell()

    def set_context(self, evse: int, *, transaction: bool) -> None:
        if self._context[evse].get("tx") != transaction:
            self._context[evse]["tx"] = transaction
            self._forget_words()

    @property
    def raw_values(self) -> Mapping[tuple[str, int], Raw]:
        """As they were read, by element and EVSE (0: shared)."""
        return self._raw

    # Polling

    async def _poll_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        due = dict.fromkeys(self._mapping.groups, loop.time())
        misses, probe_s = 0, 1.0
        while True:
            now = loop.time()
            groups = tuple(group for group, at in due.items() if at <= now + GRID_S / 2)
            try:
                await self._round(groups if self._online else self._first_groups(due), POLL)
            except DeviceOffline as error:
                misses += 1
                if misses >= MISSES or not self._online:
                    self._lost(str(error))
                    await asyncio.sleep(min(probe_s, LONGEST_PROBE_S))
                    probe_s *= 2
                continue
            misses, probe_s = 0, 1.0
            await self._seen(due, groups, loop)
            await asyncio.sleep(max(0.0, self._grid(min(due.values())) - loop.time()))

    def _first_groups(self, due: Mapping[str, float]) -> tuple[str, ...]:
        """Before it is online everything is read once."""
        return tuple(due)

    async def _seen(
        self, due: dict[str, float], groups: tuple[str, ...], loop: asyncio.AbstractEventLoop
    ) -> None:
        now = loop.time()
        for group in groups if self._online else tuple(due):
            every = self._mapping.groups[group]
            due[group] = now + every if every else float("inf")
            if every:
                # Late rounds don't shift the grid, and missed ones aren't made up for.
                due[group] = self._grid(now + every - GRID_S)
        if not self._online:
            await self._came()
        else:
            self._tell()

    def _grid(self, at: float) -> float:
        """The next point of the 50 ms grid; all chargers share it."""
        if at == float("inf"):
            return at
        return (at // GRID_S + 1) * GRID_S

    async def _came(self) -> None:
        self._online = True
        if "on_connect" in self._mapping.actions:
            self._reading = self._mapping.reading(self._raw, self._context)
            try:
                for evse in range(1, self.evses + 1):
                    await self._carry_out(self._mapping.steps("on_connect", self._env(evse, {})), evse, WRITE)
            except (DeviceOffline, DeviceRefused) as error:
                log.warning("charger %s: on_connect: %s", self._charger, error)
        self._tell()

    def _lost(self, reason: str) -> None:
        if self._online or self._reading is None:
            self._online = False
            self._raw.clear()
            self._forget_words()
            assert self._sink is not None
            self._sink.offline(reason)
            self._reading = self._reading or Reading({})

    async def _round(self, groups: tuple[str, ...], priority: int) -> None:
        """Read what is due. Raises DeviceOffline."""
        blocks = self._plans.get(groups)
        if blocks is None:
            due = [item for item in self._spans if item.point.poll in groups]
            blocks = self._plans[groups] = plan(due, self._spans, self._rules)
        for block in blocks:
            await self._read(block, priority)

    async def _read(self, block: Block, priority: int) -> None:
        assert self._link is not None
        request = Request(block.unit, READ[block.table], block.address, block.count)
        try:
            words = await self._link.ask(request, priority, tries=2)
        except ModbusException as refusal:
            await self._refused(block, refusal, priority)
            return
        if self._words.get(block.key) == words:
            return
        self._words[block.key] = words
        for item in block.spans:
            start = item.address - block.address
            self._raw[item.element, item.evse] = item.decode(words[start : start + item.words])

    async def _refused(self, block: Block, refusal: ModbusException, priority: int) -> None:
        """Exception 2 (or 3 on several values): the block is split, and the split remembered."""
        if refusal.code in (10, 11):
            raise DeviceOffline(str(refusal)) from refusal
        parts = halves(block) if refusal.code in (2, 3) else []
        if parts:
            self._rules.splits.add((block.unit, block.table, parts[1].address))
            self._plans.clear()
            for part in parts:
                await self._read(part, priority)
        elif refusal.code in (1, 2, 3):
            for item in block.spans:
                log.info("charger %s has no %s (%s)", self._charger, item.element, refusal)
                self._rules.absent.add((item.element, item.evse))
                self._raw.pop((item.element, item.evse), None)
            self._plans.clear()
            asyncio.get_running_loop().call_later(RETRY_ABSENT_S, self._try_absent_again)

    def _try_absent_again(self) -> None:
        self._rules.absent.clear()
        self._rules.splits.clear()
        self._plans.clear()

    def _forget_words(self) -> None:
        self._words.clear()

    def _tell(self) -> None:
        reading = self._reading = self._mapping.reading(self._raw, self._context)
        assert self._sink is not None
        self._sink.reading(reading)

    # Writing

    def _env(self, evse: int, arguments: Mapping[str, Scalar]) -> dict[str, Any]:
        assert self._reading is not None
        self._counter = (self._counter + 1) % 65536
        return self._mapping.env(
            self._reading, evse, counter=self._counter, **self._context[evse], **arguments
        )

    async def _carry_out(self, steps: Iterator[Step], evse: int, priority: int) -> list[Write]:
        """Raises DeviceOffline, DeviceRefused."""
        written = []
        for step in steps:
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, Until):
                await self._until(step, evse)
            elif isinstance(step, Together):
                await self._write_together(step, evse, priority)
            else:
                await self._write(step, evse, priority)
                written.append(step)
        return written

    async def _write(self, step: Write, evse: int, priority: int) -> None:
        item = span(self._mapping, step.point, 0 if step.point.shared else max(evse, 1))
        try:
            words = encode(step.point.keys, step.raw)
        except ValueError as error:
            raise DeviceRefused(f"{step.point.name}: {error}") from error
        assert self._link is not None
        request = write_request(item.unit, item.table, item.address, words, step.point.keys.get("write"))
        try:
            await self._link.ask(request, priority)
        except ModbusException as refusal:
            raise DeviceRefused(f"{step.point.name} = {step.value}: {refusal}") from refusal
        except DeviceOffline:
            await self._after_lost_reply(item, words, request, priority)

    async def _write_together(self, step: Together, evse: int, priority: int) -> None:
        """One request; it isn't repeated, for what it sets off can't be read back."""
        try:
            request = together(self._mapping, step, max(evse, 1))
        except ValueError as error:
            raise DeviceRefused(str(error)) from error
        assert self._link is not None
        try:
            await self._link.ask(request, priority)
        except ModbusException as refusal:
            raise DeviceRefused(f"{', '.join(w.point.name for w in step.writes)}: {refusal}") from refusal

    async def _after_lost_reply(self, item: Span, words: list[int], request: Request, priority: int) -> None:
        """It may have been done: look before it is repeated. What can't be read is not repeated at all."""
        if item.point.access == "wo":
            raise DeviceOffline(f"no answer to writing {item.element}")
        assert self._link is not None
        back = Request(item.unit, READ[item.table], item.address, item.words)
        try:
            if await self._link.ask(back, READ_BACK, tries=2) != words:
                await self._link.ask(request, priority)
        except ModbusException as refusal:
            raise DeviceRefused(f"{item.element}: {refusal}") from refusal

    async def _until(self, step: Until, evse: int) -> None:
        if not await self._holds(step.holds, evse, step.within_s):
            raise DeviceRefused("the charger did not follow in time")

    async def _holds(self, holds: Compiled, evse: int, within_s: float) -> bool:
        deadline = asyncio.get_running_loop().time() + within_s
        while True:
            await self._round(("fast",), READ_BACK)
            self._tell()
            if holds(self._env(evse, {})):
                return True
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(min(0.5, within_s / 5))

    async def _verify(self, written: list[Write], evse: int) -> None:
        """A written value is read back: itself where it can be, or the point that follows it."""
        for step in written:
            rule = self._mapping.verify.get(step.point.name)
            if rule is not None:
                wanted, (name, within) = step.value, rule
                if not await self._holds(_equals(name, wanted), evse, within):
                    raise DeviceRefused(f"{name} did not follow {step.point.name} = {wanted}")
            elif step.point.access == "rw":
                await self._read_back(step, evse)

    async def _read_back(self, step: Write, evse: int) -> None:
        item = span(self._mapping, step.point, 0 if step.point.shared else evse)
        assert self._link is not None
        request = Request(item.unit, READ[item.table], item.address, item.words)
        try:
            words = await self._link.ask(request, READ_BACK, tries=2)
        except ModbusException as refusal:
            raise DeviceRefused(f"{step.point.name}: {refusal}") from refusal
        raw = item.decode(words)
        self._raw[item.element, item.evse] = raw
        self._forget_words()
        if not _alike(step.point.conversion.value(raw), step.value):
            raise DeviceRefused(
                f"{step.point.name} is {step.point.conversion.value(raw)!r} after {step.value!r} was written"
            )

    # Keep-alive

    async def _keep_alive(self) -> None:
        """A task of its own, so that no poll delays it; it begins with the first reading."""
        keep = self._mapping.keep_alive
        if keep is None:
            return
        while True:
            period = self._mapping_period(keep.every)
            await asyncio.sleep(period)
            if not self._online or (keep.when is not None and not keep.when(self._env(1, {}))):
                continue
            try:
                await self._one_keep_alive()
            except (DeviceOffline, DeviceRefused) as error:
                log.warning("charger %s: keep-alive: %s", self._charger, error)

    async def _one_keep_alive(self) -> None:
        keep = self._mapping.keep_alive
        assert keep is not None
        for evse in range(1, self.evses + 1):
            if keep.read is not None:
                chosen = [
                    item for item in self._spans if item.point.name == keep.read and item.evse in (0, evse)
                ]
                for block in plan(chosen, chosen, self._rules):
                    await self._read(block, KEEP_ALIVE)
            # A value that isn't known yet isn't rewritten.
            env = self._env(evse, {})
            plans = [p for p in keep.steps if p.value is None or p.value(env) is not None]
            await self._carry_out(self._mapping.plan(plans, env), evse, KEEP_ALIVE)

    def _mapping_period(self, every: Callable[[Mapping[str, Any]], Any]) -> float:
        value = every(self._env(1, {})) if self._online else None
        return min(max(float(value), 0.2), 3600.0) if isinstance(value, int | float) else 1.0


def make_device(setup: DeviceSetup) -> Device:
    mapping = setup.blueprint
    assert isinstance(mapping, BlueprintMapping)
    return ModbusDevice(setup.charger, mapping, setup.clock)


def _alike(read: Scalar, written: Scalar) -> bool:
    if isinstance(read, int | float) and isinstance(written, int | float):
        return abs(read - written) <= max(0.01, abs(written) * 0.001)
    return read == written


def _equals(name: str, wanted: Scalar) -> Compiled:
    return lambda env: _alike(env.get(name), wanted)
