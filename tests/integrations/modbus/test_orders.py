"""The control port of a simulated Modbus charger."""

import asyncio
import json
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.integration.loader import load_codec
from hub.shipped import shipped
from hub.simulate.control import Control, obey
from integrations.modbus.orders import orders
from integrations.modbus.simulator import SimulatedCharger


@pytest.fixture
def charger() -> SimulatedCharger:
    mapping = load_blueprint("keba/p30", {"host": "127.0.0.1"}, (shipped("blueprints"),), load_codec)
    return SimulatedCharger(mapping)


def told(charger: SimulatedCharger, **order: Any) -> Any:
    answer = obey(orders(charger), json.dumps(order))
    assert answer["ok"], answer
    return answer["state"]


def test_a_car_comes_draws_and_goes(charger: SimulatedCharger) -> None:
    assert told(charger, do="plug", needs_wh=9000, phases=1)["1"]["state"] == "charging"
    assert told(charger, do="time", seconds=600)["1"]["energy_wh"] > 500
    assert told(charger, do="get", point="energy")["energy"] > 0
    assert told(charger, do="fault")["1"]["state"] == "faulted"
    told(charger, do="fault", faulted=False)
    assert told(charger, do="unplug")["1"]["state"] == "unplugged"


def test_a_point_is_set_and_faults_come_and_go(charger: SimulatedCharger) -> None:
    assert told(charger, do="set", point="energy", value=5000) == {"energy": 5000}
    assert told(charger, do="disturb", kind="delay", times=2, delay_s=0.5)[0]["times"] == 2
    assert told(charger, do="calm") == []
    assert told(charger, do="written") == []
    told(charger, do="silent")
    assert charger.silent
    told(charger, do="swipe", card="0A0B")
    told(charger, do="speed", value=60)
    assert charger.speed == 60


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nonsense", "Expecting value"),
        ("[]", "expected a JSON object"),
        ('{"do": "plugg"}', "did you mean 'plug'"),
        ('{"do": "plug", "watts": 1}', "watts"),
        ('{"do": "get", "point": "nothing"}', "no point 'nothing'"),
        ('{"do": "set", "point": "energy", "value": "x"}', "x"),
        ('{"do": "plug", "evse": 7}', "7"),
        ('{"do": "disturb", "kind": "earthquake"}', "none of drop, delay"),
        ('{"do": "disturb", "kind": "crc"}', "no checksum"),
    ],
)
def test_what_makes_no_sense_is_said(charger: SimulatedCharger, line: str, error: str) -> None:
    answer = obey(orders(charger), line)
    assert not answer["ok"]
    assert error in answer["error"]


async def test_each_line_has_its_answer(charger: SimulatedCharger) -> None:
    control = Control(orders(charger))
    port = await control.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'{"do": "plug"}\n{"do": "?"}\n')
    assert json.loads(await reader.readline())["ok"] is True
    assert json.loads(await reader.readline())["ok"] is False
    writer.close()
    await control.close()
