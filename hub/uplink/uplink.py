"""A station made real: states, commands and the CSMS's texts in; commits, answers, calls and device actions out.

Theory: inputs reach the station at once, and its effects are carried out one input after another. What an input
makes durable is committed in one transaction before anything else that it causes happens (N1), then its other
effects follow in their order: so the answer to a CSMS's CALL leaves before what the CALL has caused. An input
without effects (most states) costs no task, no wake-up and no commit.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.charger import limits
from hub.charger.runtime import ChargerRuntime
from hub.clock import Clock
from hub.link.websocket import LinkClosed, TextLink
from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.errors import ErrorCode
from hub.ocpp.rpc import Answered, CallReceived, Event, Failed, Ignored, Late, Rpc, SendText
from hub.ocpp.schemas import schemas
from hub.ocpp.station.boot import Registration
from hub.ocpp.station.effects import (
    DURABLE,
    Effect,
    Owe,
    Reconnect,
    Reply,
    ReplyError,
    Send,
)
from hub.ocpp.station.external_limits import Outside
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.station.station import Call, Dialect, Outgoing, Station
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v21.dialect import DIALECT as V21
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.store import journal
from hub.store.database import Database
from hub.uplink.asked import Answer, Asked
from hub.uplink.commit import Committer
from hub.uplink.hands import Hands
from hub.uplink.jobs import Jobs
from hub.uplink.keyfiles import KeyFiles

log = logging.getLogger(__name__)

DIALECTS: Mapping[str, Dialect] = {dialect.subprotocol: dialect for dialect in (V21, V201, V16)}
SEND_S = 10.0
"""A CSMS that takes nothing for so long is left: it must not hold up the charger."""
LOOK_AGAIN_S = 60.0
CSMS = "csms:"
"""Marks the CSMS's call ids: whatever it calls its CALLs, none passes for a command of ours (`cmd:...`)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that the rpc itself wants sent."""

    text: str


