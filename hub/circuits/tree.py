"""A circuit with all that is behind it: which EVSEs it feeds, through which others, and how they are balanced."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

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
NOISE_A = 0.5


def roots(settings: Mapping[str, CircuitSettings]) -> list[str]:
    """The outermost circuits."""
    inner = {member.id for each in settings.values() for member in each.members}
    return [circuit for circuit in settings if circuit not in inner]


class Tree:
    """`circuits` by id, the outermost first."""

    def __init__(self, root: str, settings: Mapping[str, CircuitSettings]) -> None:
        self.root = root
        self.settings = {circuit: settings[circuit] for circuit in _inner(root, settings)}
        self.circuits: dict[str, Circuit] = {}
        self.balance = Balance()
        self.last: Step | None = None
        self.wake_at: float | None = None
        self.settled = False
        """Are all heard that will be, after the start?"""
        self.places: dict[Leaf, tuple[list[str], int]] = {}
        self.members: dict[Leaf, Member] = {}
        self.had: Mapping[Leaf, Given] = {}
        self.of: dict[str, list[Leaf]] = {}
        """Each charger's."""
        self.stale = True
        self._rooms: dict[str, float] = {}
        self._seen: dict[Leaf, Member] = {}
        """As the members were at the last step."""

    def take_over(self, circuits: Mapping[str, Circuit]) -> None:
        """What is known of circuits that were there before."""
        outer = self.settings[self.root]
        self.balance.pace = Pace(raise_s=outer.raise_delay, rotate_s=outer.rotate)
        for circuit, settings in self.settings.items():
            known = circuits.get(circuit)
            self.circuits[circuit] = Circuit(settings) if known is None else known
            self.circuits[circuit].become(settings)

    def place(self, evses: Callable[[str], int | None]) -> None:
        """Where each EVSE is, by how many there are: again whenever a charger has come or gone."""
        self.places = self.leaves(evses)
        self.members = {leaf: member for leaf, member in self.members.items() if leaf in self.places}
        self.of = {}
        for leaf in self.places:
            self.of.setdefault(leaf[0], []).append(leaf)
        self.stale = True

    def take(self, leaf: Leaf, claim: Claim, unknown_a: float) -> None:
        """What an EVSE would like and does now."""
        before, (above, priority) = self._seen.get(leaf), self.places[leaf]
        self.members[leaf] = Member(claim, above, priority + claim.priority, unknown_a)
        self.stale = self.stale or before is None or _matters(before, self.members[leaf])

    def due(self, now: float) -> bool:
        """Has anything changed that a share depends on?"""
        rooms = self.rooms()
        return self.stale or rooms != self._rooms or self.wake_at is None or now >= self.wake_at

    def rooms(self) -> dict[str, float]:
        return {circuit: known.room() for circuit, known in self.circuits.items()}

    def leaves(self, evses: Callable[[str], int | None]) -> dict[Leaf, tuple[list[str], int]]:
        """By EVSE: the circuits that feed it, and its priority. `evses`: a charger's; None: it isn't there."""
        found: dict[Leaf, tuple[list[str], int]] = {}
        for charger, evse, above, priority in self._walk(self.root, [], 0):
            count = evses(charger) or (evse or FIRST)
            for number in range(1, count + 1) if evse is None else [evse]:
                if number <= count:
                    found[charger, number] = (above, priority)
        return found

    def fits(self) -> bool:
        """May all go on with what they had, whatever else draws?"""
        return all(
            sum(given.current_a for leaf, given in self.had.items() if circuit in self.places[leaf][0])
            <= known.most() + NOISE_A
            for circuit, known in self.circuits.items()
        )

    def settle(self, now: float) -> None:
        self.settled = True
        self.measure(now)
        for known in self.circuits.values():
            known.other.begin()

    def wait(self, wake_at: float) -> None:
        """All go on with what they had."""
        self.last, self.wake_at = Step(self.had), wake_at

    def step(self, now: Moment) -> Step:
        self.measure(now.mono)
        for known in self.circuits.values():
            known.other.look(now.mono)
        self.stale, self._rooms, self._seen = False, self.rooms(), dict(self.members)
        self.last = step = self.balance.step(now.mono, self.members, self._rooms)
        wakes = [step.wake_at]
        for circuit, known in self.circuits.items():
            known.bear(step.loads[circuit], self._fed(circuit), now.mono)
            known.unheard = self._unheard(circuit)
            wakes += [known.other.look(now.mono), known.limits.deadline()]
        self.wake_at = min((at for at in wakes if at is not None), default=math.inf)
        return step

    def measure(self, now: float) -> None:
        """What flows to the chargers, circuit by circuit."""
        for circuit, known in self.circuits.items():
            known.draw(self._fed(circuit), now)

    def _unheard(self, circuit: str) -> list[str]:
        chargers = (
            leaf[0]
            for leaf, member in self.members.items()
            if circuit in member.above and member.claim.held_a is None and member.unknown_a > 0
        )
        return sorted(set(chargers))

    def _fed(self, circuit: str) -> list[Member]:
        return [member for member in self.members.values() if circuit in member.above]

    def body(self, circuit: str) -> dict[str, object]:
        """What is shown of a circuit: of all EVSEs behind it."""
        given: Mapping[Leaf, Given] = self.last.given if self.last else {}
        seats = [
            Seat(leaf, self.members[leaf], given[leaf])
            for leaf, (above, _) in self.places.items()
            if circuit in above and leaf in given and leaf in self.members
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


def _matters(before: Member, after: Member) -> bool:
    """What flows wavers all the time."""
    first, second = before.claim.draw_a, after.claim.draw_a
    if first != second and (first is None or second is None or abs(first - second) >= NOISE_A):
        return True
    return before.unknown_a != after.unknown_a or replace(before.claim, draw_a=second) != after.claim


def _inner(circuit: str, settings: Mapping[str, CircuitSettings]) -> Iterator[str]:
    yield circuit
    for member in settings[circuit].members:
        if member.id in settings:
            yield from _inner(member.id, settings)
