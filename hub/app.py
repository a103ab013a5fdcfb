"""The composition root: builds the parts from a Config, runs them, reloads them, stops them."""

import asyncio
import gc
import logging
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from hub.appliances import Appliances
from hub.bus import Bus
from hub.charger import history, left
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.chargers import Chargers, House, check_blueprints
from hub.circuits.site import Site
from hub.clock import Clock, SystemClock
from hub.config import kept
from hub.config.changes import Changes, compare
from hub.config.load import load_config
from hub.config.settings import Config
from hub.control import ControlServer, questions
from hub.discovery import Discovery
from hub.errors import ConfigError, HubError, StoreError, reason
from hub.logs import Diary, setup_logs
from hub.mqtt.bridge import About, Bridge, BusLog
from hub.mqtt.start import MqttPart
from hub.part import Part
from hub.store.database import Database
from hub.topics import Topics
from hub.uplink.setup import desk
from hub.yaml import suggestion

log = logging.getLogger(__name__)

STOP_S = 8.0


class Hub:
    """One hub. `start` returns when everything is built and running; `stop` undoes it."""

    def __init__(
        self, config: Config, *, clock: Clock | None = None, jitter_s: float = 2.0, logs: bool = True
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.bus = Bus()
        self.topics = Topics(config.mqtt.base_topic)
        self.registry = Registry(self.bus, self.topics, self.clock)
        self.mqtt = MqttPart(self.bus, self.topics, self.registry, self.clock)
        self._jitter_s = jitter_s
        self._logs = logs
        self._watch = Part()
        self._site: Site | None = None
        self._stack = AsyncExitStack()
        self._reloading = asyncio.Lock()
        self._chargers: Chargers | None = None
        self._diary = Diary()
        self._bridge: Bridge | None = None
        self._discovery = Discovery(
            self.bus,
            self.topics,
            self.clock,
            config.hub.state_dir,
            lambda: (*self.config.chargers, *self.config.bad_chargers),
            self.reload,
        )
        self._appliances = Appliances(self.bus, self.topics, self.clock, config.path.parent, self._need)

    async def start(self) -> None:
        """Raises HubError when a part that everybody needs can't be had."""
        config = self.config
        self._set_up_logs(config)
        _say_odd(config)
        database = await Database.open(config.hub.state_dir / "evhub.db")
        self._stack.push_async_callback(database.close)
        self._site = Site(self.bus, self.topics, self.clock, self.registry, database)
        self._chargers = Chargers(config, self._house(database, self._site), self._say_bad)
        if not config.refused:
            await left.close(database, {*config.chargers, *config.bad_chargers}, self.clock.now())
        try:
            await self.mqtt.start(config.mqtt)
            self._start_bridge(config)
            await self._start_control(config)
            for protocol in config.protocols:
                self._need(protocol)
            await self._appliances.use(config.devices, config.bad_devices)
            await self._site.open(config.circuits)
            await self._start_chargers(self._chargers)
        except HubError:
            await self.stop()
            raise
        self._tell_chargers()
        self._discovery.ready()
        if config.refused:
            self._say_refused(config.refused)
        else:
            await self._keep(config)

    async def stop(self) -> None:
        await self._watch.stop()
        if self._chargers is not None:
            await self._chargers.stop_all()
        await self._appliances.close()
        await self._discovery.close()
        await self._stack.aclose()
        await self.mqtt.stop()

    async def reload(self) -> Changes:
        """Applies what changed in the file. Raises HubError: nothing was changed."""
        async with self._reloading:
            new = await self._read_again()
            changes = compare(self.config, new)
            self._refuse_busy(changes)
            changes = await self._apply(changes, new)
            await self._keep(new)
            log.info("reloaded: %s", changes)
            return changes

    async def _read_again(self) -> Config:
        """The file as it is now. One with mistakes is told as broken, and the configuration stays."""
        chargers = self._chargers
        assert chargers is not None
        try:
            new = load_config(self.config.path)
            if new.charger_problems:
                raise ConfigError(new.charger_problems)
            await check_blueprints(new)
        except ConfigError as error:
            self.config = chargers.config = replace(self.config, refused=tuple(error.problems))
            self._say_refused(self.config.refused)
            self._tell_chargers()
            raise
        return new

    async def _apply(self, changes: Changes, new: Config) -> Changes:
        """Returns them with the chargers whose blueprint was edited."""
        chargers = self._chargers
        assert chargers is not None
        self.config = chargers.config = new
        if changes.log:
            self._set_up_logs(new)
        if changes.circuits:
            _say_odd(new)
            assert self._site is not None
            await self._site.use(new.circuits)
        if changes.mqtt:
            await self.mqtt.stop()
            await self.mqtt.start(new.mqtt)
        anew = [*changes.changed, *self._speaking(changes.protocols, changes)]
        for charger in (*changes.removed, *anew):
            runtime = self.registry.get(charger)
            await chargers.stop(charger)
            if runtime is not None and charger in changes.removed:
                await self._clear(runtime)
        await self._appliances.stop(changes.protocols)
        for protocol in changes.protocols:
            await self._discovery.stop(protocol)
            if protocol in new.protocols:
                self._need(protocol)
        await self._appliances.use(new.devices)
        for charger in (*changes.added, *anew):
            await chargers.start(charger)
        untouched = new.chargers.keys() - {*changes.added, *anew}
        changes = replace(changes, blueprints=tuple(await chargers.take_over(sorted(untouched))))
        self._tell_chargers()
        if changes.restart:
            log.warning("only a new start of the hub changes %s", ", ".join(changes.restart))
        return changes

    def _speaking(self, protocols: Collection[str], changes: Changes) -> list[str]:
        """Chargers that stay as they are, but speak one of these."""
        changed = (*changes.removed, *changes.changed)
        return [
            runtime.id
            for runtime in self.registry.all()
            if runtime.protocol in protocols and runtime.id not in changed
        ]

    def _refuse_busy(self, changes: Changes) -> None:
        """A charger isn't taken away while it charges somebody's car."""
        for charger in changes.removed:
            runtime = self.registry.get(charger)
            states = [runtime.state(evse) for evse in range(1, runtime.evses + 1)] if runtime else []
            if any(state.get("transaction_id") for state in states):
                raise HubError(f"charger {charger} has a transaction: it can be removed when that has ended")

    async def _clear(self, removed: ChargerRuntime) -> None:
        try:
            await removed.clear()
        except StoreError as error:
            log.warning("charger %s: its limits are still on disk: %s", removed.id, error)

    async def _keep(self, config: Config) -> None:
        try:
            await asyncio.to_thread(kept.keep, config)
        except OSError as error:
            log.warning("no copy of %s was kept: %s", config.path, reason(error))

    # What everybody asks and is told

    def _start_bridge(self, config: Config) -> None:
        about = About(
            started=self.clock.now(),
            name=config.hub.name,
            language=config.hub.language,
            timezone=config.hub.timezone,
            mqtt=config.mqtt.broker.split("@")[-1],
            features=("modbus", "ocpp1.6", "ocpp2.0.1", "ocpp2.1", "mqtt", "echonet_lite"),
            config_hash=lambda: self.config.hash,
            config_problems=lambda: self.config.refused,
            chargers=self.registry.listing,
            protocols=self._discovery.counters,
            counters=self.mqtt.counters,
        )
        requests = {
            "reload": self._reload_request,
            "log_level": self._log_level,
            "sessions/query": self._sessions,
        }
        requests.update(self._discovery.requests())
        self._bridge = Bridge(self.bus, self.topics, self.clock, about, requests)
        self._bridge.start()
        part = Part()
        part.run("bridge", self._bridge.run)
        handler = BusLog(self.bus, self.topics, self.clock)
        logging.getLogger().addHandler(handler)
        self._stack.push_async_callback(self._bridge.close)
        self._stack.push_async_callback(part.stop)
        self._stack.callback(logging.getLogger().removeHandler, handler)

    async def _reload_request(self, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        changes = await self.reload()
        return {
            "added": changes.added,
            "removed": changes.removed,
            "changed": changes.changed,
            "blueprints": changes.blueprints,
            "mqtt": changes.mqtt,
            "circuits": changes.circuits,
        }

    async def _sessions(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self._chargers is not None
        found = await history.query(self._chargers.house.database, asked)
        charger = asked.get("charger")
        known = (*self.config.chargers, *self.config.bad_chargers)
        if charger is not None and charger not in known and not found["sessions"]:
            raise HubError(f"no charger {charger!r}, and no session of one{suggestion(charger, known)}")
        return found

    async def _log_level(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        level = body.get("level")
        if level not in ("debug", "info", "warning", "error"):
            raise HubError("level must be debug, info, warning or error")
        logging.getLogger().setLevel(str(level).upper())
        assert self._bridge is not None
        self._bridge.info()
        return {"level": level}

    async def _start_control(self, config: Config) -> None:
        assert self._bridge is not None
        handlers = {
            **questions(self.registry, self._bridge.health, lambda: self.config.refused, self._circuits),
            "reload": self._reload_request,
            "sessions/query": self._sessions,
        }
        handlers.update(self._discovery.requests())
        control = ControlServer(config.hub.state_dir / "control.sock", handlers)
        await control.start()
        self._stack.push_async_callback(control.close)

    # Chargers

    def _circuits(self) -> Mapping[str, object]:
        return {} if self._site is None else self._site.listing()

    def _house(self, database: Database, site: Site) -> House:
        return House(
            self.bus,
            self.topics,
            self.clock,
            self.registry,
            database,
            desk(self.config.hub, self._diary),
            self._need,
            site.join,
            self._jitter_s,
        )

    async def _start_chargers(self, chargers: Chargers) -> None:
        for charger, problems in self.config.bad_chargers.items():
            self._say_bad(charger, problems)
        assert self._site is not None
        self._watch.run("circuits", self._site.run)
        for charger in self.config.chargers:
            await chargers.start(charger)
        self._watch.run("blueprints", chargers.watch)

    def _need(self, protocol: str) -> None:
        self._discovery.need(protocol, self.config.protocols.get(protocol, {}))

    def _say_bad(self, charger: str, problems: tuple[str, ...]) -> None:
        for problem in problems:
            log.error("charger %s: %s", charger, problem)
        if self._bridge is not None:
            self._bridge.event("bad_charger", {"charger": charger, "problems": problems})

    def _say_refused(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            log.error("the configuration is broken, the last good one is used: %s", problem)
        assert self._bridge is not None
        self._bridge.event("bad_config", {"problems": problems})

    def _tell_chargers(self) -> None:
        assert self._bridge is not None
        self._bridge.info()
        self._bridge.chargers()

    def _set_up_logs(self, config: Config) -> None:
        if self._logs:
            setup_logs(
                level=config.log.level,
                file=config.log.file,
                keep=config.log.keep,
                compress=config.log.compress,
                style=config.log.format,
                timezone=config.hub.timezone,
                diary=self._diary,
            )


def _say_odd(config: Config) -> None:
    for odd in config.odd:
        log.warning("%s", odd)


async def run_hub(config: Config, stop: asyncio.Event, reload: asyncio.Event) -> None:
    """Until `stop` is set; `reload` set means SIGHUP came."""
    hub = Hub(config)
    await hub.start()
    # What the start made stays: looked through again and again, it would hold a hundred chargers up for 0.1 s.
    gc.collect()
    gc.freeze()
    try:
        while not stop.is_set():
            waiting = [asyncio.create_task(event.wait()) for event in (stop, reload)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            if reload.is_set():
                reload.clear()
                await _try_reload(hub)
    finally:
        await asyncio.wait_for(hub.stop(), STOP_S)


async def _try_reload(hub: Hub) -> None:
    try:
        await hub.reload()
    except ConfigError:
        pass  # its mistakes were said one by one
    except HubError as error:
        log.error("not reloaded: %s", error)
