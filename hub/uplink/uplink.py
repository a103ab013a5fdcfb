"""A station made real: states, commands and the CSMS's texts in; commits, answers, calls and device actions out.

Theory: inputs are handled one after another. What an input makes durable is committed in one transaction
before anything else that it causes happens (N1), then its other effects follow in their order: so the answer to
a CSMS's CALL leaves before what the CALL has caused. An input without effects (most states) costs no task and
no commit.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.charger.runtime import ChargerRuntime
from hub.clock import Clock
from hub.errors import StoreError
from hub.link.websocket import LinkClosed, TextLink
from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.errors import ErrorCode
from hub.ocpp.rpc import Answered, CallReceived, Event, Failed, Rpc, SendText
from hub.ocpp.schemas import schemas
from hub.ocpp.station.effects import (
    DURABLE,
    Act,
    Annotate,
    Durable,
    Effect,
    Happened,
    Limit,
    Permit,
    Reconnect,
    Reply,
    ReplyError,
)
from hub.ocpp.station.station import Call, Dialect, Station, StationSetup
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.store import journal
from hub.store.database import Database

log = logging.getLogger(__name__)

DIALECTS: Mapping[str, Dialect] = {dialect.subprotocol: dialect for dialect in (V201, V16)}
RETRY_COMMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text that the rpc itself wants sent."""

    text: str


Answer = tuple[Mapping[str, object] | None, ErrorCode | None, str]
"""(payload, or the error's code and description)"""


