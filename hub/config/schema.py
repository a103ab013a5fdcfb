"""What may stand in evhub.yaml. The only module that knows voluptuous; its errors become file:line:column."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import voluptuous as vol

from hub.topics import BASE, SLUG
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
VERSIONS = ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")
MEMBER_KEYS = frozenset({"member", "priority", "phases"})
PHASES = ("L1", "L2", "L3")
MEMBER = re.compile(r"[a-z0-9_-]{1,48}(/[1-9]\d?)?")
ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:\[\]]+):(?P<port>\d{1,5})")


def _one_of(*words: str) -> Any:
    def check(value: Any) -> Any:
        if value not in words:
            raise vol.Invalid(f"{value!r} is none of {', '.join(words)}{suggestion(value, words)}")
        return value

    return check


def _each(value: Any, check: Any, expected: str, *, least: int = 0) -> tuple[Any, ...]:
    """A list; what is wrong with an item is told at the item."""
    if not isinstance(value, list) or len(value) < least:
        raise vol.Invalid(f"expected {expected}")
    return tuple(vol.Schema([check])(value))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise vol.Invalid(f"expected a text, not {value!r}; numbers and such in quotes")
    return value


def _text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise vol.Invalid(f"expected a text, not {value!r}")
    return value


def _whole(low: int, high: int) -> Any:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise vol.Invalid(f"expected a whole number from {low} to {high}, not {value!r}")
        return value

    return check


def _amperes(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise vol.Invalid(f"expected amperes (more than 0), not {value!r}")
    return float(value)


def _reserve(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
        raise vol.Invalid(f"expected amperes (0 or more), not {value!r}")
    return float(value)


def _seconds(high: int) -> Any:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
            raise vol.Invalid(f"expected seconds from 0 to {high}, not {value!r}")
        return float(value)

    return check


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise vol.Invalid(f"expected true or false, not {value!r}")
    return value


def _timezone(value: Any) -> str:
    if value not in available_timezones():
        raise vol.Invalid(f"{value!r} is no time zone{suggestion(value, available_timezones())}")
    return str(value)


def _address(value: Any) -> tuple[str, int]:
    match = ADDRESS.fullmatch(str(value))
    if not match or not 0 <= int(match["port"]) <= 65535:
        raise vol.Invalid(f"expected host:port, not {value!r}")
    return match["host"].strip("[]"), int(match["port"])


def _topic(value: Any) -> str:
    if not isinstance(value, str) or not BASE.fullmatch(value):
        raise vol.Invalid(f"expected a topic of one or two levels, not {value!r}")
    return value


def _broker(value: Any) -> str:
    if value == "embedded":
        return str(value)
    try:
        parts = urlsplit(str(value))
        good = parts.scheme in ("mqtt", "mqtts", "ws", "wss") and parts.hostname and (parts.port or 1)
    except ValueError:
        good = False
    if good and (parts.username or parts.password):
        raise vol.Invalid("the user and the password have keys of their own: username, password")
    if not good:
        raise vol.Invalid(
            f"{value!r}: expected embedded, or mqtt://host, mqtts://host, ws://host, wss://host"
        )
    return str(value)


def _csms_url(value: Any) -> str:
    try:
        parts = urlsplit(str(value))
        good = parts.scheme in ("ws", "wss") and parts.hostname and (parts.port or 1)
    except ValueError:
        good = False
    if good and (parts.username or parts.password):
        raise vol.Invalid("the user is the charger's identity, and the password has a key of its own")
    if not good:
        raise vol.Invalid(f"{value!r}: expected ws:// or wss:// and a host")
    return str(value).rstrip("/")


def _versions(value: Any) -> tuple[str, ...]:
    found = _each(value, _one_of(*VERSIONS), f"a list of {', '.join(VERSIONS)}", least=1)
    if len(set(found)) != len(found):
        raise vol.Invalid("a version stands twice")
    return found


def _version(value: Any) -> str:
    """Of MQTT, towards an external broker."""
    return str(_one_of("5", "3.1.1")("5" if value == 5 else value))


def _list_of(what: str) -> Any:
    def check(value: Any) -> tuple[str, ...]:
        return _each(value, _name, f"a list of {what}")

    return check


FILTERS = _list_of("topic filters")


def _command(value: Any) -> tuple[str, ...]:
    return _each(value, _name, "a command and its arguments as a list", least=1)


def _values(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or any(isinstance(item, Mapping | list) for item in value.values()):
        raise vol.Invalid("expected names and values")
    return {
        str(key): str(item).lower() if isinstance(item, bool) else str(item) for key, item in value.items()
    }


def _vendors(value: Any) -> dict[str, frozenset[str]]:
    if not isinstance(value, Mapping) or not all(
        item is None or isinstance(item, list) for item in value.values()
    ):
        raise vol.Invalid("expected vendor ids, each with a list of message ids ([]: all of them)")
    return {str(vendor): frozenset(map(str, messages or ())) for vendor, messages in value.items()}


def _map(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise vol.Invalid("expected a map")
    return value


def _discover(value: Any) -> bool | str:
    if value is True or value is False or value == "auto":
        return value  # type: ignore[no-any-return]
    raise vol.Invalid(f"expected true, false or auto, not {value!r}")


def _node_id(value: Any) -> str:
    if value == "auto" or (isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{26}", value)):
        return str(value)
    raise vol.Invalid(f"expected auto, or 26 hex digits in quotes, not {value!r}")


def _interfaces(value: Any) -> tuple[str, ...]:
    return _each(value, _name, "a list of network interfaces, such as [eth0]")


def _objects(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{6}(\s*-\s*[0-9A-Fa-f]{6})?", value):
        return value
    raise vol.Invalid(f"expected an object in quotes, such as '02A101' or '02A101-02A164', not {value!r}")


def _volts(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 90 <= value <= 300:
        raise vol.Invalid(f"expected the volts between a phase and neutral, such as 230, not {value!r}")
    return float(value)


def _source(value: Any) -> tuple[str, str]:
    device, slash, key = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash or not SLUG.fullmatch(device) or not re.fullmatch(r"[a-z0-9_]+", key):
        raise vol.Invalid(
            f"expected a device and a key of its state, such as panel/channel_3_power, not {value!r}"
        )
    return device, key


def _circuit_meter(value: Any) -> tuple[tuple[str, str], ...]:
    """One for the circuit, or one for each phase."""
    if not isinstance(value, list):
        return (_current_source(value),)
    if not 1 <= len(value) <= 3:
        raise vol.Invalid(f"expected a power or a current, or one for each phase, not {value}")
    return _each(value, _current_source, "a power or a current")


def _current_source(value: Any) -> tuple[str, str]:
    device, key = _source(value)
    if "power" not in key and "current" not in key:
        raise vol.Invalid(f"expected a power or a current, not {key}")
    return device, key


def _members(value: Any) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
    """(charger, charger/EVSE or circuit; priority; phases)"""
    return _each(value, _member, "a list of chargers, EVSEs (box/2) and circuits", least=1)


def _member(value: Any) -> tuple[str, int, tuple[int, ...]]:
    body = value if isinstance(value, Mapping) else {"member": value}
    name, priority, phases = body.get("member"), body.get("priority", 0), body.get("phases")
    strange = sorted(map(str, set(body) - MEMBER_KEYS))
    if strange:
        raise vol.Invalid(f"unknown key {strange[0]!r}{suggestion(strange[0], MEMBER_KEYS)}")
    if not isinstance(name, str) or not MEMBER.fullmatch(name):
        raise vol.Invalid(
            f"{value!r}: expected a charger, an EVSE (box/2) or a circuit, or {{member: box, priority: 1}}"
        )
    return name, _whole(-9, 9)(priority), () if phases is None else _wiring(phases)


def _wiring(value: Any) -> tuple[int, ...]:
    """`L2`, or `[L2, L3, L1]`: the phase that a single-phase box is at, or a rotation."""
    named = value if isinstance(value, list) else [value]
    if not named or any(phase not in PHASES for phase in named) or len(set(named)) < len(named):
        raise vol.Invalid(f"phases: expected L1, L2 or L3, or an order such as [L2, L3, L1], not {value!r}")
    return tuple(PHASES.index(phase) + 1 for phase in named)


ECHONET_LITE = {
    "interfaces": _interfaces,
    "discover": _discover,
    "node_id": _node_id,
    "broadcast": _boolean,
    "instances": {_text: _objects},
}


class _Maybe:
    """The schema's value, or null."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self._check = vol.Schema(schema)

    def __call__(self, value: Any) -> Any:
        return None if value is None else self._check(value)


