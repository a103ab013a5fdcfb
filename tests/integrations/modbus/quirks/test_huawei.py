"""Power from an energy counter, and a charger among an EMMA's sub-devices."""

import asyncio
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.errors import DeviceOffline, DeviceRefused
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_codec, load_factory
from hub.shipped import shipped
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.jobs import Manner
from integrations.modbus.links import NoAnswer
from integrations.modbus.quirks.huawei import EnergyRate, Rate
from integrations.modbus.registers import Registers


def test_the_rate_is_over_the_last_minute() -> None:
    rate = Rate()
    for second in range(0, 121, 5):
        seen = rate.add(1000 + second * 3, float(second))
    assert seen == 10_800.0


def test_a_few_seconds_tell_nothing() -> None:
    rate = Rate()
    assert [rate.add(1000, 0.0), rate.add(1020, 5.0), rate.add(1040, 10.0)] == [None, None, 14_400.0]


def test_what_stands_still_has_no_power_within_the_minute() -> None:
    rate = Rate()
    for second in range(0, 60, 10):
        rate.add(1000 + second * 3, float(second))
    for second in range(60, 130, 10):
        seen = rate.add(1150, float(second))
    assert seen == 0.0


@pytest.mark.parametrize("energy", [0, 1])
def test_a_counter_that_goes_backwards_begins_anew(energy: int) -> None:
    rate = Rate()
    rate.add(1000, 0.0)
    assert rate.add(energy, 30.0) is None
    assert rate.add(energy + 100, 60.0) == 12_000.0


NAME = [0x5343, 0x6861, 0x7267, 0x6572, *[0] * 10]
CHARGER = {30506: [0, 1000], 30078: NAME}
INVERTER = {30078: [0x1234, 0xFFFF, *[0] * 12]}
ODD = {30506: [0, 7], 30078: [0] * 14}


class Emma:
    """A `Link` to a gateway; `units`: what its sub-devices hold. 9 is silent, others aren't there."""

    def __init__(self, units: dict[int, dict[int, list[int]]], chargers: list[int] | None) -> None:
        self._units = dict(units)
        self._units[0] = {} if chargers is None else {30804: chargers}
        self.written: list[Request] = []

    async def ask(
        self, request: Request, priority: int, *, tries: int = 1, manner: Manner, newest: bool = False
    ) -> list[int]:
        if request.words:
            self.written.append(request)
        if request.unit == 9:
            raise NoAnswer("silence")
        unit = self._units.get(request.unit)
        if unit is None:
            raise ModbusException(11)
        if request.address not in unit:
            raise ModbusException(2)
        return unit[request.address]


def behind(emma: Emma, **inputs: Any) -> tuple[EnergyRate, Registers]:
    given = {"host": "192.0.2.1", "unit_id": 0, **inputs}
    mapping = load_blueprint("huawei/scharger_emma", given, (shipped("blueprints"),), load_codec)
    registers = Registers("garage", mapping, Manner())
    registers.links[None] = emma
    return EnergyRate(mapping, registers, lambda evse, name, value: None), registers


@pytest.mark.parametrize(("number", "unit"), [(1, 12), (2, 40)])
async def test_the_charger_is_looked_for_among_the_sub_devices(number: int, unit: int) -> None:
    emma = Emma({1: INVERTER, 2: ODD, 12: CHARGER, 40: CHARGER}, [2])
    quirk, registers = behind(emma, number=number)
    await quirk.prepare()
    energy = next(item for item in registers.spans if item.element == "energy")
    assert energy.unit == unit
    assert registers.place(energy.point, 1).unit == unit
    assert next(item for item in registers.spans if item.element == "chargers").unit == 0
    assert emma.written == []


async def test_a_known_unit_is_not_looked_for() -> None:
    quirk, registers = behind(Emma({}, None), unit_id=5)
    await quirk.prepare()
    assert {item.unit for item in registers.spans} == {0, 5}


@pytest.mark.parametrize(
    ("chargers", "error", "words"),
    [
        ([0], DeviceRefused, "has no charger 1"),
        (None, DeviceRefused, "number of chargers: exception 2"),
        ([1], DeviceOffline, "none of the EMMA's sub-devices answers as charger 1"),
    ],
)
async def test_what_is_not_found_is_told(
    chargers: list[int] | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await behind(Emma({1: INVERTER}, chargers))[0].prepare()


async def test_a_device_that_is_not_found_yet_is_offline() -> None:
    inputs = {"host": "127.0.0.1", "port": 1, "unit_id": 0}
    mapping = load_blueprint("huawei/scharger_emma", inputs, (shipped("blueprints"),), load_codec)
    device = load_factory("modbus")(DeviceSetup("garage", mapping, inputs, SystemClock()))
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class Heard:
        def reading(self, reading: object) -> None:
            raise AssertionError(reading)

        def offline(self, reason: str) -> None:
            lost.set_result(reason)

    running = asyncio.create_task(device.run(Heard()))
    async with asyncio.timeout(10):
        await lost
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_charger_that_was_away_begins_anew() -> None:
    mapping = load_blueprint(
        "huawei/scharger_emma", {"host": "192.0.2.1", "unit_id": 3}, (shipped("blueprints"),), load_codec
    )
    given: list[Any] = []
    quirk = EnergyRate(
        mapping,
        Registers("garage", mapping, Manner()),
        lambda evse, name, value: given.append((evse, name, value)),
    )
    quirk.look({("energy", 1): 1000}, 0.0)
    quirk.look({("energy", 1): 1100}, 30.0)
    quirk.look({}, 40.0)
    quirk.look({("energy", 1): 9000}, 50.0)
    assert given == [(1, "energy_rate", value) for value in (None, 12_000.0, None, None)]
