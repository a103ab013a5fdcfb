"""The only place that spells or parses a topic."""

import re
from typing import NamedTuple

BASE = re.compile(r"[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40})?")
"""The base topic."""
SLUG = re.compile(r"[a-z0-9_-]{1,48}")
"""A charger's id in topics, paths and labels."""
CIRCUIT = "circuit"
"""The first level of what circuits say."""


class Topics:
    """The contract's topics under one base topic."""

    def __init__(self, base: str = "evhub") -> None:
        self.base = base

    def bridge(self, *parts: str) -> str:
        return "/".join((self.base, "bridge", *parts))

    def charger(self, charger: str, *parts: str) -> str:
        return "/".join((self.base, charger, *parts))

    def evse(self, charger: str, evse: int, *parts: str) -> str:
        return "/".join((self.base, charger, "evse", str(evse), *parts))

    def circuit(self, circuit: str, *parts: str) -> str:
        return "/".join((self.base, CIRCUIT, circuit, *parts))

    def parse(self, topic: str) -> "Address | None":
        """Split a topic below the base; None for a foreign one."""
        if not topic.startswith(self.base + "/"):
            return None
        owner, _, rest = topic[len(self.base) + 1 :].partition("/")
        parts = tuple(rest.split("/")) if rest else ()
        if owner == "bridge":
            return Address(None, None, parts)
        if owner == CIRCUIT and parts:
            return Address(circuit_owner(parts[0]), None, parts[1:])
        if len(parts) >= 2 and parts[0] == "evse" and parts[1].isdecimal():
            return Address(owner, int(parts[1]), parts[2:])
        return Address(owner, None, parts)


class Address(NamedTuple):
    """`charger` None: the bridge; of a circuit it is `circuit/<id>`. `evse` None: the charger itself. `parts`: what
    follows."""

    charger: str | None
    evse: int | None
    parts: tuple[str, ...]


def circuit_owner(circuit: str) -> str:
    """As a command is addressed to it."""
    return f"{CIRCUIT}/{circuit}"


def valid_topic(topic: str) -> bool:
    return 0 < len(topic.encode()) <= 65535 and not any(c in topic for c in "+#\0")


def valid_filter(pattern: str) -> bool:
    """MQTT 4.7.1: `+` fills a level, `#` the last one."""
    if not pattern or "\0" in pattern or len(pattern.encode()) > 65535:
        return False
    levels = pattern.split("/")
    return (
        all(level in ("+", "#") if ("+" in level or "#" in level) else True for level in levels)
        and "#" not in levels[:-1]
    )


def matches(pattern: str, topic: str) -> bool:
    """MQTT 4.7: wildcards at the first level don't match topics that start with `$`."""
    if topic.startswith("$") and pattern[0] in "+#":
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or (level != "+" and level != levels[index]):
            return False
    return len(wanted) == len(levels)
