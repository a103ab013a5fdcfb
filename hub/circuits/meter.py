"""A circuit's meter: what of a device's state is the current in each of the circuit's phases."""

from collections.abc import Mapping, Sequence

from hub.circuits.lines import PHASES


class Meter:
    """`sources`: (device, key of its state), one for all phases or one for each; a power is in W, else it is in A."""

    def __init__(self, sources: Sequence[tuple[str, str]], phases: int, voltage: float) -> None:
        self.sources = tuple(sources)
        self._phases, self._voltage = phases, voltage
        self._said: dict[tuple[str, str], float | None] = {}

    @property
    def spreads(self) -> bool:
        """Does one power stand for several phases? Then it says how much flows, and not where."""
        return len(self.sources) == 1 < self._phases and "power" in self.sources[0][1]

    @property
    def devices(self) -> list[str]:
        return sorted({device for device, _ in self.sources})

    def hear(self, device: str, state: Mapping[str, object]) -> dict[int, float] | None:
        """Amperes by phase, with the state of a device on the bus; None: it can't be said."""
        for source in self.sources:
            if source[0] == device:
                self._said[source] = _number(state.get(source[1]))
        told = [self._amperes(source) for source in self.sources]
        known = [amperes for amperes in told if amperes is not None]
        if len(known) < len(told) or not known:
            return None
        if len(known) == 1 or self._phases == 1:
            return dict.fromkeys(PHASES[: self._phases], max(known))
        # One that isn't measured is taken to be as full as the fullest.
        return {phase: known[phase - 1] if phase <= len(known) else max(known) for phase in PHASES}

    def _amperes(self, source: tuple[str, str]) -> float | None:
        value = self._said.get(source)
        if value is None or "power" not in source[1]:
            return value
        return value / (self._voltage * (self._phases if self.spreads else 1))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
