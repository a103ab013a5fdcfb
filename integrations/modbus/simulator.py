"""A charger on the wire: a Modbus TCP server whose registers are a blueprint's own map, with cars that come and go.

It answers only for registers that the blueprint declares (exception 2 otherwise), keeps to `one_value`, insists on
the write function that a point names, and takes writes by what the blueprint's actions mean. Faults for tests:
silence, delay, wrong answers.
"""

import asyncio
import contextlib
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from hub.blueprint.mapping import BlueprintMapping, StepPlan
from hub.simulate.ev import Car, Outlet
from integrations.modbus.frame import READ
from integrations.modbus.framing import HEADER
from integrations.modbus.simulated import Registers, Told

TABLE_OF = {code: table for table, code in READ.items()} | {
    5: "coil",
    6: "holding",
    15: "coil",
    16: "holding",
}
STEP_S = 0.2


class SimulatedCharger:
    """All EVSEs of one blueprint. `speed`: how many seconds of the car's life pass in one second."""

    def __init__(self, mapping: BlueprintMapping, *, speed: float = 1.0) -> None:
        self.mapping = mapping
        self.speed = speed
        self.outlets = {number: Outlet() for number in range(1, mapping.evses + 1)}
        self.silent = False
        self.delay_s = 0.0
        self.written: list[tuple[str, int, object]] = []
        """(point, EVSE, value) of every write, in order."""
        self.refused: list[tuple[int, int, str, int, int]] = []
        """(exception, function, table, address, count) of every request that was refused."""
        self.registers = Registers(mapping, self.outlets)
        self._limits = _written_by(mapping, "set_limit")
        self._server: asyncio.Server | None = None
        self._at: tuple[str, int] = ("", 0)
        self._writers: set[asyncio.StreamWriter] = set()
        self.update()

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Returns the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self._at = self._server.sockets[0].getsockname()[:2]
        return int(self._at[1])

    @property
    def inputs(self) -> Mapping[str, Any]:
        """By which the blueprint reaches it."""
        return {"host": self._at[0], "port": self._at[1]}

    async def run(self) -> None:
        """Time passes for the cars."""
        while True:
            await asyncio.sleep(STEP_S)
            self.pass_time(STEP_S * self.speed)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

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

    def update(self) -> None:
        """The registers as the outlets are now."""
        self.registers.show(self.outlets)

    # Wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                transaction, _, length, unit = HEADER.unpack(await reader.readexactly(HEADER.size))
                pdu = await reader.readexactly(length - 1)
                if self.silent:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                answer = self._answer(unit, pdu)
                writer.write(HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer)
                await writer.drain()
        self._writers.discard(writer)
        writer.close()

    def _answer(self, unit: int, pdu: bytes) -> bytes:
        function = pdu[0]
        table = TABLE_OF.get(function)
        if table is None or len(pdu) < 5:
            return bytes([function | 0x80, 1])
        address, count = struct.unpack(">HH", pdu[1:5])
        if function in READ.values():
            words = self.registers.read(unit, table, address, count)
            return self._refusal(2, function, table, address, count) if words is None else read(pdu[0], words)
        words = _to_write(pdu)
        if not self._allowed(function, unit, table, address):
            return self._refusal(1, function, table, address, len(words))
        told = self.registers.write(unit, table, address, words, self.outlets)
        if told is None:
            return self._refusal(2, function, table, address, len(words))
        self._told(told)
        return pdu[:5]

    def _refusal(self, code: int, function: int, table: str, address: int, count: int) -> bytes:
        self.refused.append((code, function, table, address, count))
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
