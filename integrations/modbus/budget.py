"""What a charger may cost its wire: time for its polls, and sockets at its host."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence

from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.address import Address, TcpAddress, address_of
from integrations.modbus.frame import READ, Request
from integrations.modbus.jobs import Manner
from integrations.modbus.load import Load
from integrations.modbus.planner import Block, plan, rules_of
from integrations.modbus.spans import spans
from integrations.modbus.timing import FULL, Line, line_of

log = logging.getLogger(__name__)
Groups = Mapping[tuple[float, str], Sequence[Block]]
"""By period in seconds (0: once) and name."""
KEEP_ALIVE_REQUEST = Request(1, 3, 0, 1)


def share(groups: Groups, line: Line, keep_alive_s: float | None = None) -> float:
    """Of the wire's time; 1.0: all of it."""
    total = 0.0
    for (every, _), blocks in groups.items():
        if every:
            total += sum(line.transaction_s(_request(block)) for block in blocks) / every
    if keep_alive_s:
        total += line.transaction_s(KEEP_ALIVE_REQUEST) / keep_alive_s
    return total


def requests(groups: Groups, keep_alive_s: float | None = None) -> float:
    """A second."""
    polls = sum(len(blocks) / every for (every, _), blocks in groups.items() if every)
    return polls + (1 / keep_alive_s if keep_alive_s else 0.0)


def own_stretch(charger: str, groups: Groups, line: Line, manner: Manner) -> float:
    """By which a charger's own intervals must grow for the pauses that it needs between requests."""
    wanted = 0.0
    for (every, _), blocks in groups.items():
        if every:
            spent = (max(manner.min_period_s, line.transaction_s(_request(b)) + manner.gap_s) for b in blocks)
            wanted += sum(spent) / every
    if wanted > FULL:
        log.warning(
            "charger %s: its polls need %.0f %% of the time that it leaves between requests;"
            " its intervals are stretched %.2f-fold",
            charger,
            100 * wanted,
            wanted / FULL,
        )
    return max(1.0, wanted / FULL)


def groups_of(mapping: BlueprintMapping, port: int | None) -> Groups:
    """What is read over the wire of the sockets with this port."""
    declared, rules = spans(mapping), rules_of(mapping.link)
    found: dict[tuple[float, str], Sequence[Block]] = {}
    for group, every in mapping.groups.items():
        due = [item for item in declared if item.point.poll == group and item.port == port]
        found[every, group] = plan(due, declared, rules)
    return found


def keep_alive_s(mapping: BlueprintMapping) -> float | None:
    """The period of its keep-alive, where it doesn't depend on what is read."""
    keep = mapping.keep_alive
    value = None if keep is None else keep.every(mapping.inputs)
    return float(value) if isinstance(value, int | float) and value > 0 else None


def loads(mappings: Mapping[str, BlueprintMapping]) -> list[Load]:
    """What chargers ask of each of their wires, by charger. Raises HubError for links that make no sense."""
    found: dict[tuple[str, str], Load] = {}
    for charger, mapping in mappings.items():
        for port in sorted({item.port for item in spans(mapping)}, key=lambda port: port or 0):
            address = address_of(mapping.link, port)
            load = found.setdefault(address.key, Load(str(address)))
            if str(address) != load.wire:
                load.also.add(str(address))
            asked = share(groups_of(mapping, port), line_of(address), keep_alive_s(mapping))
            load.planned[charger] = load.planned.get(charger, 0.0) + asked
    return list(found.values())


def _request(block: Block) -> Request:
    return Request(block.unit, READ[block.table], block.address, block.count)


class _Sockets:
    """How many wires lead to a charger, where it allows only few. Others may lie behind the same address."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, str, str], asyncio.Semaphore] = {}
        self._users: dict[tuple[int, str, str, str], int] = {}

    @contextlib.asynccontextmanager
    async def taken(self, address: TcpAddress, most: int, charger: str) -> AsyncIterator[None]:
        """Users of one wire share it; a wire more than the charger allows waits until another one is given back."""
        loop = id(asyncio.get_running_loop())
        wire = (loop, *address.key, charger)
        gate = self._free.setdefault((loop, address.host, charger), asyncio.Semaphore(most))
        if not self._users.get(wire):
            if gate.locked():
                log.warning("%s allows %d connections, which are all in use: waiting", address.host, most)
            await gate.acquire()
        self._users[wire] = self._users.get(wire, 0) + 1
        try:
            yield
        finally:
            self._users[wire] -= 1
            if not self._users[wire]:
                del self._users[wire]
                gate.release()


SOCKETS = _Sockets()


@contextlib.asynccontextmanager
async def budget(address: Address, connections: int | None, charger: str = "") -> AsyncIterator[None]:
    """The right to open a wire, for as long as it is used."""
    if not connections or not isinstance(address, TcpAddress):
        yield
        return
    async with SOCKETS.taken(address, connections, charger):
        yield
