"""What else draws on a line of a circuit: its meter's reading without the chargers' own.

Theory: the meter and the chargers are never read in the same moment. While a charger's current moves, or may move as it
was just told something else, the difference says nothing: the other load is taken to be as it was. Unless the meter
shows more than the circuit may carry: then what the chargers can't have drawn is the others'. A charger that may be on
another phase was perhaps none of it: what it stops drawing is the others' until the meter has been heard again.
"""

SILENT_S = 150.0
"""A meter that has said nothing for so long is silent: everything is published again each minute."""
SETTLE_S = 15.0
MOVES_A = 1.0
NOISE_A = 0.75


class OtherLoad:
    """`hear`, `draw` and `offer` in whatever order they happen."""

    def __init__(self) -> None:
        self.measured_a: float | None = None
        self._known_a: float | None = None
        self._said_at = float("-inf")
        self._drawn = self._offered = 0.0
        self._unsure = self._taken = self._perhaps_a = 0.0
        """What may flow elsewhere; what of it was taken off when the other load was reckoned; and has stopped since."""
        self._moved_at = float("-inf")
        self._begun = False

    @property
    def other_a(self) -> float | None:
        """None: nobody knows."""
        return None if self._known_a is None else self._known_a + self._perhaps_a

    def begin(self) -> None:
        """All chargers are heard that will be: what was reckoned without them counts no more."""
        if not self._begun and self._known_a is not None:
            self._reckon()
        self._begun = True

    def hear(self, measured_a: float | None, now: float, most_a: float) -> None:
        """`measured_a` None: the meter can't say."""
        self._said_at, self.measured_a = now, measured_a
        if measured_a is None:
            self._known_a = None
        elif self._known_a is None or self._calm(now):
            self._reckon()
        elif measured_a > most_a:
            least = measured_a - max(self._drawn, self._offered)
            self._known_a = max(self._known_a, least - self._perhaps_a)

    def draw(self, amperes: float, now: float, unsure_a: float = 0.0) -> None:
        """What the chargers draw together; `unsure_a` of it perhaps elsewhere."""
        if abs(amperes - self._drawn) >= MOVES_A:
            self._moved_at = now
        self._drawn, self._unsure = amperes, unsure_a
        self._perhaps_a = max(self._perhaps_a, self._taken - unsure_a)

    def offer(self, amperes: float, now: float) -> None:
        """What the chargers may draw together."""
        if abs(amperes - self._offered) >= MOVES_A:
            self._moved_at = now
        self._offered = amperes

    def look(self, now: float) -> float | None:
        """After it: when to look again. A meter that is silent for long says nothing."""
        if self.measured_a is None:
            return None
        if now - self._said_at >= SILENT_S:
            self.measured_a = self._known_a = None
            return None
        silent_at, calm_at = self._said_at + SILENT_S, self._moved_at + SETTLE_S
        if not self._calm(now):
            return min(calm_at, silent_at)
        if self._said_at >= self._moved_at:
            self._reckon()
        return silent_at

    def _calm(self, now: float) -> bool:
        return now - self._moved_at >= SETTLE_S

    def _reckon(self) -> None:
        """A little less is the same: else a raise that only the meter's rounding allows would swing."""
        rest = max(0.0, (self.measured_a or 0.0) - self._drawn)
        known = self._known_a
        self._known_a = known if known is not None and known - NOISE_A < rest < known else rest
        self._taken, self._perhaps_a = self._unsure, 0.0
