"""One worker for each physical wire: one request at a time, the most urgent first, and all that can go wrong.

Theory: a request is sent, and only a reply that answers it word for word ends it; everything else is counted and
waited past. Without transaction ids the line must fall silent behind a reply, what may be an old frame is doubted, and
after a time-out nothing is sent that the late reply could answer (oldframes.py). A unit that doesn't answer is left
alone (health.py), so that it costs the others of its wire little. A connection that closes fails the request in hand at
once; three time-outs in a row and two seconds without a reply drop it (half-open links look alive for minutes
otherwise), and only a good reply resets the pause before the next connect.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, field
from typing import Protocol

from hub.errors import DeviceOffline
from hub.integration.api import Tracer
from integrations.modbus.address import Address, SerialAddress, TcpAddress
from integrations.modbus.alarm import Alarm, LoopAlarm, exact_alarm
from integrations.modbus.frame import BadReply, ModbusException, Request
from integrations.modbus.framing import AsciiFraming, Framing, RtuFraming, TcpFraming
from integrations.modbus.health import Units
from integrations.modbus.jobs import KEEP_ALIVE, POLL, READ_BACK, STOP, WRITE, Job, Jobs, Manner, Replaced
from integrations.modbus.load import Load
from integrations.modbus.oldframes import OldFrames
from integrations.modbus.reconnect import Reconnect
from integrations.modbus.replies import Ambiguous
from integrations.modbus.timing import line_of
from integrations.modbus.wires import Wire, open_wire

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
log = logging.getLogger(__name__)

MISSES_TO_DROP, SILENCE_TO_DROP_S = 3, 2.0
FASTEST_S = {True: 0.05, False: 0.2}
"""The shortest patience, on serial ports of ours and on networks."""
BUSY_TRIES, BUSY_PAUSE_S = 3, 0.2
CONNECT_S = 5.0
SETTLE_S = 0.005
"""Behind a reply, on wires without transaction ids whose own silence isn't known."""
GATEWAY = (10, 11)
DOUBTS = 4
"""So many times a read is repeated for doubts about its reply."""
HOPELESS_S = 0.05
DOUBT_S = 0.05
"""After a doubt, the silence behind a reply."""


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


@dataclass(slots=True)
class _Pending:
    """`heard`: a frame came that may be the reply; `frames`: all such. `hopeless_at`: a silent unit, for which
    writes to others don't wait from then on."""

    request: Request
    heard: "asyncio.Future[None]"
    hopeless_at: float | None
    trace: Tracer | None
    frames: list[bytes] = field(default_factory=list)


