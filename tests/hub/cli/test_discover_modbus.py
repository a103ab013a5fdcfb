"""`evhub discover modbus`: what is named is looked at, and the line for the configuration is shown."""

import asyncio
import json

import pytest

from hub.cli.discover_modbus import units
from hub.cli.main import main
from hub.errors import HubError
from integrations.modbus.simulator import SimulatedCharger
from tests.blueprints.garage import load


async def test_a_charger_becomes_a_line_of_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    charger = SimulatedCharger(load("etrel/inch", {}))
    port = await charger.start()
    words = ["discover", "modbus", "127.0.0.1", "--port", str(port), "--json"]
    assert await asyncio.to_thread(main, words) == 0
    (device,) = json.loads(capsys.readouterr().out)["devices"]
    await charger.close()
    assert device["candidates"][0]["blueprint"] == "etrel/inch"
    assert device["config"].startswith(
        "etrel_inch: {use_blueprint: {path: etrel/inch, input: {host: 127.0.0.1"
    )


def test_nothing_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "modbus", "127.0.0.1", "--port", "1"]) == 0
    assert "nothing was found" in capsys.readouterr().out


def test_where_to_look_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "modbus"]) != 0
    assert "where to look" in capsys.readouterr().err


def test_units_are_lists_and_ranges() -> None:
    assert units("1-3,20") == [1, 2, 3, 20]
    for wrong in ("x", "1-", "300"):
        with pytest.raises(HubError):
            units(wrong)
