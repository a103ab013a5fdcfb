"""Which phases of which circuits an EVSE loads.

Theory: a circuit has a line for each of its phases, and each line has its own room. `phases` at a member says to which
phases of the circuit its own lead; where nothing is said each may lead to any, and counts on all of them. So without a
word all currents count as if they were on one phase, which is too much at worst.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Line = tuple[str, int]
"""(circuit, its phase)"""
Ways = Mapping[int, frozenset[Line]]
"""Own phase -> the lines that it may load, of all circuits upwards."""
PHASES = (1, 2, 3)
ALIKE_A = 1.0
STRAY_A = 4.0


def lines(circuit: str, phases: int) -> list[Line]:
    return [(circuit, phase) for phase in PHASES[:phases]]


def top(circuit: str, phases: int) -> Ways:
    """Of a circuit that is in no other."""
    return {phase: frozenset({(circuit, phase)}) for phase in PHASES[:phases]}


def below(above: Ways, wiring: Sequence[int], phases: int = len(PHASES)) -> Ways:
    """Of a member with so many phases of its own. `wiring`: the phase of the circuit that each leads to."""
    if not wiring:
        anywhere = frozenset[Line]().union(*above.values())
        return dict.fromkeys(PHASES[:phases], anywhere)
    return {own: above[phase] for own, phase in zip(PHASES, wiring, strict=False)}


def within(circuit: str, phases: int, ways: Ways) -> Ways:
    """Of a circuit in others: its own lines, and theirs above."""
    return {phase: ways[phase] | {(circuit, phase)} for phase in PHASES[:phases]}


@dataclass(frozen=True, slots=True)
class Feed:
    """An EVSE's way up."""

    ways: Ways

    def lines(self, used: Collection[int] | None = None) -> tuple[Line, ...]:
        """All that it may load, with these of its own phases; None: with any."""
        own = (used and self.ways.keys() & used) or self.ways.keys()
        return tuple(sorted(frozenset[Line]().union(*(self.ways[phase] for phase in own))))

    def strays(self, currents: Sequence[float] | None) -> bool:
        """Does it draw on a phase that it isn't said to have?"""
        absent = set(PHASES) - self.ways.keys()
        return currents is not None and any(currents[own - 1] >= STRAY_A for own in absent)

    def circuits(self) -> set[str]:
        return {circuit for ways in self.ways.values() for circuit, _ in ways}

    def flows(self, circuit: str, draw_a: float, currents: Sequence[float] | None) -> Iterator["Flow"]:
        """What it draws on the lines of a circuit. `currents`: by own phase, where that is known."""
        ways = {
            own: [line for line in found if line[0] == circuit] for own, found in sorted(self.ways.items())
        }
        told = self._own(draw_a, currents)
        every = sorted({line for found in ways.values() for line in found})
        if told is None:
            yield from (Flow(line, draw_a, sure=len(every) == 1) for line in every)
        elif all(len(found) == 1 for found in ways.values()):
            # Several that lead to one line are one: behind a circuit with a single phase there is no other.
            for line in every:
                yield Flow(line, max(told[own] for own in ways if line in ways[own]), sure=True)
        else:
            # Whichever way they go, equal currents on all phases are everywhere the same.
            sure = len(told) >= len(every) and max(told.values()) - min(told.values()) < ALIKE_A
            yield from (Flow(line, max(told.values()), sure=sure) for line in every)

    def total(self, draw_a: float, currents: Sequence[float] | None) -> float:
        """Of all its phases together."""
        told = self._own(draw_a, currents)
        return draw_a * len(self.ways) if told is None else sum(told.values())

    def _own(self, draw_a: float, currents: Sequence[float] | None) -> dict[int, float] | None:
        if len(self.ways) == 1:
            return dict.fromkeys(self.ways, draw_a)
        return None if currents is None else {own: currents[own - 1] for own in self.ways}


@dataclass(frozen=True, slots=True)
class Flow:
    """`sure` False: or on another line."""

    line: Line
    current_a: float
    sure: bool


@dataclass(slots=True)
class Drawn:
    """What flows to the members of a circuit, by its phases."""

    sure: dict[int, float]
    unsure: dict[int, float]
    total: float = 0.0

    @classmethod
    def of(cls, phases: int, flows: Iterable[Flow], total: float) -> "Drawn":
        none = dict.fromkeys(PHASES[:phases], 0.0)
        drawn = cls(dict(none), dict(none), total)
        for flow in flows:
            table = drawn.sure if flow.sure else drawn.unsure
            table[flow.line[1]] += flow.current_a
        return drawn

    @property
    def highest(self) -> float:
        return max(self.sure[phase] + self.unsure[phase] for phase in self.sure)
