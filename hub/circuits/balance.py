"""Who may draw what from now on, so that no phase of a circuit ever carries more than it can.

Theory: `shares` says how it should be once everything has settled. A cut is given at once. A raise is given when what
all others may be drawing leaves room for it: the higher of what they are given and of what they hold still, as far as
is proven. So a raise that needs another one's cut waits until that has happened. A car that comes and fits begins at
once; else a raise waits some seconds, and a car that had to stop waits a minute, so that nothing swings. Who doesn't
answer can't be changed, and counts with what he may be drawing. When some have to wait, those who charge and those who
wait change places after a while.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.charger.claim import Claim
from hub.circuits.lines import Line
from hub.circuits.shares import TINY_A, Above, Leaf, Want, best, without

WORTH_A = 1.0
"""A smaller raise isn't worth telling a charger."""
SPARE_A = 2.0
"""A car that leaves part of its share unused keeps so much more than it draws, to show that it wants more."""
STILL_A = 0.5
ASTRAY_S = 15.0
"""So long a charger may take to follow."""
SLACK_S = 60.0
"""So long a car must leave part of its share unused."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `rotate_s` 0: nobody has to make place for those who wait."""

    raise_s: float = 5.0
    rest_s: float = 60.0
    rotate_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Member:
    """One EVSE of a site: the lines that feed it, and what it would like."""

    claim: Claim
    above: Sequence[Line]
    priority: int = 0
    unknown_a: float = 0.0
    """What it is taken to hold when nobody knows."""

    @property
    def held_a(self) -> float:
        return self.unknown_a if self.claim.held_a is None else max(self.claim.held_a, self.claim.safe_a)


@dataclass(slots=True)
class Place:
    """What is remembered of an EVSE."""

    given_a: float = 0.0
    target_a: float = 0.0
    most_a: float = 0.0
    since: float | None = None
    """Since when it should have more than it is given."""
    turn_since: float | None = None
    stopped_at: float | None = None
    astray_since: float | None = None
    """Since when it holds more than it is given."""
    still_since: float | None = None
    """Since when its car draws nothing of what it may."""
    slack_since: float | None = None
    enough_a: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """`restrained`: it could use more than it is to have."""

    current_a: float
    restrained: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class Step:
    given: Mapping[Leaf, Given]
    wake_at: float | None = None
    """When time alone changes something."""
    loads: Mapping[Line, float] = field(default_factory=dict)
    """What may be drawn together on each line."""


