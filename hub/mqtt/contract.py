"""What stands on the topics, as JSON Schemas; the keys of a state come from the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.model.catalog import ENTITIES, Entity
from hub.model.charger import Status
from hub.model.command import Outcome

Schema = Mapping[str, Any]
TIME: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "number"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
WHOLE: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
ANYTHING: Schema = {"type": "object"}
SCALAR: Schema = {"type": ["boolean", "number", "string", "null"]}
EVSE: Schema = {"type": "integer", "minimum": 1}
ONLINE: Schema = {"enum": ["online", "offline"]}
EVENTS = (
    *("plugged", "unplugged", "session_started", "session_ended", "suspended", "resumed"),
    *("authorized", "rejected", "id_tag", "session_authorized", "reserved", "reservation_ended"),
    *("fault", "fault_cleared", "limit_expired", "not_followed", "register_reset"),
    *("rebooted", "firmware", "firmware_update", "security", "display_message", "data_transfer"),
    *("tariff", "cost", "transaction_limit"),
)
"""Of a charger."""
CIRCUIT_EVENTS = (
    "limit_expired",
    *(
        "overloaded",
        "overloaded_no_more",
        "meter_silent",
        "meter_silent_no_more",
        "unheard",
        "unheard_no_more",
        "miswired",
        "miswired_no_more",
    ),
)
BRIDGE_EVENTS = ("bad_charger", "bad_config")
TYPES = {"bool": "boolean", "number": "number", "enum": "string", "text": "string", "time": "string"}
WORDS: Mapping[str, tuple[str, ...]] = {
    "status": tuple(status.value for status in Status),
    "iec_status": ("A", "B", "C", "D", "E", "F"),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """`pattern` below the base topic; `inward`: clients write it. `plain`: its payload is no JSON document."""

    pattern: str
    words: str
    schema: Schema
    retain: bool = False
    qos: int = 1
    inward: bool = False
    plain: bool = False


def _object(required: Mapping[str, Schema], more: Mapping[str, Schema] | None = None, **rest: Any) -> Schema:
    """`rest`: e.g. additionalProperties; without it nothing else may stand there."""
    properties = {**required, **(more or {})}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **rest,
    }


def _value(entity: Entity) -> Schema:
    if entity.key in WORDS:
        return {"enum": [*WORDS[entity.key], None]}
    schema: dict[str, Any] = {"type": [TYPES[entity.kind], "null"]}
    if entity.unit:
        schema["description"] = f"in {entity.unit}"
    return schema


ERROR: Schema = _object({"code": TEXT, "message": TEXT})
SESSION = _object(
    {
        "id": TEXT,
        "charger": TEXT,
        "evse": EVSE,
        "started": TIME,
        "ended": {"type": ["string", "null"]},
        "duration_s": WHOLE,
        "energy_kwh": {"type": "number", "minimum": 0},
        "id_tag": MAYBE_TEXT,
        "transaction_id": MAYBE_TEXT,
    }
)
STATE = _object(
    {"ts": TIME, "status": {"enum": list(WORDS["status"])}, "pending": BOOLEAN},
    {entity.key: _value(entity) for entity in ENTITIES if entity.key not in ("status", "pending")},
    additionalProperties=SCALAR,
)
"""A blueprint may have values of its own."""
SAMPLE = _object(
    {"measurand": TEXT, "phase": MAYBE_TEXT, "location": TEXT, "unit": TEXT, "value": NUMBER},
)
INFO = _object(
    # Of a charger, and (without what follows) of a meter or a battery.
    {
        **dict.fromkeys(("name", "vendor", "model", "serial", "firmware", "protocol"), TEXT),
        "exposes": {"type": "array", "items": TEXT},
    },
    {
        "blueprint": MAYBE_TEXT,
        "capabilities": {"type": "array", "items": TEXT},
        "evses": {"type": "array", "items": EVSE, "minItems": 1},
        "limits": _object(dict.fromkeys(("min_current", "max_current", "step"), NUMBER)),
    },
    additionalProperties=True,
)
RESULT = _object(
    {
        "id": MAYBE_TEXT,
        "op": TEXT,
        "status": {"enum": [outcome.value for outcome in Outcome]},
        "result": ANYTHING,
        "error": {"anyOf": [ERROR, {"type": "null"}]},
        "duration_ms": WHOLE,
        "ts": TIME,
    }
)
HEALTH = _object(
    {
        **dict.fromkeys(("uptime_s", "rss_mb", "cpu_percent", "loop_lag_ms"), NUMBER),
        "mqtt": ANYTHING,
        "chargers": WHOLE,
        "chargers_online": WHOLE,
        "ts": TIME,
    },
    additionalProperties=True,
)
BRIDGE_INFO = _object(
    {
        **dict.fromkeys(
            ("name", "version", "mqtt", "language", "timezone", "config_hash", "log_level"), TEXT
        ),
        "started": TIME,
        "config_problems": {"type": "array", "items": TEXT},
        "features": {"type": "array", "items": TEXT},
    },
    additionalProperties=True,
)
LISTED = _object({"id": TEXT, "name": TEXT, "protocol": TEXT, "blueprint": MAYBE_TEXT, "online": BOOLEAN})
RESPONSE: Schema = {
    "oneOf": [
        _object({"id": {}, "status": {"const": "ok"}, "data": ANYTHING}),
        _object({"id": {}, "status": {"const": "error"}, "error": ERROR}),
    ]
}
COMMON: Mapping[str, Schema] = {
    "id": {"type": ["string", "integer"], "maxLength": 128},
    "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 600},
    "expires_at": TIME,
    "source": {"type": "string", "minLength": 1, "maxLength": 32},
}
COMMAND: Schema = {
    "type": "object",
    "properties": {
        **COMMON,
        "op": {"type": "string", "minLength": 1, "maxLength": 64},
        "message": {"type": ["object", "null"]},
        "action": {"type": "string", "minLength": 1, "maxLength": 64},
        "args": {"type": ["object", "null"]},
    },
    "anyOf": [{"required": ["op"]}, {"required": ["action"]}],
    "additionalProperties": False,
}
SET: Schema = {
    "type": "object",
    "properties": {
        **COMMON,
        **{entity.key: _value(entity) for entity in ENTITIES if entity.writable},
        "charging": {"type": ["boolean", "null"], "description": "short for charging_enabled"},
        "expires_in": {"type": "number", "minimum": 0},
    },
    "additionalProperties": False,
}
SEAT = _object(
    {
        "charger": TEXT,
        "evse": EVSE,
        "state": {"enum": ["idle", "charging", "waiting", "offline"]},
        **dict.fromkeys(("share", "held"), NUMBER),
        "drawn": MAYBE_NUMBER,
        "restrained": BOOLEAN,
        "priority": {"type": "integer"},
        "phases": {"type": "array", "items": {"enum": ["L1", "L2", "L3"]}},
    }
)
CIRCUIT_PHASE = _object(
    {
        **dict.fromkeys(("available", "allocated"), NUMBER),
        **dict.fromkeys(("measured", "other"), MAYBE_NUMBER),
    }
)
CIRCUIT = _object(
    {
        "name": TEXT,
        **dict.fromkeys(("max_current", "limit", "available", "allocated", "drawn"), NUMBER),
        "limit_source": TEXT,
        "limit_until": {"type": ["string", "null"]},
        **dict.fromkeys(("measured", "other"), MAYBE_NUMBER),
        "meter": {"enum": ["none", "ok", "silent"]},
        "overloaded": BOOLEAN,
        "phases": _object({"L1": CIRCUIT_PHASE}, {"L2": CIRCUIT_PHASE, "L3": CIRCUIT_PHASE}),
        "members": {"type": "array", "items": SEAT},
        "ts": TIME,
    }
)
"""In A; what isn't said by phase is the fullest one's."""
CIRCUIT_EVENT = _object(
    {"event_type": {"enum": list(CIRCUIT_EVENTS)}, "ts": TIME},
    {"source": TEXT, "chargers": {"type": "array", "items": TEXT}},
)
EVENT = _object({"event_type": {"enum": list(EVENTS)}, "ts": TIME}, additionalProperties=True)
