"""Where the elements of a blueprint lie: unit, table, address and width, for each EVSE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping, Point
from integrations.modbus.codec import decode, width


@dataclass(frozen=True, slots=True)
class Span:
    """Where one element of one EVSE lies. `evse` 0: shared."""

    element: str
    evse: int
    point: Point
    unit: int
    table: str
    address: int
    words: int
    alone: bool = False
    port: int | None = None
    """The TCP port of its socket, if that has its own."""

    @property
    def end(self) -> int:
        return self.address + self.words

    def decode(self, words: Sequence[int]) -> Raw:
        return decode(self.point.keys, words)


def spans(mapping: BlueprintMapping) -> list[Span]:
    """All readable elements of all EVSEs."""
    found = []
    for point in mapping.points.values():
        if point.access == "wo":
            continue
        for evse in [0] if point.shared else range(1, mapping.evses + 1):
            found += [span(mapping, point, evse, index) for index in range(len(point.elements))]
    return found


def span(mapping: BlueprintMapping, point: Point, evse: int, index: int = 0) -> Span:
    """`index`: which of the point's phases."""
    keys, place = point.keys, mapping.places[evse - 1] if evse else {}
    words = width(keys)
    table = keys.get("table", "holding")
    offset = place.get("offset", 0)
    shift = 0 if point.shared else int(offset.get(table, 0) if isinstance(offset, Mapping) else offset)
    unit_id = keys.get("unit_id", place.get("unit_id", mapping.link.get("unit_id", 1)))
    return Span(
        point.elements[index],
        evse,
        point,
        int(unit_id),
        table,
        int(keys["at"]) + shift + _position(keys, index) * int(keys.get("step", words)),
        words,
        bool(keys.get("alone") or mapping.link.get("one_value")),
        None if point.shared or "port" not in place else int(place["port"]),
    )


def _position(keys: Mapping[str, Any], index: int) -> int:
    """Where phase l<index + 1> lies among the others."""
    return list(keys["order"]).index(f"l{index + 1}") if "order" in keys else index
