"""Modbus servers of other hands (libmodbus, npm's modbus-serial) behind a wire that spoils their replies: whatever
comes, no wrong value is taken and no write is believed that wasn't done.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator

import pytest

from integrations.modbus.address import Address, SerialAddress, TcpAddress
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, WRITE, BusLink, Manner, NoAnswer
from integrations.modbus.sharing import LINKS
from tests.interop.disturbed_wire import DisturbedWire, Server
from tests.interop.disturbing import Disturbance, Pty
from tests.interop.modbuspeer import free_port, started

SECONDS = float(os.environ.get("EVHUB_INTEROP_SECONDS", "12"))
UNIT, BAUDRATE = 17, 115200
pytestmark = pytest.mark.interop


@contextlib.asynccontextmanager
async def served(command: list[str], *words: str) -> AsyncIterator[None]:
    peer = await started(*command, *words)
    peer.fill()
    try:
        yield
    finally:
        await peer.close()


@contextlib.asynccontextmanager
async def wired(command: list[str], wire: str, seed: int) -> AsyncIterator[tuple[DisturbedWire, Address]]:
    """tcp, rtu (a serial port on both sides), rtu+tcp (TCP in front of the server's serial port)."""
    async with contextlib.AsyncExitStack() as stack:
        if wire == "tcp":
            port = free_port()
            await stack.enter_async_context(served(command, "tcp", str(port)))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            server = Server(reader, writer.write, tcp=True)
        else:
            pty = Pty()
            stack.callback(pty.close)
            await stack.enter_async_context(served(command, "rtu", pty.path, str(BAUDRATE), str(UNIT)))
            server = Server(pty.reader, pty.write, tcp=False)
        disturbed = DisturbedWire(Disturbance(wire == "tcp", random.Random(seed)), server)
        stack.push_async_callback(disturbed.close)
        if wire == "rtu":
            yield disturbed, SerialAddress(disturbed.open_pty(), baudrate=BAUDRATE, parity="none")
        else:
            yield disturbed, TcpAddress("127.0.0.1", await disturbed.listen(), wire.split("+")[0])


class Asker:
    """Reads blocks of equal and of different shape, writes now and then, and checks each against the truth."""

    def __init__(self, link: BusLink, seed: int) -> None:
        self.good, self.failed = 0, 0
        self._link, self._manner = link, Manner(timeout_s=0.3)
        self._dice = random.Random(seed)
        self._written: dict[int, set[int]] = {}

    async def once(self) -> None:
        try:
            if self._dice.random() < 0.1:
                await self._write()
            else:
                await self._read()
            self.good += 1
        except (NoAnswer, ModbusException) as failure:
            self.failed += 1
            await asyncio.sleep(min(getattr(failure, "again_s", 0.0), 0.5))

    async def _read(self) -> None:
        address, count = self._dice.choice([100, 200, 300, 400, 500]), self._dice.choice([2, 2, 2, 10])
        function = self._dice.choice([3, 3, 3, 4])
        words = await self._ask(Request(UNIT, function, address, count), POLL, tries=2)
        assert words == [(31 * n + 7) & 0xFFFF for n in range(address, address + count)]

    async def _write(self) -> None:
        """What was acknowledged is there; what failed may be there or not."""
        address, word = self._dice.randrange(1500, 1504), self._dice.randrange(65536)
        known = self._written.setdefault(address, {(31 * address + 7) & 0xFFFF})
        known.add(word)
        await self._ask(Request(UNIT, 6, address, 1, (word,)), WRITE)
        self._written[address] = {word}
        seen = await self._ask(Request(UNIT, 3, address, 1), POLL, tries=2)
        assert seen == [word]

    async def _ask(self, request: Request, priority: int, tries: int = 1) -> list[int]:
        return await self._link.ask(request, priority, tries=tries, manner=self._manner)


@pytest.mark.parametrize("wire", ["tcp", "rtu", "rtu+tcp"])
@pytest.mark.parametrize("peer", ["libmodbus", "modbus_serial"])
async def test_no_fault_of_the_wire_becomes_a_value(
    request: pytest.FixtureRequest, peer: str, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.modbus.reconnect.FIRST_S", 0.02)
    async with (
        wired(request.getfixturevalue(peer), wire, seed=1) as (disturbed, address),
        LINKS.open(address) as link,
    ):
        asker = Asker(link, seed=2)
        for _ in range(50):
            await asker.once()
        assert asker.failed == 0
        disturbed.share = 0.3
        loop = asyncio.get_running_loop()
        until = loop.time() + SECONDS
        while loop.time() < until:
            await asker.once()
        print(wire, asker.good, asker.failed, disturbed.disturbance.told)
        assert asker.good > 100
        assert set(disturbed.disturbance.told) == set(disturbed.disturbance.kinds())
        disturbed.share = 0.0
        await asyncio.sleep(1)
        await asker._read()
