"""A charger on Modbus TCP as its device sees it: the simulated one, on a real socket."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.errors import DeviceOffline, HubError, Unsupported
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec, load_factory
from hub.model.charger import Status
from hub.shipped import shipped
from hub.simulate.ev import Car
from integrations.modbus.device import ModbusDevice
from integrations.modbus.simulator import SimulatedCharger


class Watcher:
    """A sink that waits for what it wants to see."""

    def __init__(self) -> None:
        self.last: Reading | None = None
        self.lost: list[str] = []
        self._news = asyncio.Event()

    def reading(self, reading: Reading) -> None:
        self.last = reading
        self._news.set()

    def offline(self, reason: str) -> None:
        self.last = None
        self.lost.append(reason)
        self._news.set()

    async def until_status(self, status: Status) -> Reading:
        async with asyncio.timeout(10):
            while self.last is None or self.last.evses[1].status is not status:
                self._news.clear()
                await self._news.wait()
        return self.last


@pytest.fixture
async def keba() -> AsyncIterator[tuple[SimulatedCharger, ModbusDevice, Watcher]]:
    mapping = load_blueprint("keba/p30", {"host": "127.0.0.1"}, (shipped("blueprints"),), load_codec)
    charger = SimulatedCharger(mapping)
    inputs = {"host": "127.0.0.1", "port": await charger.start()}
    mapping = load_blueprint("keba/p30", inputs, (shipped("blueprints"),), load_codec)
    device = load_factory("modbus")(DeviceSetup("garage", mapping, inputs, SystemClock()))
    assert isinstance(device, ModbusDevice)
    watcher = Watcher()
    running = asyncio.create_task(device.run(watcher))
    await watcher.until_status(Status.AVAILABLE)
    yield charger, device, watcher
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await charger.close()


async def test_a_new_state_comes_with_what_the_meter_says_by_then(
    keba: tuple[SimulatedCharger, ModbusDevice, Watcher],
) -> None:
    charger, _, watcher = keba
    charger.plug(Car(needs_wh=1_000))
    charger.outlets[1].pass_time(3600)
    charger.update()
    reading = await watcher.until_status(Status.SUSPENDED_EV)
    # The energy register has its turn every five seconds only.
    assert reading.evses[1].values["energy"] == 1_205_300.0


async def test_the_age_of_a_value_is_the_time_since_its_group_was_read(
    keba: tuple[SimulatedCharger, ModbusDevice, Watcher],
) -> None:
    _, device, _ = keba
    loop = asyncio.get_running_loop()
    assert {"power", "energy", "rfid"} <= {element for element, _ in device.read_at}
    await asyncio.sleep(12.2)
    old = {element: loop.time() - at for (element, _), at in device.read_at.items()}
    assert old["power"] <= 1.5
    assert old["energy"] <= 5.5
    assert 11 < old["serial"] < 13


def test_an_address_that_makes_no_sense_is_said_before_anything_runs() -> None:
    where = {"host": "tls://wallbox.lan?pem=ca.pem"}
    mapping = load_blueprint("keba/p30", where, (shipped("blueprints"),), load_codec)
    with pytest.raises(HubError, match="expected ca, cert and key"):
        load_factory("modbus")(DeviceSetup("garage", mapping, where, SystemClock()))


async def test_what_the_blueprint_has_not_is_unsupported(
    keba: tuple[SimulatedCharger, ModbusDevice, Watcher],
) -> None:
    with pytest.raises(Unsupported, match="reserve"):
        await keba[1].execute("reserve", 1, {})


async def test_a_charger_that_falls_silent_is_told_once_and_refuses_what_it_is_asked(
    keba: tuple[SimulatedCharger, ModbusDevice, Watcher],
) -> None:
    charger, device, watcher = keba
    await charger.close()
    async with asyncio.timeout(15):
        while not watcher.lost:
            watcher._news.clear()
            await watcher._news.wait()
    with pytest.raises(DeviceOffline):
        await device.execute("pause", 1, {})
    assert len(watcher.lost) == 1
