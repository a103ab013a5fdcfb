"""One worker for each physical wire: one request at a time, the most urgent first, and all that can go wrong.

A request is sent and its reply found by the wire's conversation (conversation.py); what became of it is judged here: a
busy device is asked again later, a doubtful reply is asked for again behind a guard, and a unit that doesn't answer is
left alone (health.py), so that it costs the others of its wire little.
"""

import asyncio
from typing import Protocol

from hub.errors import DeviceOffline
from integrations.modbus.address import Address
from integrations.modbus.conversation import GATEWAY, Conversation
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.jobs import KEEP_ALIVE, POLL, READ_BACK, STOP, WRITE, Job, Jobs, Manner, Replaced
from integrations.modbus.load import Load
from integrations.modbus.replies import Ambiguous
from integrations.modbus.timing import Line

__all__ = [
    "KEEP_ALIVE",
    "POLL",
    "READ_BACK",
    "STOP",
    "WRITE",
    "BusLink",
    "Link",
    "Manner",
    "NoAnswer",
    "Replaced",
]
BUSY_TRIES, BUSY_PAUSE_S = 3, 0.2
DOUBTS = 4
"""So many times a read is repeated for doubts about its reply."""


class NoAnswer(DeviceOffline):
    """`again_s`: asking earlier is in vain."""

    def __init__(self, words: str, again_s: float = 0.0) -> None:
        super().__init__(words)
        self.again_s = again_s


class Link(Protocol):
    """What a device asks of a wire."""

    async def ask(
        self, request: Request, priority: int, *, tries: int = 1, manner: Manner, newest: bool = False
    ) -> list[int]:
        """The reply's words. `newest`: takes the place of an older write to the same register that still waits.
        Raises NoAnswer, ModbusException (its refusal), Replaced."""


class BusLink:
    """A wire with its queue. `run` owns it."""

    def __init__(self, address: Address, *, reconnect_s: float = 0.0) -> None:
        self.address = address
        self.load = Load(str(address))
        self._wire = Conversation(address, self.load, reconnect_s)
        self._jobs = Jobs()
        self._wake = asyncio.Event()

    @property
    def line(self) -> Line:
        return self._wire.line

    @property
    def discarded(self) -> int:
        return self._wire.discarded

    @property
    def damaged(self) -> int:
        return self._wire.damaged

    async def ask(
        self,
        request: Request,
        priority: int,
        *,
        tries: int = 1,
        manner: Manner | None = None,
        newest: bool = False,
    ) -> list[int]:
        manner = manner or Manner()
        done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        tries = max(tries, 2) if manner.resend else tries
        self._jobs.add(Job(priority, request, done, manner, tries, newest))
        self._wake.set()
        if priority <= WRITE:
            self._wire.hurry()
        return await done

    async def run(self) -> None:
        """Until cancelled."""
        self._wire.begin()
        try:
            while True:
                await self._wire.quiet()
                job, at = self._jobs.take(self._wire.alarm.now(), self._free_at)
                if job is None:
                    await self._sleep_until(at)
                else:
                    await self._do(job)
        finally:
            self._wire.end()
            for job in self._jobs.drain():
                job.done.cancel()

    async def _sleep_until(self, at: float) -> None:
        """Or until something is asked."""
        loop = asyncio.get_running_loop()
        timer = loop.call_at(at, self._wake.set) if at != float("inf") else None
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._wake.clear()

    def _free_at(self, job: Job, now: float) -> float:
        return self._wire.old.free_at(job.request, now)

    # One job

    async def _do(self, job: Job) -> None:
        unit, now = job.request.unit, self._wire.alarm.now()
        shut = self._wire.units.shut_until(unit, now)
        if shut > now:
            _fail(job, NoAnswer(f"{self.address}: unit {unit} is silent", shut - now))
            return
        try:
            words = await self._wire.exchange(
                job.request, job.manner, again=job.attempt > 0, doubted=job.doubts > 0
            )
        except ModbusException as refusal:
            self._refused(job, refusal)
        except Ambiguous as doubt:
            self._doubted(job, doubt)
        except TimeoutError:
            self._unanswered(job)
        except OSError as failure:
            again = max(self._wire.reconnect.at - self._wire.alarm.now(), 0.0)
            _fail(job, NoAnswer(f"{self.address}: {failure}", again))
        else:
            if not job.done.done():
                job.done.set_result(words)

    def _refused(self, job: Job, refusal: ModbusException) -> None:
        """A busy device is asked again in a while; others come first."""
        now = self._wire.alarm.now()
        if refusal.code in (5, 6) and job.busy < BUSY_TRIES:
            job.busy += 1
            job.not_before = now + BUSY_PAUSE_S
            self._jobs.again(job)
        elif refusal.code in GATEWAY:
            # The gateway spoke, not the unit behind it.
            self._wire.spoke(now)
            self._wire.units.missed(job.request.unit, 0.0, now)
            shut = self._wire.units.shut_until(job.request.unit, now)
            _fail(job, NoAnswer(f"{self.address}: unit {job.request.unit}: {refusal}", max(shut - now, 0.0)))
        else:
            _fail(job, refusal)

    def _doubted(self, job: Job, doubt: Ambiguous) -> None:
        job.doubts += 1
        if job.request.words or job.doubts > DOUBTS:
            self._wire.old.given_up(job.request)
            _fail(job, NoAnswer(f"{self.address}: {doubt}"))
        else:
            self._again_guarded(job)

    def _again_guarded(self, job: Job) -> None:
        """Behind a question that no old frame answers, where there is one."""
        guard = self._wire.old.guard(job.request)
        if guard is None:
            self._jobs.again(job)
            return
        passed: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        passed.add_done_callback(lambda done: self._guarded(job, done))
        self._jobs.add(Job(job.priority, guard, passed, job.manner, doubts=1))

    def _guarded(self, job: Job, done: "asyncio.Future[list[int]]") -> None:
        if done.cancelled():
            job.done.cancel()
            return
        done.exception()  # Without its reply the doubt stays.
        self._jobs.again(job)
        self._wake.set()

    def _unanswered(self, job: Job) -> None:
        now = self._wire.alarm.now()
        job.attempt += 1
        shut = self._wire.units.shut_until(job.request.unit, now)
        if job.attempt < job.tries and shut <= now:
            self._jobs.again(job, last=job.priority == POLL)
        else:
            _fail(job, NoAnswer(f"{self.address}: no answer in time", max(shut - now, 0.0)))


def _fail(job: Job, error: Exception) -> None:
    if not job.done.done():
        job.done.set_exception(error)
