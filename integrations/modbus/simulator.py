"""A charger on the wire: a Modbus server whose registers are a blueprint's own map, with cars that come and go.

It answers only for registers that the blueprint declares (exception 2 otherwise), keeps to `one_value`, insists on
the write function that a point names, and takes writes by what the blueprint's actions mean. It is served on TCP
(Modbus TCP, or RTU and ASCII as behind a serial server) and on a pseudo-terminal.
"""

import asyncio
import contextlib
import os
import random
import struct
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.blueprint.mapping import BlueprintMapping, StepPlan
from hub.simulate.ev import Car, Outlet
from integrations.modbus.frame import READ
from integrations.modbus.serving import SERVINGS, AsciiServing, Asked, Faults, Serving
from integrations.modbus.simulated import Registers, Told

TABLE_OF = {code: table for table, code in READ.items()} | {
    5: "coil",
    6: "holding",
    15: "coil",
    16: "holding",
}
STEP_S = 0.2
TRIES = 20
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Terminal:
    """A pseudo-terminal with both its ends: while ours holds the other one too, its reader may come and go."""

    work: asyncio.Task[None]
    transport: asyncio.ReadTransport
    ours: int
    theirs: int

    async def close(self) -> None:
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)
        self.transport.close()
        os.close(self.ours)
        os.close(self.theirs)


class SimulatedCharger:
    """All EVSEs of one blueprint. `speed`: how many seconds of the car's life pass in one second."""

    def __init__(self, mapping: BlueprintMapping, *, speed: float = 1.0, seed: int = 0) -> None:
        self.mapping = mapping
        self.speed = speed
        self.outlets = {number: Outlet() for number in range(1, mapping.evses + 1)}
        self.silent = False
        self.faults = Faults()
        self.written: list[tuple[str, int, object]] = []
        """(point, EVSE, value) of the last writes, in order."""
        self.refused: list[tuple[int, int, str, int, int]] = []
        """(exception, function, table, address, count) of the last requests that were refused."""
        self.registers = Registers(mapping, self.outlets)
        self._limits = _written_by(mapping, "set_limit")
        self._units = {item.unit for item in self.registers.spans}
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._terminals: list[_Terminal] = []
        self.update()

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0, framer: str = "tcp") -> int:
        """Returns the port; sockets with ports of their own follow it as the blueprint has them."""
        for _ in range(TRIES if port == 0 else 0):
            with contextlib.suppress(OSError):  # What follows a free port may be taken.
                return await self._listen_on_all(host, 0, framer)
        return await self._listen_on_all(host, port, framer)

    async def _listen_on_all(self, host: str, port: int, framer: str) -> int:
        """Returns the first port. Raises OSError; then none is listened on."""
        first, *others = self.registers.ports
        try:
            chosen = await self._listen(host, port, framer, first)
            for other in others:
                await self._listen(host, chosen + (other or 0) - (first or 0), framer, other)
        except OSError:
            await self._stop_listening()
            raise
        return chosen

    async def _listen(self, host: str, port: int, framer: str, of: int | None) -> int:
        """`of`: the port that the blueprint gives its sockets there."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            await self._converse(reader, writer.write, self._serving(framer), of)
            self._writers.discard(writer)
            writer.close()

        server = await asyncio.start_server(serve, host, port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def start_terminal(self, framer: str = "rtu") -> str:
        """On a pseudo-terminal; returns the path of the end that a hub opens as a serial port."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(ours), "rb", buffering=0)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        work = self._converse(
            reader, lambda data: os.write(ours, data), self._serving(framer), self.registers.ports[0]
        )
        self._terminals.append(_Terminal(asyncio.create_task(work), transport, ours, theirs))
        return os.ttyname(theirs)

    async def run(self) -> None:
        """Time passes for the cars."""
        while True:
            await asyncio.sleep(STEP_S)
            self.pass_time(STEP_S * self.speed)

    async def close(self) -> None:
        await self._stop_listening()
        for terminal in self._terminals:
            await terminal.close()
        self._terminals.clear()

    async def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def pass_time(self, seconds: float) -> None:
        for outlet in self.outlets.values():
            outlet.pass_time(seconds)
        self.update()

    def plug(self, car: Car | None = None, evse: int = 1) -> None:
        self.outlets[evse].plug(car or Car())
        self.update()

    def unplug(self, evse: int = 1) -> None:
        self.outlets[evse].unplug()
        self.update()

    def swipe(self, card: str, evse: int = 1) -> None:
        self.outlets[evse].card = card
        self.update()

    def fault(self, faulted: bool, evse: int = 1) -> None:
        self.outlets[evse].faulted = faulted
        self.update()

    def poke(self, point: str, value: object, evse: int = 1) -> None:
        """A register from outside; what an outlet shows there comes back with its next change. Raises KeyError,
        ValueError."""
        self.registers.poke(point, value, evse)

    def update(self) -> None:
        """The registers as the outlets are now."""
        self.registers.show(self.outlets)

    # Wire

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        send: Callable[[bytes], object],
        serving: Serving,
        port: int | None,
    ) -> None:
        with contextlib.suppress(OSError):
            while received := await reader.read(4096):
                for asked in serving.feed(received):
                    answer = self._frame(asked, serving, port)
                    if answer is None:
                        continue
                    if self.faults.delay:
                        await asyncio.sleep(self.faults.delay)
                    send(answer)

    def _serving(self, framer: str) -> Serving:
        """ABL's controllers, which sleep until they are asked twice, begin their answers otherwise."""
        if framer == "ascii" and self.mapping.link.get("resend"):
            return AsciiServing(b">")
        return SERVINGS[framer]()

    def _frame(self, asked: Asked, serving: Serving, port: int | None = None) -> bytes | None:
        """None: silence."""
        if self.silent or (serving.addressed and asked.unit not in self._units):
            return None
        return self.faults.spoil(asked, self._answer(asked.unit, asked.pdu, port), serving, self._chance)

    def _answer(self, unit: int, pdu: bytes, port: int | None = None) -> bytes:
        function = pdu[0]
        table = TABLE_OF.get(function)
        if table is None or len(pdu) < 5:
            return bytes([function | 0x80, 1])
        address, count = struct.unpack(">HH", pdu[1:5])
        if function in READ.values():
            words = self.registers.read(unit, table, address, count, port)
            return self._refusal(2, function, table, address, count) if words is None else read(pdu[0], words)
        words = _to_write(pdu)
        if not self._allowed(function, unit, table, address):
            return self._refusal(1, function, table, address, len(words))
        told = self.registers.write(unit, table, address, words, self.outlets, port)
        if told is None:
            return self._refusal(2, function, table, address, len(words))
        self._told(told)
        return pdu[:5]

    def _refusal(self, code: int, function: int, table: str, address: int, count: int) -> bytes:
        self.refused.append((code, function, table, address, count))
        del self.refused[:-REMEMBERED]
        return bytes([function | 0x80, code])

    def _allowed(self, function: int, unit: int, table: str, address: int) -> bool:
        """Some points take one function alone."""
        named = {
            item.point.keys.get("write")
            for item in self.registers.spans
            if (item.unit, item.table, item.address) == (unit, table, address) and item.point.access != "ro"
        }
        return not named or None in named or f"fc{function}" in named

    def _told(self, told: Sequence[Told]) -> None:
        """A write has the meaning that the blueprint's actions give it."""
        enable = self.mapping.simulate.get("enable") or {}
        by_expression = "limit" in self.mapping.simulate
        for point, evse, value in told:
            self.written.append((point.name, evse or 1, value))
            del self.written[:-REMEMBERED]
            for outlet in [self.outlets[evse]] if evse else list(self.outlets.values()):
                if point.name in self._limits and isinstance(value, int | float) and not by_expression:
                    outlet.limit_a = float(value)
                if point.name == enable.get("point") and value in (enable["allow"], enable["deny"]):
                    outlet.enabled = value == enable["allow"]
        self.update()


