"""One charger while it runs: takes what its device sees, shows it on the bus, and sees its wishes through."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from hub.bus import Bus
from hub.charger.control import Control, Wanted
from hub.charger.limits import Fallback, Limits, amperes
from hub.charger.publisher import Publisher
from hub.charger.sessions import Session, step
from hub.charger.snapshot import read_back, snapshot
from hub.clock import Clock
from hub.errors import DeviceError, Unsupported
from hub.integration.api import Device, EvseReading, Reading
from hub.model.charger import Abilities, Identity, Ratings, Status
from hub.model.command import Command, CommandResult, Outcome
from hub.model.entity import EMPTY, Scalar, State
from hub.model.moment import Moment
from hub.tasks import supervise
from hub.topics import Topics

log = logging.getLogger(__name__)

Operation = Callable[[Command], Awaitable[CommandResult]]
Watcher = Callable[[int, State], None]


class Evse:
    """What is known of one EVSE."""

    def __init__(self, control: Control, limits: Limits) -> None:
        self.control = control
        self.limits = limits
        self.device: State = EMPTY
        self.shown: State = EMPTY
        self.notes: dict[str, Scalar] = {}
        self.session: Session | None = None
        self.read_back: float | None = None
        self.enabled: bool | None = None
        self.expiry: asyncio.TimerHandle | None = None


class SessionKeeper:
    """Where sessions outlive the process; this one forgets them."""

    async def keep(self, charger: str, evse: int, session: Session | None, closed: Session | None) -> None:
        """The open session now, and one that was closed."""


class ChargerRuntime:
    """A `Sink` for its device. `operations` are the commands that it understands, by name."""

    def __init__(
        self,
        charger: str,
        name: str,
        protocol: str,
        device: Device,
        *,
        bus: Bus,
        topics: Topics,
        clock: Clock,
        identity: Identity | None = None,
        blueprint: str | None = None,
        max_current: float | None = None,
        fallback: Fallback | None = None,
        sessions: SessionKeeper | None = None,
        open_sessions: Mapping[int, Session] | None = None,
    ) -> None:
        self.id, self.name, self.protocol, self.blueprint = charger, name, protocol, blueprint
        self.device = device
        self.identity = identity or Identity()
        self.abilities: Abilities = device.abilities
        self.ratings = _rated(device.ratings, max_current)
        self._configured_a = max_current
        self.available = False
        self.operations: dict[str, Operation] = {}
        self._clock = clock
        self._publisher = Publisher(bus, topics, charger, clock)
        self._sessions = sessions or SessionKeeper()
        self._watchers: list[Watcher] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._evses = {
            number: Evse(Control(device.abilities.actions), Limits(self.ratings, fallback or Fallback()))
            for number in range(1, device.evses + 1)
        }
        for number, session in (open_sessions or {}).items():
            self._evses[number].session = session
        self._last_seen = clock.now()

    @property
    def evses(self) -> int:
        return len(self._evses)

    async def run(self) -> None:
        """Until cancelled; a device that breaks is started again."""
        self._publisher.availability(False)
        self._publisher.info(self.info())
        refresher = asyncio.create_task(self._publisher.refresh())
        try:
            await supervise(f"charger {self.id}", lambda: self.device.run(self))
        finally:
            refresher.cancel()
            for evse in self._evses.values():
                if evse.expiry:
                    evse.expiry.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(refresher, *self._tasks, return_exceptions=True)
            self._publisher.availability(False)

    # The device tells

    def reading(self, reading: Reading) -> None:
        now = self._clock.now()
        if not self.available:
            self.available = True
            log.info("charger %s is there", self.id, extra={"charger": self.id})
            self._publisher.availability(True)
            for evse in self._evses.values():
                evse.control.forget()
        if reading.identity and reading.identity != self.identity:
            self.identity = merged(self.identity, reading.identity)
            self._publisher.info(self.info())
        self._last_seen = now
        for number, seen in reading.evses.items():
            self._take(number, seen, snapshot(reading, number), now)

    def offline(self, reason: str) -> None:
        """Faulted, and every value unknown; sessions and transactions stay open."""
        if self.available:
            log.warning("charger %s is away: %s", self.id, reason, extra={"charger": self.id})
        self.available = False
        self._publisher.availability(False)
        now = self._clock.now()
        for number, evse in self._evses.items():
            unknown: dict[str, Scalar] = dict.fromkeys(evse.device)
            unknown.update(status=Status.FAULTED.value, error_code="OtherError", vendor_error="offline")
            self._show(number, unknown, now)

    def _take(self, number: int, seen: EvseReading, state: dict[str, Scalar], now: Moment) -> None:
        evse = self._evses[number]
        evse.read_back, evse.enabled = read_back(seen.values), seen.enabled
        if seen.ratings:
            evse.limits.ratings = _rated(seen.ratings, self._configured_a)
        self._show(number, state, now)
        tag = seen.values.get("rfid")
        if isinstance(tag, str) and tag.strip("0 "):
            self._card(number, tag)
        self._reconcile(number, now)

    def _card(self, number: int, tag: str) -> None:
        if self._evses[number].notes.get("card") != tag:
            self._evses[number].notes["card"] = tag
            self.event("id_tag", evse=number, id_tag=tag)
            authorize = self.operations.get("authorize")
            if authorize:
                self._start(self._present(authorize, number, tag))

    async def _present(self, authorize: Operation, number: int, tag: str) -> None:
        await authorize(Command(self.id, "authorize", {"evse": number, "id_token": tag}, source="charger"))

    # The rest of the hub asks and tells

    def state(self, evse: int) -> State:
        return self._evses[evse].shown

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Called with the device's own view of an EVSE, whenever there is a new one."""
        self._watchers.append(watcher)
        for number, evse in self._evses.items():
            if evse.device:
                watcher(number, evse.device)
        return lambda: self._watchers.remove(watcher)

    def permit(self, evse: int, allowed: bool | None) -> None:
        self._evses[evse].control.permitted = allowed
        self._reconcile(evse, self._clock.now())

    def pause(self, evse: int, paused: bool) -> None:
        self._evses[evse].control.paused = paused
        self._reconcile(evse, self._clock.now())

    def limit(
        self,
        evse: int,
        source: str,
        current_a: float | None,
        *,
        power_w: float | None = None,
        expires_in: float | None = None,
    ) -> None:
        """Raises ValueError for what is no limit. Both None withdraws."""
        chosen = self._evses[evse]
        if current_a is None and power_w is not None:
            phases = chosen.device.get("phases_active")
            current_a = amperes(power_w, phases if isinstance(phases, int) and phases > 0 else 3)
        now = self._clock.now()
        until = None if expires_in is None else now.wall + timedelta(seconds=expires_in)
        chosen.limits.set(source, current_a, until)
        self._watch_expiry(evse)
        self._refresh_notes(evse, now)
        self._reconcile(evse, now)

    def annotate(self, evse: int, values: Mapping[str, Scalar]) -> None:
        """What only the station knows; None withdraws."""
        notes = self._evses[evse].notes
        for key, value in values.items():
            if value is None:
                notes.pop(key, None)
            else:
                notes[key] = value
        self.device.set_context(evse, transaction=values.get("transaction_id") is not None)
        self._refresh_notes(evse, self._clock.now())

    async def act(self, evse: int, action: str, arguments: Mapping[str, Scalar]) -> CommandResult:
        """A device action, outside of start, pause and limit."""
        try:
            await self.device.execute(action, evse, arguments)
        except Unsupported as error:
            return CommandResult(Outcome.UNSUPPORTED, code="unsupported", text=str(error))
        except DeviceError as error:
            return CommandResult(Outcome.REJECTED, code="device", text=str(error))
        return CommandResult(Outcome.ACCEPTED)

    def event(self, event_type: str, **details: object) -> None:
        self._publisher.event(event_type, details)

    def info(self) -> dict[str, object]:
        who = self.identity
        return {
            "name": self.name,
            "vendor": who.vendor,
            "model": who.model,
            "serial": who.serial,
            "firmware": who.firmware,
            "protocol": self.protocol,
            "blueprint": self.blueprint,
            "capabilities": sorted(self.abilities.actions),
            "evses": list(self._evses),
            "exposes": sorted(self.abilities.readings),
            "limits": {
                "min_current": self.ratings.min_current,
                "max_current": self.ratings.max_current,
                "step": self.ratings.step,
            },
        }

    # Inside

    def _show(self, number: int, state: dict[str, Scalar], now: Moment) -> None:
        evse = self._evses[number]
        before, evse.device = evse.device, MappingProxyType(state)
        merged_state = {**state, **{k: v for k, v in evse.notes.items() if k in ("id_tag", "transaction_id")}}
        result = step(evse.session, before, merged_state, now)
        changed = result.session != evse.session
        evse.session = result.session
        for watcher in list(self._watchers):
            watcher(number, evse.device)
        self._refresh_notes(number, now)
        for event in result.events:
            self.event(event, evse=number)
        if changed or result.closed:
            self._session_changed(number, result.closed, now, keep=bool(result.events or result.closed))

    def _session_changed(self, number: int, closed: Session | None, now: Moment, *, keep: bool) -> None:
        session = self._evses[number].session
        shown = session or closed
        if shown and keep:
            self._publisher.session(shown.body(self.id, number, now.wall), closed=closed is not None)
        if keep:
            self._start(self._sessions.keep(self.id, number, session, closed))

    def _refresh_notes(self, number: int, now: Moment) -> None:
        """The published state: the device's view, what the station notes, limits, session."""
        evse = self._evses[number]
        if not evse.device:
            return
        offer = evse.limits.offer()
        state: dict[str, Scalar] = {
            **evse.device,
            "current_limit": offer.current_a,
            "limit_source": offer.source,
            "limit_until": None if offer.until is None else offer.until.isoformat(timespec="seconds"),
        }
        if evse.read_back is not None and self.available:
            state["offered_current"] = evse.read_back
        if evse.session:
            state["session_energy"] = round(evse.session.counted, 3) or state.get("session_energy") or 0.0
            state["session_start"] = evse.session.started
        status = evse.notes.get("status")
        if status and self.available:
            state["status"] = status
        state.update({key: evse.notes.get(key) for key in ("transaction_id", "id_tag", "operative")})
        state["pending"] = evse.control.busy or None
        evse.shown = MappingProxyType(state)
        self._publisher.evse(number, evse.shown, now)

    def _reconcile(self, number: int, now: Moment) -> None:
        evse = self._evses[number]
        if not self.available:
            return
        offer = evse.limits.offer()
        action = evse.control.next_action(offer, evse.enabled, evse.read_back, now.mono)
        if action is not None:
            wanted = evse.control.wanted(offer)
            assert wanted is not None
            evse.control.begun()
            self._start(self._carry_out(number, action, wanted))

    async def _carry_out(self, number: int, action: str, wanted: Wanted) -> None:
        evse = self._evses[number]
        arguments: dict[str, Scalar] = {} if action == "pause" else {"limit": wanted.limit_a}
        try:
            await self.device.execute(action, number, arguments)
        except (DeviceError, Unsupported) as error:
            wait = evse.control.failed(self._clock.now().mono)
            log.warning("charger %s: %s failed (%s); again in %.0f s", self.id, action, error, wait)
            asyncio.get_running_loop().call_later(wait, self._reconcile_later, number)
            return
        evse.control.done(wanted, self._clock.now().mono)
        self._refresh_notes(number, self._clock.now())
        self._reconcile(number, self._clock.now())

    def _reconcile_later(self, number: int) -> None:
        self._reconcile(number, self._clock.now())

    def _watch_expiry(self, number: int) -> None:
        evse = self._evses[number]
        if evse.expiry:
            evse.expiry.cancel()
            evse.expiry = None
        due = evse.limits.next_expiry()
        if due is not None:
            wait = max(0.0, (due - self._clock.now().wall).total_seconds())
            evse.expiry = asyncio.get_running_loop().call_later(wait + 0.001, self._expire, number)

    def _expire(self, number: int) -> None:
        evse, now = self._evses[number], self._clock.now()
        for source in evse.limits.expire(now.wall):
            self.event("limit_expired", evse=number, source=source)
        self._watch_expiry(number)
        self._refresh_notes(number, now)
        self._reconcile(number, now)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def merged(before: Identity, told: Identity) -> Identity:
    """What the device says of itself goes before what its blueprint says."""
    return Identity(
        told.vendor or before.vendor,
        told.model or before.model,
        told.serial or before.serial,
        told.firmware or before.firmware,
    )


def _rated(ratings: Ratings, max_current: float | None) -> Ratings:
    if max_current is None:
        return ratings
    return replace(ratings, max_current=min(ratings.max_current, max_current))
