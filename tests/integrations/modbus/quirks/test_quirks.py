"""Which quirks there are."""

import asyncio

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_codec, load_factory
from hub.model.charger import Status
from hub.shipped import shipped
from integrations.modbus.gives import GIVES
from integrations.modbus.jobs import Manner
from integrations.modbus.quirks import QUIRKS, quirk_of
from integrations.modbus.quirks.base import Quirk
from integrations.modbus.quirks.em2go import Em2goProbe
from integrations.modbus.registers import Registers
from integrations.modbus.simulator import SimulatedCharger
from tests.integrations.modbus.test_device import Watcher


def made(path: str) -> Quirk:
    mapping = load_blueprint(path, {"host": "192.0.2.1"}, (shipped("blueprints"),), load_codec)
    return quirk_of(mapping, Registers("garage", mapping, Manner()), lambda evse, name, value: None)


def test_the_check_knows_them_all() -> None:
    assert set(QUIRKS) == set(GIVES)


async def test_a_blueprint_without_one_gets_one_that_does_nothing() -> None:
    quirk = made("keba/p30")
    assert type(quirk) is Quirk
    assert await quirk.act("pause", 1, {}) is False
    assert quirk.without == frozenset()


def test_a_blueprint_gets_the_one_it_names_and_so_does_what_extends_it() -> None:
    assert isinstance(made("em2go/home"), Em2goProbe)


async def test_what_a_quirk_found_out_is_there_for_actions() -> None:
    search = (shipped("blueprints"),)
    charger = SimulatedCharger(load_blueprint("em2go/pro_power", {"host": "127.0.0.1"}, search, load_codec))
    inputs = {"host": "127.0.0.1", "port": await charger.start()}
    mapping = load_blueprint("em2go/pro_power", inputs, search, load_codec)
    device = load_factory("modbus")(DeviceSetup("garage", mapping, inputs, SystemClock()))
    watcher = Watcher()
    running = asyncio.create_task(device.run(watcher))
    reading = await watcher.until_status(Status.AVAILABLE)
    await device.execute("set_limit", 1, {"limit": 10.7})
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await charger.close()
    assert charger.written == [
        ("current_limit", 1, 6.1),
        ("current_limit", 1, 16.0),
        ("current_limit", 1, 10.7),
    ]
    ratings = reading.evses[1].ratings
    assert ratings is not None
    assert ratings.step == 0.1


def test_a_relative_with_a_register_for_it_needs_none() -> None:
    assert type(made("mennekes/amtron_icc")) is Quirk
