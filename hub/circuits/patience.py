"""How long a site waits for those that it hasn't heard yet."""

from collections.abc import Collection, Iterable

from hub.circuits.tree import Tree

SETTLE_S = 10.0
"""So long after the start all go on with what they had, unless all are heard before: no car is stopped by what isn't
known yet."""
METER_S = 60.0
"""And so long for a meter."""
GRACE_S = 60.0
"""So long a charger that nobody has heard yet is taken to do what it did before the hub came, or took it in anew."""


class Patience:
    """`begin` with the hub, and with each other configuration."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._expected: dict[str, float] = {}

    def begin(self, now: float) -> None:
        self._began = now

    def expect(self, charger: str, now: float) -> None:
        self._expected[charger] = now + GRACE_S

    def expects(self, charger: str) -> bool:
        return charger in self._expected

    def lose(self, now: float) -> Collection[str]:
        """The chargers that aren't expected any longer."""
        over = [charger for charger, at in self._expected.items() if at <= now]
        for charger in over:
            del self._expected[charger]
        return over

    def settled(self, tree: Tree, now: float) -> bool:
        """Have all been heard that will be, chargers and meters? What doesn't fit can't wait for that."""
        heard = now >= self._began + SETTLE_S or all(each.claim.known for each in tree.members.values())
        metered = now >= self._began + METER_S or not any(each.silent for each in tree.circuits.values())
        return (heard and metered) or not tree.fits()

    def next(self, now: float) -> float:
        """When time alone makes a tree settled."""
        return next(end for end in (self._began + SETTLE_S, self._began + METER_S) if end > now)

    def ends(self) -> Iterable[float]:
        return self._expected.values()
