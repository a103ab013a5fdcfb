"""What one device needs besides being asked: its keep-alive in time, and rules that heal it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from hub.blueprint.mapping import BlueprintMapping, Heal, KeepAlive, StepPlan
from hub.errors import DeviceOffline, DeviceRefused, Unsupported
from integrations.modbus.links import KEEP_ALIVE, WRITE
from integrations.modbus.registers import Registers
from integrations.modbus.writer import Env, Writer

log = logging.getLogger(__name__)
SHORTEST_S, LONGEST_S = 0.2, 3600.0
UNKNOWN_S = 1.0
"""Until the period is known."""
HEAL_AGAIN_S = 30.0
"""A rule that still holds after its steps isn't carried out again at once."""
FAILURES = (DeviceOffline, DeviceRefused, Unsupported)


class Keeper:
    """`acting`: is an action being carried out for this EVSE? Its set-point is newer than ours."""

    def __init__(
        self,
        charger: str,
        mapping: BlueprintMapping,
        registers: Registers,
        writer: Writer,
        env: Env,
        acting: Callable[[int], bool],
    ) -> None:
        self.online = False
        self._charger = charger
        self._mapping = mapping
        self._registers = registers
        self._writer = writer
        self._env = env
        self._acting = acting
        self._set_points = frozenset(
            plan.point.name for plans in mapping.actions.values() for plan in plans if plan.point is not None
        )
        self._healed_at: dict[tuple[int, int], float] = {}
        self._healing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Keeps it alive, until cancelled; no poll delays it, and it begins with the first reading."""
        keep = self._mapping.keep_alive
        if keep is None:
            return
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            # From due time to due time: what a round takes doesn't add up.
            period_s, last = self._period(keep), due
            due = max(last + period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            polled = self._polled(keep)
            if polled > last:
                due = polled
            elif self.online and (keep.when is None or keep.when(self._env(1))):
                await self._round(keep)

    async def stop(self) -> None:
        for task in self._healing:
            task.cancel()
        await asyncio.gather(*self._healing, return_exceptions=True)

    def look(self) -> None:
        """After each reading: does a rule hold?"""
        now = asyncio.get_running_loop().time()
        for number, rule in enumerate(self._mapping.heal):
            for evse in range(1, self._mapping.evses + 1):
                last = self._healed_at.get((number, evse), float("-inf"))
                if now - last >= HEAL_AGAIN_S and not self._acting(evse) and rule.when(self._env(evse)):
                    self._healed_at[number, evse] = now
                    task = asyncio.create_task(self._heal(rule, evse))
                    self._healing.add(task)
                    task.add_done_callback(self._healing.discard)

    async def _heal(self, rule: Heal, evse: int) -> None:
        log.info("charger %s: a rule of its blueprint heals EVSE %d", self._charger, evse)
        try:
            await self._writer.carry_out(rule.steps, evse, WRITE, {})
        except FAILURES as error:
            log.warning("charger %s: healing: %s", self._charger, error)

    def _polled(self, keep: KeepAlive) -> float:
        """When a poll did what is to be done; -inf: it never does."""
        if keep.read is None or keep.steps:
            return float("-inf")
        return min(self._registers.read_at(keep.read, evse) for evse in range(1, self._mapping.evses + 1))

    async def _round(self, keep: KeepAlive) -> None:
        loop = asyncio.get_running_loop()
        try:
            for evse in range(1, self._mapping.evses + 1):
                if keep.read is not None:
                    await self._registers.read_points((keep.read,), evse, KEEP_ALIVE, loop.time())
                steps = self._due(keep, evse)
                if steps:
                    await self._writer.carry_out(steps, evse, KEEP_ALIVE, {}, fresh=False)
        except FAILURES as error:
            log.warning("charger %s: keep-alive: %s", self._charger, error)

    def _due(self, keep: KeepAlive, evse: int) -> tuple[StepPlan, ...]:
        """A value that isn't known yet isn't rewritten, nor what an action may write while one is carried out."""
        env, barred = self._env(evse), self._set_points if self._acting(evse) else frozenset()
        return tuple(
            step
            for step in keep.steps
            if (step.value is None or step.value(env) is not None)
            and not (barred and (step.point is None or step.point.name in barred))
        )

    def _period(self, keep: KeepAlive) -> float:
        value = period(keep, self._env(1)) if self.online else None
        return UNKNOWN_S if value is None else value


def period(keep: KeepAlive, env: Mapping[str, Any]) -> float | None:
    """Seconds; None: it isn't known (yet)."""
    value = keep.every(env)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(max(float(value), SHORTEST_S), LONGEST_S)
