"""An event loop whose clock jumps to the next timer as soon as nothing is left to do.

All that talk to each other must live in this loop. What one of them sends over loopback is there for the other at
once, or nearly: while somebody waits for an answer, the clock stands still for some real time.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hub.model.moment import Moment
from integrations.modbus.sharing import LINKS

ON_ITS_WAY_S = 0.0001
LOOKS = 2000
T = TypeVar("T")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class _Jumping(selectors.SelectSelector):
    def __init__(self, looks: int) -> None:
        super().__init__()
        self.now = 1000.0
        self._looks = looks
        self._others = set(LINKS._links.values())
        """What another test left behind in this process: nobody waits for it here."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        for _ in range(self._looks):
            found = super().select(ON_ITS_WAY_S)
            if found:
                return found
            if not self._expecting():
                break
        self.now += timeout
        return []

    def _expecting(self) -> bool:
        """An answer on its way, or a connection that is being made."""
        writing = any(key.events & selectors.EVENT_WRITE for key in self.get_map().values())
        return writing or any(
            link._wire._pending is not None for link in LINKS._links.values() if link not in self._others
        )


class WarpedLoop(asyncio.SelectorEventLoop):
    def __init__(self, looks: int = LOOKS) -> None:
        self._jumping = _Jumping(looks)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class WarpedClock:
    """Implements `hub.clock.Clock` on the running loop's time."""

    def now(self) -> Moment:
        mono = asyncio.get_running_loop().time()
        return Moment(mono, BEGIN + timedelta(seconds=mono))


def warped(work: Coroutine[Any, Any, T], looks: int = LOOKS) -> T:
    """Runs a coroutine to its end in a loop of its own. `looks`: how patiently it waits for answers, in tenths of a
    millisecond; few where many of them never come."""
    with asyncio.Runner(loop_factory=lambda: WarpedLoop(looks)) as runner:
        return runner.run(work)