TLS = vol.Schema({"ca": _text, "cert": _text, "key": _text})
CSMS = {
    "url": _csms_url,
    "identity": _text,
    "versions": _versions,
    "security_profile": _whole(0, 3),
    "password": _text,
    "ca": _text,
    "cert": _text,
    "key": _text,
    "defaults": _values,
    "allow_hosts": _list_of("host names or addresses"),
    "host_keys": _list_of("lines as `ssh-keyscan` prints them"),
    "data_transfer": _vendors,
}
TOP = vol.Schema(
    {
        "hub": {
            "name": _text,
            "language": _one_of("en", "ja"),
            "timezone": _timezone,
            "state_dir": _text,
            "firmware": {"install": _command, "unsigned": _boolean},
        },
        "log": {
            "level": _one_of("debug", "info", "warning", "error"),
            "file": _text,
            "rotate": _one_of("daily"),
            "keep": _whole(0, 3650),
            "compress": _boolean,
            "format": _one_of("text", "json"),
        },
        "mqtt": {
            "broker": _broker,
            "listen": _address,
            "base_topic": _topic,
            "username": _text,
            "password": _text,
            "users": {_text: {vol.Required("password"): _text, "read": FILTERS, "write": FILTERS}},
            "tls": TLS,
            "insecure": _boolean,
            "profile": _one_of("standard"),
            "version": _version,
        },
        "csms": _Maybe(CSMS),
        "chargers": _map,
        "tokens": {_text: _Maybe({"name": _text, "group": _text})},
        "echonet_lite": _Maybe(ECHONET_LITE),
        "devices": _map,
        "circuits": _map,
    }
)
CHARGER = vol.Schema(
    {
        "name": _text,
        vol.Required("use_blueprint"): {vol.Required("path"): _text, "input": _map},
        "csms": _Maybe(CSMS),
        "limits": {
            "max_current": _amperes,
            "fallback_current": _amperes,
            "fallback": _one_of("hold", "fallback_current", "stop"),
        },
        "tokens": {"free": _boolean},
        "raw": _boolean,
        "meter": {"evse": _whole(1, 64), **dict.fromkeys(METERED, _source)},
    }
)
CIRCUIT = vol.Schema(
    {
        "name": _text,
        vol.Required("max_current"): _amperes,
        vol.Required("members"): _members,
        "phases": vol.In((1, 3), msg="expected 1 or 3"),
        "voltage": _volts,
        "car_phases": _one_of("wired", "seen"),
        "meter": _circuit_meter,
        "reserve": _reserve,
        "rotate": _seconds(86_400),
        "raise_delay": _seconds(600),
        "fallback": _one_of("hold", "fallback_current", "stop"),
        "fallback_current": _reserve,
    }
)
DEVICE = vol.Schema({"name": _text, vol.Required("integration"): _text, "input": _map})


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
        known = known.get(part, known.get(_text, {})) if isinstance(known, Mapping) else {}
        known = getattr(known, "schema", known)
    names = [getattr(key, "schema", key) for key in known if isinstance(getattr(key, "schema", key), str)]
    return f"unknown key {name!r}{suggestion(name, names)}"