class Balance:
    """`step` whenever something has changed, and at `wake_at`."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._places: dict[Leaf, Place] = {}
        self._queue: list[Leaf] = []
        self._wake: list[float] = []

    def begin(self, leaf: Leaf, given_a: float) -> None:
        """What it was given before: by the hub that ran before this one."""
        self._places.setdefault(leaf, Place(given_a))

    def step(self, now: float, members: Mapping[Leaf, Member], rooms: Mapping[Line, float]) -> Step:
        """`rooms`: what each line has for the EVSEs that load it."""
        self._wake = []
        self._places = {leaf: self._places.get(leaf, Place()) for leaf in members}
        self._line_up(now, members)
        targets = self._targets(now, members, rooms)
        for leaf, member in members.items():
            self._aim(now, leaf, member, targets)
        self._restrain(members, rooms)
        loads = self._loads(members, rooms)
        for leaf in dict.fromkeys((*self._queue, *members)):
            self._raise(now, leaf, members[leaf], rooms, loads)
        given = {leaf: self._given(leaf, member) for leaf, member in members.items()}
        return Step(given, min((at for at in self._wake if at > now), default=None), loads)

    # Turns

    def _line_up(self, now: float, members: Mapping[Leaf, Member]) -> None:
        """Who came first stands in front."""
        wanting = {leaf for leaf, member in members.items() if member.claim.wants}
        for leaf in set(self._places) - wanting:
            place = self._places[leaf]
            place.since = place.turn_since = place.stopped_at = place.slack_since = place.enough_a = None
            place.still_since = None
        self._queue = [leaf for leaf in self._queue if leaf in wanting]
        self._queue += sorted(wanting.difference(self._queue))
        self._rotate(now, members)

    def _rotate(self, now: float, members: Mapping[Leaf, Member]) -> None:
        """Those whose turn is over stand at the end, if somebody of their rank waits."""
        waiting = {members[leaf].priority for leaf in self._queue if self._places[leaf].turn_since is None}
        over: dict[Leaf, None] = {}
        for leaf in self._queue:
            ends = self._turn_ends(now, self._places[leaf], members[leaf].claim)
            if ends is None or members[leaf].priority not in waiting:
                continue
            if now >= ends:
                over[leaf] = None
                self._places[leaf].turn_since, self._places[leaf].still_since = now, None
            self._wake.append(ends if now < ends else now + self.pace.rotate_s)
        self._queue = [*(leaf for leaf in self._queue if leaf not in over), *over]

    def _turn_ends(self, now: float, place: Place, claim: Claim) -> float | None:
        """A car that draws nothing needs no turn."""
        draws = claim.draw_a is None or claim.draw_a >= STILL_A
        if draws or not place.given_a or place.turn_since is None:
            place.still_since = None
        elif place.still_since is None:
            place.still_since = now
        if place.turn_since is None:
            return None
        ends = place.turn_since + self.pace.rotate_s if self.pace.rotate_s else math.inf
        return ends if place.still_since is None else min(ends, place.still_since + SLACK_S)

    # How it should be

    def _targets(
        self, now: float, members: Mapping[Leaf, Member], rooms: Mapping[Line, float]
    ) -> dict[Leaf, float]:
        above: Above = {leaf: member.above for leaf, member in members.items()}
        wants = [self._want(now, leaf, members[leaf]) for leaf in self._queue]
        fixed = {leaf: self._fixed(leaf, each) for leaf, each in members.items() if not each.claim.wants}
        targets = fixed | best(wants, without(rooms, fixed, above), above)
        astray = {
            leaf: each.held_a for leaf, each in members.items() if self._astray(now, self._places[leaf], each)
        }
        if astray:
            obeying = [want for want in wants if want.leaf not in astray]
            rest = best(obeying, without(rooms, fixed | astray, above), above)
            told = {leaf: self._places[leaf].given_a for leaf in astray if members[leaf].claim.wants}
            targets |= {leaf: min(amperes, targets[leaf]) for leaf, amperes in (rest | told).items()}
        return targets

    def _fixed(self, leaf: Leaf, member: Member) -> float:
        """What one has who wants nothing, or can't be told anything."""
        if member.claim.known:
            return member.claim.floor_a
        return max(self._places[leaf].given_a, member.held_a)

    def _astray(self, now: float, place: Place, member: Member) -> bool:
        """Does it go on taking more than it was given? After a while the others make up for it."""
        if not member.claim.known or member.held_a - place.given_a < WORTH_A / 2:
            place.astray_since = None
            return False
        if place.astray_since is None:
            place.astray_since = now
        self._wake.append(place.astray_since + ASTRAY_S)
        return now - place.astray_since >= ASTRAY_S

    def _want(self, now: float, leaf: Leaf, member: Member) -> Want:
        claim = member.claim
        enough = self._enough(now, self._places[leaf], claim)
        return Want(leaf, claim.least_a, claim.most_a, enough, claim.step_a, member.priority)

    def _enough(self, now: float, place: Place, claim: Claim) -> float:
        """What a car really uses of its share, after it has shown so for a while."""
        if claim.draw_a is None or not place.given_a:
            place.slack_since = place.enough_a = None
            return claim.most_a
        used = claim.draw_a + SPARE_A
        if place.enough_a is not None and used > place.enough_a + SPARE_A / 2:
            place.enough_a = place.slack_since = None
        below = min(place.given_a, claim.most_a if place.enough_a is None else place.enough_a)
        if used >= below - TINY_A or below <= claim.least_a:
            place.slack_since = None
        elif place.slack_since is None:
            place.slack_since = now
        if place.slack_since is not None:
            if now - place.slack_since >= SLACK_S:
                place.enough_a, place.slack_since = max(used, claim.least_a), None
            else:
                self._wake.append(place.slack_since + SLACK_S)
        return claim.most_a if place.enough_a is None else min(place.enough_a, claim.most_a)

    # How it gets there

    def _aim(self, now: float, leaf: Leaf, member: Member, targets: Mapping[Leaf, float]) -> None:
        """Cuts at once, and begins to wait for a raise."""
        place, claim = self._places[leaf], member.claim
        target = targets[leaf]
        if claim.wants and target > 0:
            place.turn_since = now if place.turn_since is None else place.turn_since
        else:
            place.turn_since = None
        if not claim.known:
            place.target_a = place.given_a
            return
        place.target_a = target = max(target, claim.floor_a)
        if claim.wants and place.given_a > 0 and target == 0:
            place.stopped_at = now
        # Somebody else gave it more: a change that was meant, and doesn't swing.
        asked_more = claim.most_a > place.most_a + TINY_A and place.given_a > 0
        place.most_a = claim.most_a
        place.given_a = min(place.given_a, target)
        if target <= place.given_a + TINY_A:
            place.since = None
        elif place.since is None or asked_more:
            place.since = now - self.pace.raise_s if asked_more else now

    def _restrain(self, members: Mapping[Leaf, Member], rooms: Mapping[Line, float]) -> None:
        """Who doesn't answer goes on with what it was given when it is back: no more than there is then."""
        free = dict(rooms)
        for leaf, member in sorted(members.items(), key=lambda item: not item[1].claim.known):
            place = self._places[leaf]
            amperes = max(place.given_a, member.held_a)
            if not member.claim.known:
                room = min((free[line] for line in member.above), default=0.0)
                amperes = place.given_a = max(0.0, min(place.given_a, room))
            for line in member.above:
                free[line] -= amperes

    def _raise(
        self, now: float, leaf: Leaf, member: Member, rooms: Mapping[Line, float], loads: dict[Line, float]
    ) -> None:
        place, claim = self._places[leaf], member.claim
        if place.since is None or not self._ripe(now, place):
            return
        own = max(place.given_a, member.held_a)
        room = min((rooms[line] - loads[line] + own for line in member.above), default=0.0)
        new = min(place.target_a, room + TINY_A)
        if claim.step_a and new < place.target_a - TINY_A:
            new = round(new // claim.step_a * claim.step_a, 3)
        if claim.wants and new < claim.least_a:
            return
        if new < min(place.given_a + WORTH_A, place.target_a) - TINY_A:
            return
        for line in member.above:
            loads[line] += max(new, member.held_a) - own
        place.given_a = new
        place.since = None if new >= place.target_a - TINY_A else now

    def _ripe(self, now: float, place: Place) -> bool:
        """Has it waited long enough?"""
        assert place.since is not None
        if not place.given_a and place.stopped_at is None:
            return True
        at = place.since + self.pace.raise_s
        if not place.given_a and place.stopped_at is not None:
            at = max(at, place.stopped_at + self.pace.rest_s)
        self._wake.append(at)
        return now >= at

    def _loads(self, members: Mapping[Leaf, Member], rooms: Iterable[Line]) -> dict[Line, float]:
        """What may be drawn at most, by all that is known."""
        loads = dict.fromkeys(rooms, 0.0)
        for leaf, member in members.items():
            for line in member.above:
                loads[line] += max(self._places[leaf].given_a, member.held_a)
        return loads

    def _given(self, leaf: Leaf, member: Member) -> Given:
        place, claim = self._places[leaf], member.claim
        lacks = claim.wants and place.target_a < claim.most_a - TINY_A
        return Given(round(place.given_a, 3), lacks, lacks and place.target_a == 0)
