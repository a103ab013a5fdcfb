"""What one device is told: an action's steps in order, none repeated blindly, each proved where that is possible."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hub.blueprint.expression import Compiled
from hub.blueprint.mapping import BlueprintMapping, StepPlan, Together, Until, Wait, Write
from hub.errors import DeviceOffline, DeviceRefused
from hub.model.entity import Scalar
from integrations.modbus.codec import encode
from integrations.modbus.frame import ModbusException, Request, write_request
from integrations.modbus.links import READ_BACK
from integrations.modbus.registers import Registers
from integrations.modbus.spans import Span
from integrations.modbus.together import together

STORED_EVERY_S = 60.0
"""A stored point lies in a memory that wears out."""
LOOK_AGAIN_S = 0.5
Env = Callable[[int], dict[str, Any]]
Look = Callable[[], None]
Follow = Callable[[], Awaitable[None]]


class Writer:
    """`env`: what expressions see for an EVSE now; `look`: tells what was read since; `follow`: reads the fast
    points and tells."""

    def __init__(
        self, mapping: BlueprintMapping, registers: Registers, env: Env, look: Look, follow: Follow
    ) -> None:
        self._mapping = mapping
        self._registers = registers
        self._env, self._look, self._follow = env, look, follow
        self._stored_at: dict[tuple[str, int], float] = {}
        self._fresh_names = {name for name, point in mapping.points.items() if point.access == "rw"}

    async def carry_out(
        self,
        plans: tuple[StepPlan, ...],
        evse: int,
        priority: int,
        arguments: Mapping[str, Scalar],
        *,
        fresh: bool = True,
    ) -> list[Write]:
        """The steps in order, with what their expressions use read again before (read-modify-write), and once more
        after each wait (`fresh`). Raises DeviceOffline, DeviceRefused, Unsupported."""
        used = tuple(sorted(used_by(plans, self._mapping.actions) & self._fresh_names)) if fresh else ()
        await self._read_again(used, evse)
        env = {**self._env(evse), **arguments}
        written: list[Write] = []
        for step in self._mapping.plan(plans, env):
            if isinstance(step, Write):
                await self._write(step, evse, priority)
                written.append(step)
            elif isinstance(step, Together):
                await self._write_together(step, evse, priority)
            else:
                await self._wait(step, evse)
                await self._read_again(used, evse)
                env.update({**self._env(evse), **arguments})
        return written

    async def _wait(self, step: Wait | Until, evse: int) -> None:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
        elif not await self.holds(step.holds, evse, step.within_s):
            raise DeviceRefused("the charger did not follow in time")

    async def _read_again(self, names: tuple[str, ...], evse: int) -> None:
        if names:
            await self._registers.read_points(names, evse, READ_BACK, asyncio.get_running_loop().time())
            self._look()

    async def verify(self, written: list[Write], evse: int) -> None:
        """A written value is read back: itself where it can be, or the point that follows it."""
        last = {step.point.name: step for step in written}
        for step in last.values():
            rule = self._mapping.verify.get(step.point.name)
            if rule is not None:
                name, within = rule
                if not await self.holds(_equals(name, step.value), evse, within, (name,)):
                    raise DeviceRefused(f"{name} did not follow {step.point.name} = {step.value}")
            elif step.point.access == "rw":
                await self._read_back(step, evse)

    async def holds(
        self, condition: Compiled, evse: int, within_s: float, names: tuple[str, ...] = ()
    ) -> bool:
        """Does it come true in time? `names`: the points to read for it; else the fast ones."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while True:
            if names:
                await self._read_again(names, evse)
            else:
                await self._follow()
            if condition(self._env(evse)):
                return True
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(min(LOOK_AGAIN_S, within_s / 5))

    # One write

    async def _write(self, step: Write, evse: int, priority: int) -> None:
        item = self._registers.place(step.point, evse)
        try:
            words = encode(step.point.keys, step.raw)
        except ValueError as error:
            raise DeviceRefused(f"{step.point.name}: {error}") from error
        if step.point.stored and await self._spared(item, words):
            return
        request = write_request(item.unit, item.table, item.address, words, step.point.keys.get("write"))
        try:
            await self._ask(item, request, priority)
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
        item = self._registers.place(step.writes[0].point, evse)
        try:
            await self._registers.links[item.port].ask(request, priority, manner=self._registers.manner)
        except ModbusException as refusal:
            raise DeviceRefused(f"{', '.join(w.point.name for w in step.writes)}: {refusal}") from refusal

    async def _ask(self, item: Span, request: Request, priority: int) -> None:
        await self._registers.links[item.port].ask(
            request, priority, manner=self._registers.manner, newest=item.point.access == "rw"
        )

    async def _spared(self, item: Span, words: list[int]) -> bool:
        """A stored point isn't written with what it holds, nor more than once a minute."""
        now, key = asyncio.get_running_loop().time(), (item.element, item.evse)
        if item.point.access == "rw":
            try:
                if await self._registers.read_span(item) == words:
                    return True
            except ModbusException as refusal:
                raise DeviceRefused(f"{item.element}: {refusal}") from refusal
        if now - self._stored_at.get(key, float("-inf")) < STORED_EVERY_S:
            raise DeviceRefused(f"{item.element} is stored in the charger and was written a moment ago")
        self._stored_at[key] = now
        return False

    async def _after_lost_reply(self, item: Span, words: list[int], request: Request, priority: int) -> None:
        """It may have been done: look before it is repeated. What can't be read (a trigger) isn't repeated at all,
        nor is what wears a memory out."""
        if item.point.access == "wo":
            raise DeviceOffline(f"no answer to writing {item.element}")
        try:
            if await self._registers.read_span(item) == words:
                return
            if item.point.stored:
                raise DeviceOffline(f"no answer to writing {item.element}, which is not repeated")
            await self._ask(item, request, priority)
        except ModbusException as refusal:
            raise DeviceRefused(f"{item.element}: {refusal}") from refusal

    async def _read_back(self, step: Write, evse: int) -> None:
        item = self._registers.place(step.point, evse)
        try:
            words = await self._registers.read_span(item)
        except ModbusException as refusal:
            raise DeviceRefused(f"{step.point.name}: {refusal}") from refusal
        seen = step.point.conversion.value(self._registers.take(item, words))
        if not alike(seen, step.value):
            raise DeviceRefused(f"{step.point.name} is {seen!r} after {step.value!r} was written")


def used_by(plans: tuple[StepPlan, ...], actions: Mapping[str, tuple[StepPlan, ...]]) -> frozenset[str]:
    """The points whose values the steps use, those of named actions included."""
    names: set[str] = set()
    for plan in plans:
        names |= plan.uses
        if plan.action is not None:
            names |= used_by(actions[plan.action], actions)
    return frozenset(names)


def alike(read: Scalar, written: Scalar) -> bool:
    if isinstance(read, int | float) and isinstance(written, int | float):
        return abs(read - written) <= max(0.01, abs(written) * 0.001)
    return read == written


def _equals(name: str, wanted: Scalar) -> Compiled:
    return lambda env: alike(env.get(name), wanted)
