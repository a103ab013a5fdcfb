"""The registers of a simulated charger: a blueprint's own map, showing what its outlets do.

What a blueprint says under `simulate`: `registers` are the values at the start; `states` those of each state of
an outlet; `shows` are expressions of what an outlet measures, for points that don't bear a measure's name;
`mirror` names the point that shows what was written to another; `limit` and `phases` are expressions of what the
registers hold, where a set-point isn't amperes or phases.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.expression import Compiled, compile_expression
from hub.blueprint.mapping import BlueprintMapping, Point
from hub.blueprint.schema import CONTEXT, MEASURES
from hub.model.entity import Scalar
from hub.simulate.ev import Outlet
from integrations.modbus.codec import encode, width
from integrations.modbus.spans import Span, span

Told = tuple[Point, int, Scalar]
"""A write: point, EVSE (0: shared), value."""


class Registers:
    def __init__(self, mapping: BlueprintMapping, outlets: Mapping[int, Outlet]) -> None:
        self.mapping = mapping
        self._words: dict[tuple[int | None, int, str, int], int] = {}
        """By port (of a socket that has its own), unit, table and address."""
        self.spans = [
            span(mapping, point, evse, index)
            for point in mapping.points.values()
            for evse in ([0] if point.shared else range(1, mapping.evses + 1))
            for index in range(len(point.elements))
        ]
        self.ports: Sequence[int | None] = sorted({i.port for i in self.spans if i.port is not None}) or [
            None
        ]
        simulate = mapping.simulate
        self._states: Mapping[str, Mapping[str, Any]] = simulate.get("states") or {}
        self._mirror: Mapping[str, str] = simulate.get("mirror") or {}
        self._shows = {name: self._compiled(text) for name, text in (simulate.get("shows") or {}).items()}
        self._limit = self._compiled(simulate["limit"]) if "limit" in simulate else None
        self._phases = self._compiled(simulate.get("phases", "phases_set"))
        self._mentioned = {name for values in self._states.values() for name in values or ()}
        for item in self.spans:
            self._store(item, self._start(item))
        self._phases_told = "phases" in simulate or "phases_set" in (simulate.get("registers") or {})
        for number, outlet in outlets.items():
            self._follow(number, outlet)

    # What the wire asks

    def read(
        self, unit: int, table: str, address: int, count: int, port: int | None = None
    ) -> list[int] | None:
        """None: a register that the blueprint doesn't declare, or more than one value where one is allowed."""
        if self.mapping.link.get("one_value") and not any(
            (item.address, item.words) == (address, count) for item in self.spans
        ):
            return None
        words = [self._words.get((port, unit, table, address + offset)) for offset in range(count)]
        found = [word for word in words if word is not None]
        return found if len(found) == len(words) else None

    def write(
        self,
        unit: int,
        table: str,
        address: int,
        words: list[int],
        outlets: Mapping[int, Outlet],
        port: int | None = None,
    ) -> list[Told] | None:
        """Whole points, one or several side by side. None: there is nothing that can be written so."""
        items = list(self._written((port, unit, table), address, len(words)))
        if not items or sum(item.words for item in items) != len(words):
            return None
        told: list[Told] = []
        for item in items:
            part = words[item.address - address :][: item.words]
            for offset, word in enumerate(part):
                self._words[port, unit, table, item.address + offset] = word
            value = item.point.conversion.value(item.decode(part))
            told.append((item.point, item.evse, value))
            self._mirrored(item, value)
            self._phases_told |= item.point.name == "phases_set"
        for number, outlet in outlets.items():
            self._follow(number, outlet)
        return told

    def _written(self, where: tuple[int | None, int, str], address: int, count: int) -> Iterator[Span]:
        here, end = address, address + count
        while here < end:
            item = next(
                (
                    item
                    for item in self.spans
                    if self._where(item) == where
                    and item.address == here
                    and item.point.access != "ro"
                    and item.end <= end
                ),
                None,
            )
            if item is None:
                return
            yield item
            here = item.end

    def _mirrored(self, item: Span, value: Scalar) -> None:
        shown = self._mirror.get(item.point.name)
        for other in self.spans:
            if other.point.name == shown and other.evse in (0, item.evse):
                self._store(other, value)

    # What the outlets do

    def show(self, outlets: Mapping[int, Outlet]) -> None:
        """The registers as the outlets are now."""
        starts = self.mapping.simulate.get("registers") or {}
        for number, outlet in outlets.items():
            seen = measured(outlet, float(starts.get("energy") or 0))
            env = {**self.values(number), **seen} if self._shows else {}
            values: dict[str, Any] = {**_elements(seen), **(self._states.get(outlet.state) or {})}
            values |= {name: show(env) for name, show in self._shows.items()}
            for item in self.spans:
                if item.evse not in (0, number):
                    continue
                value = values.get(item.element, values.get(item.point.name))
                if value is None and item.point.name in self._mentioned:
                    value = self._start(item)
                if value is not None:
                    self._store(item, value)

    def poke(self, name: str, value: Any, evse: int) -> None:
        """A point or one of its phases. Raises KeyError, ValueError."""
        here = [i for i in self.spans if name in (i.element, i.point.name) and i.evse in (0, evse)]
        if not here:
            raise KeyError(name)
        for item in here:
            self._store(item, value)

    def _follow(self, number: int, outlet: Outlet) -> None:
        """What the set-points mean for the outlet."""
        env = self.values(number)
        limit = self._limit(env) if self._limit else None
        if isinstance(limit, int | float):
            outlet.limit_a = float(limit)
        phases = self._phases(env) if self._phases_told else None
        if phases in (1, 2, 3):
            outlet.phases = int(phases)

    def values(self, evse: int) -> dict[str, Any]:
        """What the registers hold, by element, with what else an expression may ask."""
        found: dict[str, Any] = {**self.mapping.inputs, "n": evse, "connector": evse}
        for item in self.spans:
            if item.evse in (0, evse):
                words = [self._words[(*self._where(item), item.address + i)] for i in range(item.words)]
                found[item.element] = item.point.conversion.value(item.decode(words))
        return found

    def _compiled(self, text: Any) -> Compiled:
        points = {element for item in self.spans for element in item.point.elements}
        return compile_expression(text, frozenset(points | set(self.mapping.inputs) | CONTEXT | MEASURES))[0]

    # Words

    def _where(self, item: Span) -> tuple[int | None, int, str]:
        """What all sockets share is told at the first one's port."""
        return self.ports[0] if item.port is None else item.port, item.unit, item.table

    def _start(self, item: Span) -> Any:
        """A declared register has some value from the start."""
        given: Mapping[str, Any] = self.mapping.simulate.get("registers") or {}
        value = given.get(item.element, given.get(item.point.name))
        if value is not None:
            return value
        if item.point.conversion.map is not None:
            return next(iter(item.point.conversion.map.values()))
        kind = item.point.keys.get("type", "u16")
        if item.point.conversion.bits is None and kind not in ("string", "bytes"):
            return item.point.conversion.offset
        return "" if kind == "string" else "00" * 2 * item.words if kind == "bytes" else 0

    def _store(self, item: Span, value: Any) -> None:
        raw = _raw(item.point, value)
        if item.point.conversion.bits is not None:
            raw = self._among(item, int(raw or 0))
        for offset, word in enumerate(encode(item.point.keys, raw)):
            self._words[(*self._where(item), item.address + offset)] = word

    def _among(self, item: Span, raw: int) -> int:
        """The bits of one point beside those of others."""
        bits = item.point.conversion.bits
        assert bits is not None
        low, high = bits
        mask = (1 << high - low + 1) - 1
        words = [self._words.get((*self._where(item), item.address + i), 0) for i in range(item.words)]
        whole = item.decode(words)
        return (int(whole) if isinstance(whole, int) else 0) & ~(mask << low) | (raw & mask) << low


