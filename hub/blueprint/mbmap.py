"""From an mbmap v2 register map (JSON) to a base blueprint that a charger's own one extends.

The map tells points, not behaviour: states, actions and tests are written by hand, in a file of their own, so that
a newer map can be imported over the older one. What can't be taken over stands as a comment beside its point.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hub.errors import BlueprintError

VERSION = 2
TYPES = {
    "uint16": "u16",
    "int16": "i16",
    "uint32": "u32",
    "int32": "i32",
    "uint64": "u64",
    "int64": "i64",
    "float32": "f32",
    "float64": "f64",
    "string": "string",
    "bool": "bool",
    "bit": "bool",
}
AREAS = ("holding", "input", "coil", "discrete")
ACCESS = {"R": "ro", "RW": "rw", "W": "wo"}
PARITIES = {"N": "none", "E": "even", "O": "odd"}
UNITS = {
    "kW": ("W", 1000.0),
    "kWh": ("Wh", 1000.0),
    "MWh": ("Wh", 1e6),
    "mA": ("A", 0.001),
    "mV": ("V", 0.001),
    "C": ("°C", 1.0),
}
"""To the units in which the well-known points are kept."""
TAKEN = frozenset(
    [
        "name",
        "group",
        "description",
        "note",
        "notes",
        "area",
        "address",
        "type",
        "length",
        "scale",
        "offset",
        "unit",
        "access",
        "enum",
        "sentinels",
        "bits",
        "word_order",
        "byte_order",
    ]
)
PLAIN = re.compile(r"[A-Za-z_°%][A-Za-z0-9_./°%-]*")
WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def imported(text: str, file: str) -> str:
    """The blueprint's text. Raises BlueprintError with the JSON pointer of each mistake."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BlueprintError([f"{file}:{error.lineno}:{error.colno}: no JSON: {error.msg}"]) from error
    except RecursionError as error:
        raise BlueprintError([f"{file}: nested too deep"]) from error
    if not isinstance(document, Mapping) or document.get("mbmap") != VERSION:
        raise BlueprintError([f"{file}#/mbmap: expected a register map of version {VERSION}"])
    return _Import(document, file).text()


