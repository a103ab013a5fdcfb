"""What is wrong with a circuit, told once when it lasts, and once when it is over."""

import logging
from collections.abc import Iterator, Mapping

from hub.circuits.circuit import Circuit

log = logging.getLogger(__name__)

LASTS_S = 10.0
"""A moment's trouble is none: a charger that was just taken in offers all it has until it is told."""
WORDS = {
    "overloaded": "more may flow than it carries",
    "meter_silent": "its meter is silent: its members share the fallback current",
    "unheard": "{} never answered, and counts with all that it can draw",
    "miswired": "{} draws on phases that its circuit doesn't name, and counts on all of them",
}


class Troubles:
    """`look` whenever something may have changed, and at `due`."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()

    def look(self, circuit: Circuit, now: float) -> Iterator[tuple[str, Mapping[str, object]]]:
        """The events that have to be told, with their details; the log has them already."""
        named = {"unheard": circuit.unheard, "miswired": circuit.strays}
        wrong = {"overloaded": circuit.overloaded, "meter_silent": circuit.silent}
        for trouble, is_so in (wrong | {trouble: bool(them) for trouble, them in named.items()}).items():
            chargers = named.get(trouble, [])
            for word in self._heed((circuit.settings.id, trouble), is_so, now):
                words = WORDS[trouble].format(", ".join(chargers) or "a charger")
                level, end = (logging.WARNING, "") if is_so else (logging.INFO, "no more: ")
                log.log(level, "circuit %s: %s%s", circuit.settings.id, end, words)
                yield word, {"chargers": chargers} if chargers else {}

    def due(self) -> Iterator[float]:
        """When to look again."""
        return (since + LASTS_S for key, since in self._since.items() if key not in self._told)

    def _heed(self, key: tuple[str, str], is_so: bool, now: float) -> Iterator[str]:
        if not is_so:
            self._since.pop(key, None)
            if key in self._told:
                self._told.discard(key)
                yield f"{key[1]}_no_more"
        elif key not in self._told and now - self._since.setdefault(key, now) >= LASTS_S:
            self._told.add(key)
            yield key[1]
