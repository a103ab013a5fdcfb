"""Circuits in circuits, wired somehow, said or not: what flows is looked at where the wires really lead."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.charger.claim import Claim
from hub.circuits.lines import Line
from hub.circuits.tree import Tree
from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import Moment

ROTATIONS = ((1, 2, 3), (2, 3, 1), (3, 1, 2), (1, 3, 2))
OWN = (1, 2, 3)


@dataclass
class Box:
    """`lines`: by its own phase, all that it really loads. A car keeps to its `uses` phases."""

    lines: list[list[Line]]
    uses: int
    takes_a: float
    tells: bool
    there: bool = False
    away: bool = False
    told_a: float = 0.0
    offered_a: float = 0.0

    @property
    def draws_a(self) -> float:
        return min(self.offered_a, self.takes_a) if self.there and self.offered_a >= 6 else 0.0

    def loaded(self) -> set[Line]:
        return {line for lines in self.lines[: self.uses] for line in lines}

    def claim(self) -> Claim:
        held, draws = max(self.told_a, self.offered_a), self.draws_a
        told = tuple(draws if own <= min(self.uses, len(self.lines)) else 0.0 for own in OWN)
        return Claim(
            self.there and not self.away,
            not self.away,
            6.0,
            32.0,
            32.0,
            1.0,
            0.0,
            held,
            0.0,
            None if self.away else draws,
            currents=told if self.tells and not self.away else None,
        )


@dataclass
class Site:
    chance: Random
    circuits: dict[str, CircuitSettings] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.build("c0", [[("c0", phase)] for phase in OWN], 0)
        self.tree = Tree("c0", self.circuits)
        self.tree.take_over({})
        self.tree.place(lambda _: 1)

    def build(self, circuit: str, lines: list[list[Line]], depth: int) -> None:
        """`lines`: what each of the circuit's phases really loads, itself among them."""
        members = tuple(
            self.member(f"{circuit}{number}", lines, depth) for number in range(self.chance.randint(1, 3))
        )
        self.circuits[circuit] = CircuitSettings(
            circuit,
            circuit,
            self.chance.choice([20.0, 32.0, 50.0]),
            members,
            phases=len(lines),
            car_phases=self.chance.choice(["wired", "seen"]) if depth == 0 else "wired",
        )

    def member(self, name: str, lines: list[list[Line]], depth: int) -> MemberSettings:
        phases = self.chance.choice([1, len(lines)])
        wires = self.chance.choice(ROTATIONS)[:phases] if len(lines) > 1 else (1,)
        above = [lines[phase - 1] for phase in wires]
        if depth < 2 and self.chance.random() < 0.4:
            self.build(name, [[*found, (name, own)] for own, found in enumerate(above, 1)], depth + 1)
        else:
            takes_a, tells = self.chance.uniform(6, 32), self.chance.random() < 0.7
            self.boxes[name] = Box(above, self.chance.choice([1, 3]), takes_a, tells)
        return MemberSettings(name, phases=wires if self.chance.random() < 0.6 else ())

    def tick(self, second: int) -> None:
        now = Moment(float(second), datetime(2026, 1, 1, tzinfo=UTC))
        for name, box in self.boxes.items():
            box.there ^= not box.away and self.chance.random() < 0.01
            box.away ^= self.chance.random() < 0.003
            box.offered_a = box.offered_a if box.away else box.told_a
            self.tree.take((name, 1), box.claim(), 0.0, now.mono)
        if self.tree.due(now.mono):
            step = self.tree.step(now)
            for name, box in self.boxes.items():
                box.told_a = step.given[name, 1].current_a

    def too_much(self) -> dict[Line, float]:
        loads: dict[Line, float] = {}
        for box in self.boxes.values():
            for line in box.loaded():
                loads[line] = loads.get(line, 0.0) + box.draws_a
        return {
            line: load for line, load in loads.items() if load > self.circuits[line[0]].max_current + 0.01
        }


@given(st.integers(0, 1 << 32))
@settings(max_examples=25, deadline=None)
def test_no_phase_of_any_circuit_bears_too_much_wherever_its_boxes_really_are(seed: int) -> None:
    site = Site(Random(seed))
    for second in range(1, 700):
        site.tick(second)
        assert site.too_much() == {}
