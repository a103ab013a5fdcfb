"""The format of blueprints as JSON Schema, so that editors complete and check while one types."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hub.blueprint.schema import (
    ABOUT,
    ACTIONS,
    CONNECTORS,
    EXPRESSION,
    FAULTS,
    GROUPS,
    HEAL,
    KEEP_ALIVE,
    LIMITS,
    PLACE,
    POINT,
    SIMULATE,
    SIMULATED,
    STATE,
    STATES,
    STEP_EXTRA,
    TEST,
    TIME,
    TOP,
    Check,
)
from hub.blueprint.shapes import Shape, shape_of
from hub.integration.api import PointCodec

SCHEMA = "blueprint.schema.json"
"""Its name, among the shipped blueprints."""
DRAFT = "https://json-schema.org/draft/2020-12/schema"
NOTHING: Shape = {"type": "null", "description": "Removes what an extended blueprint says"}
INPUT: Shape = {"type": "string", "description": "!input and the name of an input"}
VALUE: Shape = {"$ref": "#/$defs/expression"}
STEPS: Shape = {"$ref": "#/$defs/steps"}
MOMENTS: Shape = {"$ref": "#/$defs/time"}
SHARED = ((EXPRESSION, VALUE), (TIME, MOMENTS))
"""What stands in many places is written once."""
STATUS: Shape = {"enum": STATES}
RULE: Shape = {
    "type": "object",
    "properties": {"when": VALUE, "is": STATUS},
    "required": ["when", "is"],
    "additionalProperties": False,
}
RULES: Shape = {"type": "array", "items": RULE}


def json_schema(codecs: Sequence[PointCodec]) -> dict[str, Any]:
    """For the protocols of `codecs` together; which key belongs to which of them only the check knows."""
    link = _joined([codec.link_keys for codec in codecs])
    point = _joined([POINT, *(codec.point_keys for codec in codecs)])
    own: dict[str, Shape] = {
        "blueprint": _about(),
        "link": _keys(link, tagged=True),
        "defaults": _keys(point, tagged=True),
        "connectors": _keys(_shapes(CONNECTORS) | {"each": _keys(_shapes(PLACE))}, tagged=True),
        "poll": _keys(dict.fromkeys(GROUPS, MOMENTS)),
        "points": _named(_keys(point)),
        "derive": _named(VALUE),
        "state": _keys(_shapes(STATE) | {"rules": RULES, "map": _named({"anyOf": [STATUS, RULES]})}),
        "faults": _keys(_shapes(FAULTS)),
        "limits": _keys(_shapes(LIMITS), tagged=True),
        "actions": _keys(dict.fromkeys(ACTIONS, STEPS)),
        "keep_alive": _keys(_shapes(KEEP_ALIVE) | {"do": STEPS}),
        "heal": {"type": "array", "items": _keys(_shapes(HEAL) | {"do": STEPS})},
        "simulate": _keys(
            _shapes(SIMULATE) | {"states": _keys({key: {"type": "object"} for key in SIMULATED})}
        ),
        "tests": {"type": "array", "items": _keys(_shapes(TEST))},
    }
    extends: Shape = {
        "type": "string",
        "description": "The path of a blueprint; only what differs stands here",
    }
    return {
        "$schema": DRAFT,
        "title": "Blueprint of a charger",
        **_keys({"extends": extends} | _shapes(TOP) | own),
        "required": ["blueprint"],
        "$defs": {"steps": _steps(), "expression": EXPRESSION, "time": TIME},
    }


def written(schema: Mapping[str, Any]) -> str:
    """As it lies in a file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _shapes(checks: Mapping[str, object]) -> dict[str, Shape]:
    return {key: _shape(check) for key, check in checks.items()}


def _shape(check: object) -> Shape:
    shape = shape_of(check)
    return next((short for long, short in SHARED if shape is long), shape)


def _joined(tables: Sequence[Mapping[str, object] | Mapping[str, Check]]) -> dict[str, Shape]:
    """A key that two protocols have takes what either of them takes."""
    joined: dict[str, Shape] = {}
    for table in tables:
        for key, check in table.items():
            shape = _shape(check)
            known = joined.get(key, shape)
            joined[key] = shape if known == shape else {"anyOf": [known, shape]}
    return joined


def _keys(shapes: Mapping[str, Shape], *, tagged: bool = False) -> Shape:
    return {
        "type": ["object", "null"],
        "properties": {key: _or(shape, tagged) for key, shape in shapes.items()},
        "additionalProperties": False,
    }


def _or(shape: Shape, tagged: bool) -> Shape:
    return {"anyOf": [shape, NOTHING, INPUT] if tagged else [shape, NOTHING]} if shape else {}


def _named(shape: Shape) -> Shape:
    return {"type": "object", "additionalProperties": {"anyOf": [shape, NOTHING]}}


def _about() -> Shape:
    one = {"type": "object", "properties": {"name": {}, "default": {}, "selector": {"type": "object"}}}
    return _keys(_shapes(ABOUT) | {"input": _named(one)})


def _steps() -> Shape:
    """A step, a list of them, or the name of another action."""
    extra: dict[str, Shape] = dict.fromkeys(STEP_EXTRA, VALUE)
    extra |= {
        "wait": MOMENTS,
        "within": MOMENTS,
        "together": {"type": "object", "additionalProperties": VALUE},
    }
    step = {"type": "object", "properties": extra, "additionalProperties": VALUE}
    one: Shape = {"anyOf": [step, {"enum": ACTIONS}]}
    return {"anyOf": [one, {"type": "array", "items": one}]}
