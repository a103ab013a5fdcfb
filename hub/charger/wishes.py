"""What the rest of the hub wants of a charger's EVSEs: may energy flow, how much, and is it so yet."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from hub.charger.driver import Driver, Host, Promise
from hub.charger.evse import Evse
from hub.charger.limits import CIRCUIT
from hub.charger.memory import Memory
from hub.charger.onlookers import LimitWatcher, Onlookers
from hub.charger.records import Records
from hub.clock import Clock
from hub.model.entity import Scalar
from hub.model.moment import Moment


class Wishes:
    """Of one charger. Each is kept, carried out and shown as soon as it is made."""

    def __init__(
        self,
        evses: Mapping[int, Evse],
        drivers: Mapping[int, Driver],
        host: Host,
        *,
        clock: Clock,
        memory: Memory,
        records: Records,
    ) -> None:
        self._evses, self._drivers, self._host = evses, drivers, host
        self._clock, self._memory, self._records = clock, memory, records
        self._onlookers = Onlookers(evses)

    def permit(self, evse: int, allowed: bool | None) -> None:
        """May energy flow, says the station; None: it doesn't interfere."""
        self._evses[evse].control.permitted = allowed
        self._changed(evse)

    def pause(self, evse: int, paused: bool) -> None:
        self._evses[evse].control.paused = paused
        self._records.pause(self._evses[evse])
        self._changed(evse)

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
        now = self._clock.now()
        until = None
        if expires_in is not None:
            until = Moment(now.mono + expires_in, now.wall + timedelta(seconds=expires_in))
        self._evses[evse].limits.set(source, current_a, power_w=power_w, until=until)
        self._keep(evse, source, now)
        self._changed(evse)

    def grant(self, evse: int, current_a: float | None, *, restrained: bool) -> None:
        """What the EVSE's circuit gives it; None: it is on none. `restrained`: that is less than it could have."""
        self._evses[evse].restrained = restrained
        self.limit(evse, CIRCUIT, current_a)

    def takes(self, evse: int, source: str) -> bool:
        """Is there room for one more source's limit?"""
        return self._evses[evse].limits.takes(source)

    def promise(self, evse: int) -> Promise:
        """What becomes of the wish that was just made: a device may refuse it before it is on disk."""
        return self._drivers[evse].promise()

    async def settled(self, promise: Promise) -> None:
        """Until what is wanted is on disk, and the device has confirmed it. Raises StoreError, DeviceError,
        Unsupported: the wish stays, and is tried again."""
        await self._memory.written()
        error = await promise
        if error is not None:
            raise error

    def holding(self, evse: int) -> dict[str, Scalar]:
        """The limit that holds, in a command's answer. Not `confirmed`: it is told when somebody charges."""
        chosen = self._evses[evse]
        offer = chosen.told_offer()
        held: dict[str, Scalar] = {
            "evse": evse,
            "current_limit": offer.current_a,
            "limit_source": offer.source,
            "charging": not chosen.control.paused,
            "confirmed": self._host.available and chosen.control.follows(offer),
        }
        if "last_command" in chosen.device:
            held["proof"] = chosen.device["last_command"]
        return held

    def watch_limits(self, watcher: LimitWatcher) -> Callable[[], None]:
        """Called with the lowest limit of anybody but the CSMS, whenever there is another one or none any more."""
        return self._onlookers.watch(watcher)

    def look(self, evse: int) -> None:
        """Something has happened to the EVSE: its lowest limit may be another one by it."""
        self._onlookers.tell(evse)

    def tick(self, evse: int, now: Moment) -> None:
        """What time alone changes."""
        limits = self._evses[evse].limits
        over = limits.expire(now)
        for source in over:
            self._host.event("limit_expired", evse=evse, source=source)
        moved = limits.follow_clock(now)
        for source in (*over, *moved):
            self._keep(evse, source, now)
        self._drivers[evse].look()
        if over or moved:
            self._host.show(evse)

    def _changed(self, evse: int) -> None:
        self._drivers[evse].look()
        self._host.show(evse)

    def _keep(self, evse: int, source: str, now: Moment) -> None:
        self._records.limit(self._evses[evse], source, now)
        self._onlookers.tell(evse)
