"""When each property is read: polls by group, and what the object announces by itself only to be sure. Pure.

Theory: an announcement is a reason to read at once, never a value by itself. As long as announcements prove
themselves, what is announced is polled slowly; a change that a poll finds and that nobody announced takes that
trust away until the next announcement is heard.
"""

from collections.abc import Iterable, Mapping

GRID_S = 0.05
VERIFY_S = 60.0
"""How often what is announced is polled nevertheless."""
GRACE_S = 3.0
"""An announcement may come this much later than the poll that saw the change."""
MISSED = 2
"""So many changes without an announcement, and multicast doesn't reach us."""
NEVER = float("inf")


class Schedule:
    """`periods`: EPC -> seconds, 0: once. `announced`: the object's 9D."""

    def __init__(
        self, periods: Mapping[int, float], announced: Iterable[int] = (), *, force_polling: bool = False
    ) -> None:
        self._periods = dict(periods)
        self._announced = frozenset(announced) if not force_polling else frozenset[int]()
        self._told = frozenset(announced)
        self._due = dict.fromkeys(periods, 0.0)
        self._heard: dict[int, float] = {}
        self._unannounced: dict[int, float] = {}
        self._urgent: set[int] = set()
        self._began = NEVER
        self._quiet_until: dict[int, float] = {}
        self.pushed = False
        """Do announcements reach us?"""
        self.missed = 0

    @property
    def epcs(self) -> tuple[int, ...]:
        return tuple(self._periods)

    def due(self, now: float) -> list[int]:
        """What to read now."""
        horizon = now + GRID_S / 2
        return [epc for epc, at in self._due.items() if at <= horizon or epc in self._urgent]

    @property
    def urgent(self) -> bool:
        """Was something announced that hasn't been read yet?"""
        return bool(self._urgent)

    def next(self) -> float:
        return 0.0 if self._urgent else min(self._due.values(), default=NEVER)

    def all_now(self) -> None:
        self._due = dict.fromkeys(self._due, 0.0)

    def heard(self, epcs: Iterable[int], now: float) -> bool:
        """The object announced these. Is anything of it to be read?"""
        self.pushed, self.missed = True, 0
        for epc in epcs:
            self._heard[epc] = now
            self._unannounced.pop(epc, None)
            if epc in self._periods:
                self._urgent.add(epc)
        return bool(self._urgent)

    def wrote(self, epcs: Iterable[int], now: float) -> None:
        """What we change ourselves needs no announcement."""
        for epc in epcs:
            self._quiet_until[epc] = now + 30.0

    def read(self, epcs: Iterable[int], changed: Iterable[int], now: float) -> None:
        """These were read; `changed` of them had another value before."""
        if self._began == NEVER:
            self._began = now
        for epc in epcs:
            self._urgent.discard(epc)
            self._due[epc] = self._next(epc, now)
        overdue = [epc for epc, at in self._unannounced.items() if now - at > GRACE_S]
        for epc in overdue:
            del self._unannounced[epc]
            self.pushed = False
            self.missed += 1
        for epc in changed:
            heard = now - self._heard.get(epc, -NEVER) < GRACE_S
            if epc in self._told and not heard and now >= self._quiet_until.get(epc, 0.0):
                self._unannounced.setdefault(epc, now)

    def _next(self, epc: int, now: float) -> float:
        every = self._periods.get(epc, 0.0)
        if not every:
            return NEVER
        if self.pushed and epc in self._announced:
            every = max(every, VERIFY_S)
        # Whatever was read in between, an object's groups stay together: on multiples of their periods, from the
        # first read on. All objects share the grid, so that many of them wake the process together.
        periods = max(1.0, round((now - self._began) / every) + 1.0)
        return round((self._began + periods * every) / GRID_S) * GRID_S
