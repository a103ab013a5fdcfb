"""The one place that reads a clock; everything else gets its `Moment` handed in."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hub.model.moment import Moment


class Clock(Protocol):
    """Tells the moment: monotonic seconds for deadlines, UTC for timestamps."""

    def now(self) -> Moment: ...


class SystemClock:
    """The machine's clocks. `mono` is comparable with the event loop's `time()`."""

    def now(self) -> Moment:
        return Moment(time.monotonic(), datetime.now(UTC))


class ManualClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, start: datetime | None = None) -> None:
        self._moment = Moment(1000.0, start or datetime(2026, 1, 1, tzinfo=UTC))

    def now(self) -> Moment:
        return self._moment

    def advance(self, seconds: float) -> Moment:
        self._moment = Moment(self._moment.mono + seconds, self._moment.wall + timedelta(seconds=seconds))
        return self._moment

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._moment = Moment(self._moment.mono, self._moment.wall + timedelta(seconds=seconds))
