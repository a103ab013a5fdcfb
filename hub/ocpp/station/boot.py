"""Registration: BootNotification until Accepted, then Heartbeat; what may be said before."""

from enum import Enum

from hub.model.moment import Moment

OWN_WAIT_S = 60.0
"""When the CSMS gives no interval, no answer, or 0 or less (B02.FR.07)."""
DAY_S = 86_400.0
"""The time is asked for so often, however much else is said (G02.FR.07)."""


TRIGGERED = "Triggered"
"""Not why it started, but why it says so once more."""


class Registration(Enum):
    NONE = "none"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


class Boot:
    """`reason` is told with the next BootNotification."""

    def __init__(self, reason: str) -> None:
        self.registration = Registration.NONE
        self.reason = reason
        self.connected = False
        self._asked = False
        self._again = False
        """An accepted station was asked to say it once more: it stays accepted until the CSMS says otherwise."""
        self._due = 0.0
        self._heartbeat_due: float | None = None
        self._time_due = 0.0

    def link(self, up: bool) -> None:
        """Who was told to wait waits on another connection, too, however long that is (B02.FR.04, B03.FR.02)."""
        self.connected = up
        self._asked = self._again = False
        if up and self.registration is Registration.NONE:
            self._due = 0.0

    def switched_off(self) -> None:
        """By a person, who wants it to register when it is switched on again."""
        if self.registration is not Registration.ACCEPTED:
            self.registration = Registration.NONE

    @property
    def accepted(self) -> bool:
        return self.connected and self.registration is Registration.ACCEPTED

    @property
    def pending(self) -> bool:
        """Neither accepted nor refused. So it is while the answer is awaited, too: Home Assistant asks what it wants to
        know before its answer has left, and a SecurityError ends that."""
        return self.registration is Registration.PENDING or (
            self.registration is Registration.NONE and self._asked
        )

    def boot_due(self, now: Moment) -> bool:
        return (
            self.connected
            and not self._asked
            and (self._again or (self.registration is not Registration.ACCEPTED and now.mono >= self._due))
        )

    def heartbeat_due(self, now: Moment) -> bool:
        due = self._next_heartbeat()
        return self.accepted and due is not None and now.mono >= due

    def asked(self) -> None:
        self._asked, self._again = True, False

    @property
    def told_reason(self) -> str:
        """Of the BootNotification that is due now."""
        return TRIGGERED if self._again else self.reason

    def answered(self, status: str, interval_s: int, now: Moment) -> None:
        self._asked = self._again = False
        self.registration = Registration(status)
        self._due = now.mono + (interval_s if interval_s > 0 else OWN_WAIT_S)

    def failed(self, code: str, now: Moment) -> None:
        self._asked = False
        self._due = now.mono + (0.0 if code == "Disconnected" else OWN_WAIT_S)

    def restart(self, reason: str) -> None:
        """The station was reset: it must register anew."""
        self.registration, self.reason = Registration.NONE, reason

    def wait(self, until: float) -> None:
        """Not before this, on the loop's clock."""
        self._due = until

    def waited(self) -> None:
        """What the first BootNotification waits for is there. One that was sent is sent: it hasn't started anew."""
        if self.registration is Registration.NONE:
            self._due = 0.0

    def again(self) -> None:
        """A triggered BootNotification: at once."""
        self._again, self._due = True, 0.0

    def spoke(self, now: Moment, heartbeat_s: int) -> None:
        """Any CALL is as good as a heartbeat (1.6, 4.6)."""
        self._heartbeat_due = now.mono + heartbeat_s

    def asks_time(self, now: Moment, heartbeat_s: int) -> None:
        """A Heartbeat, or a BootNotification."""
        self._time_due = now.mono + max(DAY_S, heartbeat_s)
        self.spoke(now, heartbeat_s)

    def deadlines(self) -> list[float]:
        if not self.connected:
            return []
        if self.registration is Registration.ACCEPTED:
            due = self._next_heartbeat()
            return [] if due is None else [due]
        return [] if self._asked else [self._due]

    def _next_heartbeat(self) -> float | None:
        return None if self._heartbeat_due is None else min(self._heartbeat_due, self._time_due)
