"""How much of a wire's time its chargers ask for, and how much is used: said when it is too much."""

import logging
from dataclasses import dataclass, field

from integrations.modbus.timing import DEVICE_S, FULL

log = logging.getLogger(__name__)
WINDOW_S = 60.0
LEARNT = 0.02
WORTH_SAYING = 1.1


@dataclass(slots=True)
class Load:
    """Of one wire. `planned` by charger: the share of the wire's time that its polls and keep-alive need, if each
    reply takes DEVICE_S; `requests` by charger: how many a second these are."""

    wire: str
    planned: dict[str, float] = field(default_factory=dict)
    requests: dict[str, float] = field(default_factory=dict)
    device_s: float = DEVICE_S
    """What a reply takes, as far as it is known by now."""
    also: set[str] = field(default_factory=set)
    """What chargers with other settings call the same wire."""
    use: float = 0.0
    """The share that was in use in the last minute."""
    _said: float = 1.0
    _used_s: float = 0.0
    _since: float | None = None

    @property
    def wanted(self) -> float:
        """1.0: all of the wire's time."""
        saved_s = DEVICE_S - self.device_s
        return sum(self.planned.values()) - saved_s * sum(self.requests.values())

    @property
    def stretch(self) -> float:
        """By which all poll intervals grow, so that the wire keeps time for writes and repetitions."""
        return max(1.0, self.wanted / FULL)

    def joins(self, charger: str, share: float, requests: float = 0.0) -> None:
        self.planned[charger], self.requests[charger] = share, requests
        if self.stretch > WORTH_SAYING * self._said:
            self._said = self.stretch
            log.warning("%s", self.told())

    def told(self) -> str:
        """In words."""
        number = len(self.planned)
        asked = (
            f"{self.wire}: {number} charger{'s' if number > 1 else ''}, {100 * self.wanted:.1f} % of its time"
        )
        if self.also:
            asked += f"; it can't be {' and '.join(sorted(self.also))} as well"
        if self.stretch == 1.0:
            return asked
        return (
            f"{asked}; poll intervals are stretched {self.stretch:.2f}-fold"
            " (use a higher baud rate, longer intervals, or more wires)"
        )

    def leaves(self, charger: str) -> None:
        self.planned.pop(charger, None)
        self.requests.pop(charger, None)

    def answered(self, took_s: float) -> None:
        """A reply, beside the time on the line."""
        self.device_s += LEARNT * (took_s - self.device_s)

    def used(self, seconds: float, now: float) -> None:
        """A transaction that ended now took so long."""
        if self._since is None:
            self._since = now - seconds
        self._used_s += seconds
        window = now - self._since
        self.use = min(self._used_s / window, 1.0) if window else 0.0
        if window >= WINDOW_S:
            self._used_s, self._since = 0.0, now
