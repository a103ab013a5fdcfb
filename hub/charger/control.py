"""What the device should do against what it does: the next action, if any.

Theory: energy is wanted when the station permits it, nobody has paused it, and the offer isn't zero. An action
that was carried out isn't repeated while it holds. One that failed is tried again with growing pauses, and what
the device undid (a read-back that differs) is told again, ever more seldom; a new wish waits for neither. Less
energy is told at once, more at most once a second. Until the station has said anything the device is left alone.
"""

from dataclasses import dataclass

from hub.charger.limits import Offer

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0
SETTLE_S = 5.0
"""How long a device may take to show what it was told."""
LONGEST_CORRECTION = 6
"""Doublings of SETTLE_S between two corrections, at most."""
STRIKES = 3
"""So many corrections in vain are worth a report."""
GAP_S = 1.0
"""Between two raises of a limit: some chargers write each one to their flash."""
TOLERANCE_A = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was decided for the device; `limit_a` 0.0: pause."""

    limit_a: float

    @property
    def action(self) -> str:
        return "start" if self.limit_a else "pause"


class Control:
    """One EVSE's. `actions`: what the device can do."""

    def __init__(self, actions: frozenset[str]) -> None:
        self._actions = actions
        self.permitted: bool | None = None
        self.paused = False
        self.told: Wanted | None = None
        """What the device was told and has confirmed; None: nobody knows."""
        self.last_a: float | None = None
        """The limit that the device has confirmed last, also while it is away; None: it never has."""
        self.tried_a = 0.0
        """The highest that it was told since, and may have taken without saying so."""
        self.busy = False
        self.wake_at: float | None = None
        """After `next_action`: when to ask again, if time alone would bring an action."""
        self.strikes = 0
        self._told_at = 0.0
        self._refused: Wanted | None = None
        self._failures = 0
        self._not_before = 0.0

    def wanted(self, offer: Offer) -> Wanted | None:
        """None: hands off."""
        if self.permitted is None:
            return None
        return Wanted(offer.current_a if self.permitted and not self.paused else 0.0)

    def pending(self, offer: Offer) -> bool:
        """Is something wanted that the device hasn't confirmed yet?"""
        wanted = self.wanted(offer)
        return wanted is not None and self.told != wanted and self._change(wanted) is not None

    def follows(self, offer: Offer) -> bool:
        """Has the device confirmed this very offer? Not while it is paused, or nobody is permitted."""
        return self.told == Wanted(offer.current_a)

    def next_action(
        self, offer: Offer, enabled: bool | None, limit_a: float | None, now: float
    ) -> str | None:
        """start, pause or set_limit; None: all is as it should be, or must wait."""
        self.wake_at = None
        wanted = self.wanted(offer)
        if wanted is None or self.busy:
            return None
        if self.told == wanted:
            action = self._correction(wanted, enabled, limit_a)
            ready = self._told_at + SETTLE_S * 2 ** min(self.strikes, LONGEST_CORRECTION)
            if action is None:
                self.strikes = 0
        else:
            action, ready = self._change(wanted), self._earliest(wanted)
        if wanted == self._refused:
            ready = max(ready, self._not_before)
        if action is None or now >= ready:
            return action
        self.wake_at = ready
        return None

    def begun(self, wanted: Wanted) -> None:
        self.busy = True
        self.tried_a = max(self.tried_a, wanted.limit_a)
        self.strikes = self.strikes + 1 if wanted == self.told else 0

    def done(self, wanted: Wanted, now: float) -> None:
        self.busy, self.told, self._told_at = False, wanted, now
        self.last_a, self.tried_a = wanted.limit_a, 0.0
        self._refused, self._failures = None, 0

    def failed(self, wanted: Wanted, now: float, *, touched: bool = True) -> float:
        """Seconds until the next try. What the device does now is anybody's guess, but where it wasn't even asked."""
        if wanted != self._refused:
            self._failures = 0
        wait: float = min(FIRST_RETRY_S * 2**self._failures, LONGEST_RETRY_S)
        self.busy, self._refused = False, wanted
        if touched:
            self.told = None
        self._failures = min(self._failures + 1, LONGEST_CORRECTION)
        self._not_before = now + wait
        return wait

    def forget(self) -> None:
        """The device was away: what it was told counts no more."""
        self.told, self._refused, self._failures, self.strikes = None, None, 0, 0

    def _change(self, wanted: Wanted) -> str | None:
        switched = self.told is None or (self.told.limit_a == 0) != (wanted.limit_a == 0)
        if switched or "set_limit" not in self._actions:
            # A charger that can't be switched begins by itself, but may take a limit.
            return self._known(wanted.action) or (self._known("set_limit") if wanted.limit_a else None)
        return "set_limit"

    def _earliest(self, wanted: Wanted) -> float:
        raised = self.told is not None and 0 < self.told.limit_a < wanted.limit_a
        return self._told_at + GAP_S if raised else 0.0

    def _correction(self, wanted: Wanted, enabled: bool | None, limit_a: float | None) -> str | None:
        """What the device must be told again."""
        if wanted.limit_a == 0:
            return self._known("pause") if enabled else None
        if enabled is False:
            return self._known("start")
        # A read-back of 0 is how many chargers say that no car asks.
        differs = limit_a is not None and limit_a > 0 and abs(limit_a - wanted.limit_a) > TOLERANCE_A
        return (self._known("set_limit") or self._known("start")) if differs else None

    def _known(self, action: str) -> str | None:
        return action if action in self._actions else None