def measured(outlet: Outlet, start_wh: float) -> dict[str, Any]:
    """What an outlet's meter and read-backs show, by the names that points usually bear."""
    used = outlet.phases_used if outlet.current_a else 0
    return {
        "current": outlet.current_a,
        "voltage": outlet.voltage,
        "power": outlet.power_w,
        "energy": start_wh + outlet.register_wh,
        "energy_session": outlet.session_wh,
        "limit_applied": outlet.limit_a,
        "phases_used": used,
        "phases_now": outlet.phases_used or outlet.phases,
        "plugged": outlet.car is not None,
        "enabled": outlet.enabled,
        "rfid": outlet.card,
        "card": outlet.card,
        "outlet": outlet.state,
    }


BY_NAME = (
    "current",
    "voltage",
    "power",
    "energy",
    "energy_session",
    "limit_applied",
    "phases_now",
    "rfid",
    "card",
)
"""The measures that a point of the same name shows."""


def _elements(seen: Mapping[str, Any]) -> dict[str, Any]:
    """By point or element; the phases that aren't used carry nothing."""
    power = seen["power"] / seen["phases_used"] if seen["phases_used"] else 0.0
    phases: dict[str, Any] = {}
    for n in (1, 2, 3):
        used = n <= seen["phases_used"]
        phases[f"current_l{n}"] = seen["current"] if used else 0.0
        phases[f"powers_l{n}"] = power if used else 0.0
    return {name: seen[name] for name in BY_NAME} | phases


def _raw(point: Point, value: Any) -> Raw:
    kind = point.keys.get("type", "u16")
    if point.conversion.map is not None:
        return point.conversion.raw(value)
    if kind == "bytes":
        return str(value) or "00" * 2 * width(point.keys)
    if kind == "string":
        return str(value)
    if kind == "bool":
        return bool(value)
    if point.conversion.bits is not None:
        return int(value)
    return point.conversion.raw(float(value))
