"""What may stand in evhub.yaml. voluptuous's errors become file:line:column."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from hub.config.values import (
    address,
    amperes,
    amperes_or_0,
    boolean,
    broker,
    circuit_meter,
    command,
    csms_url,
    discover,
    filters,
    host_keys,
    interfaces,
    list_of,
    mapping,
    members,
    node_id,
    objects,
    one_of,
    one_or_three,
    plain_values,
    seconds,
    source,
    text,
    timezone,
    topic,
    vendors,
    version,
    versions,
    volts,
    whole,
)
from hub.topics import SLUG
from hub.yaml import Tree, suggestion

LATER = frozenset({"modbus", "ocpp", "ocpp_lite", "web", "metrics"})
"""Sections of later versions: said to be so instead of being read and ignored."""
LATER_MQTT = frozenset({"homeassistant", "compat"})
OWN = ("bridge", "circuit")
"""First levels of topics that aren't a charger's."""
METERED = (
    "power",
    "energy",
    "frequency",
    *(f"{what}_l{n}" for what in ("current", "voltage") for n in (1, 2, 3)),
)
"""What a meter beside a charger may say in its stead."""


ECHONET_LITE = {
    "interfaces": interfaces,
    "discover": discover,
    "node_id": node_id,
    "broadcast": boolean,
    "instances": {text: objects},
}


class _Maybe:
    """The schema's value, or null."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self._check = vol.Schema(schema)

    def __call__(self, value: Any) -> Any:
        return None if value is None else self._check(value)


TLS = vol.Schema({"ca": text, "cert": text, "key": text})
CSMS = {
    "url": csms_url,
    "identity": text,
    "versions": versions,
    "security_profile": whole(0, 3),
    "password": text,
    "ca": text,
    "cert": text,
    "key": text,
    "defaults": plain_values,
    "allow_hosts": list_of("host names or addresses"),
    "host_keys": host_keys,
    "data_transfer": vendors,
}
TOP = vol.Schema(
    {
        "hub": {
            "name": text,
            "language": one_of("en", "ja"),
            "timezone": timezone,
            "state_dir": text,
            "firmware": {"install": command, "unsigned": boolean},
        },
        "log": {
            "level": one_of("debug", "info", "warning", "error"),
            "file": text,
            "rotate": one_of("daily"),
            "keep": whole(0, 3650),
            "compress": boolean,
            "format": one_of("text", "json"),
        },
        "mqtt": {
            "broker": broker,
            "listen": address,
            "base_topic": topic,
            "username": text,
            "password": text,
            "users": {text: {vol.Required("password"): text, "read": filters, "write": filters}},
            "tls": TLS,
            "insecure": boolean,
            "profile": one_of("standard"),
            "version": version,
        },
        "csms": _Maybe(CSMS),
        "chargers": mapping,
        "tokens": {text: _Maybe({"name": text, "group": text})},
        "echonet_lite": _Maybe(ECHONET_LITE),
        "devices": mapping,
        "circuits": mapping,
    }
)
CHARGER = vol.Schema(
    {
        "name": text,
        vol.Required("use_blueprint"): {vol.Required("path"): text, "input": mapping},
        "csms": _Maybe(CSMS),
        "limits": {
            "max_current": amperes,
            "fallback_current": amperes,
            "fallback": one_of("hold", "fallback_current", "stop"),
        },
        "tokens": {"free": boolean},
        "raw": boolean,
        "meter": {"evse": whole(1, 64), **dict.fromkeys(METERED, source)},
    }
)
CIRCUIT = vol.Schema(
    {
        "name": text,
        vol.Required("max_current"): amperes,
        vol.Required("members"): members,
        "phases": one_or_three,
        "voltage": volts,
        "car_phases": one_of("wired", "seen"),
        "meter": circuit_meter,
        "reserve": amperes_or_0,
        "rotate": seconds(86_400),
        "raise_delay": seconds(600),
        "fallback": one_of("hold", "fallback_current", "stop"),
        "fallback_current": amperes_or_0,
    }
)
DEVICE = vol.Schema({"name": text, vol.Required("integration"): text, "input": mapping})


def check(tree: Tree, path: tuple[object, ...], schema: vol.Schema, value: Any) -> tuple[Any, list[str]]:
    """(the checked value, problems as file:line:column: key: what). None with problems."""
    try:
        return schema(value), []
    except vol.MultipleInvalid as error:
        return None, sorted({_told(tree, path, item, schema, value) for item in _flat(error)})
    except vol.Invalid as error:
        return None, [_told(tree, path, error, schema, value)]


def check_sections(tree: Tree, value: Mapping[str, Any]) -> tuple[dict[str, Any], list[str], set[str]]:
    """(the good sections, problems, names of the bad sections): one bad section hides no mistake of another."""
    good: dict[str, Any] = {}
    problems: list[str] = []
    for name, body in value.items():
        checked, wrong = check(tree, (), TOP, {name: body})
        good |= checked or {}
        problems += wrong
    return good, problems, set(value) - set(good)


def check_id(charger: object) -> str | None:
    if not isinstance(charger, str) or not SLUG.fullmatch(charger):
        return f"{charger!r}: a charger's id has 1 to 48 of a-z, 0-9, _ and -"
    return f"{charger!r} is no charger's id: its topics are the hub's" if charger in OWN else None


def _flat(error: vol.Invalid) -> list[vol.Invalid]:
    if isinstance(error, vol.MultipleInvalid):
        return [part for item in error.errors for part in _flat(item)]
    return [error]


def _told(tree: Tree, path: tuple[object, ...], error: vol.Invalid, schema: vol.Schema, value: object) -> str:
    parts = tuple(getattr(part, "schema", part) for part in error.path)
    place = (*path, *parts)
    dotted = ".".join(map(str, place))
    words = str(error.error_message)
    extra = words == "extra keys not allowed"
    if extra:
        words = _unknown(parts, schema)
    elif words == "required key not provided":
        words = "is missing"
    elif words.startswith("expected") and "dict" in words:
        words = "expected a map"
    for part in parts:
        value = value.get(part) if isinstance(value, Mapping) else value
    if words == "expected a map" and value is None:
        words += ", and there is nothing: indent what belongs here, or leave the key out"
    return f"{tree.where(place, key=extra)}: {dotted}: {words}"


def _unknown(parts: tuple[object, ...], schema: vol.Schema) -> str:
    name = parts[-1]
    if (name in LATER and len(parts) == 1) or (name in LATER_MQTT and parts[:1] == ("mqtt",)):
        return "is not in this version yet"
    known: Any = schema.schema
    for part in parts[:-1]:
        known = known.get(part, known.get(text, {})) if isinstance(known, Mapping) else {}
        known = getattr(known, "schema", known)
    names = [getattr(key, "schema", key) for key in known if isinstance(getattr(key, "schema", key), str)]
    return f"unknown key {name!r}{suggestion(name, names)}"
