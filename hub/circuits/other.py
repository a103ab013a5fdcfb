"""What else draws on a circuit: its meter's reading without the chargers' own.

Theory: the meter and the chargers are never read in the same moment. While a charger's current moves, or may move as it
was just told something else, the difference says nothing: the other load is taken to be as it was. Unless the meter
shows more than the circuit may carry: then what the chargers can't have drawn is the others'.
"""

from collections.abc import Mapping, Sequence

from hub.charger.limits import VOLTAGE

SILENT_S = 150.0
"""A meter that has said nothing for so long is silent: everything is published again each minute."""
SETTLE_S = 15.0
MOVES_A = 1.0
NOISE_A = 0.75


class OtherLoad:
    """`sources`: (device, key of its state), one for all phases or one for each. Amperes of the fullest phase."""

    def __init__(self, sources: Sequence[tuple[str, str]], phases: int) -> None:
        self.sources, self._phases = tuple(sources), phases
        self.measured_a: float | None = None
        self.other_a: float | None = None
        """None: nobody knows."""
        self._said: dict[tuple[str, str], float | None] = {}
        self._said_at = float("-inf")
        self._drawn = self._offered = 0.0
        self._moved_at = float("-inf")
        self._begun = False

    def begin(self) -> None:
        """All chargers are heard that will be: what was reckoned without them counts no more."""
        if not self._begun and self.other_a is not None:
            self.other_a = self._rest()
        self._begun = True

    def hear(self, device: str, state: Mapping[str, object], now: float, most_a: float) -> None:
        """A state of a device on the bus."""
        for source in self.sources:
            if source[0] == device:
                self._said[source] = _number(state.get(source[1]))
        self._said_at = now
        self.measured_a = self._measured()
        if self.measured_a is None:
            self.other_a = None
        elif self.other_a is None or self._calm(now):
            self.other_a = self._rest()
        elif self.measured_a > most_a:
            self.other_a = max(self.other_a, self.measured_a - max(self._drawn, self._offered))

    def draw(self, amperes: float, now: float) -> None:
        """What the chargers draw together."""
        if abs(amperes - self._drawn) >= MOVES_A:
            self._moved_at = now
        self._drawn = amperes

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
            self.measured_a = self.other_a = None
            return None
        silent_at, calm_at = self._said_at + SILENT_S, self._moved_at + SETTLE_S
        if not self._calm(now):
            return min(calm_at, silent_at)
        if self._said_at >= self._moved_at:
            self.other_a = self._rest()
        return silent_at

    def _calm(self, now: float) -> bool:
        return now - self._moved_at >= SETTLE_S

    def _rest(self) -> float:
        """A little less is the same: else a raise that only the meter's rounding allows would swing."""
        rest = max(0.0, (self.measured_a or 0.0) - self._drawn)
        known = self.other_a
        return known if known is not None and known - NOISE_A < rest < known else rest

    def _measured(self) -> float | None:
        told = [(key, self._said.get((device, key))) for device, key in self.sources]
        if any(value is None for _, value in told):
            return None
        phases = self._phases if len(told) == 1 else 1
        amperes = [
            value / (VOLTAGE * phases) if "power" in key else value
            for key, value in told
            if value is not None
        ]
        return max(amperes)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
