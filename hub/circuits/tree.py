"""A circuit with all that is behind it: which EVSEs it feeds, through which others, and how they are balanced."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from hub.charger.claim import Claim
from hub.circuits.balance import Balance, Given, Member, Pace, Step
from hub.circuits.circuit import Circuit, Seat
from hub.circuits.lines import Drawn, Feed, Flow, Line, Ways, below, top, within
from hub.circuits.seen import DRAWS_A, Seen
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
        self.places: dict[Leaf, tuple[Feed, int]] = {}
        self.seen = Seen()
        self._strays: set[Leaf] = set()
        """They have drawn where they were said not to be; until somebody says it better they may be anywhere."""
        self.members: dict[Leaf, Member] = {}
        self.had: Mapping[Leaf, Given] = {}
        self.of: dict[str, list[Leaf]] = {}
        """Each charger's."""
        self._below: dict[str, list[Leaf]] = {}
        """Each circuit's."""
        self.stale = True
        self._rooms: dict[Line, float] = {}
        self._before: dict[Leaf, Member] = {}
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
        self.seen.keep(self.places.keys())
        self.of = {}
        self._below = {}
        for leaf, (feed, _) in self.places.items():
            self.of.setdefault(leaf[0], []).append(leaf)
            for circuit in feed.circuits():
                self._below.setdefault(circuit, []).append(leaf)
        self.stale = True

    def take(self, leaf: Leaf, claim: Claim, unknown_a: float, now: float = 0.0) -> None:
        """What an EVSE would like and does now."""
        before, (feed, priority) = self._before.get(leaf), self.places[leaf]
        above = self._above(leaf, feed, claim, now)
        self.members[leaf] = Member(claim, above, priority + claim.priority, unknown_a)
        self.stale = self.stale or before is None or _matters(before, self.members[leaf])

    def _above(self, leaf: Leaf, feed: Feed, claim: Claim, now: float) -> Sequence[Line]:
        if feed.strays(claim.currents):
            self._strays.add(leaf)
        if leaf in self._strays:
            self.seen.forget(leaf)
            return [line for circuit in sorted(feed.circuits()) for line in self.circuits[circuit].lines]
        return feed.lines(self._used(leaf, claim, now))

    def _used(self, leaf: Leaf, claim: Claim, now: float) -> frozenset[int] | None:
        """On which of its phases it counts; None: on all."""
        if self.settings[self.root].car_phases != "seen":
            return None
        lost = claim.currents is None and (claim.draw_a or 0.0) >= DRAWS_A
        if not claim.known and claim.currents is None:
            self.seen.miss(leaf, now)
        elif claim.known and (lost or not claim.wants):
            self.seen.forget(leaf)
        else:
            self.seen.look(leaf, claim.currents, now)
        return self.seen.used(leaf)

    def due(self, now: float) -> bool:
        """Has anything changed that a share depends on?"""
        rooms = self.rooms()
        return self.stale or rooms != self._rooms or self.wake_at is None or now >= self.wake_at

    def rooms(self) -> dict[Line, float]:
        return {line: room for known in self.circuits.values() for line, room in known.rooms().items()}

    def leaves(self, evses: Callable[[str], int | None]) -> dict[Leaf, tuple[Feed, int]]:
        """By EVSE: its way up, and its priority. `evses`: a charger's; None: it isn't there."""
        found: dict[Leaf, tuple[Feed, int]] = {}
        ways = top(self.root, self.settings[self.root].phases)
        for charger, evse, feed, priority in self._walk(self.root, ways, 0):
            count = evses(charger) or (evse or FIRST)
            for number in range(1, count + 1) if evse is None else [evse]:
                if number <= count:
                    found[charger, number] = (feed, priority)
        return found

    def fits(self) -> bool:
        """May all go on with what they had, whatever else draws?"""
        loads = dict.fromkeys(self.rooms(), 0.0)
        for leaf, given in self.had.items():
            for line in self.members[leaf].above:
                loads[line] += given.current_a
        return all(loads[line] <= self.circuits[line[0]].most() + NOISE_A for line in loads)

    def settle(self, now: float) -> None:
        self.settled = True
        self.measure(now)
        for known in self.circuits.values():
            for other in known.others.values():
                other.begin()

    def wait(self, wake_at: float) -> None:
        """All go on with what they had."""
        self.last, self.wake_at = Step(self.had), wake_at

    def step(self, now: Moment) -> Step:
        for leaf in self.seen.due(now.mono):
            member = self.members[leaf]
            self.take(leaf, member.claim, member.unknown_a, now.mono)
        self.measure(now.mono)
        self._look(now.mono)
        self.stale, self._rooms, self._before = False, self.rooms(), dict(self.members)
        self.last = step = self.balance.step(now.mono, self.members, self._rooms)
        wakes = [step.wake_at, self.seen.deadline()]
        for circuit, known in self.circuits.items():
            fed = [self.members[leaf] for leaf in self._fed(circuit)]
            known.bear(step.loads, fed, now.mono)
            known.unheard = self._unheard(circuit)
            known.strays = sorted({leaf[0] for leaf in self._fed(circuit) if leaf in self._strays})
            wakes.append(known.limits.deadline())
        wakes += self._look(now.mono)
        self.wake_at = min((at for at in wakes if at is not None), default=math.inf)
        return step

    def measure(self, now: float) -> None:
        """What flows to the chargers, circuit by circuit."""
        for circuit, known in self.circuits.items():
            known.draw(self._drawn(circuit, known.settings.phases), now)

    def _look(self, now: float) -> list[float | None]:
        return [other.look(now) for known in self.circuits.values() for other in known.others.values()]

    def _drawn(self, circuit: str, phases: int) -> Drawn:
        flows: list[Flow] = []
        total = 0.0
        for leaf in self._fed(circuit):
            feed, claim = self.places[leaf][0], self.members[leaf].claim
            flows += feed.flows(circuit, claim.draw_a or 0.0, claim.currents)
            total += feed.total(claim.draw_a or 0.0, claim.currents)
        return Drawn.of(phases, flows, total)

    def _unheard(self, circuit: str) -> list[str]:
        members = ((leaf[0], self.members[leaf]) for leaf in self._fed(circuit))
        return sorted(
            {charger for charger, each in members if each.claim.held_a is None and each.unknown_a > 0}
        )

    def _fed(self, circuit: str) -> list[Leaf]:
        """Its EVSEs, and those of the circuits in it."""
        return [leaf for leaf in self._below.get(circuit, ()) if leaf in self.members]

    def body(self, circuit: str) -> dict[str, object]:
        """What is shown of a circuit: of all EVSEs behind it."""
        given: Mapping[Leaf, Given] = self.last.given if self.last else {}
        seats = [Seat(leaf, self.members[leaf], given[leaf]) for leaf in self._fed(circuit) if leaf in given]
        return self.circuits[circuit].body(seats)

    def _walk(self, circuit: str, ways: Ways, priority: int) -> Iterator[tuple[str, int | None, Feed, int]]:
        for member in self.settings[circuit].members:
            inner = self.settings.get(member.id)
            rank = priority + member.priority
            if inner is None:
                yield member.id, member.evse, Feed(below(ways, member.phases)), rank
            else:
                down = below(ways, member.phases, inner.phases)
                yield from self._walk(member.id, within(member.id, inner.phases, down), rank)


def _matters(before: Member, after: Member) -> bool:
    """What flows wavers all the time."""
    first, second = before.claim.draw_a, after.claim.draw_a
    if before.above != after.above:
        return True
    if first != second and (first is None or second is None or abs(first - second) >= NOISE_A):
        return True
    steady = replace(before.claim, draw_a=second, currents=after.claim.currents)
    return before.unknown_a != after.unknown_a or steady != after.claim


def _inner(circuit: str, settings: Mapping[str, CircuitSettings]) -> Iterator[str]:
    yield circuit
    for member in settings[circuit].members:
        if member.id in settings:
            yield from _inner(member.id, settings)
