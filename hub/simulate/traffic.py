"""Cars that come to chargers, fill up and leave again. Pure: time is passed to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hub.simulate.ev import Car


class Place(Protocol):
    """Where a car charges."""

    @property
    def plugged(self) -> bool: ...

    @property
    def full(self) -> bool: ...

    def plug(self, car: Car) -> None: ...

    def unplug(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Habits:
    """In the cars' own seconds: `every_s` the next one comes to an empty place, and stays `stay_s` when full."""

    needs_wh: float = 10_000.0
    every_s: float = 60.0
    stay_s: float = 300.0
    phases: int = 1
    max_current: float = 30.0


class Traffic:
    """At places with names; they begin one after the other."""

    def __init__(self, places: Mapping[str, Place], habits: Habits) -> None:
        self._places, self._habits = dict(places), habits
        step = habits.every_s / max(1, len(places))
        self._left_s = {name: step * (number + 1) for number, name in enumerate(places)}

    def pass_time(self, seconds: float) -> list[str]:
        """What happened, in words."""
        return [words for name in self._places for words in self._at(name, seconds)]

    def _at(self, name: str, seconds: float) -> list[str]:
        place, habits = self._places[name], self._habits
        if place.plugged and not place.full:
            return []
        self._left_s[name] -= seconds
        if self._left_s[name] > 0:
            return []
        if place.plugged:
            place.unplug()
            self._left_s[name] = habits.every_s
            return [f"{name}: the car leaves"]
        place.plug(Car(habits.needs_wh, habits.max_current, habits.phases))
        self._left_s[name] = habits.stay_s
        return [f"{name}: a car plugs in"]
