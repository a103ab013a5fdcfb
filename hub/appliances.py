"""The site's devices that aren't chargers, while they run: started, stopped and changed as the configuration says."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from hub.bus import Bus
from hub.charger.appliance import ApplianceRuntime
from hub.charger.runtime import ChargerRuntime
from hub.charger.supply import Supply
from hub.clock import Clock
from hub.config.settings import DeviceSettings, MeterSettings
from hub.errors import HubError
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_appliance
from hub.part import Part
from hub.topics import Topics

log = logging.getLogger(__name__)


class Appliances:
    """`need`: starts what an integration does once for all of its devices."""

    def __init__(
        self, bus: Bus, topics: Topics, clock: Clock, folder: Path, need: Callable[[str], None]
    ) -> None:
        self._bus, self._topics, self._clock, self._folder, self._need = bus, topics, clock, folder, need
        self._running: dict[str, tuple[DeviceSettings, ApplianceRuntime, Part]] = {}

    async def use(
        self, wanted: Mapping[str, DeviceSettings], bad: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        """These from now on, and no others. One that can't be is said and left out; so are `bad` ones."""
        for device, problems in (bad or {}).items():
            log.error("device %s is left out: %s", device, "; ".join(problems))
        for device, (settings, runtime, _) in list(self._running.items()):
            if wanted.get(device) != settings:
                await self._stop(device)
            if device not in wanted:
                runtime.clear()
        for device, settings in wanted.items():
            if device not in self._running:
                try:
                    self._start(settings)
                except HubError as error:
                    log.error("device %s is left out: %s", device, error)

    async def stop(self, integrations: Collection[str]) -> None:
        """Those of these integrations."""
        for device, (settings, _, _) in list(self._running.items()):
            if settings.integration in integrations:
                await self._stop(device)

    async def close(self) -> None:
        for device in list(self._running):
            await self._stop(device)

    def _start(self, settings: DeviceSettings) -> None:
        make = load_appliance(settings.integration)
        self._need(settings.integration)
        device = make(DeviceSetup(settings.id, None, settings.inputs, self._clock, self._folder))
        runtime = ApplianceRuntime(
            settings.id,
            settings.name,
            settings.integration,
            device,
            bus=self._bus,
            topics=self._topics,
            clock=self._clock,
        )
        part = Part()
        part.run(f"device {settings.id}", runtime.run)
        self._running[settings.id] = settings, runtime, part

    async def _stop(self, device: str) -> None:
        _, _, part = self._running.pop(device)
        await part.stop()


def supply(
    runtime: ChargerRuntime, meter: MeterSettings | None, bus: Bus, topics: Topics
) -> Callable[[], Awaitable[None]]:
    """The charger takes what `meter` names from now on, until the result is awaited. Raises HubError."""
    if meter is None:
        return _nothing
    if meter.evse > runtime.evses:
        raise HubError(f"meter: it has no EVSE {meter.evse}")
    return Supply(runtime, meter.evse, meter.sources).start(bus, topics)


async def _nothing() -> None: ...
