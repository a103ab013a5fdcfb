"""The requests that wait for a wire: by priority, newest set-point first, and none before its time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.errors import DeviceRefused
from hub.integration.api import Tracer
from integrations.modbus.frame import Request

STOP, WRITE, KEEP_ALIVE, READ_BACK, POLL = range(5)
"""Priorities: a stop or limit before all else, polls last."""
WRITES_BEFORE_A_POLL = 8


class Replaced(DeviceRefused):
    """A newer value for the same point took the place of this one before it was sent."""


@dataclass(slots=True)
class Manner:
    """How a device wants to be asked; shared by all requests to it. `free_at`: its next request, not before."""

    timeout_s: float = 2.0
    gap_s: float = 0.0
    min_period_s: float = 0.0
    resend: bool = False
    free_at: float = 0.0
    trace: Tracer | None = None
    """Who wants to see the frames."""

    def sent(self, now: float) -> None:
        self.free_at = max(self.free_at, now + self.min_period_s)

    def answered(self, now: float) -> None:
        self.free_at = max(self.free_at, now + self.gap_s)


@dataclass(slots=True)
class Job:
    """`newest`: an older one like it that still waits is dropped."""

    priority: int
    request: Request
    done: "asyncio.Future[list[int]]"
    manner: Manner
    tries: int = 1
    newest: bool = False
    not_before: float = 0.0
    number: int = 0
    attempt: int = 0
    busy: int = 0
    doubts: int = 0

    def replaces(self, older: "Job") -> bool:
        mine, other = self.request, older.request
        return (
            self.newest
            and older.newest
            and (mine.unit, mine.function, mine.address, mine.count)
            == (other.unit, other.function, other.address, other.count)
        )


@dataclass(slots=True)
class Jobs:
    """Few at a time (a poll asks for one block after the other), so a list that is looked through will do."""

    _waiting: list[Job] = field(default_factory=list)
    _number: int = 0
    _writes: int = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: Job) -> None:
        """An older set-point of the same point is dropped: its future raises Replaced."""
        if job.newest:
            for older in [older for older in self._waiting if job.replaces(older)]:
                self._waiting.remove(older)
                if not older.done.done():
                    older.done.set_exception(Replaced("a newer value took its place"))
        self._number += 1
        job.number = self._number
        self._waiting.append(job)

    def again(self, job: Job, *, last: bool = False) -> None:
        """It keeps its place among its like (`last`: behind them), unless a newer one has come."""
        if last:
            self._number += 1
            job.number = self._number
        if any(newer.replaces(job) for newer in self._waiting):
            if not job.done.done():
                job.done.set_exception(Replaced("a newer value took its place"))
            return
        self._waiting.append(job)

    def take(self, now: float, free_at: Callable[[Job, float], float]) -> tuple[Job | None, float]:
        """The most urgent one that may be sent now; else when to look again. After many writes a poll's turn."""
        best: Job | None = None
        soonest = float("inf")
        polls_first = self._writes >= WRITES_BEFORE_A_POLL
        self._waiting = [job for job in self._waiting if not job.done.done()]
        for job in self._waiting:
            at = max(job.not_before, job.manner.free_at, free_at(job, now))
            if at > now:
                soonest = min(soonest, at)
            elif best is None or _before(job, best, polls_first):
                best = job
        if best is not None:
            self._waiting.remove(best)
            self._writes = 0 if best.priority == POLL else self._writes + 1
        return best, soonest

    def drain(self) -> list[Job]:
        waiting, self._waiting = self._waiting, []
        return waiting


def _before(job: Job, other: Job, polls_first: bool) -> bool:
    if polls_first and (job.priority == POLL) != (other.priority == POLL):
        return job.priority == POLL
    return (job.priority, job.number) < (other.priority, other.number)
