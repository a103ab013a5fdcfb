"""A charger on the wire: a Modbus server whose registers are a blueprint's own map, with cars that come and go.

It answers only for registers that the blueprint declares (exception 2 otherwise), keeps to `one_value`, and takes
writes by what the blueprint's actions mean. `served` has the wires and their faults.
"""

import asyncio
import struct
from collections.abc import Mapping
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping, Point
from hub.simulate.ev import VOLTAGE, Car, Outlet
from integrations.modbus.address import address_of
from integrations.modbus.codec import decode, encode, width
from integrations.modbus.frame import READ
from integrations.modbus.served import Served
from integrations.modbus.spans import Span, span

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
        self.written: list[tuple[str, int, object]] = []
        """(point, EVSE, value) of every write, in order."""
        self._words: dict[tuple[int, str, int], int] = {}
        self._spans = [
            span(mapping, point, evse, index)
            for point in mapping.points.values()
            for evse in ([0] if point.shared else range(1, mapping.evses + 1))
            for index in range(len(point.elements))
        ]
        self._limits = _written_by(mapping, "set_limit")
        self.served = Served(self._answer, framer_of(mapping.link))
        for item in self._spans:
            self._store(item, _start(mapping, item))
        self.update()

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Returns the port."""
        return await self.served.listen(host, port)

    async def run(self) -> None:
        """Time passes for the cars."""
        while True:
            await asyncio.sleep(STEP_S)
            self.pass_time(STEP_S * self.speed)

    async def close(self) -> None:
        await self.served.close()

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

    def set(self, name: str, value: Any, evse: int = 1) -> None:
        """A point's (or one phase's) value. Raises LookupError, ValueError."""
        for item in self._named(name, evse):
            self._store(item, value)

    def get(self, name: str, evse: int = 1) -> Any:
        """As its registers say it now. Raises LookupError."""
        item = self._named(name, evse)[0]
        words = [self._words[item.unit, item.table, address] for address in range(item.address, item.end)]
        return item.point.conversion.value(item.decode(words))

    def _named(self, name: str, evse: int) -> list[Span]:
        found = [i for i in self._spans if name in (i.element, i.point.name) and i.evse in (0, evse)]
        if not found:
            raise LookupError(f"{self.mapping.path} has no point {name!r} of EVSE {evse}")
        return found

    # Registers

    def update(self) -> None:
        """The registers as the outlets are now."""
        simulate = self.mapping.simulate
        for number, outlet in self.outlets.items():
            values: dict[str, Any] = dict(simulate.get("states", {}).get(outlet.state, {}))
            values.update(_measured(outlet, self.mapping, number))
            for item in self._spans:
                if item.evse == number and (item.element in values or item.point.name in values):
                    self._store(item, values.get(item.element, values.get(item.point.name)))

    def _store(self, item: Span, value: Any) -> None:
        if value is None:
            return
        raw = _raw(item.point, value)
        for offset, word in enumerate(encode(item.point.keys, raw)):
            self._words[item.unit, item.table, item.address + offset] = word

    # Wire

    def _answer(self, unit: int, pdu: bytes) -> bytes | None:
        if self.silent:
            return None
        function = pdu[0]
        table = TABLE_OF.get(function)
        if table is None or len(pdu) < 5:
            return bytes([function | 0x80, 1])
        address, count = struct.unpack(">HH", pdu[1:5])
        if function in READ.values():
            return self._read(function, unit, table, address, count)
        words = (
            [count]
            if function in (5, 6)
            else list(struct.unpack(f">{count}H", pdu[6:]))
            if function == 16
            else []
        )
        return self._write(unit, table, address, words, pdu)

    def _read(self, function: int, unit: int, table: str, address: int, count: int) -> bytes:
        words = [self._words.get((unit, table, address + offset)) for offset in range(count)]
        one_value = self.mapping.link.get("one_value") and not any(
            (item.address, item.words) == (address, count) for item in self._spans
        )
        if None in words or one_value:
            return bytes([function | 0x80, 2])
        values = [word for word in words if word is not None]
        if function in (1, 2):
            packed = sum(bool(bit) << index for index, bit in enumerate(values)).to_bytes(
                (count + 7) // 8, "little"
            )
        else:
            packed = struct.pack(f">{count}H", *values)
        return bytes([function, len(packed)]) + packed

    def _write(self, unit: int, table: str, address: int, words: list[int], pdu: bytes) -> bytes:
        for item in self._spans:
            here = (item.unit, item.table, item.address) == (unit, table, address)
            if here and item.point.access != "ro" and len(words) == width(item.point.keys):
                for offset, word in enumerate(words):
                    self._words[unit, table, address + offset] = word
                self._told(item, decode(item.point.keys, words))
                return pdu[:5]
        return bytes([pdu[0] | 0x80, 2])

    def _told(self, item: Span, raw: Raw) -> None:
        """A write has the meaning that the blueprint's actions give it."""
        value = item.point.conversion.value(raw)
        evse = item.evse or 1
        self.written.append((item.point.name, evse, value))
        outlet = self.outlets[evse]
        enable = self.mapping.simulate.get("enable", {})
        if item.point.name in self._limits and isinstance(value, int | float):
            outlet.limit_a = float(value)
        if item.point.name == enable.get("point"):
            outlet.enabled = value == enable["allow"]
        self.update()


def _measured(outlet: Outlet, mapping: BlueprintMapping, evse: int) -> dict[str, Any]:
    """What meters and read-backs show, by point; what the blueprint doesn't have is passed over."""
    plugged = outlet.car is not None
    start = float(mapping.simulate.get("registers", {}).get("energy", 0))
    values: dict[str, Any] = {
        "current": outlet.current_a,
        "voltage": VOLTAGE,
        "power": outlet.power_w,
        "energy": start + outlet.register_wh,
        "energy_session": outlet.session_wh,
        "limit_applied": outlet.limit_a,
        "rfid": outlet.card or None,
        "card": outlet.card,
    }
    point = mapping.points.get("rfid")
    if point is not None and not outlet.card and point.keys.get("type") == "bytes":
        values["rfid"] = "00" * 2 * width(point.keys)
    if point is not None and not outlet.card and point.keys.get("type") == "string":
        values["rfid"] = ""
    return values | ({"phases_now": outlet.car.phases} if plugged and outlet.car else {})


def _start(mapping: BlueprintMapping, item: Span) -> Any:
    """A declared register has some value from the start."""
    given: Mapping[str, Any] = mapping.simulate.get("registers", {})
    if item.point.name in given:
        return given[item.point.name]
    if item.point.conversion.map is not None:
        return next(iter(item.point.conversion.map.values()))
    kind = item.point.keys.get("type", "u16")
    return "" if kind == "string" else "00" * 2 * item.words if kind == "bytes" else 0


def _raw(point: Point, value: Any) -> Raw:
    if point.conversion.bits is not None:
        return int(value) << point.conversion.bits[0]
    if point.keys.get("type") in ("string", "bytes") or point.conversion.map is not None:
        return point.conversion.raw(value) if point.conversion.map is not None else str(value)
    return point.conversion.raw(float(value))


def _written_by(mapping: BlueprintMapping, action: str) -> frozenset[str]:
    return frozenset(plan.point.name for plan in mapping.actions.get(action, ()) if plan.point is not None)


def framer_of(link: Mapping[str, Any]) -> str:
    """As its blueprint says; a serial port speaks RTU if it doesn't."""
    return address_of(link).framer
