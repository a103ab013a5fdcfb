"""The chargers of a configuration: each with its device, runtime, station and way to the CSMS, started and stopped
together; and their blueprints, which may be edited while the cars charge."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.appliances import supply
from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.bus import Bus
from hub.charger.description import Description
from hub.charger.limits import Fallback
from hub.charger.memory import StoredMemory
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.clock import Clock
from hub.config.circuits import missing_evses
from hub.config.settings import ChargerSettings, Config
from hub.errors import BlueprintError, ConfigError, HubError
from hub.integration.api import Device, DeviceSetup
from hub.integration.loader import load_codec, load_factory
from hub.part import Part
from hub.shipped import shipped
from hub.store.database import Database
from hub.topics import Topics
from hub.uplink.connect import Connector
from hub.uplink.jobs import Desk, Jobs
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.operations import install
from hub.uplink.setup import default_problems, endpoint, station_setup
from hub.uplink.uplink import Uplink

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""So often the blueprints' files are looked at."""


@dataclass(frozen=True, slots=True)
class House:
    """What all chargers share."""

    bus: Bus
    topics: Topics
    clock: Clock
    registry: Registry
    database: Database
    desk: Desk
    need: Callable[[str], None]
    """A protocol is spoken from now on."""
    join: Callable[[ChargerRuntime], Callable[[], Awaitable[None]]]
    """A charger is about to run: it gets its share of the circuits that feed it, until the result is awaited."""
    jitter_s: float = 2.0


class Chargers:
    """`config` is the one in force; whoever puts another in its place stops and starts what that changes."""

    def __init__(
        self, config: Config, house: House, tell_bad: Callable[[str, tuple[str, ...]], None]
    ) -> None:
        """`tell_bad`: of a charger that must be left out, or of a blueprint that doesn't check, with the problems."""
        self.config = config
        self.house, self._tell_bad = house, tell_bad
        self._parts: dict[str, Part] = {}
        self._mappings: dict[str, BlueprintMapping] = {}
        self._stamps: dict[Path, int] = {}

    async def start(self, charger: str) -> None:
        """A charger that can't be built is told, and left out."""
        settings = self.config.chargers[charger]
        try:
            await self._build(settings, mapping_of(self.config, settings))
        except HubError as error:
            self._tell_bad(charger, told(settings, error))

    async def stop(self, charger: str) -> None:
        part = self._parts.pop(charger, None)
        self._mappings.pop(charger, None)
        if part is not None:
            await part.stop()
        self.house.registry.remove(charger)

    async def stop_all(self) -> None:
        for charger in list(self._parts):
            await self.stop(charger)

    # Blueprints that are edited

    async def watch(self) -> None:
        """Takes over what is saved in a blueprint's file, for ever. What doesn't check changes nothing, and is told."""
        self._stamps = stamps(self._mappings.values())
        while True:
            await asyncio.sleep(LOOK_S)
            now = stamps(self._mappings.values())
            touched, self._stamps = (
                {file for file in now if now[file] != self._stamps.get(file, now[file])},
                now,
            )
            if touched:
                await self.take_over(
                    charger for charger, mapping in self._mappings.items() if touched & set(mapping.files)
                )

    async def take_over(self, chargers: Iterable[str]) -> list[str]:
        """Those of `chargers` whose blueprint says something else by now get a device that knows it. Where the
        charger is another one then (its EVSEs, abilities or ratings), its station starts anew. Returns them."""
        edited = []
        for charger in list(chargers):
            settings, before = self.config.chargers[charger], self._mappings.get(charger)
            try:
                mapping = mapping_of(self.config, settings)
                if before is None or mapping.digest != before.digest:
                    await self._swap(settings, mapping)
                    edited.append(charger)
                    log.info("charger %s: its blueprint was edited", charger, extra={"charger": charger})
            except HubError as error:
                self._tell_bad(charger, told(settings, error))
            await asyncio.sleep(0)
        return edited

    async def _swap(self, settings: ChargerSettings, mapping: BlueprintMapping) -> None:
        runtime, before = self.house.registry.get(settings.id), self._mappings.get(settings.id)
        device = self._device(settings, mapping)
        same = before is not None and self._same_station(settings, before, mapping)
        if runtime is not None and same and runtime.fits(device):
            runtime.swap(device)
            self._mappings[settings.id] = mapping
            return
        await self.stop(settings.id)
        await self._build(settings, mapping)

    def _same_station(
        self, settings: ChargerSettings, before: BlueprintMapping, now: BlueprintMapping
    ) -> bool:
        """To the CSMS, and on MQTT."""
        first, second = (
            (_described(settings, mapping), station_setup(settings, mapping, self.config.tokens, frozenset()))
            for mapping in (before, now)
        )
        return first == second

    # Building

    def _device(self, settings: ChargerSettings, mapping: BlueprintMapping) -> Device:
        self.house.need(mapping.protocol)
        make_device = load_factory(mapping.protocol)
        folder = self.config.path.parent
        return make_device(DeviceSetup(settings.id, mapping, settings.inputs, self.house.clock, folder))

    async def _build(self, settings: ChargerSettings, mapping: BlueprintMapping) -> None:
        house = self.house
        memory = StoredMemory(house.database, settings.id)
        runtime = ChargerRuntime(
            settings.id,
            _described(settings, mapping),
            self._device(settings, mapping),
            bus=house.bus,
            topics=house.topics,
            clock=house.clock,
            memory=memory,
            remembered=await memory.remembered(),
        )
        uplink, connector = await self._station(settings, mapping, runtime)
        end_supply = supply(runtime, settings.meter, house.bus, house.topics)
        house.registry.add(runtime)
        install(runtime, uplink, connector)
        self._mappings[settings.id] = mapping
        part = self._parts[settings.id] = Part()
        part.closing(end_supply)
        part.closing(house.join(runtime))
        part.run(f"station {settings.id}", uplink.run)
        part.run(f"charger {settings.id}", runtime.run)
        if connector is not None:
            part.run(f"csms {settings.id}", connector.run)

    async def _station(
        self, settings: ChargerSettings, mapping: BlueprintMapping, runtime: ChargerRuntime
    ) -> tuple[Uplink, Connector | None]:
        house = self.house
        keys = KeyFiles(self.config.hub.state_dir / "keys" / settings.id)
        setup = station_setup(settings, mapping, self.config.tokens, keys.names(), self.config.hub.timezone)
        uplink = await Uplink.create(
            runtime,
            house.database,
            house.clock,
            setup,
            remember=settings.csms is not None,
            keys=keys,
            jobs=Jobs(settings.id, setup.reach, house.desk, settings.csms.host_keys if settings.csms else ()),
        )
        for problem in default_problems(settings.csms):
            log.error("charger %s: %s", settings.id, problem)
        if settings.csms is None:
            return uplink, None
        return uplink, Connector(uplink, endpoint(settings.csms), keys=keys, jitter_s=house.jitter_s)


