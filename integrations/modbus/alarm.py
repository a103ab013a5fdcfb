"""The clock and the pauses of a line. Event loops wait in whole milliseconds, and uvloop's clock tells no less: on a
serial line, whose silences are shorter than two, that is either a third of its time or a silence cut short."""

import asyncio
import ctypes
import os
import time
from typing import Protocol


class Alarm(Protocol):
    """Of one line; one waits at a time."""

    def now(self) -> float:
        """Of the same clock as the loop's."""

    async def sleep(self, seconds: float) -> None: ...

    def close(self) -> None: ...


class LoopAlarm:
    """As exact as the loop is."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def close(self) -> None:
        pass


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Timer(ctypes.Structure):
    _fields_ = [("again", _Timespec), ("first", _Timespec)]


LIBC = ctypes.CDLL(None, use_errno=True)


class TimerAlarm:
    """A timer of the kernel, which the loop hears like a socket. Raises OSError, AttributeError where there is
    none."""

    def __init__(self) -> None:
        descriptor = LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "no timer")
        self._descriptor = descriptor
        self._timer = _Timer()
        self._rung: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            loop.add_reader(self._descriptor, self._ring)
        first = self._timer.first
        first.seconds, first.nanoseconds = divmod(max(int(seconds * 1e9), 1), 1_000_000_000)
        self._rung = loop.create_future()
        LIBC.timerfd_settime(self._descriptor, 0, ctypes.byref(self._timer), None)
        await self._rung

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._descriptor)
            self._loop = None
        os.close(self._descriptor)

    def _ring(self) -> None:
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return  # It rang for a pause that was given up.
        if self._rung is not None and not self._rung.done():
            self._rung.set_result(None)


def exact_alarm() -> Alarm:
    try:
        return TimerAlarm()
    except (OSError, AttributeError):
        return LoopAlarm()
