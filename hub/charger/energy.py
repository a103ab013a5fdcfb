"""One EVSE's register, from the best that there is to count with.

Theory: the device's own register goes before its counter of each session, that before a meter beside it, and power
times time comes last. What once was counted with stays, though it may be silent for a while: another count in between
would be energy counted twice. Only what is better changes it, or that it stays silent from the hub's start; the total
goes on from where it stands.
"""

from collections.abc import Mapping

from hub.charger.meter import By, Meter

PATIENCE_S = 120.0
"""So long may the first read of a register take, that stands in a slow poll group."""
LONGEST_S = 60.0
"""A power isn't believed for longer."""
BEST_FIRST = tuple(By)


class Energy:
    """`declared`: what the device can be read for, by its blueprint. Everything in kWh."""

    def __init__(self, most_w: float, declared: frozenset[By]) -> None:
        self.meter = Meter(most_w)
        self._declared = declared
        self._seen: set[By] = set()
        self._began: float | None = None
        self._integrated = 0.0
        self._power: tuple[float, float] | None = None

    def take(self, counters: Mapping[By, float], power_w: float | None, now: float) -> float | None:
        """The total; None: it isn't known now. `now` in monotonic seconds."""
        self.meter.epoch = None
        self._began = now if self._began is None else self._began
        self._seen |= counters.keys()
        self._integrate(power_w, now)
        best = next((by for by in BEST_FIRST if by in counters), By.POWER)
        if not self._may(best, now):
            return None
        if best is By.POWER:
            return None if power_w is None else self._by_power(now)
        self._integrated = 0.0
        return self.meter.take(counters[best], now, by=best)

    def lost(self) -> None:
        """The device is away: nobody knows what flows."""
        self._power = None

    def _may(self, by: By, now: float) -> bool:
        used = self.meter.by
        if used is not None and not _better(used, by):
            return True
        known = self._seen | self._declared | ({used} if used else set())
        before = {other for other in known if _better(other, by)}
        if before & self._seen:
            return False
        assert self._began is not None
        return not before or now - self._began >= PATIENCE_S

    def _by_power(self, now: float) -> float:
        if self.meter.by is not By.POWER or self.meter.register is None:
            self.meter.take(0.0, now, by=By.POWER)
        assert self.meter.register is not None
        counted, self._integrated = self._integrated, 0.0
        return self.meter.take(self.meter.register + counted, now, by=By.POWER)

    def _integrate(self, power_w: float | None, now: float) -> None:
        if self._power is not None:
            watts, since = self._power
            self._integrated += watts * min(max(now - since, 0.0), LONGEST_S) / 3_600_000
        self._power = None if power_w is None or power_w < 0 else (power_w, now)


def _better(one: By, other: By) -> bool:
    return BEST_FIRST.index(one) < BEST_FIRST.index(other)
