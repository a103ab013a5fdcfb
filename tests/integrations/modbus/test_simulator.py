"""A simulated charger on each of its wires, asked by the real device; and its control port."""

import asyncio
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec, load_factory
from hub.model.charger import PLUGGED, Status
from hub.shipped import shipped
from integrations.modbus.frame import Request
from integrations.modbus.serving import Asked, RtuServing
from integrations.modbus.simulator import SimulatedCharger
from integrations.modbus.steering import steer

SEARCH = (shipped("blueprints"),)


class Watcher:
    def __init__(self) -> None:
        self.news: asyncio.Queue[Reading] = asyncio.Queue()

    def reading(self, reading: Reading) -> None:
        self.news.put_nowait(reading)

    def offline(self, reason: str) -> None:
        """It may come yet."""


async def status_of(path: str, inputs: dict[str, Any]) -> Status:
    mapping = load_blueprint(path, inputs, SEARCH, load_codec)
    device = load_factory("modbus")(DeviceSetup("garage", mapping, inputs, SystemClock()))
    watcher = Watcher()
    running = asyncio.create_task(device.run(watcher))
    try:
        async with asyncio.timeout(10):
            return (await watcher.news.get()).evses[1].status
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("path", "name", "framer"),
    [
        ("keba/p30", "host", "tcp"),
        ("kse/wbx16", "serial", "rtu"),
        ("abl/emh1", "serial", "ascii"),
    ],
)
async def test_it_answers_on_tcp_in_each_framing(path: str, name: str, framer: str) -> None:
    charger = SimulatedCharger(load_blueprint(path, {name: "x"}, SEARCH, load_codec))
    charger.plug()
    port = await charger.start(framer=framer)
    scheme = "tcp" if framer == "tcp" else f"{framer}+tcp"
    assert await status_of(path, {name: f"{scheme}://127.0.0.1:{port}"}) in PLUGGED
    await charger.close()


async def test_it_answers_on_a_terminal_and_only_for_its_own_unit() -> None:
    charger = SimulatedCharger(load_blueprint("kse/wbx16", {"serial": "x"}, SEARCH, load_codec))
    path = await charger.start_terminal()
    assert await status_of("kse/wbx16", {"serial": path}) is Status.AVAILABLE
    asked = Asked(7, Request(7, 4, 16, 1).pdu())
    assert charger._frame(asked, RtuServing()) is None
    await charger.close()


@pytest.fixture
def keba() -> SimulatedCharger:
    return SimulatedCharger(load_blueprint("keba/p30", {"host": "x"}, SEARCH, load_codec))


def test_cars_cards_and_faults_by_command(keba: SimulatedCharger) -> None:
    assert steer(keba, {"do": "plug", "needs_wh": 9000, "phases": 1}) == {"ok": True}
    assert steer(keba, {"do": "swipe", "card": "04a2b3c4"}) == {"ok": True}
    assert steer(keba, {"do": "time", "speed": 10, "pass": 3600}) == {"ok": True}
    state = steer(keba, {"do": "state"})
    assert (state["state"], state["registers"]["rfid"], keba.speed) == ("charging", "04a2b3c4", 10)
    assert keba.outlets[1].register_wh == pytest.approx(3680)
    steer(keba, {"do": "fault"})
    assert keba.outlets[1].state == "faulted"
    steer(keba, {"do": "fault", "on": False})
    steer(keba, {"do": "unplug"})
    assert keba.outlets[1].state == "unplugged"


def test_registers_and_the_wire_by_command(keba: SimulatedCharger) -> None:
    assert steer(keba, {"do": "set", "timeout": 30}) == {"ok": True}
    assert steer(keba, {"do": "state"})["registers"]["timeout"] == 30
    assert steer(keba, {"do": "wire", "silent": True, "drop": 0.5}) == {"ok": True}
    assert (keba.silent, keba.faults.drop) == (True, 0.5)
    keba.written.append(("enable", 1, 1))
    assert steer(keba, {"do": "state"})["written"] == [["enable", 1, 1]]
    steer(keba, {"do": "forget"})
    assert keba.written == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (7, "expected an object"),
        ({"do": "fly"}, "no command 'fly'"),
        ({"do": "plug", "evse": 9}, "expected 1 to 1"),
        ({"do": "plug", "colour": 1}, "colour"),
        ({"do": "wire", "drop": 7}, "share"),
        ({"do": "set", "nonsense": 1}, "nonsense"),
        ({"do": "swipe"}, "card"),
    ],
)
def test_commands_that_are_none_are_told(keba: SimulatedCharger, message: object, words: str) -> None:
    assert words in steer(keba, message)["error"]
