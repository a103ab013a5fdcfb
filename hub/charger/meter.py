"""What may be believed of an energy register: no single bad read becomes energy that somebody pays for.

A register that runs backwards (reset, new meter) or jumps further than the charger could have delivered is held
back until a second read says the same. Then the device is right: a smaller register is a new epoch.
"""

from dataclasses import dataclass

NOISE_KWH = 0.1
"""Running back by less is rounding: the higher value stays."""
SLACK_KWH = 5.0
"""Meters step, and are read late; a torn 32-bit register is off by 65 kWh at least."""
MARGIN = 1.2


@dataclass(slots=True)
class Meter:
    """One register in kWh. `most_w`: what the charger can deliver."""

    most_w: float
    value: float | None = None
    doubted: float | None = None
    reset_from: float | None = None
    """After `take`: where the register stood before it was reset, else None."""
    _moved: float = 0.0

    def take(self, register: float, now: float) -> float:
        """The register to go on with; `now` in monotonic seconds."""
        self.reset_from = None
        if self.value is None:
            return self._accept(register, now)
        delta = register - self.value
        if -NOISE_KWH < delta <= 0:
            self.doubted = None
            return self.value
        if 0 < delta <= self._deliverable(now):
            return self._accept(register, now)
        if self.doubted is None or not self._agrees(register, self.doubted, now):
            self.doubted = register
            return self.value
        if delta < 0:
            self.reset_from = self.value
        return self._accept(register, now)

    def _accept(self, register: float, now: float) -> float:
        self.value, self.doubted, self._moved = register, None, now
        return register

    def _deliverable(self, now: float) -> float:
        return self.most_w * MARGIN * (now - self._moved) / 3_600_000 + SLACK_KWH

    def _agrees(self, register: float, doubted: float, now: float) -> bool:
        return -NOISE_KWH < register - doubted <= self._deliverable(now)
