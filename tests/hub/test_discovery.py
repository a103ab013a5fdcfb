"""What is found is shown, accepted, ignored: with a service that finds what the test says."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hub import discovery as module
from hub.bus import Bus
from hub.clock import SystemClock
from hub.config.accepted import Accepted
from hub.config.load import load_config
from hub.discovery import Discovery
from hub.errors import HubError
from hub.integration.api import Found, ServiceSetup
from hub.topics import Topics

WALLBOX = Found(
    key="FE01/02A101",
    address="192.0.2.7",
    vendor="Acme",
    model="W1",
    kind="EV Charger",
    name="echonet-fe01",
    blueprint="echonet/ev_charger",
    inputs={"host": "192.0.2.7", "instance": 1},
)
METER = replace(WALLBOX, key="FE01/028801", kind="Meter", blueprint=None)


class Finder:
    """A service."""

    def __init__(self, setup: ServiceSetup) -> None:
        self.setup = setup
        self.scans = 0
        self.devices: list[Found] = []

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    def scan(self) -> None:
        self.scans += 1

    def found(self) -> Sequence[Found]:
        return self.devices

    def counters(self) -> Mapping[str, int]:
        return {"frames": 7}

    def find(self, *devices: Found) -> None:
        self.devices = [*devices]
        self.setup.changed()


class Site:
    """A discovery with its finder, and the configuration that its reloads would read."""

    def __init__(self, folder: Path, discover: bool | str) -> None:
        self.folder = folder
        self.path = folder / "evhub.yaml"
        self.path.write_text("hub: {state_dir: .}\nchargers: {}\n")
        self.bus = Bus()
        self.fails = False
        self.reloads = 0
        self.discovery = Discovery(self.bus, Topics(), SystemClock(), folder, lambda: ["garage"], self.reload)
        self.discover = discover

    async def reload(self) -> None:
        self.reloads += 1
        if self.fails:
            raise HubError("no")

    def start(self) -> Finder:
        self.discovery.need("acme", {"discover": self.discover})
        service = self.discovery._services["acme"].service
        assert isinstance(service, Finder)
        return service

    async def until(self, holds: object) -> None:
        async with asyncio.timeout(5):
            while not holds():  # type: ignore[operator]
                await asyncio.sleep(0.005)

    @property
    def shown(self) -> list[str]:
        return [
            device["key"]  # type: ignore[index, call-overload]
            for message in self.bus.retained("evhub/bridge/discovered")
            for device in message.payload
        ]


@asynccontextmanager
async def site(
    folder: Path, monkeypatch: pytest.MonkeyPatch, discover: bool | str = True
) -> AsyncIterator[Site]:
    monkeypatch.setattr(module, "load_service", lambda protocol: Finder if protocol == "acme" else None)
    monkeypatch.setattr(module, "SETTLE_S", 0.0)
    made = Site(folder, discover)
    yield made
    await made.discovery.close()


async def test_what_is_found_is_on_the_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as world:
        finder = world.start()
        finder.find(WALLBOX, METER)
        await world.until(lambda: world.shown == [WALLBOX.key, METER.key])
        (first, second) = world.discovery.listing()
        assert first["config"] == (
            "echonet-fe01: {name: Acme W1, use_blueprint: {path: echonet/ev_charger, "
            "input: {host: 192.0.2.7, instance: 1}}}"
        )
        assert second["config"] is None
        assert world.discovery.counters() == {"acme": {"frames": 7}}
        world.discovery.scan()
        assert finder.scans == 1


async def test_what_is_accepted_is_a_charger_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as world:
        world.start().find(WALLBOX)
        assert await world.discovery.accept("192.0.2.7", "left") == "left"
        assert world.reloads == 1
        settings = load_config(world.path).chargers["left"]
        assert settings.name == "Acme W1"
        assert settings.inputs == {"host": "192.0.2.7", "instance": 1}


@pytest.mark.parametrize(
    ("device", "key", "charger", "problem"),
    [
        (METER, METER.key, None, "no charger that evhub knows"),
        (WALLBOX, "nobody", None, "nothing with the key 'nobody'; found are FE01/02A101"),
        (WALLBOX, WALLBOX.key, "garage", "there is a charger 'garage' already"),
        (WALLBOX, WALLBOX.key, "Not a slug", "a charger's id has"),
        (replace(WALLBOX, charger="garage"), WALLBOX.key, None, "is the charger garage already"),
    ],
)
async def test_what_cannot_be_accepted_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: Found,
    key: str,
    charger: str | None,
    problem: str,
) -> None:
    async with site(tmp_path, monkeypatch) as world:
        world.start().find(device)
        with pytest.raises(HubError, match=problem):
            await world.discovery.accept(key, charger)
        assert Accepted.read(tmp_path) == Accepted()


async def test_a_reload_that_fails_takes_nothing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as world:
        world.start().find(WALLBOX)
        world.fails = True
        with pytest.raises(HubError):
            await world.discovery.accept(WALLBOX.key)
        assert not Accepted.read(tmp_path).chargers


async def test_what_is_ignored_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as world:
        world.start().find(WALLBOX, METER)
        await world.discovery.ignore(METER.key)
        await world.until(lambda: world.shown == [WALLBOX.key])


async def test_auto_takes_in_chargers_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch, "auto") as world:
        finder = world.start()
        finder.find(WALLBOX, METER, replace(WALLBOX, key="FE02/02A101", charger="garage"))
        await world.until(lambda: world.shown)
        assert world.reloads == 0  # the configured chargers aren't there yet
        world.discovery.ready()
        await world.until(lambda: world.reloads == 1)
        assert list(Accepted.read(tmp_path).chargers) == ["echonet-fe01"]
        finder.find(WALLBOX, replace(WALLBOX, key="FE03/02A101"))
        await world.until(lambda: world.reloads == 2)
        assert list(Accepted.read(tmp_path).chargers) == ["echonet-fe01", "echonet-fe01-2"]


async def test_auto_leaves_alone_what_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Accepted({}, (WALLBOX.key,)).write(tmp_path)
    async with site(tmp_path, monkeypatch, "auto") as world:
        world.discovery.ready()
        world.start().find(WALLBOX, METER)
        await world.until(lambda: world.shown == [METER.key])
        assert world.reloads == 0


async def test_a_protocol_without_a_service_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, monkeypatch) as world:
        world.discovery.need("other", {})
        assert world.discovery.listing() == []


async def test_requests_of_the_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, monkeypatch) as world:
        finder = world.start()
        finder.find(WALLBOX)
        requests = world.discovery.requests()
        await requests["discovery/scan"]({})
        assert finder.scans == 1
        assert len((await requests["discovery/list"]({}))["devices"]) == 1
        accepted = await requests["discovery/accept"]({"key": WALLBOX.key, "charger": "left"})
        assert accepted == {"charger": "left"}
        assert await requests["discovery/ignore"]({"key": WALLBOX.key}) == {"key": WALLBOX.key}
        with pytest.raises(HubError, match='expected "key"'):
            await requests["discovery/accept"]({})
