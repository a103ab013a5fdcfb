"""An event loop in which waiting is short: twenty of its seconds pass in one, and none while somebody works.

Whatever is awaited for a time takes a twentieth of it. The clock goes on while the loop waits, never beyond its next
timer, and by a little with each turn: a busy machine makes no time-out come early, and who turns until a time has come
sees it come. While a thread works for the loop, waiting is as long as it is.
"""

import asyncio
import contextlib
import functools
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hub.model.moment import Moment

HASTE = 20.0
BEGIN = 100_000.0
"""The same at each run: how long the machine has been up decides no rounding."""
TURN_S = 10e-6
"""What a turn of the loop takes that waits for nothing."""
T = TypeVar("T")


class _Hurried(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.working = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            self.now += TURN_S
            return super().select(timeout)
        haste = 1.0 if self.working else HASTE
        begin = time.monotonic()
        found = super().select(timeout / haste)
        waited = (time.monotonic() - begin) * haste
        self.now += min(waited, timeout) if found else timeout
        return found


class HurriedLoop(asyncio.SelectorEventLoop):
    latest: "HurriedLoop | None" = None

    def __init__(self) -> None:
        self._hurried = _Hurried()
        super().__init__(self._hurried)
        self._ahead = datetime.now(UTC) - timedelta(seconds=self.time())
        HurriedLoop.latest = self

    def time(self) -> float:
        return self._hurried.now

    def moment(self) -> Moment:
        return Moment(self.time(), self._ahead + timedelta(seconds=self.time()))

    def close(self) -> None:
        super().close()
        if HurriedLoop.latest is self:
            HurriedLoop.latest = None

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        future = super().run_in_executor(executor, func, *args)
        self._hurried.working += 1
        future.add_done_callback(lambda _: self._worked())
        return future

    def _worked(self) -> None:
        self._hurried.working -= 1

    @contextlib.contextmanager
    def patience(self) -> Iterator[None]:
        self._hurried.working += 1
        try:
            yield
        finally:
            self._worked()


def patient(work: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    """For what waits for a thread of its own, as the store does."""

    @functools.wraps(work)
    async def waits(*args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        with loop.patience() if isinstance(loop, HurriedLoop) else contextlib.nullcontext():
            return await work(*args, **kwargs)

    return waits


def now(_: object = None) -> Moment:
    """What `hub.clock.SystemClock` tells in a test."""
    loop = asyncio._get_running_loop()
    hurried = loop if isinstance(loop, HurriedLoop) else HurriedLoop.latest
    return hurried.moment() if hurried else Moment(time.monotonic(), datetime.now(UTC))
