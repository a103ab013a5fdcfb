"""Looks for chargers where people say: slowly, reading only, and what it finds it compares with the blueprints."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

from hub.errors import HubError, reason
from integrations.modbus.address import Address, SerialAddress, TcpAddress
from integrations.modbus.frame import READ, ModbusException, Request
from integrations.modbus.links import POLL, BusLink, Manner, NoAnswer
from integrations.modbus.marks import Look, Product, is_text, never_read, place
from integrations.modbus.sharing import LINKS
from integrations.modbus.spans import Span

GAP_S = 0.05
TIMEOUT_S = 1.0
KNOCK_S, KNOCKS = 0.5, 16
"""Who doesn't take a connection in time isn't there; so many at once."""
MOST_HOSTS = 1024
NAMED_ENOUGH = 6
Candidates = list[tuple[int, Product]]


@dataclass(frozen=True, slots=True)
class Met:
    """Something answers there; `candidates`: score and blueprint, the likeliest first."""

    address: Address
    unit: int | None
    candidates: Candidates
    look: Look


def hosts(where: str) -> list[str]:
    """Of an address, a name, or a subnet such as 192.168.1.0/24. Raises HubError."""
    if "/" not in where:
        return [where]
    try:
        network = ipaddress.ip_network(where, strict=False)
    except ValueError as error:
        raise HubError(f"{where!r}: {error}") from error
    if network.num_addresses > MOST_HOSTS:
        raise HubError(f"{where}: more than {MOST_HOSTS} addresses; name a smaller subnet")
    return [str(host) for host in network.hosts()]


async def listening(addresses: Sequence[TcpAddress]) -> list[TcpAddress]:
    """Those that take a connection. Raises HubError for a name that nobody knows."""
    gate = asyncio.Semaphore(KNOCKS)

    async def knock(address: TcpAddress) -> bool:
        async with gate:
            try:
                async with asyncio.timeout(KNOCK_S):
                    _, writer = await asyncio.open_connection(address.host, address.port)
            except socket.gaierror as error:
                raise HubError(f"{address.host}: {reason(error)}") from error
            except (OSError, TimeoutError):
                return False
            writer.close()
            return True

    answers = await asyncio.gather(*map(knock, addresses))
    return [address for address, there in zip(addresses, answers, strict=True) if there]


async def met(
    address: Address, products: Sequence[Product], units: Iterable[int] | None = None
) -> AsyncIterator[Met]:
    """Who answers on a wire. `units`: the ones to try on a bus; None: where the blueprints say."""
    async with LINKS.open(address) as link:
        for unit in [None] if units is None else units:
            looking = _Looking(link, products, unit)
            await looking.all()
            if looking.look.words:
                yield Met(address, unit, looking.look.best(products), looking.look)


class _Looking:
    """One look at one stranger."""

    def __init__(self, link: BusLink, products: Sequence[Product], unit: int | None) -> None:
        self.look = Look()
        self._link, self._products, self._unit = link, products, unit
        self._never = never_read(products)
        self._silent: set[int] = set()
        self._manner = Manner(TIMEOUT_S, gap_s=GAP_S)

    async def all(self) -> None:
        """Texts first; when one names a maker, only its products are asked further."""
        for product in self._products:
            await self._ask(mark for mark in product.marks if is_text(mark))
        named = [product for score, product in self.look.best(self._products) if score >= NAMED_ENOUGH]
        for product in named or self._products:
            await self._ask(mark for mark in product.marks if not is_text(mark))

    async def _ask(self, marks: Iterable[Span]) -> None:
        for mark in marks:
            unit = mark.unit if self._unit is None else self._unit
            unread = place(mark) not in self.look.words
            if unread and unit not in self._silent and self._never.isdisjoint(range(mark.address, mark.end)):
                await self._read(replace(mark, unit=unit), mark)

    async def _read(self, there: Span, mark: Span) -> None:
        request = Request(there.unit, READ[there.table], there.address, there.words)
        try:
            self.look.words[place(mark)] = await self._link.ask(request, POLL, tries=2, manner=self._manner)
        except ModbusException as refusal:
            if refusal.code in (1, 2, 3, 4):
                self.look.words[place(mark)] = None
            else:
                self._silent.add(there.unit)
        except NoAnswer:
            self._silent.add(there.unit)


def fits(product: Product, address: Address) -> bool:
    """Could a blueprint's charger be on such a wire?"""
    link = product.mapping.link
    framer = link.get("framer")
    if isinstance(address, SerialAddress) or address.framer != "tcp":
        return "serial" in link and (framer or "rtu") == address.framer
    return "host" in link and framer in (None, "tcp")
