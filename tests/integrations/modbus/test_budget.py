"""What chargers ask of their wires, and what their hosts allow."""

import asyncio
import logging

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.address import SerialAddress, TcpAddress
from integrations.modbus.budget import budget, loads, own_stretch, requests
from integrations.modbus.frame import Request
from integrations.modbus.jobs import Manner
from integrations.modbus.load import Load
from integrations.modbus.planner import Block
from integrations.modbus.schema import CODEC
from integrations.modbus.timing import Line, line_of


def abl(unit: int) -> BlueprintMapping:
    inputs = {"serial": "/dev/ttyUSB0", "unit_id": unit}
    return load_blueprint("abl/emh1", inputs, (shipped("blueprints"),), load_codec)


def test_a_transaction_on_the_line_takes_what_the_specification_says() -> None:
    line = line_of(SerialAddress("x", baudrate=19200))
    assert line.silence_s == pytest.approx(3.5 * 11 / 19200)
    assert line.transaction_s(Request(1, 3, 0, 14), 0.03) == pytest.approx(
        30e-3 + (8 + 33 + 3.5) * 11 / 19200
    )
    assert line_of(SerialAddress("x", baudrate=38400)).silence_s == 0.00175
    assert line_of(TcpAddress("h", 502)) == Line()


def test_chargers_of_one_port_share_its_time_and_too_many_stretch_their_intervals() -> None:
    one = loads({"a": abl(1)})[0].wanted
    many = loads({f"c{number}": abl(number) for number in range(1, 17)})[0]
    assert many.wanted == pytest.approx(16 * one)
    assert many.stretch == pytest.approx(max(1.0, many.wanted / 0.9))
    assert CODEC.use({"a": abl(1), "b": abl(2)})[0].startswith("/dev/ttyUSB0 38400 8E1: 2 chargers, ")


def test_who_asks_for_too_much_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    load = Load("wire")
    with caplog.at_level(logging.WARNING):
        load.joins("a", 0.5)
        load.joins("b", 0.85)
    (record,) = caplog.records
    assert "2 chargers, 135.0 % of its time; poll intervals are stretched 1.50-fold" in record.getMessage()
    load.leaves("b")
    assert load.stretch == 1.0


def test_quick_devices_are_asked_more_often_than_was_planned_and_slow_ones_less() -> None:
    load = Load("wire")
    load.joins("a", 1.8, requests=40.0)
    assert load.stretch == pytest.approx(2.0)
    for took_s, stretch in ((0.005, 0.8 / 0.9), (0.05, 2.6 / 0.9)):
        for _ in range(500):
            load.answered(took_s)
        assert load.stretch == pytest.approx(max(1.0, stretch), rel=0.01)
    load.leaves("a")
    assert load.wanted == 0.0


def test_polls_and_keep_alive_are_so_many_requests_a_second() -> None:
    blocks = [Block(1, "holding", number, 1, ()) for number in range(10)]
    assert requests({(2.0, "fast"): blocks, (0.0, "once"): blocks}, 4.0) == 5.25


def test_the_use_of_the_last_minute_is_known() -> None:
    load = Load("wire")
    for second in range(100):
        load.used(0.25, float(second))
    assert load.use == pytest.approx(0.25, rel=0.05)


def test_pauses_between_requests_stretch_a_chargers_own_intervals() -> None:
    blocks = {(1.0, "fast"): [Block(1, "holding", number, 1, ()) for number in range(10)]}
    assert own_stretch("a", blocks, Line(), Manner(min_period_s=0.5)) == pytest.approx(5 / 0.9)
    assert own_stretch("a", blocks, Line(), Manner()) == 1.0


async def test_a_host_that_allows_one_connection_gets_one() -> None:
    first, second = TcpAddress("h", 502), TcpAddress("h", 503)
    async with budget(first, 1), budget(first, 1):
        waiting = asyncio.create_task(_taken(second))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def _taken(address: TcpAddress) -> None:
    async with budget(address, 1):
        pass


def test_one_port_with_two_settings_is_said() -> None:
    inputs = {"serial": "/dev/ttyUSB0"}
    other = load_blueprint("kse/wbx16", inputs, (shipped("blueprints"),), load_codec)
    assert "it can't be /dev/ttyUSB0 9600 8E1 as well" in CODEC.use({"a": abl(1), "b": other})[0]
