"""The composition root: builds the parts from a Config, runs them, reloads them, stops them."""

import asyncio
import logging
import ssl
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from typing import Any

from hub.appliances import Appliances, supply
from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.bus import Bus
from hub.charger.description import Description
from hub.charger.limits import Fallback
from hub.charger.memory import StoredMemory
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.clock import Clock, SystemClock
from hub.config import kept
from hub.config.changes import Changes, compare
from hub.config.load import load_config
from hub.config.settings import ChargerSettings, Config, MqttSettings
from hub.control import ControlServer
from hub.discovery import Discovery
from hub.errors import BlueprintError, ConfigError, HubError
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_codec, load_factory
from hub.logs import Diary, setup_logs
from hub.model.command import Command
from hub.mqtt.access import Access, Account
from hub.mqtt.address import Credentials, parse_broker
from hub.mqtt.bridge import About, Bridge, BusLog
from hub.mqtt.client import CommandClient, StateClient
from hub.mqtt.commands import CommandDoor
from hub.mqtt.listener import Listener
from hub.part import Part
from hub.shipped import shipped
from hub.store.database import Database
from hub.topics import Topics
from hub.uplink.connect import Connector
from hub.uplink.jobs import Jobs
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.operations import install
from hub.uplink.setup import desk, endpoint, station_setup
from hub.uplink.uplink import Uplink

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
        self.listener: Listener | None = None
        self._jitter = jitter_s
        self._logs = logs
        self._parts: dict[str, Part] = {}
        self._mqtt = Part()
        self._stack = AsyncExitStack()
        self._reloading = asyncio.Lock()
        self._database: Database | None = None
        self._diary = Diary()
        self._desk = desk(config.hub, self._diary)
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
        self._database = await Database.open(config.hub.state_dir / "evhub.db")
        self._stack.push_async_callback(self._database.close)
        try:
            await self._start_mqtt(config)
            self._start_bridge(config)
            await self._start_control(config)
            for protocol in config.protocols:
                self._need(protocol)
        except HubError:
            await self.stop()
            raise
        for charger, problems in config.bad_chargers.items():
            self._say_bad(charger, problems)
        await self._appliances.use(config.devices, config.bad_devices)
        for settings in config.chargers.values():
            await self._start_charger(settings)
        self._tell_chargers()
        self._discovery.ready()
        if config.refused:
            self._say_refused(config.refused)
        else:
            await self._keep(config)

    async def stop(self) -> None:
        for charger in list(self._parts):
            await self._stop_charger(charger)
        await self._appliances.close()
        await self._discovery.close()
        await self._stack.aclose()
        await self._mqtt.stop()

    async def reload(self) -> Changes:
        """Applies what changed in the file. Raises HubError: nothing was changed."""
        async with self._reloading:
            new = load_config(self.config.path)
            if new.charger_problems:
                raise ConfigError(new.charger_problems)
            for settings in new.chargers.values():
                self._mapping(new, settings)  # a blueprint that doesn't check leaves everything as it is
            changes = compare(self.config, new)
            self._refuse_busy(changes)
            await self._apply(changes, new)
            await self._keep(new)
            log.info("reloaded: %s", changes)
            return changes

    async def _apply(self, changes: Changes, new: Config) -> None:
        self.config = new
        if changes.log:
            self._set_up_logs(new)
        if changes.mqtt:
            await self._mqtt.stop()
            self._mqtt = Part()
            await self._start_mqtt(new)
        anew = [*changes.changed, *self._speaking(changes.protocols, changes)]
        for charger in (*changes.removed, *anew):
            runtime = self.registry.get(charger)
            await self._stop_charger(charger)
            if runtime is not None and charger in changes.removed:
                runtime.clear()
        await self._appliances.stop(changes.protocols)
        for protocol in changes.protocols:
            await self._discovery.stop(protocol)
            if protocol in new.protocols:
                self._need(protocol)
        await self._appliances.use(new.devices)
        for charger in (*changes.added, *anew):
            await self._start_charger(new.chargers[charger])
        self._tell_chargers()
        if changes.restart:
            log.warning("only a new start of the hub changes %s", ", ".join(changes.restart))

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

    async def _keep(self, config: Config) -> None:
        try:
            await asyncio.to_thread(kept.keep, config)
        except OSError as error:
            log.warning("no copy of %s was kept: %s", config.path, error)

    # MQTT

    async def _start_mqtt(self, config: Config) -> None:
        mqtt = config.mqtt
        door = CommandDoor(self.bus, self.topics, self.registry, self.clock)
        if mqtt.broker == "embedded":
            await self._listen(mqtt)
        else:
            self._dial(mqtt)
        door.start()
        self._mqtt.closing(door.close)

    async def _listen(self, mqtt: MqttSettings) -> None:
        users = {
            name: Account(name, user.password, user.read, user.write) for name, user in mqtt.users.items()
        }
        tls = None
        if mqtt.tls.cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(mqtt.tls.cert, mqtt.tls.key)
        self.listener = Listener(
            self.bus,
            Access(users, mqtt.base_topic),
            self.clock,
            host=mqtt.listen_host,
            port=mqtt.listen_port,
            tls=tls,
            anonymous=not users,
        )
        await self.listener.start()
        self._mqtt.run("mqtt listener", self.listener.run)
        self._mqtt.closing(self.listener.close)

    def _dial(self, mqtt: MqttSettings) -> None:
        address = parse_broker(mqtt.broker, mqtt.version)
        credentials = Credentials(mqtt.username, mqtt.password, mqtt.tls.ca, mqtt.tls.cert, mqtt.tls.key)
        state = StateClient(self.bus, address, credentials, mqtt.base_topic)
        commands = CommandClient(self.bus, address, credentials, mqtt.base_topic)
        self._mqtt.run("mqtt state", state.run)
        self._mqtt.run("mqtt commands", commands.run)

    def _start_bridge(self, config: Config) -> None:
        about = About(
            started=self.clock.now(),
            language=config.hub.language,
            mqtt=config.mqtt.broker.split("@")[-1],
            features=("modbus", "ocpp1.6", "ocpp2.0.1", "mqtt", "echonet_lite"),
            config_hash=lambda: self.config.hash,
            config_problems=lambda: self.config.refused,
            chargers=self.registry.listing,
            counters=lambda: self.listener.broker.counters() if self.listener else {},
        )
        requests = {"reload": self._reload_request, "log_level": self._log_level}
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
            "mqtt": changes.mqtt,
        }

    async def _log_level(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        level = body.get("level")
        if level not in ("debug", "info", "warning", "error"):
            raise HubError("level must be debug, info, warning or error")
        logging.getLogger().setLevel(str(level).upper())
        assert self._bridge is not None
        self._bridge.info()
        return {"level": level}

    async def _start_control(self, config: Config) -> None:
        async def status(_asked: Mapping[str, Any]) -> Any:
            assert self._bridge is not None
            return {
                "health": self._bridge.health(),
                "chargers": self.registry.listing(),
                "states": self.registry.states(),
            }

        async def command(asked: Mapping[str, Any]) -> Any:
            message = asked.get("message") or {}
            if not isinstance(message, dict):
                raise HubError("the message must be a JSON object")
            op = str(asked.get("operation"))
            result = await self.registry.execute(
                Command(str(asked.get("charger")), op, message, source="cli")
            )
            error = None if result.code is None else {"code": result.code, "message": result.text}
            return {"status": result.outcome.value, "result": dict(result.result), "error": error}

        handlers = {"status": status, "cmd": command, "reload": self._reload_request}
        handlers.update(self._discovery.requests())
        control = ControlServer(config.hub.state_dir / "control.sock", handlers)
        await control.start()
        self._stack.push_async_callback(control.close)

    # Chargers

    def _need(self, protocol: str) -> None:
        self._discovery.need(protocol, self.config.protocols.get(protocol, {}))

    async def _start_charger(self, settings: ChargerSettings) -> None:
        try:
            await self._build(settings)
        except HubError as error:
            problems = error.problems if isinstance(error, ConfigError) else [str(error)]
            self._say_bad(settings.id, tuple(problems))

    async def _build(self, settings: ChargerSettings) -> None:
        assert self._database is not None
        mapping = self._mapping(self.config, settings)
        self._need(mapping.protocol)
        device = load_factory(mapping.protocol)(
            DeviceSetup(settings.id, mapping, settings.inputs, self.clock, self.config.path.parent)
        )
        memory = StoredMemory(self._database, settings.id)
        runtime = ChargerRuntime(
            settings.id,
            _described(settings, mapping),
            device,
            bus=self.bus,
            topics=self.topics,
            clock=self.clock,
            memory=memory,
            remembered=await memory.remembered(),
        )
        keys = KeyFiles(self.config.hub.state_dir / "keys" / settings.id)
        setup = station_setup(settings, mapping, self.config.tokens, keys.names())
        uplink = await Uplink.create(
            runtime,
            self._database,
            self.clock,
            setup,
            remember=settings.csms is not None,
            keys=keys,
            jobs=Jobs(settings.id, setup.reach, self._desk),
        )
        connector = (
            None
            if settings.csms is None
            else Connector(uplink, endpoint(settings.csms), keys=keys, jitter_s=self._jitter)
        )
        end_supply = supply(runtime, settings.meter, self.bus, self.topics)
        self.registry.add(runtime)
        install(runtime, uplink, connector)
        part = self._parts[settings.id] = Part()
        part.closing(end_supply)
        part.run(f"station {settings.id}", uplink.run)
        part.run(f"charger {settings.id}", runtime.run)
        if connector is not None:
            part.run(f"csms {settings.id}", connector.run)

    def _mapping(self, config: Config, settings: ChargerSettings) -> BlueprintMapping:
        search = (*config.blueprint_search, shipped("blueprints"))
        try:
            return load_blueprint(settings.blueprint, settings.inputs, search, load_codec)
        except BlueprintError as error:
            raise BlueprintError(
                [f"charger {settings.id}: {problem}" for problem in error.problems]
            ) from error

    async def _stop_charger(self, charger: str) -> None:
        part = self._parts.pop(charger, None)
        if part is not None:
            await part.stop()
        self.registry.remove(charger)

    def _say_bad(self, charger: str, problems: tuple[str, ...]) -> None:
        for problem in problems:
            log.error("charger %s is left out: %s", charger, problem)
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
                diary=self._diary,
            )


def _described(settings: ChargerSettings, mapping: BlueprintMapping) -> Description:
    limits = settings.limits
    return Description(
        settings.name,
        mapping.protocol,
        mapping.path,
        mapping.identity,
        limits.max_current,
        Fallback(limits.fallback, limits.fallback_current),
    )


async def run_hub(config: Config, stop: asyncio.Event, reload: asyncio.Event) -> None:
    """Until `stop` is set; `reload` set means SIGHUP came."""
    hub = Hub(config)
    await hub.start()
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
    except HubError as error:
        for line in str(error).splitlines():
            log.error("not reloaded: %s", line)
