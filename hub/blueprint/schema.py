"""What may stand in a blueprint: every key and value checked, all mistakes at once, each with its place."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.blueprint.shapes import Shaped, shaped
from hub.model.charger import Status
from hub.yaml import suggestion

Check = Callable[[Any], object]
STATES = [status.value for status in Status if status is not Status.UNKNOWN]
ACTIONS = [
    "on_connect",
    "on_release",
    "start",
    "pause",
    "set_limit",
    "set_phases",
    "wake",
    "unlock",
    "authorize",
    "available",
    "unavailable",
    "reserve",
    "reset",
    "reset_evse",
    "display",
]
GROUPS = ("once", "fast", "normal", "slow")
CONTEXT = frozenset(
    {
        "tx",
        "told",
        "reachable",
        "n",
        "connector",
        "limit",
        "phases",
        "inop",
        "id_tag",
        "counter",
        "waking",
        "message",
    }
)
BEFORE = "before."
"""A value as it was before the first step of an action: `before.enable`."""
LINES = ("l1", "l2", "l3")
WORDS = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
    ]
}
TIME = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": "^[0-9]+([.][0-9]+)? *(ms|s|min|h)$"},
    ],
    "description": "2s, 500ms, 5min or a number of seconds",
}
EXPRESSION = {
    "type": ["string", "number", "boolean"],
    "description": "An expression of points, inputs and labels",
}


@shaped({"type": "string"})
def text(value: Any) -> object:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


@shaped(WORDS)
def words(value: Any) -> object:
    """A text, or texts by language."""
    if isinstance(value, Mapping) and value and all(isinstance(item, str) for item in value.values()):
        return value
    return text(value)


@shaped({"type": "boolean"})
def boolean(value: Any) -> object:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


@shaped({"type": "number"})
def number(value: Any) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number")
    return value


@shaped(TIME)
def seconds(value: Any) -> float:
    """2s, 500ms, 5min or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str):
        for unit, factor in (("ms", 0.001), ("min", 60.0), ("s", 1.0), ("h", 3600.0)):
            part = value.removesuffix(unit).strip()
            if value.endswith(unit) and part.replace(".", "", 1).isdecimal():
                return float(part) * factor
    raise ValueError("expected a time such as 2s, 500ms or 5min")


def one_of(*allowed: object) -> Check:
    @shaped({"enum": list(allowed)})
    def check(value: Any) -> object:
        if value not in allowed:
            raise ValueError(
                f"{value!r} is none of {', '.join(map(str, allowed))}{suggestion(value, allowed)}"
            )
        return value

    return check


def whole(least: int, most: int, what: str) -> Check:
    @shaped({"type": "integer", "minimum": least, "maximum": most, "description": what})
    def check(value: Any) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"expected {what}")
        return value

    return check


@shaped({"type": "object"})
def mapping(value: Any) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("expected a map")
    return value


@shaped({"type": "array"})
def sequence(value: Any) -> object:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    return value


@shaped({"type": "array", "items": {"type": "string"}})
def texts(value: Any) -> object:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("expected a list of texts")
    return value


@shaped({"type": "array", "items": {"enum": list(LINES)}})
def order(value: Any) -> object:
    """In which order the phases lie."""
    if not isinstance(value, list) or not value or sorted(value) != list(LINES[: len(value)]):
        raise ValueError("expected the phases in their order, such as [l3, l2, l1]")
    return value


def anything(value: Any) -> object:
    return value


expression = Shaped(anything, EXPRESSION)
"""Its text is checked by compiling it, with the names that there are."""
by_table = Shaped(anything, {"anyOf": [EXPRESSION, {"type": "object", "additionalProperties": EXPRESSION}]})


@shaped(
    {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 63},
            {"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
        ]
    }
)
def bits(value: Any) -> tuple[int, int]:
    """`3` or `8-14`."""
    low, _, high = str(value).partition("-")
    if (
        not low.isdecimal()
        or (high and not high.isdecimal())
        or int(high or low) < int(low)
        or int(high or low) > 63
    ):
        raise ValueError("expected a bit (3) or a range (8-14)")
    return int(low), int(high or low)


TOP: Mapping[str, Check] = {
    "blueprint": mapping,
    "requires": sequence,
    "protocol": text,
    "quirk": text,
    "link": mapping,
    "defaults": mapping,
    "connectors": mapping,
    "poll": mapping,
    "points": mapping,
    "derive": mapping,
    "state": mapping,
    "faults": mapping,
    "limits": mapping,
    "actions": mapping,
    "keep_alive": mapping,
    "heal": sequence,
    "verify": mapping,
    "simulate": mapping,
    "tests": sequence,
}
ABOUT: Mapping[str, Check] = {
    "name": words,
    "domain": one_of("charger", "base"),
    "description": words,
    "vendor": text,
    "model": text,
    "brands": texts,
    "models": texts,
    "sources": texts,
    "author": text,
    "source_url": text,
    "tested_with": sequence,
    "input": mapping,
}
POINT: Mapping[str, Check] = {
    "poll": one_of(*GROUPS),
    "access": one_of("ro", "rw", "wo"),
    "count": one_of(1, 2, 3),
    "order": order,
    "scale": expression,
    "offset": number,
    "unit": text,
    "bits": bits,
    "map": mapping,
    "none": sequence,
    "valid": sequence,
    "when": expression,
    "ready": expression,
    "shared": boolean,
    "stored": boolean,
    "optional": boolean,
}
STATE: Mapping[str, Check] = {
    "rules": sequence,
    "from": text,
    "map": mapping,
    "else": one_of(*STATES),
    "enabled": expression,
}
LIMITS: Mapping[str, Check] = dict.fromkeys(("min", "max", "step"), expression)
CONNECTORS: Mapping[str, Check] = {"count": expression, "each": mapping, "present": expression}
PLACE: Mapping[str, Check] = dict.fromkeys(("unit_id", "offset", "port", "instance"), by_table)
FAULTS: Mapping[str, Check] = {"from": text, "map": mapping, "bits": mapping, "else": text}
HEAL: Mapping[str, Check] = {"when": expression, "do": anything}
KEEP_ALIVE: Mapping[str, Check] = {"every": expression, "read": text, "do": anything, "when": expression}
SIMULATE: Mapping[str, Check] = {
    "registers": mapping,
    "states": mapping,
    "enable": mapping,
    "limit": expression,
    "phases": expression,
    "mirror": mapping,
    "shows": mapping,
}
MEASURES = frozenset(
    {
        "current",
        "voltage",
        "power",
        "energy",
        "energy_session",
        "limit_applied",
        "phases_used",
        "phases_now",
        "plugged",
        "enabled",
        "rfid",
        "card",
        "outlet",
    }
)
"""What a simulated outlet shows, and what `simulate.shows` may ask of it."""
SIMULATED = ("unplugged", "waiting", "charging", "full", "faulted")
TEST: Mapping[str, Check] = dict.fromkeys(
    ("name", "image", "values", "expect", "do", "set", "wrote", "input", "evse"), anything
)
STEP_EXTRA = ("if", "wait", "until", "within", "together")
