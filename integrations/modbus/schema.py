"""What a Modbus blueprint may say, and where its points lie."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.expression import ExpressionError, compile_expression
from hub.blueprint.mapping import BlueprintMapping, Point
from hub.blueprint.schema import EXPRESSION, boolean, one_of, seconds, sequence, text, whole
from hub.blueprint.shapes import shaped
from integrations.modbus.budget import loads
from integrations.modbus.codec import TYPES, encode
from integrations.modbus.gives import GIVES
from integrations.modbus.planner import forbidden, told
from integrations.modbus.spans import span, spans

TABLES = ("holding", "input", "coil", "discrete")


ADDRESS = whole(0, 65535, "a wire address from 0 to 65535")
UNIT = whole(0, 255, "a unit id from 0 to 255")


def count(most: int) -> Callable[[Any], object]:
    return whole(0, most, f"a whole number from 0 to {most}")


@shaped({"type": "array", "items": {"type": ["integer", "string"], "pattern": "^[0-9]+(-[0-9]+)?$"}})
def never(value: Any) -> object:
    """Addresses, and ranges of them such as 730-740."""
    sequence(value)
    forbidden(value)
    return value


@shaped(
    {"type": ["boolean", "object"], "properties": {key: {"type": "string"} for key in ("ca", "cert", "key")}}
)
def tls(value: Any) -> object:
    """true: the system's authorities; or {ca, cert, key} with files."""
    if isinstance(value, bool) or (isinstance(value, Mapping) and set(value) <= {"ca", "cert", "key"}):
        return value
    raise ValueError("expected true, or files as {ca: ..., cert: ..., key: ...}")


@shaped(EXPRESSION)
def expression(value: Any) -> object:
    try:
        compile_expression(value, frozenset())
    except ExpressionError as error:
        raise ValueError(str(error)) from error
    return value


LINK = {
    "host": text,
    "port": count(65535),
    "serial": text,
    "framer": one_of("tcp", "rtu", "ascii"),
    "baudrate": count(1_000_000),
    "parity": one_of("none", "even", "odd"),
    "stopbits": one_of(1, 2),
    "tls": tls,
    "tid": one_of("check", "ignore"),
    "unit_id": UNIT,
    "timeout": seconds,
    "retries": count(10),
    "gap": seconds,
    "min_period": seconds,
    "resend": boolean,
    "reconnect": seconds,
    "connections": count(16),
    "sleeps": expression,
    "max_block": count(125),
    "max_hole": count(124),
    "one_value": boolean,
    "never": never,
}
POINT = {
    "at": ADDRESS,
    "table": one_of(*TABLES),
    "type": one_of(*TYPES),
    "len": count(125),
    "step": count(1000),
    "word_order": one_of("big", "little"),
    "byte_order": one_of("big", "little"),
    "encoding": one_of("ascii", "utf-8", "utf-16-be"),
    "write": one_of("fc5", "fc6", "fc15", "fc16"),
    "unit_id": UNIT,
    "alone": boolean,
}


class ModbusCodec:
    """The `PointCodec` of Modbus, for checking blueprints and running their tests."""

    link_keys: Mapping[str, object] = LINK
    point_keys: Mapping[str, object] = POINT
    quirks: Mapping[str, frozenset[str]] = GIVES

    def raw_values(self, mapping: BlueprintMapping, image: Mapping[str, Any]) -> dict[tuple[str, int], Raw]:
        """`image`: table -> {address: [words]}, of unit 1 or as `<table>@<unit>`."""
        found: dict[tuple[str, int], Raw] = {}
        tables = {name: _flat(parts) for name, parts in image.items()}
        for item in spans(mapping):
            table = tables.get(f"{item.table}@{item.unit}", tables.get(item.table, {}))
            words = [table.get(address) for address in range(item.address, item.end)]
            if all(isinstance(word, int) for word in words):
                found[item.element, item.evse] = item.decode([word for word in words if word is not None])
        return found

    def plan(self, mapping: BlueprintMapping) -> Sequence[str]:
        return told(mapping)

    def use(self, mappings: Mapping[str, BlueprintMapping]) -> Sequence[str]:
        return [load.told() for load in loads(mappings)]

    def written(self, mapping: BlueprintMapping, point: Point, evse: int, raw: Raw) -> list[Any]:
        item = span(mapping, point, 0 if point.shared else evse)
        return [point.name, item.address, encode(point.keys, raw)]


def _flat(parts: Mapping[int, Sequence[int]]) -> dict[int, int]:
    return {start + index: word for start, words in parts.items() for index, word in enumerate(words)}


CODEC = ModbusCodec()
