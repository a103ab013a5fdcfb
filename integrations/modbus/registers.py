"""What one device's registers said last; reads blocks, and remembers what the device refused."""

import logging
from collections.abc import Sequence

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping, Point
from integrations.modbus.frame import READ, ModbusException, Request
from integrations.modbus.links import READ_BACK, Link, Manner
from integrations.modbus.planner import Block, halves, plan, rules_of
from integrations.modbus.spans import Span, span, spans

log = logging.getLogger(__name__)
FIRST_RETRY_S, RETRY_ABSENT_S = 10.0, 86400.0
"""What was refused is asked for again after twice the time each time: a charger that boots refuses what it has."""
STALE_PERIODS = 3.0


class Registers:
    """`links`: by TCP port of a socket; None: the link's own."""

    def __init__(self, charger: str, mapping: BlueprintMapping, manner: Manner) -> None:
        self.raw: dict[tuple[str, int], Raw] = {}
        """As it was read, by element and EVSE (0: shared)."""
        self.links: dict[int | None, Link] = {}
        self.manner = manner
        self.spans = spans(mapping)
        self.rules = rules_of(mapping.link)
        self._charger = charger
        self._mapping = mapping
        self._tries = 1 + int(mapping.link.get("retries", 1))
        self._plans: dict[tuple[str, ...], list[Block]] = {}
        self._words: dict[Block, list[int]] = {}
        """What a request brought last; nothing where another one brought something newer since."""
        self._read_at: dict[Block, float] = {}
        self._failing: dict[Block, float] = {}
        self._chosen: dict[tuple[tuple[str, ...], int], list[Block]] = {}
        self._absent_since: float | None = None
        self._retry_s = FIRST_RETRY_S

    def answers_as(self, unit: int) -> None:
        """The device was found under this unit id."""
        self._mapping.link = {**self._mapping.link, "unit_id": unit}
        self.spans = spans(self._mapping)
        self.rules.absent.clear()
        self.rules.splits.clear()
        self._plan_anew()

    def blocks(self, groups: tuple[str, ...]) -> list[Block]:
        found = self._plans.get(groups)
        if found is None:
            due = [item for item in self.spans if item.point.poll in groups]
            found = self._plans[groups] = plan(due, self.spans, self.rules)
        return found

    def forget(self) -> None:
        """The device was away: what it said counts no more."""
        self.raw.clear()
        self._words.clear()
        self._read_at.clear()
        self._failing.clear()
        self._retry_s = FIRST_RETRY_S

    def decode_again(self) -> None:
        self._words.clear()

    async def read_groups(self, groups: tuple[str, ...], priority: int, now: float) -> None:
        """Raises DeviceOffline."""
        if self._absent_since is not None and now - self._absent_since >= self._retry_s:
            self._absent_since = None
            self._retry_s = min(self._retry_s * 2, RETRY_ABSENT_S)
            self.rules.absent.clear()
            self.rules.splits.clear()
            self._plan_anew()
        for block in self.blocks(groups):
            await self.read_block(block, priority, now)

    async def read_points(self, names: tuple[str, ...], evse: int, priority: int, now: float) -> None:
        """Raises DeviceOffline."""
        blocks = self._chosen.get((names, evse))
        if blocks is None:
            chosen = [item for item in self.spans if item.point.name in names and item.evse in (0, evse)]
            blocks = self._chosen[names, evse] = plan(chosen, chosen, self.rules)
        for block in blocks:
            await self.read_block(block, priority, now)

    async def read_block(self, block: Block, priority: int, now: float) -> None:
        request = Request(block.unit, READ[block.table], block.address, block.count)
        try:
            words = await self.links[block.port].ask(request, priority, tries=self._tries, manner=self.manner)
        except ModbusException as refusal:
            await self._refused(block, refusal, priority, now)
            return
        if self._failing:
            self._failing.pop(block, None)
        self._read_at[block] = now
        if self._words.get(block) == words:
            return
        self._words = {other: old for other, old in self._words.items() if not other.overlaps(block)}
        self._words[block] = words
        for item in block.spans:
            start = item.address - block.address
            self.raw[item.element, item.evse] = item.decode(words[start : start + item.words])

    def read_at(self, name: str, evse: int) -> float:
        """When a point was asked for last, and answered; -inf: never."""
        times = (
            at
            for block, at in self._read_at.items()
            if any(item.point.name == name and item.evse in (0, evse) for item in block.spans)
        )
        return max(times, default=float("-inf"))

    def times(self) -> dict[tuple[str, int], float]:
        """When each element was read last, by EVSE (0: shared)."""
        found: dict[tuple[str, int], float] = {}
        for block, at in self._read_at.items():
            for item in block.spans:
                key = item.element, item.evse
                if key in self.raw:
                    found[key] = max(at, found.get(key, at))
        return found

    async def read_span(self, item: Span) -> list[int]:
        """Raises DeviceOffline, ModbusException."""
        request = Request(item.unit, READ[item.table], item.address, item.words)
        return await self.links[item.port].ask(request, READ_BACK, tries=self._tries, manner=self.manner)

    def take(self, item: Span, words: Sequence[int]) -> Raw:
        """What a read-back brought."""
        raw = self.raw[item.element, item.evse] = item.decode(words)
        self.decode_again()
        return raw

    def place(self, point: Point, evse: int) -> Span:
        """Where a point is written."""
        return span(self._mapping, point, 0 if point.shared else max(evse, 1))

    def stale(self, now: float) -> dict[int, frozenset[str]]:
        """By EVSE the elements that the device failed to give for three of their periods."""
        late: dict[int, set[str]] = {}
        for block, since in self._failing.items():
            for item in block.spans:
                if now - since > STALE_PERIODS * self._mapping.groups[item.point.poll]:
                    late.setdefault(item.evse, set()).add(item.element)
        return {evse: frozenset(elements) for evse, elements in late.items()}

    def _plan_anew(self) -> None:
        self._plans.clear()
        self._chosen.clear()
        self._words.clear()
        self._read_at.clear()
        self._failing.clear()

    async def _refused(self, block: Block, refusal: ModbusException, priority: int, now: float) -> None:
        """Exception 2 (or 3 on several values): the block is split, and the split remembered."""
        parts = halves(block) if refusal.code in (2, 3) else []
        if parts:
            self.rules.splits.add((block.unit, block.table, parts[1].address))
            self._plan_anew()
            for part in parts:
                await self.read_block(part, priority, now)
        elif refusal.code in (1, 2, 3):
            for item in block.spans:
                log.info("charger %s has no %s (%s)", self._charger, item.element, refusal)
                self.rules.absent.add((item.element, item.evse))
                self.raw.pop((item.element, item.evse), None)
            # A hole parts what lies around it by itself; splits that led to it are needed no more.
            gone = {split for split in self.rules.splits if split[:2] == (block.unit, block.table)}
            self.rules.splits.difference_update(gone)
            self._plan_anew()
            self._absent_since = now if self._absent_since is None else self._absent_since
        else:
            self._failing.setdefault(block, now)
