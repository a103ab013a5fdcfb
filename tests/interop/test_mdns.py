"""A charger that announces itself by mDNS, on this machine's loopback, is found by the command line."""

import asyncio
import json
import socket

import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.cli.main import main
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.simulator import SimulatedCharger

pytestmark = pytest.mark.interop

SEARCH = (shipped("blueprints"),)
HERE = "127.0.0.1"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("_http._tcp.local.", "go-eCharger 012345"), ("_modbus._tcp.local.", "whatever it is")],
)
async def test_a_charger_that_announces_itself_is_found(
    kind: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "go_e/charger_v3"
    charger = SimulatedCharger(load_blueprint(path, example_inputs(path, SEARCH), SEARCH, load_codec))
    port = await charger.start()
    announced = AsyncServiceInfo(
        kind, f"{name}.{kind}", addresses=[socket.inet_aton(HERE)], port=80, server="evhub-test.local."
    )
    async with AsyncZeroconf(interfaces=[HERE]) as zeroconf:
        await zeroconf.async_register_service(announced)
        words = ["discover", "modbus", "--mdns", "--wait", "3", "--port", str(port), "--json"]
        assert await asyncio.to_thread(main, words) == 0
    await charger.close()
    devices = json.loads(capsys.readouterr().out)["devices"]
    mine = next(device for device in devices if device["address"] == f"{HERE}:{port}")
    assert mine["candidates"][0]["blueprint"] == path
    assert f"path: {path}" in mine["config"]
    assert charger.written == []
