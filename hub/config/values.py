"""What a single value of evhub.yaml may be: each check returns it as the hub uses it, or says what was expected."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import voluptuous as vol

from hub.config.host_keys import is_one
from hub.topics import BASE, SLUG
from hub.yaml import suggestion

VERSIONS = ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")
MEMBER_KEYS = frozenset({"member", "priority", "phases"})
PHASES = ("L1", "L2", "L3")
MEMBER = re.compile(r"[a-z0-9_-]{1,48}(/[1-9]\d?)?")
ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:\[\]]+):(?P<port>\d{1,5})")


def one_of(*words: str) -> Any:
    def check(value: Any) -> Any:
        if value not in words:
            raise vol.Invalid(f"{value!r} is none of {', '.join(words)}{suggestion(value, words)}")
        return value

    return check


def each(value: Any, check: Any, expected: str, *, least: int = 0) -> tuple[Any, ...]:
    """A list; what is wrong with an item is told at the item."""
    if not isinstance(value, list) or len(value) < least:
        raise vol.Invalid(f"expected {expected}")
    return tuple(vol.Schema([check])(value))


def quoted(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise vol.Invalid(f"expected a text, not {value!r}; numbers and such in quotes")
    return value


def text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise vol.Invalid(f"expected a text, not {value!r}")
    return value


def whole(low: int, high: int) -> Any:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise vol.Invalid(f"expected a whole number from {low} to {high}, not {value!r}")
        return value

    return check


def amperes(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise vol.Invalid(f"expected amperes (more than 0), not {value!r}")
    return float(value)


def amperes_or_0(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
        raise vol.Invalid(f"expected amperes (0 or more), not {value!r}")
    return float(value)


def seconds(high: int) -> Any:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
            raise vol.Invalid(f"expected seconds from 0 to {high}, not {value!r}")
        return float(value)

    return check


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise vol.Invalid(f"expected true or false, not {value!r}")
    return value


def timezone(value: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise vol.Invalid(f"{value!r} is no time zone{suggestion(value, available_timezones())}")
    return str(value)


def address(value: Any) -> tuple[str, int]:
    match = ADDRESS.fullmatch(str(value))
    if not match or not 0 <= int(match["port"]) <= 65535:
        raise vol.Invalid(f"expected host:port, not {value!r}")
    return match["host"].strip("[]"), int(match["port"])


def topic(value: Any) -> str:
    if not isinstance(value, str) or not BASE.fullmatch(value):
        raise vol.Invalid(f"expected a topic of one or two levels, not {value!r}")
    return value


def broker(value: Any) -> str:
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


def csms_url(value: Any) -> str:
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


def versions(value: Any) -> tuple[str, ...]:
    found = each(value, one_of(*VERSIONS), f"a list of {', '.join(VERSIONS)}", least=1)
    if len(set(found)) != len(found):
        raise vol.Invalid("a version stands twice")
    return found


def version(value: Any) -> str:
    """Of MQTT, towards an external broker."""
    return str(one_of("5", "3.1.1")("5" if value == 5 else value))


def filters(value: Any) -> tuple[str, ...]:
    return each(value, quoted, "a list of topic filters")


def host_keys(value: Any) -> tuple[str, ...]:
    return each(value, host_key, "a list of lines as `ssh-keyscan` prints them")


def host_key(value: Any) -> str:
    line = quoted(value)
    if not is_one(line):
        raise vol.Invalid(f"{line!r} is no line of ssh-keyscan (host, kind of key, key)")
    return line


def list_of(what: str) -> Any:
    def check(value: Any) -> tuple[str, ...]:
        return each(value, quoted, f"a list of {what}")

    return check


def command(value: Any) -> tuple[str, ...]:
    return each(value, quoted, "a command and its arguments as a list", least=1)


def plain_values(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or any(isinstance(item, Mapping | list) for item in value.values()):
        raise vol.Invalid("expected names and values")
    return {
        str(key): str(item).lower() if isinstance(item, bool) else str(item) for key, item in value.items()
    }


def vendors(value: Any) -> dict[str, frozenset[str]]:
    if not isinstance(value, Mapping) or not all(
        item is None or isinstance(item, list) for item in value.values()
    ):
        raise vol.Invalid("expected vendor ids, each with a list of message ids ([]: all of them)")
    return {str(vendor): frozenset(map(str, messages or ())) for vendor, messages in value.items()}


def mapping(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise vol.Invalid("expected a map")
    return value


def discover(value: Any) -> bool | str:
    if value is True or value is False or value == "auto":
        return value  # type: ignore[no-any-return]
    raise vol.Invalid(f"expected true, false or auto, not {value!r}")


def node_id(value: Any) -> str:
    if value == "auto" or (isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{26}", value)):
        return str(value)
    raise vol.Invalid(f"expected auto, or 26 hex digits in quotes, not {value!r}")


def interfaces(value: Any) -> tuple[str, ...]:
    return each(value, quoted, "a list of network interfaces, such as [eth0]")


def objects(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{6}(\s*-\s*[0-9A-Fa-f]{6})?", value):
        return value
    raise vol.Invalid(f"expected an object in quotes, such as '02A101' or '02A101-02A164', not {value!r}")


def one_or_three(value: Any) -> int:
    if type(value) is not int or value not in (1, 3):
        raise vol.Invalid(f"expected 1 or 3, not {value!r}")
    return value


def volts(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 90 <= value <= 300:
        raise vol.Invalid(f"expected the volts between a phase and neutral, such as 230, not {value!r}")
    return float(value)


def source(value: Any) -> tuple[str, str]:
    device, slash, key = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash or not SLUG.fullmatch(device) or not re.fullmatch(r"[a-z0-9_]+", key):
        raise vol.Invalid(
            f"expected a device and a key of its state, such as panel/channel_3_power, not {value!r}"
        )
    return device, key


def circuit_meter(value: Any) -> tuple[tuple[str, str], ...]:
    """One for the circuit, or one for each phase."""
    if not isinstance(value, list):
        return (current_source(value),)
    if not 1 <= len(value) <= 3:
        raise vol.Invalid(f"expected a power or a current, or one for each phase, not {value}")
    return each(value, current_source, "a power or a current")


def current_source(value: Any) -> tuple[str, str]:
    device, key = source(value)
    if "power" not in key and "current" not in key:
        raise vol.Invalid(f"expected a power or a current, not {key}")
    return device, key


def members(value: Any) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
    """(charger, charger/EVSE or circuit; priority; phases)"""
    return each(value, member, "a list of chargers, EVSEs (box/2) and circuits", least=1)


def member(value: Any) -> tuple[str, int, tuple[int, ...]]:
    body = value if isinstance(value, Mapping) else {"member": value}
    name, priority, phases = body.get("member"), body.get("priority", 0), body.get("phases")
    strange = sorted(map(str, set(body) - MEMBER_KEYS))
    if strange:
        raise vol.Invalid(f"unknown key {strange[0]!r}{suggestion(strange[0], MEMBER_KEYS)}")
    if not isinstance(name, str) or not MEMBER.fullmatch(name):
        raise vol.Invalid(
            f"{value!r}: expected a charger, an EVSE (box/2) or a circuit, or {{member: box, priority: 1}}"
        )
    return name, whole(-9, 9)(priority), () if phases is None else wiring(phases)


def wiring(value: Any) -> tuple[int, ...]:
    """`L2`, or `[L2, L3, L1]`: the phase that a single-phase box is at, or a rotation."""
    named = value if isinstance(value, list) else [value]
    if not named or any(phase not in PHASES for phase in named) or len(set(named)) < len(named):
        raise vol.Invalid(f"phases: expected L1, L2 or L3, or an order such as [L2, L3, L1], not {value!r}")
    return tuple(PHASES.index(phase) + 1 for phase in named)
