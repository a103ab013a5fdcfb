"""What it costs to share: a step of the balance for a circuit of so many chargers, by how its phases are said.

usage: python -m tests.bench.circuits [MEMBERS]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hub.charger.claim import Claim
from hub.circuits.tree import Tree
from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import Moment

TURNS = 30
NIGHT = datetime(2026, 1, 1, tzinfo=UTC)
Wiring = Callable[[int], tuple[int, ...]]
WIRINGS: dict[str, Wiring] = {
    "nothing said": lambda _: (),
    "one phase each": lambda number: (number % 3 + 1,),
    "rotated": lambda number: ((1, 2, 3), (2, 3, 1), (3, 1, 2))[number % 3],
}


def claim(wants: bool, held_a: float, draw_a: float) -> Claim:
    currents = (draw_a, 0.0, 0.0)
    return Claim(wants, True, 6.0, 32.0, 32.0, 1.0, 0.0, held_a, 0.0, draw_a, currents=currents)


def site(members: int, wiring: Wiring, *, nested: bool) -> dict[str, CircuitSettings]:
    """All in one circuit, or ten to a circuit within it. Four amperes for each: many have to wait."""
    named = [MemberSettings(f"box{number}", phases=wiring(number)) for number in range(members)]
    most = 4.0 * members
    if not nested:
        return {"yard": CircuitSettings("yard", "yard", most, tuple(named), car_phases="seen")}
    rows = {f"row{start}": named[start : start + 10] for start in range(0, members, 10)}
    inner = {row: CircuitSettings(row, row, 63.0, tuple(boxes)) for row, boxes in rows.items()}
    straight = tuple(MemberSettings(row, phases=(1, 2, 3)) for row in rows)
    return {"yard": CircuitSettings("yard", "yard", most, straight, car_phases="seen"), **inner}


def measured(settings: dict[str, CircuitSettings]) -> Sequence[float]:
    """Milliseconds of each step while cars come and go."""
    tree = Tree("yard", settings)
    tree.take_over({})
    tree.place(lambda _: 1)
    taken, given = [], dict.fromkeys(tree.places, 0.0)
    for turn in range(TURNS):
        now = Moment(1000.0 + 20 * turn, NIGHT)
        for number, leaf in enumerate(tree.places):
            here = (number + turn) % 7 > 0
            tree.take(leaf, claim(here, given[leaf], min(given[leaf], 16.0)), 0.0, now.mono)
        begun = time.perf_counter()
        step = tree.step(now)
        taken.append((time.perf_counter() - begun) * 1000)
        given = {leaf: each.current_a for leaf, each in step.given.items()}
    return taken[3:]


def main() -> None:
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{members} members: ms for a step, median and most")
    for name, wiring in WIRINGS.items():
        for nested in (False, True):
            taken = measured(site(members, wiring, nested=nested))
            where = "rows of ten" if nested else "one circuit"
            print(f"{name:<16} {where:<12} {statistics.median(taken):8.1f} {max(taken):8.1f}")


if __name__ == "__main__":
    main()
