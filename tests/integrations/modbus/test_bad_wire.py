"""A bad wire in warped time: a value is right, or there is none."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec, load_factory
from hub.model.entity import Scalar
from hub.shipped import shipped
from integrations.modbus.serving import Faults
from integrations.modbus.simulator import SimulatedCharger
from tests.blueprints.warped import WarpedClock, warped

SEARCH = (shipped("blueprints"),)
MIXED = {"drop": 0.03, "short": 0.03, "unit": 0.03, "exception": 0.03, "crc": 0.03}
SPELLS: list[dict[str, float]] = [
    {"drop": 0.2},
    {"delay": 0.15},
    {"delay": 3.0},
    {"short": 0.3},
    {"unit": 0.3},
    {"exception": 0.3, "code": 6},
    {"exception": 0.3, "code": 4},
    {"crc": 0.3},
    {**MIXED, "delay": 0.4},
    MIXED,
]
WIRES = [
    ("phoenix/charx", "host", "tcp"),
    ("kse/wbx16", "serial", "rtu"),
    ("abl/emh1", "serial", "ascii"),
]


class Judge:
    """A sink that compares with what the registers hold."""

    def __init__(self, charger: SimulatedCharger) -> None:
        self._charger = charger
        self.right, self.wrong = 0, list[str]()
        self.losses = 0

    def reading(self, reading: Reading) -> None:
        truth = self._charger.registers.values(1)
        for name, value in _values(reading).items():
            if value is not None and name in truth:
                self.right += 1
                if value != truth[name]:
                    self.wrong.append(f"{name} = {value!r}, not {truth[name]!r}")

    def offline(self, reason: str) -> None:
        self.losses += 1


def _values(reading: Reading) -> Mapping[str, Scalar]:
    return {**reading.shared, **reading.evses[1].values}


@pytest.mark.parametrize(("path", "name", "framer"), WIRES)
def test_no_wrong_value_on_a_bad_wire(path: str, name: str, framer: str) -> None:
    judge = warped(_run(path, name, framer, 60), looks=3)
    assert judge.wrong == []
    assert judge.right > 1_000


@pytest.mark.soak
@pytest.mark.parametrize(("path", "name", "framer"), WIRES)
def test_no_wrong_value_in_two_hours_on_a_bad_wire(path: str, name: str, framer: str) -> None:
    judge = warped(_run(path, name, framer, 720), looks=3)
    assert judge.wrong == []
    assert judge.right > 10_000


async def _run(path: str, name: str, framer: str, spell_s: float) -> Judge:
    """Each spell after a sixth of it in peace."""
    charger = SimulatedCharger(load_blueprint(path, {name: "x"}, SEARCH, load_codec))
    _distinct(charger)
    port = await charger.start(framer=framer)
    scheme = "tcp" if framer == "tcp" else f"{framer}+tcp"
    inputs: dict[str, Any] = {name: f"{scheme}://127.0.0.1:{port}"}
    mapping = load_blueprint(path, inputs, SEARCH, load_codec)
    judge = Judge(charger)
    device = load_factory("modbus")(DeviceSetup("garage", mapping, inputs, WarpedClock()))
    running = asyncio.create_task(device.run(judge))
    for spell in SPELLS:
        charger.faults = Faults()
        await asyncio.sleep(spell_s / 6)
        charger.faults.set(spell)
        await asyncio.sleep(spell_s)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await charger.close()
    return judge


def _distinct(charger: SimulatedCharger) -> None:
    """Numbers that tell one register from another, where the blueprint leaves them free."""
    for item in charger.registers.spans:
        conversion = item.point.conversion
        numeric = item.point.keys.get("type", "u16") in ("u16", "i16", "u32", "i32")
        if numeric and conversion.map is None and conversion.bits is None and item.point.access == "ro":
            charger.poke(item.element, conversion.scale * (item.address % 199 + 1) + conversion.offset)