def mapping_of(config: Config, settings: ChargerSettings) -> BlueprintMapping:
    """Raises BlueprintError."""
    search = (*config.blueprint_search, shipped("blueprints"))
    return load_blueprint(settings.blueprint, settings.inputs, search, load_codec)


async def check_blueprints(config: Config) -> None:
    """Raises BlueprintError with all problems of all chargers' blueprints."""
    problems = []
    evses: dict[str, int] = {}
    for settings in config.chargers.values():
        try:
            evses[settings.id] = mapping_of(config, settings).evses
        except BlueprintError as error:
            problems += settings.problems(error.problems)
        problems += default_problems(settings.csms)
        await asyncio.sleep(0)  # a hundred chargers' blueprints don't hold up those that charge
    problems += missing_evses(config.circuits, evses)
    if problems:
        raise BlueprintError(list(dict.fromkeys(problems)))


def stamps(mappings: Iterable[BlueprintMapping]) -> dict[Path, int]:
    """When each file was changed, in ns; 0: it isn't there."""
    files = {file for mapping in mappings for file in mapping.files}
    return {file: file.stat().st_mtime_ns if file.is_file() else 0 for file in files}


def told(settings: ChargerSettings, error: HubError) -> tuple[str, ...]:
    problems = error.problems if isinstance(error, ConfigError) else [str(error)]
    return tuple(settings.placed(problem) for problem in problems)


def _described(settings: ChargerSettings, mapping: BlueprintMapping) -> Description:
    limits = settings.limits
    return Description(
        settings.name,
        mapping.protocol,
        mapping.path,
        mapping.identity,
        limits.max_current,
        Fallback(limits.fallback, limits.fallback_current),
        settings.raw,
    )