def read(function: int, words: Sequence[int]) -> bytes:
    """The answer to a read."""
    if function in (1, 2):
        bits = sum(bool(bit) << index for index, bit in enumerate(words))
        packed = bits.to_bytes((len(words) + 7) // 8, "little")
    else:
        packed = struct.pack(f">{len(words)}H", *words)
    return bytes([function, len(packed)]) + packed


def _to_write(pdu: bytes) -> list[int]:
    """What a write request carries; a coil is 0 or 1."""
    count = int.from_bytes(pdu[3:5])
    if pdu[0] == 5:
        return [int(count == 0xFF00)]
    if pdu[0] == 6:
        return [count]
    if pdu[0] == 15:
        return [pdu[6 + index // 8] >> index % 8 & 1 for index in range(count)]
    return list(struct.unpack(f">{count}H", pdu[6 : 6 + 2 * count]))


def _written_by(mapping: BlueprintMapping, action: str) -> frozenset[str]:
    return frozenset(_names(mapping, mapping.actions.get(action, ())))


def _names(mapping: BlueprintMapping, plans: Sequence[StepPlan]) -> list[str]:
    names = []
    for plan in plans:
        if plan.point is not None:
            names.append(plan.point.name)
        if plan.action is not None:
            names += _names(mapping, mapping.actions[plan.action])
        names += [part.point.name for part in plan.together if part.point is not None]
    return names
