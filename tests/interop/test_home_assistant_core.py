"""A hub at Home Assistant itself: what its entities show of two sockets, and what its switches and sliders do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.e2e.world import World
from tests.interop.homeassistantcore import Absent, Core, installed

pytestmark = [pytest.mark.interop, pytest.mark.real_time]

SECOND = "box_connector_2"


class Central:
    """In the place of a world's CSMS."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def start(self) -> int:
        return self.port

    async def close(self) -> None:
        """It runs on."""


@pytest.fixture
def installation() -> Path:
    try:
        return installed()
    except Absent as reason:
        pytest.skip(str(reason))


@asynccontextmanager
async def site(installation: Path, folder: Path, version: str) -> AsyncIterator[tuple[World, Core]]:
    """A charger with two sockets, each with its entities."""
    (folder / "core").mkdir()
    more = f", csms: {{versions: [{version}]}}"
    world = World(folder, {"garage": ("em2go/duo_power", {}, more)})
    async with Core(installation, folder / "core") as core:
        world.csms = Central(core.csms_port)  # type: ignore[assignment]
        async with world:
            await core.add_charger("box")
            await core.until("sensor.box_connectors", "2")
            await core.reload()
            await core.until(f"sensor.{SECOND}_status_connector", "Available")
            yield world, core


@pytest.mark.parametrize(("version", "occupied"), [("ocpp1.6", "Charging"), ("ocpp2.0.1", "Occupied")])
async def test_a_session_at_the_second_socket(
    tmp_path: Path, installation: Path, version: str, occupied: str
) -> None:
    async with site(installation, tmp_path, version) as (world, core):
        outlet = world.chargers["garage"].outlets[2]
        world.chargers["garage"].plug(Car(needs_wh=500_000), 2)
        await core.until(f"sensor.{SECOND}_status_connector", "Preparing", "Occupied")
        await core.press("switch", "turn_on", entity_id=f"switch.{SECOND}_charge_control")
        await core.until(f"sensor.{SECOND}_status_connector", occupied)
        await core.until(f"sensor.{SECOND}_power_active_import", "11.04")
        shown = await core.states()
        assert value(shown, "voltage") == 230
        assert value(shown, "current_import") == 16
        assert value(shown, "energy_meter_start") >= 454
        register, session = (
            value(shown, name) for name in ("energy_active_import_register", "energy_session")
        )
        assert session == pytest.approx(register - value(shown, "energy_meter_start"))
        assert shown["sensor.box_connector_1_power_active_import"]["state"] == "unknown"
        await core.press("ocpp", "set_charge_rate", devid="box", limit_amps=10)
        await world.until(lambda: outlet.limit_a == 10)
        await core.until(f"sensor.{SECOND}_current_import", "10.0")
        await core.press("switch", "turn_off", entity_id=f"switch.{SECOND}_charge_control")
        await world.until(lambda: not outlet.enabled)
        world.chargers["garage"].unplug(2)
        await core.until(f"sensor.{SECOND}_status_connector", "Available")
        assert "SMART" in await core.state("sensor.box_features")
        assert core.complaints() == []


def value(shown: dict[str, Any], name: str) -> float:
    return float(shown[f"sensor.{SECOND}_{name}"]["state"])
