"""One wire: it is connected, asked one question at a time, and its reply is found among all that comes.

Only a reply that answers the request word for word ends it; everything else is counted and waited past. Without
transaction ids the line must fall silent behind a reply, what may be an old frame is doubted, and after a time-out
nothing is sent that the late reply could answer (oldframes.py). A connection that closes fails the request in hand at
once; three time-outs in a row and two seconds without a reply drop it (half-open links look alive for minutes
otherwise), and only a good reply resets the pause before the next connect.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, field

from hub.integration.api import Tracer
from integrations.modbus.address import Address, SerialAddress, TcpAddress
from integrations.modbus.alarm import Alarm, LoopAlarm, exact_alarm
from integrations.modbus.frame import BadReply, ModbusException, Request
from integrations.modbus.framing import AsciiFraming, Framing, RtuFraming, TcpFraming
from integrations.modbus.health import Units
from integrations.modbus.jobs import Manner
from integrations.modbus.load import Load
from integrations.modbus.oldframes import OldFrames
from integrations.modbus.reconnect import Reconnect
from integrations.modbus.replies import Ambiguous
from integrations.modbus.timing import line_of
from integrations.modbus.wires import Wire, open_wire

log = logging.getLogger(__name__)

MISSES_TO_DROP, SILENCE_TO_DROP_S = 3, 2.0
FASTEST_S = {True: 0.05, False: 0.2}
"""The shortest patience, on serial ports of ours and on networks."""
CONNECT_S = 5.0
SETTLE_S = 0.005
"""Behind a reply, on wires without transaction ids whose own silence isn't known."""
GATEWAY = (10, 11)
HOPELESS_S = 0.05
DOUBT_S = 0.05
"""After a doubt, the silence behind a reply."""


@dataclass(slots=True)
class _Pending:
    """`heard`: a frame came that may be the reply; `frames`: all such. `hopeless_at`: a silent unit, for which
    writes to others don't wait from then on."""

    request: Request
    heard: "asyncio.Future[None]"
    hopeless_at: float | None
    trace: Tracer | None
    frames: list[bytes] = field(default_factory=list)


