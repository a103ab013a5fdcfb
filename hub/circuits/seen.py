"""On which of its phases a car draws, where a circuit goes by that: `car_phases: seen`.

Theory: how many phases a car takes is up to the car, and stays so until it is unplugged. Who has drawn for a minute on
some of them, and on the others nothing, is taken to go on like that; whoever then draws on another one counts on all
again. So does a charger that is away for minutes: nobody sees which car it has.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from hub.circuits.shares import Leaf

LEARNS_S = 60.0
AWAY_S = 300.0
DRAWS_A, STILL_A = 4.0, 1.0
"""A phase that is used, and one that isn't."""


class Seen:
    """`look` at each reading; `used` is what it has led to."""

    def __init__(self) -> None:
        self._used: dict[Leaf, frozenset[int]] = {}
        self._since: dict[Leaf, tuple[frozenset[int], float]] = {}
        self._away: dict[Leaf, float] = {}
        """Since when a charger doesn't answer whose car has shown its phases."""

    def begin(self, leaf: Leaf, phases: Iterable[int]) -> None:
        """What the hub that ran before this one has seen."""
        used = frozenset(phases)
        if used:
            self._used.setdefault(leaf, used)

    def used(self, leaf: Leaf) -> frozenset[int] | None:
        """None: perhaps any."""
        return self._used.get(leaf)

    def forget(self, leaf: Leaf) -> None:
        """Another car may come."""
        self._used.pop(leaf, None)
        self._since.pop(leaf, None)
        self._away.pop(leaf, None)

    def keep(self, leaves: Collection[Leaf]) -> None:
        """There are no others now."""
        for leaf in (self._used.keys() | self._since.keys()).difference(leaves):
            self.forget(leaf)

    def miss(self, leaf: Leaf, now: float) -> None:
        """Its charger doesn't answer."""
        self._since.pop(leaf, None)
        if leaf in self._used and now - self._away.setdefault(leaf, now) >= AWAY_S:
            self.forget(leaf)

    def look(self, leaf: Leaf, currents: Sequence[float] | None, now: float) -> None:
        """`currents`: by own phase; None: the charger doesn't say."""
        self._away.pop(leaf, None)
        if currents is None:
            self._since.pop(leaf, None)
            return
        drawing = frozenset(own for own, amperes in enumerate(currents, 1) if amperes >= STILL_A)
        known = self._used.get(leaf)
        if known is not None and not drawing <= known:
            self.forget(leaf)
            known = None
        if known is not None:
            return
        if not any(amperes >= DRAWS_A for amperes in currents):
            self._since.pop(leaf, None)
            return
        before, since = self._since.get(leaf, (drawing, now))
        if before != drawing:
            since = now
        self._since[leaf] = drawing, since
        if now - since >= LEARNS_S:
            self._used[leaf] = drawing
            del self._since[leaf]

    def due(self, now: float) -> list[Leaf]:
        """Those of whom time alone may have taught something."""
        return [leaf for leaf, at in self._times() if now >= at]

    def deadline(self) -> float | None:
        """When time alone teaches something."""
        return min((at for _, at in self._times()), default=None)

    def _times(self) -> Iterator[tuple[Leaf, float]]:
        yield from ((leaf, since + LEARNS_S) for leaf, (_, since) in self._since.items())
        yield from ((leaf, since + AWAY_S) for leaf, since in self._away.items())