class Uplink:
    """The station of one charger. `remember` False: no CSMS, nothing is owed to anybody."""

    def __init__(
        self,
        runtime: ChargerRuntime,
        database: Database,
        clock: Clock,
        station: Station,
        *,
        remember: bool,
        keys: KeyFiles | None = None,
        jobs: Jobs | None = None,
    ) -> None:
        self.runtime = runtime
        self.station = station
        self.reconnect = asyncio.Event()
        self._committer = Committer(runtime.id, database, clock, remember=remember)
        self._clock = clock
        self._remember = remember
        self._link: TextLink | None = None
        self._rpc: Rpc | None = None
        self._next: Outgoing | None = None
        self._odd = 0
        """Frames of this connection that were of no use."""
        self._backlog: deque[Sequence[Effect | Text]] = deque()
        self._work = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._asked = Asked()
        self._hands = Hands(runtime, self.tell, keys, jobs)

    @classmethod
    async def create(
        cls,
        runtime: ChargerRuntime,
        database: Database,
        clock: Clock,
        setup: StationSetup,
        *,
        remember: bool,
        keys: KeyFiles | None = None,
        jobs: Jobs | None = None,
    ) -> "Uplink":
        """With what the journal has kept. Raises StoreError."""
        now = clock.now()
        memory = await journal.memory(database, runtime.id)
        owed = await journal.outbox(database, runtime.id, now)
        station = Station(setup, memory, owed, now)
        return cls(runtime, database, clock, station, remember=remember, keys=keys, jobs=jobs)

    async def run(self) -> None:
        """Carries effects out, in order, until cancelled."""
        self._work.set()
        if self._remember:
            self.runtime.note({"csms_connected": self._link is not None})
        end = self.runtime.watch(self._state)
        end_limits = self.runtime.wishes.watch_limits(self._outside)
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                await self._catch_up()
                await self._speak()
                self._set_timer()
        finally:
            end()
            end_limits()
            await self._finish()

    # Inputs

    def call(
        self, dialect: Dialect, action: str, payload: Mapping[str, Any], *, by: str
    ) -> "asyncio.Future[Answer]":
        """A command in OCPP's words, from the command door."""
        call_id, answer = self._asked.ask(by)
        self.tell(lambda station, now: station.call(dialect, Call(call_id, action, payload), now))
        return answer

    def tell(self, what: Callable[[Station, Moment], Any]) -> Any:
        """Any other input: `what` calls the station."""
        result = what(self.station, self._clock.now())
        self._drain()
        self._work.set()
        return result

    def connected(self, link: TextLink) -> None:
        dialect = DIALECTS[link.subprotocol]
        self._link, self._odd = link, 0
        self._rpc = Rpc(schemas(dialect.version), timeout_s=self.station.variables.int("MessageTimeout"))
        self.runtime.note({"csms_connected": True, "ocpp_version": dialect.version})
        self.tell(lambda station, now: station.connected(dialect, now))

    def disconnected(self) -> None:
        rpc, self._rpc, self._link = self._rpc, None, None
        now = self._clock.now()
        for event in rpc.lost() if rpc else []:
            self._event(event, now)
        if self._next is not None:  # it was about to be sent
            self.station.failed(self._next.ref, "Disconnected", now)
            self._next = None
        if self._odd > 1:
            log.warning("%s: %d frames of the CSMS were of no use", self.runtime.id, self._odd)
        self.runtime.note({"csms_connected": False})
        self.tell(lambda station, now: station.disconnected(now))

    def received(self, text: str | bytes) -> None:
        if self._rpc is None:
            return
        now = self._clock.now()
        for event in self._rpc.receive(text, now.mono):
            self._event(event, now)
        self._drain()
        self._work.set()

    def _state(self, evse: int, state: State) -> None:
        self.station.device.identify(self.runtime.identity)
        self.station.state(evse, state, self._clock.now())
        self._drain()

    def _outside(self, evse: int, limit: limits.Outside | None) -> None:
        known = None if limit is None else Outside(limit.source, limit.current_a, limit.power_w)
        self.tell(lambda station, now: station.outside_limit(evse, known, now))

    def _event(self, event: Event, now: Moment) -> None:
        match event:
            case CallReceived(id=call_id, action=action, payload=payload):
                assert self.station.dialect is not None
                self.station.call(self.station.dialect, Call(CSMS + call_id, action, payload), now)
            case Answered(ref=ref, payload=payload):
                before = self.station.boot.registration
                self.station.answered(ref, payload, now)
                self._registration(before, now)
            case Failed(ref=ref, code=code, description=words, action=action):
                if code != "Disconnected":
                    log.warning("%s: the CSMS answered %s with %s %s", self.runtime.id, action, code, words)
                self.station.failed(ref, code, now)
            case Late(ref=ref):
                self.station.answered_late(ref)
            case SendText(text=text, invalid=invalid):
                self._strange(text)
                if invalid:
                    self.station.upkeep.security.seldom("InvalidMessages", now, text[:200])
                self._drain()
                self._backlog.append([Text(text)])
            case Ignored(reason=reason, replay=replay):
                self._strange(reason)
                if replay:
                    self.station.upkeep.security.replayed(now, reason)

    def _strange(self, words: str) -> None:
        """Told once for each connection: a CSMS that does it once may do it all the time."""
        self._odd += 1
        level = logging.WARNING if self._odd == 1 else logging.DEBUG
        log.log(level, "%s: the CSMS sent what is of no use: %.200s", self.runtime.id, words)

    def _registration(self, before: Registration, now: Moment) -> None:
        status = self.station.boot.registration
        if (
            status is before or status is Registration.NONE
        ):  # NONE: a reset of ours, nothing that the CSMS said
            return
        if status is Registration.ACCEPTED:
            log.info("%s: the CSMS has accepted the station", self.runtime.id)
            return
        wait = self.station.boot.deadlines()[0] - now.mono
        log.warning("%s: the CSMS says %s; it is asked again in %.0f s", self.runtime.id, status.value, wait)

    def _drain(self) -> None:
        effects = self.station.drain()
        if effects:
            if not self._remember:
                self._forget_owed(effects)
            self._backlog.append(effects)
        if effects or self.station.wants_to_speak:
            self._work.set()

    def _forget_owed(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Owe):
                self.station.outbox.settle(effect.id)

    # Effects

    async def _catch_up(self) -> None:
        while self._backlog:
            await self._carry_out(self._backlog.popleft())

    async def _carry_out(self, effects: Sequence[Effect | Text]) -> None:
        durable = [effect for effect in effects if isinstance(effect, DURABLE)]
        if durable:
            await self._committer.commit(durable)
        for effect in effects:
            if not isinstance(effect, DURABLE):
                await self._do(effect)

    async def _do(self, effect: Effect | Text) -> None:
        match effect:
            case Text(text=text):
                await self._send(text)
            case Reply(call_id=call_id, payload=payload):
                await self._reply(call_id, (payload, None, ""))
            case ReplyError(call_id=call_id, code=code, description=words):
                await self._reply(call_id, (None, code, words))
            case Send(action=action, payload=payload):
                if (
                    self._rpc is not None
                    and self.station.dialect is not None
                    and self.station.dialect.streams
                ):
                    await self._send(self._rpc.send(action, payload))
            case Reconnect(reason=reason):
                log.info("%s: reconnecting: %s", self.runtime.id, reason)
                self.reconnect.set()
            case _:
                self._hands.do(effect)

    async def _reply(self, call_id: str, answer: Answer) -> None:
        if not call_id.startswith(CSMS):
            self._asked.settle(call_id, answer)
            return
        if self._rpc is None:
            return
        payload, code, words = answer
        asked = call_id.removeprefix(CSMS)
        if payload is not None:
            text = self._rpc.reply(asked, payload)
        else:
            text = self._rpc.reply_error(asked, code or ErrorCode.INTERNAL_ERROR, words)
        if text is not None:
            await self._send(text)

    async def _speak(self) -> None:
        """Own CALLs, one outstanding; none on a connection that is about to be left."""
        while self._rpc is not None and self._rpc.idle and not self.reconnect.is_set():
            self._next = self.station.next(self._clock.now())
            silent = self._next is None
            self._drain()
            await self._catch_up()  # something was settled or buried on the way: first to disk
            if silent:
                return
            await self._say_next()

    async def _say_next(self) -> None:
        """Unless the connection went meanwhile, which has settled it."""
        outgoing, self._next = self._next, None
        if outgoing is not None and self._rpc is not None:
            now = self._clock.now().mono
            ref, action, payload, patience = outgoing
            await self._send(self._rpc.call(ref, action, payload, now, patience_s=patience))

    async def _send(self, text: str) -> None:
        if self._link is None:
            return
        try:
            async with asyncio.timeout(SEND_S):
                await self._link.send(text)
        except LinkClosed:
            return  # whoever reads the link says so
        except TimeoutError:
            log.warning("%s: the CSMS takes nothing; reconnecting", self.runtime.id)
            self.reconnect.set()

    # Time

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        times = [self.station.deadline(), self._rpc.deadline() if self._rpc else None]
        due = min((time for time in times if time is not None), default=None)
        wait = LOOK_AGAIN_S if due is None else max(0.01, due - self._clock.now().mono)
        self._timer = asyncio.get_running_loop().call_later(min(wait, LOOK_AGAIN_S), self._tick)

    def _tick(self) -> None:
        now = self._clock.now()
        for event in self._rpc.expire(now.mono) if self._rpc else []:
            self._event(event, now)
        self.tell(lambda station, now: station.tick(now))

    # The end

    async def _finish(self) -> None:
        """What had been decided is still kept; whoever waits for an answer is told that none comes."""
        if self._timer:
            self._timer.cancel()
        await self._hands.rest()
        self._asked.end("the charger was stopped")
        left = [effect for effects in self._backlog for effect in effects]
        self._backlog.clear()
        await self._committer.last(effect for effect in left if isinstance(effect, DURABLE))
