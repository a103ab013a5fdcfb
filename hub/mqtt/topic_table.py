"""The topics of the contract, in the order of the reference, and what a machine can make of them."""

from typing import Any

from hub import __version__
from hub.mqtt import contract as c
from hub.mqtt.contract import Topic

TOPICS = (
    Topic("bridge/state", "The hub; also its last will.", c.ONLINE, retain=True, plain=True),
    Topic("bridge/info", "What the hub is.", c.BRIDGE_INFO, retain=True),
    Topic("bridge/health", "How the hub is, every minute.", c.HEALTH, retain=True),
    Topic("bridge/chargers", "All chargers.", {"type": "array", "items": c.LISTED}, retain=True),
    Topic(
        "bridge/discovered",
        "What was found and could become a charger.",
        {"type": "array", "items": c.ANYTHING},
        retain=True,
    ),
    Topic(
        "bridge/event",
        "What happened to the hub.",
        {
            "type": "object",
            "properties": {"type": c.TEXT, "ts": c.TIME, "data": c.ANYTHING},
            "required": ["type", "ts", "data"],
        },
    ),
    Topic(
        "bridge/logging",
        "Warnings and worse.",
        {
            "type": "object",
            "properties": {
                "ts": c.TIME,
                "level": c.TEXT,
                "logger": c.TEXT,
                "message": c.TEXT,
                "charger": c.TEXT,
            },
            "required": ["ts", "level", "logger", "message"],
        },
        qos=0,
    ),
    Topic("bridge/request/{op}", "A request to the hub.", c.ANYTHING, inward=True),
    Topic("bridge/response/{op}", "Its answer.", c.RESPONSE),
    Topic(
        "circuit/{circuit}/state", "What several chargers share, and who has what.", c.CIRCUIT, retain=True
    ),
    Topic("circuit/{circuit}/cmd", "A command to a circuit: `set_limit`.", c.COMMAND, inward=True),
    Topic("circuit/{circuit}/cmd_result", "What became of it.", c.RESULT),
    Topic("circuit/{circuit}/event", "What happened to a circuit.", c.CIRCUIT_EVENT),
    Topic("{charger}/availability", "Does the charger answer?", c.ONLINE, retain=True, plain=True),
    Topic("{charger}/info", "Who and what the charger is.", c.INFO, retain=True),
    Topic(
        "{charger}/state",
        "What is true of the charger itself.",
        {
            "type": "object",
            "properties": {
                "available": c.BOOLEAN,
                "csms_connected": c.BOOLEAN,
                "ocpp_version": c.TEXT,
                "ts": c.TIME,
            },
            "required": ["available", "ts"],
            "additionalProperties": c.SCALAR,
        },
        retain=True,
    ),
    Topic("{charger}/state/{key}", "One of these values.", c.SCALAR, retain=True, qos=0, plain=True),
    Topic("{charger}/evse/{evse}/state", "All values of an EVSE.", c.STATE, retain=True),
    Topic("{charger}/evse/{evse}/state/{key}", "One of them.", c.SCALAR, retain=True, qos=0, plain=True),
    Topic("{charger}/evse/{evse}/set", "Several values to be set.", c.SET, inward=True),
    Topic("{charger}/evse/{evse}/set/{key}", "One value to be set.", {}, inward=True),
    Topic("{charger}/evse/{evse}/get", "Reads the charger now.", {}, inward=True),
    Topic("{charger}/cmd", "A command.", c.COMMAND, inward=True),
    Topic("{charger}/cmd_result", "What became of a command.", c.RESULT),
    Topic("{charger}/event", "What happened at the charger.", c.EVENT),
    Topic("{charger}/session", "The current session, or the last one.", c.SESSION, retain=True),
    Topic("{charger}/sessions", "Each closed session, once.", c.SESSION),
    Topic(
        "{charger}/meter",
        "What OCPP has sampled.",
        {
            "type": "object",
            "properties": {
                "ts": c.TIME,
                "evse": c.EVSE,
                "context": c.TEXT,
                "values": {"type": "array", "items": c.SAMPLE, "minItems": 1},
            },
            "required": ["ts", "evse", "context", "values"],
            "additionalProperties": False,
        },
        qos=0,
    ),
    Topic(
        "{charger}/update",
        "The charger's firmware.",
        {
            "type": "object",
            "properties": {
                "installed_version": c.MAYBE_TEXT,
                "latest_version": c.MAYBE_TEXT,
                "in_progress": c.BOOLEAN,
            },
            "required": ["installed_version", "latest_version", "in_progress"],
            "additionalProperties": False,
        },
        retain=True,
    ),
    Topic("{charger}/update/set", "Firmware to be installed.", {}, inward=True),
    Topic(
        "{charger}/raw/{direction}",
        "A frame of its protocol.",
        {
            "type": "object",
            "properties": {"ts": c.TIME, "frame": c.TEXT},
            "required": ["ts", "frame"],
            "additionalProperties": False,
        },
        qos=0,
    ),
)


def find(topic: str) -> Topic | None:
    """`topic` below the base topic."""
    levels = topic.split("/")
    return next((entry for entry in TOPICS if _fits(entry.pattern.split("/"), levels)), None)


def _fits(pattern: list[str], levels: list[str]) -> bool:
    """An operation of the bridge may have a level more (`charger/add`)."""
    if pattern[-1] == "{op}":
        levels = [*levels[:2], "/".join(levels[2:])] if len(levels) > 2 else levels
    return len(pattern) == len(levels) and all(
        part == level or (part.startswith("{") and bool(level))
        for part, level in zip(pattern, levels, strict=True)
    )


def asyncapi(base: str = "evhub") -> dict[str, Any]:
    """AsyncAPI 3: what an application needs to talk to the hub over MQTT."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "evhub over MQTT",
            "version": __version__,
            "description": "EV chargers: their state, their events, and commands to them.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(entry): _channel(entry, base) for entry in TOPICS},
        "operations": {_name(entry): _operation(entry) for entry in TOPICS},
    }


def _name(entry: Topic) -> str:
    """`{charger}/evse/{evse}/state/{key}` -> charger_evse_state_key"""
    return "_".join(dict.fromkeys(part.strip("{}") for part in entry.pattern.split("/")))


def _channel(entry: Topic, base: str) -> dict[str, Any]:
    parameters = [part[1:-1] for part in entry.pattern.split("/") if part.startswith("{")]
    message: dict[str, Any] = {"payload": dict(entry.schema)}
    if entry.plain:
        message["contentType"] = "text/plain"
    channel: dict[str, Any] = {
        "address": f"{base}/{entry.pattern}",
        "description": entry.words,
        "messages": {"message": message},
    }
    if parameters:
        channel["parameters"] = {name: {} for name in parameters}
    return channel


def _operation(entry: Topic) -> dict[str, Any]:
    """As the hub sees it: what it sends, and what it receives."""
    return {
        "action": "receive" if entry.inward else "send",
        "channel": {"$ref": f"#/channels/{_name(entry)}"},
        "bindings": {"mqtt": {"qos": entry.qos, "retain": entry.retain}},
    }