class _Import:
    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self._document = document
        self._file = file
        self._problems: list[str] = []
        self._names: set[str] = set()

    def text(self) -> str:
        points: list[str] = []
        for number, one in self._registers():
            with self._sound(f"/registers/{number}"):
                points += self._point(number, one)
        head: list[str] = []
        with self._sound("/"):
            head = self._head()
        if self._problems:
            raise BlueprintError(self._problems)
        lines = [
            "# From an mbmap v2 register map; states, actions and tests go into a blueprint that extends it."
        ]
        lines += [*head, "", "points:", *points]
        return "\n".join(lines) + "\n"

    def _say(self, pointer: str, words: str) -> None:
        self._problems.append(f"{self._file}#{pointer}: {words}")

    @contextmanager
    def _sound(self, pointer: str) -> Iterator[None]:
        """A value of the wrong kind is a mistake of the map's."""
        try:
            yield
        except (TypeError, ValueError, AttributeError) as error:
            self._say(pointer, f"can't be read: {error}")

    def _registers(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        listed = self._document.get("registers")
        if not isinstance(listed, list) or not listed:
            self._say("/registers", "expected a list of registers")
            return
        for number, one in enumerate(listed):
            if isinstance(one, Mapping):
                yield number, one
            else:
                self._say(f"/registers/{number}", "expected an object")

    def _head(self) -> list[str]:
        told = self._document
        model = str(told.get("model") or (told.get("models") or ["charger"])[0])
        about: dict[str, Any] = {"name": f"{told.get('vendor', '')} {model}".strip(), "domain": "base"}
        about |= {key: told[key] for key in ("vendor", "model", "models", "description") if told.get(key)}
        if told.get("source"):
            about["sources"] = [str(told["source"])]
        serial = told.get("protocol") == "rtu"
        name = (
            {"en": "Serial port", "ja": "シリアルポート"} if serial else {"en": "Address", "ja": "アドレス"}
        )
        where = "serial" if serial else "host"
        about["input"] = {
            where: {"name": name, "selector": {"text": {}}},
            "unit_id": {
                "name": "Unit id",
                "default": int(told.get("unit_id", 1)),
                "selector": {"number": {}},
            },
        }
        link = {where: Tag(where), "unit_id": Tag("unit_id"), **self._wire(serial), "max_hole": 0}
        orders = {key: told[key] for key in ("word_order", "byte_order") if told.get(key) == "little"}
        lines = ["blueprint:", *(f"  {key}: {flow(value)}" for key, value in about.items())]
        return [
            *lines,
            "protocol: modbus",
            f"link: {flow(link)}",
            f"defaults: {flow({'table': 'holding', **orders})}",
        ]

    def _wire(self, serial: bool) -> dict[str, Any]:
        told = self._document
        wire: dict[str, Any] = {} if serial else {"port": int(told.get("port", 502))}
        if "baudrate" in told:
            wire["baudrate"] = int(told["baudrate"])
        if told.get("parity") in PARITIES:
            wire["parity"] = PARITIES[told["parity"]]
        if told.get("stopbits") in (1, 2):
            wire["stopbits"] = told["stopbits"]
        if "max_read_registers" in told:
            wire["max_block"] = min(int(told["max_read_registers"]), 125)
        return wire

    def _point(self, number: int, one: Mapping[str, Any]) -> Iterator[str]:
        pointer = f"/registers/{number}"
        at = _integer(one.get("address"))
        base = _integer(self._document.get("address_base", 0)) or 0
        kind, area = TYPES.get(str(one.get("type", "uint16"))), one.get("area", "holding")
        access = ACCESS.get(str(one.get("access", "R")).upper().replace("/", ""))
        if at is None or not 0 <= at - base <= 65535:
            self._say(f"{pointer}/address", f"{one.get('address')!r} is no address")
        elif kind is None:
            self._say(f"{pointer}/type", f"{one.get('type')!r} is none of {', '.join(TYPES)}")
        elif area not in AREAS:
            self._say(f"{pointer}/area", f"{area!r} is none of {', '.join(AREAS)}")
        elif access is None:
            self._say(f"{pointer}/access", f"{one.get('access')!r} is none of {', '.join(ACCESS)}")
        else:
            keys: dict[str, Any] = {"at": at - base}
            keys |= {"table": area} if area != "holding" else {}
            keys |= {"type": kind} if kind != "u16" else {}
            keys |= self._meaning(one, kind)
            keys |= {"access": access} if access != "ro" else {}
            yield from self._lines(one, keys)

    def _meaning(self, one: Mapping[str, Any], kind: str) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        if kind == "string":
            keys["len"] = _integer(one.get("length")) or 1
        unit, factor = UNITS.get(str(one.get("unit", "")), (str(one.get("unit", "")), 1.0))
        scale = float(one.get("scale", 1)) * factor
        keys |= {"scale": _short(scale)} if scale != 1 else {}
        keys |= {"offset": _short(float(one["offset"]) * factor)} if one.get("offset") else {}
        keys |= {"unit": unit} if unit else {}
        keys |= {key: one[key] for key in ("word_order", "byte_order") if one.get(key) in ("big", "little")}
        labels = self._labels(one.get("enum"))
        keys |= {"map": labels} if labels else {}
        missing = [
            *(self._document.get("sentinels") or {}).get(str(one.get("type")), {}),
            *one.get("sentinels", ()),
        ]
        none = [value for value in map(_sentinel, missing) if value is not None and value not in labels]
        return keys | ({"none": list(dict.fromkeys(none))} if none else {})

    def _labels(self, enum: Any) -> dict[int, str]:
        listed = (self._document.get("enums") or {}).get(enum, {}) if isinstance(enum, str) else enum or {}
        raws = ((_integer(raw), label) for raw, label in listed.items())
        return {raw: slug(str(label)) for raw, label in raws if raw is not None}

    def _lines(self, one: Mapping[str, Any], keys: Mapping[str, Any]) -> Iterator[str]:
        name = self._name(str(one.get("name", "")))
        left = sorted(key for key in one if key not in TAKEN and not key.startswith("x_"))
        if left:
            yield f"  # {name}: not taken over: {', '.join(left)}"
        yield f"  {name}: {flow(keys)}"
        for bit, label in _bits(one.get("bits")):
            place = {key: keys[key] for key in ("at", "table", "type") if key in keys}
            yield f"  {self._name(f'{name} {label}')}: {flow({**place, 'bits': bit})}"

    def _name(self, told: str) -> str:
        name, count = slug(told), 1
        while name in self._names:
            count += 1
            name = f"{slug(told)}_{count}"
        self._names.add(name)
        return name


class Tag(str):
    """`!input name`."""

    __slots__ = ()


def slug(text: str) -> str:
    """A name, or a label, that expressions can use."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "value"
    return f"_{name}" if name[0].isdigit() or name in WORDS else name


def flow(value: Any) -> str:
    """In YAML's flow style, on one line."""
    if isinstance(value, Tag):
        return f"!input {value}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _integer(value: Any) -> int | None:
    """5, "5" or "0x05"."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(str(value), 0)
    except ValueError:
        return None


def _sentinel(value: Any) -> int | str | None:
    return "nan" if str(value).lower() == "nan" else _integer(value)


def _short(value: float) -> int | float:
    rounded = round(value, 12)
    return int(rounded) if rounded.is_integer() else rounded


def _bits(told: Any) -> Iterator[tuple[int, str]]:
    """{"0": "door"} or [{"bit": 0, "name": "door"}]."""
    pairs = told.items() if isinstance(told, Mapping) else ((b.get("bit"), b.get("name")) for b in told or ())
    for bit, label in pairs:
        number = _integer(bit)
        if number is not None and 0 <= number < 64:
            yield number, str(label)