class Uplink:
    """The station of one charger. `remember` False: no CSMS, nothing is owed to anybody."""

    def __init__(
        self, runtime: ChargerRuntime, database: Database, clock: Clock, station: Station, *, remember: bool
    ) -> None:
        self.runtime = runtime
        self.station = station
        self.reconnect = asyncio.Event()
        self._database = database
        self._clock = clock
        self._remember = remember
        self._link: TextLink | None = None
        self._rpc: Rpc | None = None
        self._backlog: list[Sequence[Effect | Text]] = []
        self._work = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: Callable[[], None] | None = None
        self._number = 0

    @classmethod
    async def create(
        cls, runtime: ChargerRuntime, database: Database, clock: Clock, setup: StationSetup, *, remember: bool
    ) -> "Uplink":
        """With what the journal has kept."""
        memory = await journal.memory(database, runtime.id)
        owed = await journal.outbox(database, runtime.id)
        return cls(runtime, database, clock, Station(setup, memory, owed, clock.now()), remember=remember)

    async def run(self) -> None:
        """Carries effects out, in order, until cancelled."""
        self._end = self.runtime.watch(self._state)
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                while self._backlog:
                    await self._carry_out(self._backlog.pop(0))
                    self._drain()
                await self._speak()
                self._set_timer()
        finally:
            self._end()
            if self._timer:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # Inputs

    def _state(self, evse: int, state: State) -> None:
        self.station.state(evse, state, self._clock.now())
        self._drain()

    def call(
        self, dialect: Dialect, action: str, payload: Mapping[str, Any], *, by: str
    ) -> "asyncio.Future[Answer]":
        """A command in OCPP's words, from the command door."""
        self._number += 1
        call_id = f"cmd:{by}:{self._number}"
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[call_id] = answer
        self.station.call(dialect, Call(call_id, action, payload), self._clock.now())
        self._drain()
        return answer

    def tell(self, what: Callable[[Station, Moment], Any]) -> Any:
        """Any other input: `what` calls the station."""
        result = what(self.station, self._clock.now())
        self._drain()
        return result

    def connected(self, link: TextLink) -> None:
        dialect = DIALECTS[link.subprotocol]
        self._link = link
        self._rpc = Rpc(schemas(dialect.version), timeout_s=self.station.variables.int("MessageTimeout"))
        self.station.connected(dialect, self._clock.now())
        self._work.set()

    def disconnected(self) -> None:
        rpc, self._rpc, self._link = self._rpc, None, None
        now = self._clock.now()
        for event in rpc.lost() if rpc else []:
            self._event(event, now)
        self.station.disconnected(now)
        self._drain()

    def received(self, text: str | bytes) -> None:
        if self._rpc is None:
            return
        now = self._clock.now()
        for event in self._rpc.receive(text, now.mono):
            self._event(event, now)
        self._drain()
        self._work.set()

    def _event(self, event: Event, now: Moment) -> None:
        match event:
            case CallReceived(id=call_id, action=action, payload=payload):
                assert self.station.dialect is not None
                self.station.call(self.station.dialect, Call(call_id, action, payload), now)
            case Answered(ref=ref, payload=payload):
                self.station.answered(ref, payload, now)
            case Failed(ref=ref, code=code, description=description):
                if code != "Disconnected":
                    log.warning("%s: the CSMS answered %s %s", self.runtime.id, code, description)
                self.station.failed(ref, code, now)
            case SendText(text=text):
                self._backlog.append([Text(text)])
            case _:
                log.debug("%s: ignored %s", self.runtime.id, event)

    # Effects

    def _drain(self) -> None:
        effects = self.station.drain()
        if effects:
            self._backlog.append(effects)
        if effects or self.station.has_words or self._timer is None:
            self._work.set()

    async def _carry_out(self, effects: Sequence[Effect | Text]) -> None:
        durable = [effect for effect in effects if isinstance(effect, DURABLE)]
        if durable:
            await self._commit(durable)
        for effect in effects:
            if not isinstance(effect, DURABLE):
                await self._do(effect)

    async def _commit(self, changes: list[Durable]) -> None:
        """Until it is on disk: nothing that follows may happen before."""
        if not self._remember:
            changes = [change for change in changes if type(change).__name__ == "Keep"]
            if not changes:
                return
        rows = journal.statements(self.runtime.id, changes)
        while True:
            try:
                await self._database.write(rows)
            except StoreError as error:
                log.error("%s: not written, trying again: %s", self.runtime.id, error)
                await asyncio.sleep(RETRY_COMMIT_S)
            else:
                return

    async def _do(self, effect: Effect | Text) -> None:
        match effect:
            case Text(text=text):
                await self._send(text)
            case Reply() | ReplyError():
                await self._reply(effect)
            case Permit(evse=evse, allowed=allowed):
                self.runtime.permit(evse, allowed)
            case Limit(evse=evse, current_a=current):
                self.runtime.limit(evse, "csms", current)
            case Annotate(evse=evse, values=values):
                self.runtime.annotate(evse, values)
            case Happened(event=event, details=details):
                self.runtime.event(event, **details)
            case Reconnect(reason=reason):
                log.info("%s: reconnecting: %s", self.runtime.id, reason)
                self.reconnect.set()
            case Act():
                self._spawn(self._act(effect))

    async def _reply(self, effect: Reply | ReplyError) -> None:
        good = isinstance(effect, Reply)
        waiting = self._answers.pop(effect.call_id, None)
        if waiting is not None:
            if not waiting.done():
                payload = effect.payload if isinstance(effect, Reply) else None
                code, words = (None, "") if isinstance(effect, Reply) else (effect.code, effect.description)
                waiting.set_result((payload, code, words))
            return
        if self._rpc is None:
            return
        if isinstance(effect, Reply):
            text = self._rpc.reply(effect.call_id, effect.payload)
        else:
            text = self._rpc.reply_error(effect.call_id, effect.code, effect.description)
        if text is not None:
            await self._send(text)
        elif good:
            log.debug("%s: nobody waits for the answer to %s", self.runtime.id, effect.call_id)

    async def _act(self, act: Act) -> None:
        result = await self.runtime.act(act.evse, act.action, act.arguments)
        self.tell(lambda station, now: station.device_done(act.ref, result, now))

    async def _speak(self) -> None:
        """The next own CALL, when none is outstanding."""
        while self._rpc is not None and self._rpc.idle and self._link is not None:
            now = self._clock.now()
            outgoing = self.station.next(now)
            self._drain()
            if self._backlog:  # something was buried or settled on the way: first to disk
                for effects in self._take_backlog():
                    await self._carry_out(effects)
            if outgoing is None or self._rpc is None:
                return
            await self._send(self._rpc.call(outgoing.ref, outgoing.action, outgoing.payload, now.mono))

    def _take_backlog(self) -> list[Sequence[Effect | Text]]:
        taken, self._backlog[:] = list(self._backlog), []
        return taken

    async def _send(self, text: str) -> None:
        if self._link is None:
            return
        try:
            await self._link.send(text)
        except LinkClosed:
            return  # whoever reads the link says so

    # Time

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        times = [self.station.deadline(), self._rpc.deadline() if self._rpc else None]
        due = min((time for time in times if time is not None), default=None)
        loop = asyncio.get_running_loop()
        wait = 60.0 if due is None else max(0.01, due - self._clock.now().mono)
        self._timer = loop.call_later(min(wait, 60.0), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.now()
        for event in self._rpc.expire(now.mono) if self._rpc else []:
            self._event(event, now)
        self.station.tick(now)
        self._drain()
        self._work.set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
