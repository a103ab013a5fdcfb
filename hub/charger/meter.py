"""One EVSE's energy, as it may be believed: no single bad read becomes energy that somebody pays for.

Theory: `total` is the device's register plus a base, and never runs backwards. What is no more than the charger can
have delivered since the last read counts at once. Anything else (running back: a reset, a new meter, a charger that
counts each session from zero; or a jump) is held back until a second read says the same. Then the device is right:
a jump that could have been delivered since the register last moved is energy after all (meters that report late),
all else opens a new epoch, on top of what was counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hub.model.moment import Moment, parse_time, rfc3339

NOISE_KWH = 0.1
"""A register that runs back by less was rounded: the higher value stays."""
SESSION_NOISE_KWH = 0.0005
"""What was counted for a session is small, and its reset may be, too."""
SLACK_KWH = 5.0
"""Meters step, and are read late; a torn 32-bit register is off by 65 kWh at least."""
MARGIN = 1.2
UNKNOWN = timedelta(days=30)
"""How long the hub was away, when the wall clock can't tell."""


class By(StrEnum):
    """What counts: the device's register, its counter of each session, another meter's register, power and time."""

    REGISTER = "register"
    SESSION = "session"
    METER = "meter"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The register was at `left`, and goes on from `begins`."""

    left: float
    begins: float


class Meter:
    """`most_w`: what the charger can deliver. Everything in kWh."""

    def __init__(self, most_w: float) -> None:
        self.most_w = most_w
        self.total: float | None = None
        self.doubted: float | None = None
        self.epoch: Epoch | None = None
        """Of the last `take`: a new one has begun."""
        self._base = 0.0
        self.register: float | None = None
        """As it was read last and believed."""
        self.by: By | None = None
        """None: nothing was read yet."""
        self._read_at = self._moved_at = 0.0

    def take(self, register: float, now: float, *, by: By = By.REGISTER) -> float:
        """The total with a new read; `now` in monotonic seconds."""
        self.epoch = None
        if self.register is None or by is not self.by:
            self.by = by
            return self._begin(register, now)
        delta = register - self.register
        if 0 < delta <= self._deliverable(now - self._read_at):
            return self._accept(register, now)
        if -self._noise < delta <= 0:
            self.doubted = None
            self.unchanged(now)
        elif self.doubted is not None and self._agrees(register, self.doubted, now):
            return self._confirmed(register, now)
        else:
            self.doubted = register
        assert self.total is not None
        return self.total

    def unchanged(self, now: float) -> None:
        """The same register was read again."""
        self._read_at = now

    def body(self, now: Moment) -> dict[str, object] | None:
        """As it is kept on disk."""
        if self.register is None:
            return None
        kept = {"base": self._base, "register": self.register, "by": self.by}
        return {**kept, "at": rfc3339(now.wall)}

    def restore(self, body: Mapping[str, object], now: Moment) -> None:
        """Raises ValueError for what `body` has not made."""
        base, register = body.get("base"), body.get("register")
        if not isinstance(base, int | float) or not isinstance(register, int | float):
            raise ValueError(f"{body} is no meter")
        by, away = By(str(body.get("by"))), now.wall - parse_time(str(body.get("at")))
        self.by, self._base, self.register = by, float(base), float(register)
        if away < timedelta():
            away = UNKNOWN
        self._read_at = self._moved_at = now.mono - away.total_seconds()
        self.total = round(self._base + self.register, 3)

    @property
    def _noise(self) -> float:
        return NOISE_KWH if self.by in (By.REGISTER, By.METER) else SESSION_NOISE_KWH

    def _begin(self, register: float, now: float) -> float:
        self._base = 0.0 if self.total is None else self.total - register
        return self._accept(register, now)

    def _confirmed(self, register: float, now: float) -> float:
        assert self.register is not None
        assert self.total is not None
        before, delta = self.register, register - self.register
        deliverable = self._deliverable(now - self._moved_at)
        if not 0 < delta <= deliverable:
            # What a register shows that began at zero was delivered; a new meter comes with a past of its own.
            gained = register if delta < 0 and register <= deliverable else 0.0
            self._base = self.total + gained - register
            self.epoch = Epoch(before, register)
        return self._accept(register, now)

    def _accept(self, register: float, now: float) -> float:
        self.register, self.doubted = register, None
        self._read_at = self._moved_at = now
        self.total = round(self._base + register, 3)
        return self.total

    def _deliverable(self, seconds: float) -> float:
        return self.most_w * MARGIN * seconds / 3_600_000 + SLACK_KWH

    def _agrees(self, register: float, doubted: float, now: float) -> bool:
        return -NOISE_KWH < register - doubted <= self._deliverable(now - self._read_at)
