"""A circuit with all that is behind it: which EVSEs it feeds, through which others, and how they are balanced."""

from collections.abc import Callable, Iterator, Mapping

from hub.charger.claim import Claim
from hub.circuits.balance import Balance, Given, Member, Pace, Step
from hub.circuits.circuit import Circuit, Seat
from hub.circuits.shares import Leaf
from hub.config.settings import CircuitSettings
from hub.model.moment import Moment

NOBODY = Claim(
    wants=False,
    known=False,
    least_a=6.0,
    most_a=32.0,
    rated_a=32.0,
    step_a=1.0,
    floor_a=0.0,
    held_a=None,
    safe_a=6.0,
    draw_a=None,
)
"""Of a charger that isn't there, for it can't be built."""
FIRST = 1


def roots(settings: Mapping[str, CircuitSettings]) -> list[str]:
    """The outermost circuits."""
    inner = {member.id for each in settings.values() for member in each.members}
    return [circuit for circuit in settings if circuit not in inner]


class Tree:
    """`circuits` by id, the outermost first. `evses`: how many a charger has; None: it isn't there."""

    def __init__(self, root: str, settings: Mapping[str, CircuitSettings]) -> None:
        self.root = root
        self.settings = {circuit: settings[circuit] for circuit in _inner(root, settings)}
        self.circuits: dict[str, Circuit] = {}
        self.balance = Balance()
        self.last: Step | None = None
        self.wake_at: float | None = None
        self.settled = False
        """Are all heard that will be, after the start?"""
        self._members: Mapping[Leaf, Member] = {}

    def take_over(self, circuits: Mapping[str, Circuit]) -> None:
        """What is known of circuits that were there before."""
        outer = self.settings[self.root]
        self.balance.pace = Pace(raise_s=outer.raise_delay, rotate_s=outer.rotate)
        for circuit, settings in self.settings.items():
            known = circuits.get(circuit)
            self.circuits[circuit] = Circuit(settings) if known is None else known
            self.circuits[circuit].become(settings)

    def chargers(self) -> set[str]:
        return {charger for charger, _ in self.leaves(lambda _: None)}

    def leaves(self, evses: Callable[[str], int | None]) -> dict[Leaf, tuple[list[str], int]]:
        """By EVSE: the circuits that feed it, and its priority."""
        found: dict[Leaf, tuple[list[str], int]] = {}
        for charger, evse, above, priority in self._walk(self.root, [], 0):
            count = evses(charger) or (evse or FIRST)
            for number in range(1, count + 1) if evse is None else [evse]:
                if number <= count:
                    found[charger, number] = (above, priority)
        return found

    def wait(self, members: Mapping[Leaf, Member], given: Mapping[Leaf, Given], wake_at: float) -> None:
        """All go on with what they have."""
        self._members, self.last, self.wake_at = members, Step(given), wake_at

    def step(self, members: Mapping[Leaf, Member], now: Moment) -> Step:
        self._members = members
        fed = {
            circuit: [each for each in members.values() if circuit in each.above] for circuit in self.circuits
        }
        for circuit, known in self.circuits.items():
            known.draw(fed[circuit], now.mono)
        looks = [known.other.look(now.mono) for known in self.circuits.values()]
        ends = [known.limits.deadline() for known in self.circuits.values()]
        rooms = {circuit: known.room() for circuit, known in self.circuits.items()}
        self.last = step = self.balance.step(now.mono, members, rooms)
        for circuit, known in self.circuits.items():
            known.bear(step.loads[circuit], fed[circuit])
        wakes = [at for at in (*looks, *ends, step.wake_at) if at is not None]
        self.wake_at = min(wakes, default=None)
        return step

    def body(self, circuit: str) -> dict[str, object]:
        """What is shown of a circuit: of all EVSEs behind it."""
        given: Mapping[Leaf, Given] = self.last.given if self.last else {}
        seats = [
            Seat(leaf, member, given[leaf])
            for leaf, member in self._members.items()
            if circuit in member.above and leaf in given
        ]
        return self.circuits[circuit].body(seats)

    def _walk(
        self, circuit: str, above: list[str], priority: int
    ) -> Iterator[tuple[str, int | None, list[str], int]]:
        here = [*above, circuit]
        for member in self.settings[circuit].members:
            if member.id in self.settings:
                yield from self._walk(member.id, here, priority + member.priority)
            else:
                yield member.id, member.evse, here, priority + member.priority


def _inner(circuit: str, settings: Mapping[str, CircuitSettings]) -> Iterator[str]:
    yield circuit
    for member in settings[circuit].members:
        if member.id in settings:
            yield from _inner(member.id, settings)
