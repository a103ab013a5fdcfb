"""How several cars share what their circuits carry, as it should be once everything has settled.

Theory: first it is decided who charges at all: in order of priority and then of turn everybody gets his least, as long
as every line above him carries it; who doesn't fit waits. What is left is poured in like water, the higher
priority first: all rise to the same level, each until he has what he asks for or a line above him is full. Where
some leave a part of theirs unused (`enough_a`), that is poured on afterwards.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.circuits.lines import Line

Leaf = tuple[str, int]
"""(charger, EVSE)"""
TINY_A = 1e-6
NO_LINE: Line = ("", 0)


@dataclass(frozen=True, slots=True)
class Want:
    """Amperes. `least_a`: below it is nothing. `enough_a`: what is really used of `most_a`."""

    leaf: Leaf
    least_a: float
    most_a: float
    enough_a: float
    step_a: float
    priority: int = 0


Above = Mapping[Leaf, Sequence[Line]]
"""The lines that feed each EVSE."""


def best(wants: Sequence[Want], rooms: Mapping[Line, float], above: Above) -> dict[Leaf, float]:
    """All that everybody asks for, where there is so much; else `shares`."""
    full = shares([replace(want, enough_a=want.most_a) for want in wants], rooms, above)
    if all(full[want.leaf] >= want.most_a - TINY_A for want in wants):
        return full
    return shares(wants, rooms, above)


def without(rooms: Mapping[Line, float], taken: Mapping[Leaf, float], above: Above) -> dict[Line, float]:
    """What is left in each line."""
    left = dict(rooms)
    for leaf, amperes in taken.items():
        for line in above[leaf]:
            left[line] -= amperes
    return left


def shares(wants: Sequence[Want], rooms: Mapping[Line, float], above: Above) -> dict[Leaf, float]:
    """`wants` in the order of their turns. Each gets 0, or what lies between his least and his most."""
    left = dict(rooms)
    ranked = sorted(wants, key=lambda want: -want.priority)
    served = [want for want in ranked if _take(want.leaf, want.least_a, left, above)]
    given = dict.fromkeys((want.leaf for want in wants), 0.0)
    given.update((want.leaf, want.least_a) for want in served)
    for enough in (True, False):
        for priority in sorted({want.priority for want in served}, reverse=True):
            alike = [want for want in served if want.priority == priority]
            tops = {want.leaf: min(want.enough_a, want.most_a) if enough else want.most_a for want in alike}
            _pour(alike, tops, given, left, above)
    return given


def _take(leaf: Leaf, amperes: float, left: dict[Line, float], above: Above) -> bool:
    """Is there so much left? Then it is taken."""
    if any(left[line] + TINY_A < amperes for line in above[leaf]):
        return False
    for line in above[leaf]:
        left[line] -= amperes
    return True


def _pour(
    wants: Sequence[Want],
    tops: Mapping[Leaf, float],
    given: dict[Leaf, float],
    left: dict[Line, float],
    above: Above,
) -> None:
    """Fills up evenly to `tops`, in whole steps."""
    level = _levels(wants, tops, given, left, above)
    for want in wants:
        wanted = _stepped(level[want.leaf], want)
        if wanted > given[want.leaf] and _take(want.leaf, wanted - given[want.leaf], left, above):
            given[want.leaf] = wanted
    # What the rounding has left goes on in order of turn: a step to each, then as much as there is.
    for most in (None, math.inf):
        for want in wants:
            free = min((left[line] for line in above[want.leaf]), default=0.0)
            more = min(free, want.step_a if most is None else most)
            wanted = _stepped(min(given[want.leaf] + more, tops[want.leaf]), want)
            if wanted > given[want.leaf] and _take(want.leaf, wanted - given[want.leaf], left, above):
                given[want.leaf] = wanted


def _stepped(amperes: float, want: Want) -> float:
    """Rounded down to the charger's steps; its least and its most are good whatever the steps are."""
    if amperes >= want.most_a - TINY_A:
        return want.most_a
    step = want.step_a or 0.001
    return max(round(math.floor(amperes / step + TINY_A) * step, 3), want.least_a)


def _levels(
    wants: Sequence[Want],
    tops: Mapping[Leaf, float],
    given: Mapping[Leaf, float],
    left: Mapping[Line, float],
    above: Above,
) -> dict[Leaf, float]:
    """What each has when the water has risen as far as it can."""
    found: dict[Leaf, float] = {}
    open_ = {want.leaf for want in wants}
    room = {line: left[line] for leaf in open_ for line in above[leaf]}
    while open_:
        heights = {
            line: _height([leaf for leaf in open_ if line in above[leaf]], tops, given, room[line])
            for line in room
        }
        full, height = min(heights.items(), key=lambda pair: (pair[1], pair[0]), default=(NO_LINE, math.inf))
        done = {leaf for leaf in open_ if full in above[leaf]} if height < math.inf else set(open_)
        for leaf in done:
            found[leaf] = max(given[leaf], min(tops[leaf], height))
            for line in above[leaf]:
                room[line] -= found[leaf] - given[leaf]
        open_ -= done
        room.pop(full, None)
    return found


def _height(
    leaves: Iterable[Leaf], tops: Mapping[Leaf, float], given: Mapping[Leaf, float], room: float
) -> float:
    """The level at which the room is used up; inf: it never is."""
    turns: dict[float, int] = {}
    for leaf in leaves:
        turns[given[leaf]] = turns.get(given[leaf], 0) + 1
        top = max(given[leaf], tops[leaf])
        turns[top] = turns.get(top, 0) - 1
    height, rising = 0.0, 0
    for edge in sorted(turns):
        if rising and (edge - height) * rising > room + TINY_A:
            return height + max(room, 0.0) / rising
        room -= (edge - height) * rising
        height, rising = edge, rising + turns[edge]
    return math.inf