class Conversation:
    """Between `begin` and `end`. `units`, `old` and `reconnect` are what whoever chooses the next request must know."""

    def __init__(self, address: Address, load: Load, reconnect_s: float) -> None:
        self.address = address
        self.line = line_of(address)
        self.discarded = 0
        self.alarm: Alarm = LoopAlarm()
        self.units = Units(FASTEST_S[isinstance(address, SerialAddress)])
        self.reconnect = Reconnect(reconnect_s)
        self._load = load
        self._framing = _framing(address)
        self._settle_s = 0.0 if self._framing.tells_apart else self.line.silence_s or SETTLE_S
        self.old = OldFrames(tells_apart=self._framing.tells_apart)
        self._wire: Wire | None = None
        self._pending: _Pending | None = None
        self._quiet_until = 0.0
        self._misses = 0
        self._heard_at = 0.0

    @property
    def damaged(self) -> int:
        return self._framing.damaged

    def begin(self) -> None:
        self.alarm = exact_alarm() if self.line.character_s else LoopAlarm()

    def end(self) -> None:
        self._close("the hub stops")
        self.alarm.close()

    def hurry(self) -> None:
        """Something urgent waits: a unit that has been silent keeps it waiting no longer than a hopeful one."""
        pending = self._pending
        if pending is not None and pending.hopeless_at is not None:
            asyncio.get_running_loop().call_at(pending.hopeless_at, _expire, pending.heard)

    def spoke(self, now: float) -> None:
        """Something at the other end lives, be it only a gateway."""
        self._misses, self._heard_at = 0, now

    async def quiet(self) -> None:
        """Until the line is free again."""
        while (rest := self._quiet_until - self.alarm.now()) > 0:
            await self.alarm.sleep(rest)

    async def exchange(
        self, request: Request, manner: Manner, *, again: bool = False, doubted: bool = False
    ) -> list[int]:
        """The reply's words. `again`: no answer came to it; `doubted`: it wasn't clear whether one was to it.
        Raises ModbusException (its refusal), Ambiguous, TimeoutError, OSError (there is no connection)."""
        wire, loop = await self._connected(), asyncio.get_running_loop()
        on_the_line = self.line.request_s(request) + self.line.reply_s(request)
        patience = self.units.patience(request.unit, manner.timeout_s, again=again)
        sent = self.alarm.now()
        hopeless_at = None if self.units.hopeful(request.unit) else sent + on_the_line + HOPELESS_S
        pending = self._pending = _Pending(request, loop.create_future(), hopeless_at, manner.trace)
        timer = loop.call_later(on_the_line + patience, _expire, pending.heard)
        try:
            manner.sent(sent)
            frame = self._framing.encode(request)
            if manner.trace:
                manner.trace("down", frame)
            wire.send(frame)
            await pending.heard
            took_s = self.alarm.now() - sent - on_the_line
            return self._read(request, await self._chosen(pending, sent + on_the_line, doubted), took_s)
        except Ambiguous:
            self.discarded += 1
            raise
        except TimeoutError:
            self._missed(request, sent, manner)
            raise
        finally:
            timer.cancel()
            self._pending = None
            now = self.alarm.now()
            manner.answered(now)
            self._load.used(now - sent, now)

    async def _chosen(self, pending: _Pending, end: float, doubted: bool) -> bytes:
        """The reply among what came. `end`: the line isn't free earlier."""
        if self._framing.tells_apart:
            return pending.frames[0]
        # A port that isn't a real one gives a reply at once, as if its bytes took no time.
        careful_s = DOUBT_S if doubted else self.line.silence_s
        self._quiet_until = max(self._quiet_until, end + careful_s)
        await self.quiet()
        return self.old.choose(pending.request, pending.frames, self.alarm.now())

    def _read(self, request: Request, pdu: bytes, took_s: float) -> list[int]:
        try:
            words = request.read(request.unit, pdu)
        except ModbusException as refusal:
            if refusal.code not in GATEWAY:
                self._heard(request, took_s)
            raise
        self._heard(request, took_s)
        return words

    def _heard(self, request: Request, took_s: float) -> None:
        now = self.alarm.now()
        self.spoke(now)
        self.reconnect.answered()
        self.old.answered(request, now)
        self._load.answered(max(took_s, 0.0))
        if self.units.heard(request.unit, max(took_s, 0.0), now):
            log.info("%s: unit %d answers again", self.address, request.unit)

    def _missed(self, request: Request, sent: float, manner: Manner) -> None:
        now = self.alarm.now()
        self._misses += 1
        if self.units.missed(request.unit, now - sent, now):
            log.info("%s: unit %d is silent", self.address, request.unit)
        self.old.missed(request, sent, manner.timeout_s, now)
        if isinstance(self.address, SerialAddress):
            self._quiet_until = now + self.line.silence_s + min(self.units.longest_s(), manner.timeout_s)
        elif not self._framing.tells_apart:
            # What comes late on a serial port behind TCP dies with its connection.
            self._close("a late reply must not be taken for another", pause=self.reconnect.held_off)
        elif self._misses >= MISSES_TO_DROP and now - self._heard_at >= SILENCE_TO_DROP_S:
            self._close("silent")

    # What comes over the wire

    def _hear(self, received: bytes) -> None:
        now = self.alarm.now()
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
            if self.old.late_refusal(unit, pdu, now, pending.request):
                self.discarded += 1
                return
        pending.frames.append(pdu)
        if not pending.heard.done():
            pending.heard.set_result(None)

    def _discard(self, unit: int, pdu: bytes, now: float) -> None:
        self.discarded += 1
        took_s = self.old.nobodys(unit, pdu, now)
        if took_s is not None:
            self.units.late(unit, took_s)

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
            self.reconnect.lost(self.alarm.now())

    async def _connected(self) -> Wire:
        if self._wire is not None:
            return self._wire
        if self.alarm.now() < self.reconnect.at:
            raise ConnectionError("not connected")
        self._framing = _framing(self.address, self._framing.damaged)
        try:
            async with asyncio.timeout(CONNECT_S):
                self._wire = await open_wire(self.address, self._hear, self._lost)
        except (OSError, TimeoutError) as error:
            self.reconnect.lost(self.alarm.now())
            raise ConnectionError(str(error) or "no connection in time") from error
        self._heard_at = self.alarm.now()
        return self._wire


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
