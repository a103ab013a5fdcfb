"""One charger while it runs: takes what its device sees, shows it on the bus, and sees its wishes through."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

from hub.bus import Bus
from hub.charger.claim import Claim
from hub.charger.description import Description, info, merged, rated
from hub.charger.driver import Driver
from hub.charger.evse import Evse
from hub.charger.left import ends
from hub.charger.memory import Forgetful, Memory, Remembered
from hub.charger.meter import By
from hub.charger.publisher import Publisher
from hub.charger.recall import recall
from hub.charger.records import Records
from hub.charger.sessions import left
from hub.charger.slot import Slot
from hub.charger.turns import rest
from hub.charger.wishes import Wishes
from hub.clock import Clock
from hub.errors import DeviceError, NotConfirmed, Unsupported
from hub.integration.api import Device, Reading
from hub.model.charger import Abilities, Identity, Ratings
from hub.model.command import Command, CommandResult, Outcome
from hub.model.entity import Scalar, State
from hub.model.moment import Moment
from hub.tasks import contained, supervise
from hub.topics import Topics

log = logging.getLogger(__name__)


Operation = Callable[[Command], Awaitable[CommandResult]]
Watcher = Callable[[int, State], None]


class ChargerRuntime:
    """A `Sink` for its device. `operations` are the commands that it understands, by name."""

    def __init__(
        self,
        charger: str,
        description: Description,
        device: Device,
        *,
        bus: Bus,
        topics: Topics,
        clock: Clock,
        memory: Memory | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self.id, self.description = charger, description
        self.identity = description.identity
        self.abilities: Abilities = device.abilities
        self.ratings = rated(device.ratings, description.max_current)
        self.available = False
        self.away = ""
        """Why it isn't there, as its device says."""
        self.operations: dict[str, Operation] = {}
        self._clock = clock
        self._publisher = Publisher(bus, topics, charger, clock, self._live)
        self._slot = Slot(device, self._publisher.raw if description.raw else None)
        self._memory = memory or Forgetful()
        self._watchers: list[Watcher] = []
        self._claim_watchers: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._evses = {
            number: Evse(number, device.abilities, self.ratings, description.fallback)
            for number in range(1, device.evses + 1)
        }
        self._drivers = {number: Driver(evse, clock, self) for number, evse in self._evses.items()}
        kept = remembered or Remembered()
        recall(charger, self._evses, kept, clock.now())
        self._left = tuple(ends(charger, kept, self._evses, clock.now()))
        """The sessions of EVSEs that are no more."""
        # One that goes on is told with the first reading.
        self._last_session = None if any(evse.session for evse in self._evses.values()) else kept.last
        self._seen_at: float | None = None
        self._records = Records(charger, self._memory, self._publisher)
        self.wishes = Wishes(
            *(self._evses, self._drivers, self), clock=clock, memory=self._memory, records=self._records
        )

    @property
    def device(self) -> Device:
        return self._slot.device

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def protocol(self) -> str:
        return self.description.protocol

    @property
    def blueprint(self) -> str | None:
        return self.description.blueprint

    @property
    def evses(self) -> int:
        return len(self._evses)

    async def run(self) -> None:
        """Until cancelled; a device that breaks is started again."""
        self._publisher.keep_evses(self.evses)
        self._publisher.availability(False)
        self._publisher.info(self.info())
        self._records.begin(self._last_session)
        gone, self._left = self._left, ()
        for number, closed in gone:
            self._records.leave(number, closed, self._clock.now())
        keeper = asyncio.create_task(supervise(f"memory of {self.id}", self._memory.run))
        ticker = asyncio.create_task(supervise(f"clock of {self.id}", self._tick_for_ever))
        try:
            await supervise(f"charger {self.id}", lambda: self._slot.run(self))
        finally:
            self.available = False
            for driver in self._drivers.values():
                driver.lost("it was stopped")
            for task in (ticker, *self._tasks):
                task.cancel()
            await asyncio.gather(ticker, *self._tasks, return_exceptions=True)
            self._publisher.availability(False)
            for number in self._evses:
                self._records.meter(self._evses[number], self._clock.now())
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    def fits(self, device: Device) -> bool:
        """May `device` take over, with all that is known of this charger as it is?"""
        return self._slot.fits(device)

    def swap(self, device: Device) -> None:
        """Another device for the same charger takes over (its blueprint was edited): sessions, transactions and the
        CSMS notice nothing."""
        for number, evse in self._evses.items():
            device.set_context(number, transaction=evse.notes.get("transaction_id") is not None)
        self._slot.swap(device)

    async def clear(self) -> None:
        """The charger was removed: its sessions end, nothing of it stays retained, and no wish in force. Raises
        StoreError."""
        now = self._clock.now()
        for number, evse in self._evses.items():
            if evse.session is not None:
                closed, evse.session = left(evse.session, evse.meter.total, now), None
                self._records.leave(number, closed, now)
        self._publisher.clear()
        await self._memory.forget()

    # The device tells

    def reading(self, reading: Reading) -> None:
        now = self._clock.now()
        came = not self.available
        self._seen_at = now.mono
        if came:
            self.available, self.away = True, ""
            log.info("charger %s is there", self.id, extra={"charger": self.id})
            self._publisher.availability(True)
        if reading.identity is not None:
            self._identify(reading.identity)
        for number in reading.evses:
            if number in self._evses:
                self._take(number, reading, now, came=came)

    def offline(self, reason: str) -> None:
        """Faulted, and every value unknown; sessions and transactions stay open."""
        if self.available or not self.away:
            log.warning("charger %s is away: %s", self.id, reason, extra={"charger": self.id})
        self.available, self.away = False, reason
        self._publisher.availability(False)
        now = self._clock.now()
        for number, evse in self._evses.items():
            self._drivers[number].lost(reason)
            self._see(number, evse.lose(), now)

    def supply(self, evse: int, values: Mapping[str, Scalar]) -> None:
        """What a meter beside the charger says, by point name and in a point's unit (`power` W, `energy` Wh,
        `current_l1`, `voltage_l1`, ...), stands in for what the charger doesn't say. Empty: it is silent."""
        now = self._clock.now()
        state = self._evses[evse].supply(values, now)
        if state is not None:
            self._measured(evse, state, now)

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

    def watch_claims(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Called when a `claim` may have changed."""
        self._claim_watchers.append(watcher)
        return lambda: self._claim_watchers.remove(watcher)

    def claim(self, evse: int) -> Claim:
        """What it would like to draw, and may be drawing."""
        safe = self.description.fallback.current_a
        return self._evses[evse].claim(self.abilities.actions, available=self.available, safe_a=safe)

    def annotate(self, evse: int, values: Mapping[str, Scalar]) -> None:
        """What only the station knows; None withdraws."""
        notes, now = self._evses[evse].notes, self._clock.now()
        notes.update(values)
        self.device.set_context(evse, transaction=notes.get("transaction_id") is not None)
        if self._evses[evse].device:
            self._records.follow(self._evses[evse], self._evses[evse].device, now)
            self.show(evse)

    async def act(self, evse: int, action: str, arguments: Mapping[str, Scalar]) -> CommandResult:
        """A device action, outside of start, pause and limit."""
        try:
            await self.device.execute(action, evse, arguments)
        except Unsupported as error:
            return CommandResult(Outcome.UNSUPPORTED, code="unsupported", text=str(error))
        except DeviceError as error:
            code = "not_confirmed" if isinstance(error, NotConfirmed) else "device"
            return CommandResult(Outcome.REJECTED, code=code, text=str(error))
        return CommandResult(Outcome.ACCEPTED)

    def event(self, event_type: str, **details: object) -> None:
        self._publisher.event(event_type, details)

    def note(self, values: Mapping[str, Scalar]) -> None:
        """Of the charger itself, beside what its EVSEs show."""
        self._publisher.station(values)

    def measured(self, body: Mapping[str, object]) -> None:
        """Meter values that a transaction or the clock has asked for."""
        self._publisher.meter(body)

    def info(self) -> dict[str, object]:
        return info(self.description, self.identity, self.abilities, self.ratings, self.evses)

    # What a driver asks for

    def show(self, evse: int) -> None:
        """The EVSE's state as it is known now; nothing is said before the device has said something."""
        chosen = self._evses[evse]
        if chosen.device:
            state = chosen.overlaid(available=self.available)
            self._publisher.evse(evse, state, self._clock.now())
        self.wishes.look(evse)
        for watcher in self._claim_watchers:
            watcher()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(contained(f"charger {self.id}", work, None))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Inside

    def _take(self, number: int, reading: Reading, now: Moment, *, came: bool) -> None:
        evse, seen = self._evses[number], reading.evses[number]
        if not came and evse.same(seen, reading.shared, now):
            return
        if seen.ratings:
            self._rate(evse, seen.ratings)
        self._measured(number, evse.take(reading, now), now)
        tag = evse.card()
        if tag is not None:
            self._presented(number, tag)
        self._drivers[number].look()

    def _measured(self, number: int, state: dict[str, Scalar], now: Moment) -> None:
        self._see(number, state, now)
        meter = self._evses[number].meter
        if meter.epoch and meter.by in (By.REGISTER, By.METER):
            self._epoch(number, meter.epoch.left, meter.epoch.begins)

    def _see(self, number: int, state: dict[str, Scalar], now: Moment) -> None:
        evse = self._evses[number]
        before, evse.device = evse.device, MappingProxyType(state)
        for watcher in list(self._watchers):
            watcher(number, evse.device)
        self._records.follow(evse, before, now)
        self.show(number)

    def _identify(self, told: Identity) -> None:
        now_known = merged(self.identity, told)
        if now_known != self.identity:
            before, self.identity = self.identity, now_known
            self._publisher.info(self.info())
            if before.firmware and before.firmware != now_known.firmware:
                self.event("firmware", before=before.firmware, now=now_known.firmware)

    def _rate(self, evse: Evse, told: Ratings) -> None:
        try:
            ratings = rated(told, self.description.max_current)
        except ValueError:
            return  # what can't be understood changes nothing
        if ratings != evse.limits.ratings:
            evse.rate(told, ratings)
            self.ratings = ratings
            self._publisher.info(self.info())

    def _presented(self, number: int, tag: str) -> None:
        self.event("id_tag", evse=number, id_tag=tag)
        authorize = self.operations.get("authorize")
        if authorize:
            self.spawn(self._authorize(authorize, number, tag))

    async def _authorize(self, authorize: Operation, number: int, tag: str) -> None:
        await authorize(Command(self.id, "authorize", {"evse": number, "id_token": tag}, source="charger"))

    def _epoch(self, number: int, left: float, begins: float) -> None:
        log.warning(
            "charger %s: the register of evse %d went from %s to %s kWh", self.id, number, left, begins
        )
        self.event("register_reset", evse=number, left=left, begins=begins)
        self._records.meter(self._evses[number], self._clock.now())

    # Time

    async def _tick_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(rest(self.id, loop.time()))
            self.tick(self._clock.now())

    def tick(self, now: Moment) -> None:
        """Once a second: what time alone changes."""
        for number in self._evses:
            self.wishes.tick(number, now)
        if self._publisher.tick(now):
            self._records.every_minute(self._evses.values(), now)

    def _live(self, number: int, now: Moment) -> Mapping[str, Scalar]:
        session = self._evses[number].session
        age = None if self._seen_at is None else round(max(0.0, now.mono - self._seen_at), 1)
        return {"age_s": age, "session_duration": session.duration_s(now) if session else None}
