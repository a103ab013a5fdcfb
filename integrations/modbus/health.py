"""How long to wait for a unit, and when to leave a silent one alone: pure, one object for each unit.

Theory: the patience is four times the usual reply time, and longer than the longest lately. After three misses in a
row (two when it never answered) the unit is silent: every request fails at once but for one probe after 1, 2, 4 ...
60 s. On a wire that others use, probes take at most a tenth of the time.
"""

from dataclasses import dataclass, field

MISSES, MISSES_OF_A_STRANGER = 3, 2
FIRST_PROBE_S, LONGEST_PROBE_S = 1.0, 60.0
USUAL_TIMES = 4.0
LONGEST_TIMES = 1.2
FORGOTTEN = 0.98
LONGEST_MOST_S = 0.15
"""Who needs longer now and then is asked again: all that share its wire would wait with it."""
STRANGER_TIMES = 10.0
STRANGER_LEAST_S = 0.25
STRANGER_MOST_S = 0.5
"""As long as no unit is known; who needs longer is known by its late reply."""
WHOLE_PATIENCE_EVERY = 4
"""Of the probes of a silent unit every fourth waits as long as is configured."""
SHARE = 9.0


@dataclass(slots=True)
class Health:
    usual_s: float | None = None
    longest_s: float = 0.0
    """Lately; a late reply counts, too."""
    misses: int = 0
    silent_since: float | None = None
    probe_at: float = 0.0
    probes: int = 0

    def heard(self, took_s: float) -> bool:
        """True: it was silent before."""
        was_silent = self.silent_since is not None
        self.usual_s = took_s if self.usual_s is None else 0.9 * self.usual_s + 0.1 * took_s
        self.longest_s = max(min(took_s, LONGEST_MOST_S), FORGOTTEN * self.longest_s)
        self.misses, self.probes, self.silent_since = 0, 0, None
        return was_silent

    def missed(self, now: float) -> bool:
        """True: it counts as silent from now on."""
        self.misses += 1
        if self.silent_since is not None:
            self.probes += 1
            self.probe_at = now + min(FIRST_PROBE_S * 2**self.probes, LONGEST_PROBE_S)
            return False
        if self.misses < (MISSES if self.usual_s is not None else MISSES_OF_A_STRANGER):
            return False
        self.silent_since, self.probe_at = now, now + FIRST_PROBE_S
        return True


@dataclass(slots=True)
class Units:
    """All units of one wire. `fastest_s`: no patience is shorter."""

    fastest_s: float
    units: dict[int, Health] = field(default_factory=dict)
    _alive_at: float = float("-inf")
    _probes_from: float = 0.0

    def of(self, unit: int) -> Health:
        found = self.units.get(unit)
        if found is None:
            found = self.units[unit] = Health()
        return found

    def shut_until(self, unit: int, now: float) -> float:
        """When the unit may be asked; in the past: now."""
        health = self.of(unit)
        if health.silent_since is None:
            return now
        return max(health.probe_at, self._probes_from if self._others_live(now) else 0.0)

    def patience(self, unit: int, timeout_s: float, *, again: bool) -> float:
        """Seconds for the reply beside the time on the line; a second try gets all that is configured."""
        health = self.of(unit)
        if health.silent_since is not None and (health.probes + 1) % WHOLE_PATIENCE_EVERY == 0:
            return timeout_s
        if health.usual_s is not None and not (again and health.silent_since is None):
            longest_s = LONGEST_TIMES * health.longest_s
            return min(timeout_s, max(self.fastest_s, USUAL_TIMES * health.usual_s, longest_s))
        if health.usual_s is None:
            known = [one.usual_s for one in self.units.values() if one.usual_s is not None]
            usual_s = STRANGER_TIMES * max(known) if known else STRANGER_MOST_S
            return min(timeout_s, max(STRANGER_LEAST_S, usual_s))
        return timeout_s

    def heard(self, unit: int, took_s: float, now: float) -> bool:
        self._alive_at = now
        return self.of(unit).heard(took_s)

    def late(self, unit: int, took_s: float) -> None:
        """A unit answers when it was no longer waited for: so long it takes."""
        health = self.of(unit)
        health.longest_s = max(health.longest_s, min(took_s, LONGEST_MOST_S))
        if not self.hopeful(unit):
            health.usual_s, health.probe_at = took_s, 0.0

    def longest_s(self) -> float:
        """Of the replies of all units."""
        return max((one.longest_s for one in self.units.values()), default=0.0)

    def hopeful(self, unit: int) -> bool:
        """Has it ever answered, and isn't it silent now?"""
        health = self.of(unit)
        return health.usual_s is not None and health.silent_since is None

    def missed(self, unit: int, took_s: float, now: float) -> bool:
        health = self.of(unit)
        if health.silent_since is not None:
            self._probes_from = now + SHARE * took_s
        return health.missed(now)

    def _others_live(self, now: float) -> bool:
        return now - self._alive_at < 10.0
