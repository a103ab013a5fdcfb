"""What the device should do against what it does: the next action, if any.

Theory: energy is wanted when the station permits it, nobody has paused it, and the offer isn't zero. An action
that was carried out isn't repeated while it holds; one that failed, or that the device undid (a read-back that
differs), is tried again with growing pauses. Until the station has said anything the device is left alone.
"""

from dataclasses import dataclass

from hub.charger.limits import Offer

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0
SETTLE_S = 5.0
"""How long a device may take to show what it was told."""


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
        self.busy = False
        self._told_at = 0.0
        self._not_before = 0.0
        self._failures = 0

    def wanted(self, offer: Offer) -> Wanted | None:
        """None: hands off."""
        if self.permitted is None:
            return None
        return Wanted(offer.current_a if self.permitted and not self.paused else 0.0)

    def next_action(
        self, offer: Offer, enabled: bool | None, limit_a: float | None, now: float
    ) -> str | None:
        """start, pause or set_limit; None: all is as it should be, or must wait."""
        wanted = self.wanted(offer)
        if wanted is None or self.busy or now < self._not_before:
            return None
        if self.told is None or (self.told.limit_a == 0) != (wanted.limit_a == 0):
            return self._known(wanted.action)
        if self.told != wanted:
            return self._known("set_limit" if "set_limit" in self._actions else "start")
        if now - self._told_at < SETTLE_S:
            return None
        if wanted.limit_a == 0:
            return self._known("pause") if enabled else None
        if enabled is False:
            return self._known("start")
        differs = limit_a is not None and abs(limit_a - wanted.limit_a) > 0.5 and limit_a > 0
        return self._known("set_limit") if differs else None

    def begun(self) -> None:
        self.busy = True

    def done(self, wanted: Wanted, now: float) -> None:
        self.busy, self.told, self._told_at = False, wanted, now
        # Told once more when the device shows something else: each time later.
        repeated = self._failures
        self._failures = 0
        self._not_before = now if not repeated else now + FIRST_RETRY_S

    def failed(self, now: float) -> float:
        """Seconds until the next try."""
        self.busy = False
        wait: float = min(FIRST_RETRY_S * 2**self._failures, LONGEST_RETRY_S)
        self._failures += 1
        self._not_before = now + wait
        return wait

    def forget(self) -> None:
        """The device was away: what it was told counts no more."""
        self.told, self._failures, self._not_before = None, 0, 0.0

    def _known(self, action: str) -> str | None:
        return action if action in self._actions else None
