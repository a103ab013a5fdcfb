"""What an action writes, and the proof that it has happened: accepted, confirmed, not confirmed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from hub.blueprint.expression import Compiled
from hub.blueprint.mapping import BlueprintMapping, Step, Together, Until, Wait, Write
from hub.errors import DeviceRefused, NotConfirmed
from hub.model.entity import Scalar
from integrations.echonet_lite.points import edt, epc_of
from integrations.echonet_lite.remote import Remote
from integrations.echonet_lite.stack import Manners

VERIFY_S = (0.0, 1.0, 4.0, 7.0)
"""After the answer to a Set: when the value is looked at. Devices say yes at once and act later, or never."""
FIRST_LOOK_S, LONGEST_LOOK_S = 0.5, 2.0


class Proof(StrEnum):
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    REJECTED = "rejected"


class Actor:
    """One object's. `env` gives what expressions see; `told` is called after each look."""

    def __init__(
        self,
        mapping: BlueprintMapping,
        remote: Remote,
        manners: Manners,
        env: Callable[[], Mapping[str, Any]],
        told: Callable[[], Awaitable[None]],
    ) -> None:
        self._mapping, self._remote, self._manners = mapping, remote, manners
        self._env, self._told = env, told

    async def act(self, steps: Iterator[Step]) -> Proof:
        """Raises DeviceOffline, DeviceRefused."""
        written: list[Write] = []
        for step in steps:
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, Until):
                await self.until(step.holds, step.within_s)
            else:
                writes = step.writes if isinstance(step, Together) else (step,)
                await self._write(writes)
                written += writes
        return await self._verify(written)

    async def until(self, holds: Compiled, within_s: float) -> None:
        """Raises NotConfirmed when it doesn't come true in time."""
        if not await self._holds(holds, within_s):
            raise NotConfirmed("accepted, but the charger did not follow in time")

    async def _write(self, writes: Iterable[Write]) -> None:
        chosen = list(writes)
        values: dict[int, bytes] = {}
        for step in chosen:
            if not self._remote.takes(epc_of(step.point)):
                raise DeviceRefused(f"{step.point.name}: the charger has no such setting")
            try:
                values[epc_of(step.point)] = edt(step.point, step.raw)
            except ValueError as error:
                raise DeviceRefused(f"{step.point.name}: {error}") from error
        repeat = all(step.point.keys.get("repeat", True) for step in chosen)
        result = await self._remote.write(values, repeat=repeat)
        # What may be missing in a device is no reason not to charge, whatever its map says.
        refused = [
            step for step in chosen if epc_of(step.point) in result.rejected and not step.point.optional
        ]
        if refused:
            raise DeviceRefused(
                ", ".join(f"{s.point.name} = {s.value}: rejected by the charger" for s in refused)
            )

    async def _verify(self, written: Iterable[Write]) -> Proof:
        """Raises NotConfirmed for what was accepted but doesn't show."""
        last = {step.point.name: step for step in written}
        proof = Proof.ACCEPTED
        for name, step in list(last.items()):
            rule = self._mapping.verify.get(name)
            if rule is not None:
                del last[name]
                if not await self._holds(_equals(rule[0], step.value), rule[1]):
                    raise NotConfirmed(f"accepted, but {rule[0]} did not follow {name} = {step.value}")
                proof = Proof.CONFIRMED
        seen = [
            step
            for step in last.values()
            if step.point.access == "rw" and self._remote.has(epc_of(step.point))
        ]
        if not seen:
            return proof
        missing = await self._look(seen)
        if missing:
            words = ", ".join(
                f"{name} is {value!r} instead of {step.value!r}" for name, value, step in missing
            )
            raise NotConfirmed(f"accepted, but not confirmed after {VERIFY_S[-1]:g} s: {words}")
        return Proof.CONFIRMED

    async def _look(self, written: list[Write]) -> list[tuple[str, Scalar, Write]]:
        """Which of them don't show what was written, until the last look."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        missing: list[tuple[str, Scalar, Write]] = []
        for after in VERIFY_S:
            await asyncio.sleep(max(0.0, started + after - loop.time()))
            await self._remote.read([epc_of(step.point) for step in written], manners=self._manners)
            await self._told()
            env = self._env()
            missing = [
                (step.point.name, env.get(step.point.name), step)
                for step in written
                if not alike(env.get(step.point.name), step.value)
            ]
            if not missing:
                break
        return missing

    async def _holds(self, holds: Compiled, within_s: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        pause = FIRST_LOOK_S
        while True:
            await self._remote.read(self._fast(), manners=self._manners)
            await self._told()
            if holds(self._env()):
                return True
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
            pause = min(pause * 2, LONGEST_LOOK_S)

    def _fast(self) -> list[int]:
        """What changes: the fast group, and what can be set."""
        return [
            epc
            for epc in self._remote.schedule.epcs
            if any(
                epc_of(point) == epc and (point.poll == "fast" or point.access == "rw")
                for point in self._mapping.points.values()
            )
        ]


def alike(read: Scalar, wanted: Scalar) -> bool:
    if isinstance(read, int | float) and isinstance(wanted, int | float):
        return abs(read - wanted) <= max(0.051, abs(wanted) * 0.001)
    return read == wanted


def _equals(name: str, wanted: Scalar) -> Compiled:
    return lambda env: alike(env.get(name), wanted)
