"""An event loop whose clock jumps to the next timer as soon as nothing is left to do.

All that talk to each other must live in this loop: what one of them sends over loopback is there for the other
before the next look, so that no answer is overtaken by a time-out.
"""

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model.moment import Moment

ON_ITS_WAY_S = 0.0001
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(ON_ITS_WAY_S)
        if not found:
            self.now += timeout
        return found


class WarpedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class WarpedClock:
    """Implements `hub.clock.Clock` on the running loop's time."""

    def now(self) -> Moment:
        mono = asyncio.get_running_loop().time()
        return Moment(mono, BEGIN + timedelta(seconds=mono))


def warped(work: Any) -> Any:
    """Runs a coroutine to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=WarpedLoop) as runner:
        return runner.run(work)
