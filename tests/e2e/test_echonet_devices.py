"""A distribution board on the bus, and a charger without a meter that takes its channel's values."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.charger import energy
from hub.cli.main import main
from hub.config.load import load_config, read_config
from hub.errors import HubError
from tests.integrations.echonet_lite.peer import Peer, charger, interface

BOARD = 0x028701
WITHOUT_METER = {epc: edt for epc, edt in charger().items() if epc not in (0xD3, 0xD8)}


def board(power_w: int = 0, counted: int = 1000) -> dict[int, bytes]:
    """Channel 3 in units of 0.01 kWh, and as an instantaneous power."""
    return {
        0x80: b"\x30",
        0x82: b"\0\0R\0",
        0x88: b"\x42",
        0x8A: b"\x00\x00\x0b",
        0xC2: b"\x02",
        0xC6: (500).to_bytes(4, "big"),
        0xD2: counted.to_bytes(4, "big") + b"\x7f\xfe\x7f\xfe",
        0xB7: b"\x03\x01" + power_w.to_bytes(4, "big"),
    }


def text(peer: Peer, network: str, *, devices: str | None = None, meter: str = "panel") -> str:
    panel = f"panel: {{integration: echonet_lite, input: {{eoj: 0x0287, host: {peer.host}, poll: 0.1}}}}"
    return f"""
hub: {{state_dir: state}}
mqtt: {{listen: '127.0.0.1:0'}}
echonet_lite: {{interfaces: ['{network}'], discover: false}}
devices: {{{panel if devices is None else devices}}}
chargers:
  garage:
    use_blueprint: {{path: echonet/ev_charger, input: {{host: {peer.host}}}}}
    tokens: {{free: true}}
    meter: {{power: {meter}/channel_3_power, energy: {meter}/channel_3_energy}}
"""


@asynccontextmanager
async def house(folder: Path, impatient: str = "") -> AsyncIterator[tuple[Hub, Peer, Path]]:
    async with Peer(objects={0x02A101: dict(WITHOUT_METER), BOARD: board()}) as peer:
        path = folder / "evhub.yaml"
        path.write_text(
            text(peer, interface()).replace("poll: 0.1", f"poll: 0.1{impatient}"), encoding="utf-8"
        )
        hub = Hub(load_config(path), jitter_s=0.0, logs=False)
        await hub.start()
        try:
            yield hub, peer, path
        finally:
            await hub.stop()


async def until(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def retained(hub: Hub, topic: str) -> Any:
    found = next(hub.bus.retained(f"evhub/{topic}"), None)
    return found.payload if found else None


def state(hub: Hub) -> Mapping[str, Any]:
    runtime = hub.registry.get("garage")
    assert runtime is not None
    return runtime.state(1)


async def test_a_board_is_on_the_bus_and_its_channel_is_the_charger_s_meter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy, "PATIENCE_S", 0.0)
    async with house(tmp_path) as (hub, peer, _):
        await until(lambda: retained(hub, "panel/state/power") == 500)
        assert retained(hub, "panel/availability") == "online"
        info = retained(hub, "panel/info")
        assert info["vendor"] == "Panasonic"
        assert info["names"]["power"]["ja"] == "瞬時電力計測値"
        await until(lambda: state(hub).get("energy_total") == 10.0, 20.0)
        peer.change(0xC7, b"\x41", eoj=0x02A101)
        await until(lambda: state(hub).get("plugged"))
        peer.objects[BOARD] = board(3200, 1025)
        await until(lambda: state(hub).get("energy_total") == 10.25)
        assert state(hub)["power"] == 3200
        assert state(hub)["session_energy"] == 0.25


async def test_a_board_that_is_silent_makes_its_values_unknown(tmp_path: Path) -> None:
    async with house(tmp_path, ", timeout: 0.1, retries: 1") as (hub, peer, _):
        await until(lambda: retained(hub, "panel/state/power") == 500)
        peer.silent = True
        await until(lambda: retained(hub, "panel/availability") == "offline", 30.0)
        assert retained(hub, "panel/state/power") == "null"


async def test_a_device_is_removed_and_comes_back_by_a_reload(tmp_path: Path) -> None:
    async with house(tmp_path) as (hub, _peer, path):
        await until(lambda: retained(hub, "panel/state/power") == 500)
        before = path.read_text()
        path.write_text(
            before.replace("panel: {integration", "other: {integration").replace(": panel/", ": other/")
        )
        await hub.reload()
        await until(lambda: retained(hub, "other/state/power") == 500)
        assert retained(hub, "panel/state") is None
        path.write_text(before.replace("eoj: 0x0287", "eoj: nonsense"))
        await hub.reload()
        assert retained(hub, "panel/availability") != "online"


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        ("panel: {input: {}}", "devices.panel.integration: is missing"),
        ("garage: {integration: x}", "'garage' is a charger's id"),
        ("Panel: {integration: x}", "has 1 to 48 of"),
        ("board: {integration: echonet_lite}", "no device 'panel' in devices"),
        ("panel: {integration: echonet_lite, inptu: {}}", "did you mean 'input'"),
    ],
)
def test_what_is_wrong_with_a_device_is_told_with_its_place(tmp_path: Path, devices: str, words: str) -> None:
    path = tmp_path / "evhub.yaml"
    path.write_text(text(Peer(), "127.0.0.1/8", devices=devices))
    config, problems = read_config(path)
    assert problems == []
    told = "\n".join(config.charger_problems)
    assert words in told
    assert f"{path}:" in told


def test_a_meter_that_is_no_source_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evhub.yaml"
    path.write_text(text(Peer(), "127.0.0.1/8").replace("panel/channel_3_power", "panel"))
    config, _ = read_config(path)
    assert "such as panel/channel_3_power" in config.charger_problems[0]


async def test_a_hub_says_what_it_leaves_out_and_refuses_to_reload_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Peer() as peer:
        path = tmp_path / "evhub.yaml"
        path.write_text(text(peer, interface(), devices="panel: {integration: modbus}"))
        hub = Hub(load_config(path), jitter_s=0.0, logs=False)
        await hub.start()
        try:
            assert "device panel is left out: no integration 'modbus'" in caplog.text
            path.write_text(text(peer, interface(), devices="panel: {}"))
            with pytest.raises(HubError, match=r"devices\.panel"):
                await hub.reload()
        finally:
            await hub.stop()


def test_a_check_asks_the_integration_what_a_device_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evhub.yaml"
    path.write_text(
        text(Peer(), "127.0.0.1/8", devices="panel: {integration: echonet_lite, input: {pol: 5s}}")
    )
    assert main(["check", "-c", str(path)]) == 1
    told = capsys.readouterr().out
    assert "device panel: unknown key 'pol'; did you mean 'poll'?; eoj: is missing" in told
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: device panel", told)