class BusLink:
    """A wire with its queue. `run` owns it."""

    def __init__(self, address: Address, *, reconnect_s: float = 0.0) -> None:
        self.address = address
        self.load = Load(str(address))
        self.discarded = 0
        self.line = line_of(address)
        self._framing = _framing(address)
        self._settle_s = 0.0 if self._framing.tells_apart else self.line.silence_s or SETTLE_S
        self._reconnect = Reconnect(reconnect_s)
        self._jobs = Jobs()
        self._units = Units(FASTEST_S[isinstance(address, SerialAddress)])
        self._old = OldFrames(tells_apart=self._framing.tells_apart)
        self._wake = asyncio.Event()
        self._alarm: Alarm = LoopAlarm()
        self._wire: Wire | None = None
        self._pending: _Pending | None = None
        self._quiet_until = 0.0
        self._misses = 0
        self._heard_at = 0.0

    @property
    def damaged(self) -> int:
        return self._framing.damaged

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
        if priority <= WRITE and self._pending is not None and self._pending.hopeless_at is not None:
            asyncio.get_running_loop().call_at(self._pending.hopeless_at, _expire, self._pending.heard)
        return await done

    async def run(self) -> None:
        """Until cancelled."""
        self._alarm = exact_alarm() if self.line.character_s else LoopAlarm()
        try:
            while True:
                await self._quiet()
                job, at = self._jobs.take(self._alarm.now(), self._free_at)
                if job is None:
                    await self._sleep_until(at)
                else:
                    await self._do(job)
        finally:
            self._close("the hub stops")
            self._alarm.close()
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
        return self._old.free_at(job.request, now)

    # One job

    async def _do(self, job: Job) -> None:
        unit, now = job.request.unit, self._alarm.now()
        shut = self._units.shut_until(unit, now)
        if shut > now:
            _fail(job, NoAnswer(f"{self.address}: unit {unit} is silent", shut - now))
            return
        try:
            await self._connected()
            words = await self._exchange(job)
        except ModbusException as refusal:
            self._refused(job, refusal)
        except Ambiguous as doubt:
            self._doubted(job, doubt)
        except TimeoutError:
            self._unanswered(job)
        except OSError as failure:
            again = max(self._reconnect.at - self._alarm.now(), 0.0)
            _fail(job, NoAnswer(f"{self.address}: {failure}", again))
        else:
            if not job.done.done():
                job.done.set_result(words)

    def _refused(self, job: Job, refusal: ModbusException) -> None:
        """A busy device is asked again in a while; others come first."""
        now = self._alarm.now()
        if refusal.code in (5, 6) and job.busy < BUSY_TRIES:
            job.busy += 1
            job.not_before = now + BUSY_PAUSE_S
            self._jobs.again(job)
        elif refusal.code in GATEWAY:
            # The gateway spoke, not the unit behind it.
            self._misses, self._heard_at = 0, now
            self._units.missed(job.request.unit, 0.0, now)
            shut = self._units.shut_until(job.request.unit, now)
            _fail(job, NoAnswer(f"{self.address}: unit {job.request.unit}: {refusal}", max(shut - now, 0.0)))
        else:
            _fail(job, refusal)

    def _doubted(self, job: Job, doubt: Ambiguous) -> None:
        self.discarded += 1
        job.doubts += 1
        if job.request.words or job.doubts > DOUBTS:
            self._old.given_up(job.request)
            _fail(job, NoAnswer(f"{self.address}: {doubt}"))
        else:
            self._again_guarded(job)

    def _again_guarded(self, job: Job) -> None:
        """Behind a question that no old frame answers, where there is one."""
        guard = self._old.guard(job.request)
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
        now = self._alarm.now()
        job.attempt += 1
        shut = self._units.shut_until(job.request.unit, now)
        if job.attempt < job.tries and shut <= now:
            self._jobs.again(job, last=job.priority == POLL)
        else:
            _fail(job, NoAnswer(f"{self.address}: no answer in time", max(shut - now, 0.0)))

    async def _exchange(self, job: Job) -> list[int]:
        assert self._wire is not None
        loop = asyncio.get_running_loop()
        request, manner = job.request, job.manner
        on_the_line = self.line.request_s(request) + self.line.reply_s(request)
        patience = self._units.patience(request.unit, manner.timeout_s, again=job.attempt > 0)
        sent = self._alarm.now()
        hopeless_at = None if self._units.hopeful(request.unit) else sent + on_the_line + HOPELESS_S
        pending = self._pending = _Pending(request, loop.create_future(), hopeless_at, manner.trace)
        timer = loop.call_later(on_the_line + patience, _expire, pending.heard)
        try:
            manner.sent(sent)
            frame = self._framing.encode(request)
            if manner.trace:
                manner.trace("down", frame)
            self._wire.send(frame)
            await pending.heard
            took_s = self._alarm.now() - sent - on_the_line
            return self._read(request, await self._chosen(pending, sent + on_the_line, job), took_s)
        except Ambiguous:
            raise
        except TimeoutError:
            self._missed(request, sent, manner)
            raise
        finally:
            timer.cancel()
            self._pending = None
            now = self._alarm.now()
            manner.answered(now)
            self.load.used(now - sent, now)

    async def _chosen(self, pending: _Pending, end: float, job: Job) -> bytes:
        """The reply among what came. `end`: the line isn't free earlier."""
        if self._framing.tells_apart:
            return pending.frames[0]
        # A port that isn't a real one gives a reply at once, as if its bytes took no time.
        careful_s = DOUBT_S if job.doubts else self.line.silence_s
        self._quiet_until = max(self._quiet_until, end + careful_s)
        await self._quiet()
        return self._old.choose(pending.request, pending.frames, self._alarm.now())

    def _read(self, request: Request, pdu: bytes, took_s: float) -> list[int]:
        try:
            words = request.read(request.unit, pdu)
        except ModbusException as refusal:
            if refusal.code not in GATEWAY:
                self._heard(request, took_s)
            raise
        self._heard(request, took_s)
        return words

    async def _quiet(self) -> None:
        """Until the line is free again."""
        while (rest := self._quiet_until - self._alarm.now()) > 0:
            await self._alarm.sleep(rest)

    def _heard(self, request: Request, took_s: float) -> None:
        now = self._alarm.now()
        self._misses, self._heard_at = 0, now
        self._reconnect.answered()
        self._old.answered(request, now)
        self.load.answered(max(took_s, 0.0))
        if self._units.heard(request.unit, max(took_s, 0.0), now):
            log.info("%s: unit %d answers again", self.address, request.unit)

    def _missed(self, request: Request, sent: float, manner: Manner) -> None:
        now = self._alarm.now()
        self._misses += 1
        if self._units.missed(request.unit, now - sent, now):
            log.info("%s: unit %d is silent", self.address, request.unit)
        self._old.missed(request, sent, manner.timeout_s, now)
        if isinstance(self.address, SerialAddress):
            self._quiet_until = now + self.line.silence_s + min(self._units.longest_s(), manner.timeout_s)
        elif not self._framing.tells_apart:
            # What comes late on a serial port behind TCP dies with its connection.
            self._close("a late reply must not be taken for another", pause=self._reconnect.held_off)
        elif self._misses >= MISSES_TO_DROP and now - self._heard_at >= SILENCE_TO_DROP_S:
            self._close("silent")

    # The wire

    def _hear(self, received: bytes) -> None:
        now = self._alarm.now()
        self._quiet_until = max(self._quiet_until, now + self._settle_s)
        if self._pending is not None and self._pending.trace:
            self._pending.trace("up", received)
        try:
            frames = self._framing.feed(received)
        except BadReply as error:
            self._lost(str(error))
            return
        for frame in frames:
            self._take(frame.unit, frame.pdu, frame.fits, now)

    def _take(self, unit: int, pdu: bytes, fits: bool, now: float) -> None:
        pending = self._pending
        if not fits or pending is None or (pending.heard.done() and self._framing.tells_apart):
            self._discard(unit, pdu, now)
            return
        try:
            pending.request.read(unit, pdu)
        except BadReply as error:
            self._discard(unit, pdu, now)
            log.debug("%s: a reply was discarded: %s", self.address, error)
            return
        except ModbusException:
            if self._old.late_refusal(unit, pdu, now, pending.request):
                self.discarded += 1
                return
        pending.frames.append(pdu)
        if not pending.heard.done():
            pending.heard.set_result(None)

    def _discard(self, unit: int, pdu: bytes, now: float) -> None:
        self.discarded += 1
        took_s = self._old.nobodys(unit, pdu, now)
        if took_s is not None:
            self._units.late(unit, took_s)

    def _lost(self, reason: str) -> None:
        if self._pending is not None and not self._pending.heard.done():
            self._pending.heard.set_exception(ConnectionError(reason))
        self._close(reason)

    def _close(self, reason: str, *, pause: bool = True) -> None:
        wire, self._wire = self._wire, None
        self._misses = 0
        if wire is None:
            return
        log.debug("%s: closed: %s", self.address, reason)
        wire.close()
        if pause:
            self._reconnect.lost(self._alarm.now())

    async def _connected(self) -> None:
        if self._wire is not None:
            return
        if self._alarm.now() < self._reconnect.at:
            raise ConnectionError("not connected")
        self._framing = _framing(self.address, self._framing.damaged)
        try:
            async with asyncio.timeout(CONNECT_S):
                self._wire = await open_wire(self.address, self._hear, self._lost)
        except (OSError, TimeoutError) as error:
            self._reconnect.lost(self._alarm.now())
            raise ConnectionError(str(error) or "no connection in time") from error
        self._heard_at = self._alarm.now()


def _framing(address: Address, damaged: int = 0) -> Framing:
    made: Framing
    if isinstance(address, TcpAddress) and address.framer == "tcp":
        made = TcpFraming(random.randrange(65536), check_tid=address.check_tid)  # noqa: S311 - no secret
    else:
        made = AsciiFraming() if address.framer == "ascii" else RtuFraming()
    made.damaged = damaged
    return made


def _expire(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_exception(TimeoutError("no answer in time"))


def _fail(job: Job, error: Exception) -> None:
    if not job.done.done():
        job.done.set_exception(error)
