"""Home Assistant's OCPP integration, replayed: what it would know of a charger, and nothing that it would warn of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.simulate.ev import Car
from tests.e2e.homeassistant import HomeAssistant, Point16, Sensors
from tests.e2e.world import World


@asynccontextmanager
async def site(folder: Path, kind: type[Sensors], version: str) -> AsyncIterator[tuple[World, Any]]:
    """A hub with a KEBA, and its charger as Home Assistant has it after its first calls."""
    world = World(folder, {"garage": ("keba/p30", {}, f", csms: {{versions: [{version}]}}")})
    central = world.csms = HomeAssistant(kind, version)  # type: ignore[assignment]
    async with world:
        await world.until(lambda: "garage" in central.points and central.points["garage"].ready)
        yield world, central.points["garage"]


async def test_home_assistant_sees_a_whole_session_in_1_6(tmp_path: Path) -> None:
    async with site(tmp_path, Point16, "ocpp1.6") as (world, point):
        garage = world.chargers["garage"]
        await world.until(lambda: point.metrics.get("status 1") == "Available")
        assert point.metrics["charge_point_vendor"] == "KEBA"
        assert {"Core", "SmartCharging", "RemoteTrigger"} <= point.features
        print(point.metrics, point.warnings)
        garage.plug(Car(needs_wh=50_000))
        await world.until(lambda: point.metrics["status 1"] == "Preparing")
        assert await point.start_transaction()
        await world.until(lambda: point.metrics["status 1"] == "Charging")
        assert await point.limit(10)
        await world.until(lambda: garage.outlets[1].limit_a == 10)
        await point.trigger("MeterValues", 1)
        await world.until(lambda: "Power.Active.Import" in point.metrics)
        print(point.metrics, point.units, point.warnings)
        assert await point.stop_transaction()
        await world.until(lambda: point.metrics.get("stop_reason") == "Remote")
        await world.until(lambda: point.metrics["status 1"] == "Finishing")
        garage.unplug()
        await world.until(lambda: point.metrics["status 1"] == "Available")
        boots = point.boots
        assert await point.reset()
        await world.until(lambda: point.boots > boots)
        assert point.warnings == []
