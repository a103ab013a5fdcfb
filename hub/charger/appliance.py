"""What belongs to the site and isn't a charger: a meter, PV, a battery. Its values are on the bus, nothing else."""

import asyncio
import logging

from hub.bus import Bus
from hub.charger.description import merged
from hub.charger.publisher import Publisher
from hub.charger.turns import rest
from hub.clock import Clock
from hub.integration.api import Described, Device, Reading
from hub.model.charger import Identity
from hub.model.entity import EMPTY, State
from hub.tasks import supervise
from hub.topics import Topics

log = logging.getLogger(__name__)


class ApplianceRuntime:
    """A `Sink` for its device."""

    def __init__(
        self,
        appliance: str,
        name: str,
        protocol: str,
        device: Device,
        *,
        bus: Bus,
        topics: Topics,
        clock: Clock,
    ) -> None:
        self.id, self.name, self.protocol, self.device = appliance, name, protocol, device
        self.identity = Identity()
        self.available = False
        self._values: State = EMPTY
        self._clock = clock
        self._publisher = Publisher(bus, topics, appliance, clock)

    async def run(self) -> None:
        """Until cancelled; a device that breaks is started again."""
        self._tell()
        self._publisher.info(self.info())
        ticker = asyncio.create_task(supervise(f"clock of {self.id}", self._tick_for_ever))
        try:
            await supervise(self.id, self._run_device)
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
            self.offline("it was stopped")

    def clear(self) -> None:
        """It was removed: nothing of it stays retained."""
        self._publisher.clear()

    def reading(self, reading: Reading) -> None:
        came = not self.available
        if came:
            self.available = True
            log.info("%s is there", self.id)
        self._values = reading.shared
        identity = merged(self.identity, reading.identity) if reading.identity else self.identity
        if came or identity != self.identity:
            self.identity = identity
            self._publisher.info(self.info())
        if came:
            self._tell()
        else:
            self._publish()

    def offline(self, reason: str) -> None:
        """Every value is unknown."""
        if self.available:
            log.warning("%s is away: %s", self.id, reason)
        self.available = False
        self._values = dict.fromkeys(self._values)
        self._tell()
        self._publisher.tick(self._clock.now())  # not one second later: perhaps there is none

    def info(self) -> dict[str, object]:
        who = self.identity
        return {
            "name": self.name,
            "vendor": who.vendor,
            "model": who.model,
            "serial": who.serial,
            "firmware": who.firmware,
            "protocol": self.protocol,
            "exposes": sorted(self._values),
            "names": self.device.describe() if isinstance(self.device, Described) else {},
        }

    def _tell(self) -> None:
        self._publisher.availability(self.available)
        self._publish()

    def _publish(self) -> None:
        self._publisher.evse(0, {"available": self.available, **self._values}, self._clock.now())

    async def _run_device(self) -> None:
        broken = True
        try:
            await self.device.run(self)
        except asyncio.CancelledError:
            broken = False
            raise
        finally:
            if broken:
                self.offline("its integration has stopped")

    async def _tick_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(rest(self.id, loop.time()))
            self._publisher.tick(self._clock.now())
