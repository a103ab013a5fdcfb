"""What a station's effects do to its charger, its files and its jobs."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from hub.charger.runtime import ChargerRuntime
from hub.model.moment import Moment
from hub.ocpp.station.effects import (
    Abandon,
    Act,
    Annotate,
    Begin,
    Done,
    Effect,
    Happened,
    Limit,
    Measured,
    Permit,
    StoreKey,
)
from hub.ocpp.station.station import Station
from hub.uplink.jobs import Jobs
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.meter import meter_body

log = logging.getLogger(__name__)

Tell = Callable[[Callable[[Station, Moment], Any]], Any]


class Hands:
    """`tell` brings the station what became of what takes its time."""

    def __init__(self, runtime: ChargerRuntime, tell: Tell, keys: KeyFiles | None, jobs: Jobs | None) -> None:
        self._runtime, self._tell, self._keys, self._jobs = runtime, tell, keys, jobs
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, effect: Effect) -> None:
        match effect:
            case Permit(evse=evse, allowed=allowed):
                self._runtime.wishes.permit(evse, allowed)
            case Limit(evse=evse, current_a=current, power_w=power):
                self._runtime.wishes.limit(evse, "csms", current, power_w=power)
            case Annotate(evse=evse, values=values):
                self._runtime.annotate(evse, values)
            case Measured(evse=evse, value=value):
                self._runtime.measured(meter_body(evse, value))
            case Happened():
                self._happened(effect)
            case Act():
                self._spawn(self._act(effect))
            case StoreKey(key=key, pem=pem):
                self._store_key(key, pem)
            case Begin():
                self._begin(effect)
            case Abandon(ref=ref) if self._jobs is not None:
                self._jobs.abandon(ref)

    async def rest(self) -> None:
        """What is still going on is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _happened(self, effect: Happened) -> None:
        if effect.event == "security":
            what = f"{effect.details['security_event']} {effect.details['info']}".strip()
            log.info("%s: security event: %s", self._runtime.id, what)
        self._runtime.event(effect.event, **effect.details)

    def _store_key(self, key: str, pem: str | None) -> None:
        """Without it the certificate that comes for it is refused, and a new one asked for."""
        try:
            if self._keys is not None:
                self._keys.store(key, pem)
        except OSError as error:
            log.error("%s: the station's key can't be stored: %s", self._runtime.id, error)

    async def _act(self, act: Act) -> None:
        result = await self._runtime.act(act.evse, act.action, act.arguments)
        self._tell(lambda station, now: station.device_done(act.ref, result, now))

    def _begin(self, begin: Begin) -> None:
        if self._jobs is not None:
            self._jobs.expect(begin.ref)
        self._spawn(self._run(begin))

    async def _run(self, begin: Begin) -> None:
        done = Done(False) if self._jobs is None else await self._jobs.run(begin.ref, begin.job)
        self._tell(lambda station, now: station.job_done(begin.ref, done, now))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
