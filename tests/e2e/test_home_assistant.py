"""Home Assistant's OCPP integration, replayed: what it would know of a charger, and nothing that it would warn of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.e2e.homeassistant import TAG, HomeAssistant, Sensors
from tests.e2e.homeassistant16 import Point16
from tests.e2e.homeassistant201 import Point201
from tests.e2e.world import World

METERED = ["Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage"]
LIMITED = {"power": 6900, "current_l1": 10, "current_l3": 10}


@asynccontextmanager
async def site(
    folder: Path, kind: type[Sensors], version: str, path: str = "keba/p30"
) -> AsyncIterator[tuple[World, Any]]:
    """A hub with a charger, as Home Assistant has it after its first calls."""
    world = World(folder, {"garage": (path, {}, f", csms: {{versions: [{version}]}}")})
    central = world.csms = HomeAssistant(kind, version)  # type: ignore[assignment]
    async with world:
        await world.until(lambda: "garage" in central.points and central.points["garage"].ready)
        yield world, central.points["garage"]


async def test_home_assistant_sees_a_whole_session_in_1_6(tmp_path: Path) -> None:
    async with site(tmp_path, Point16, "ocpp1.6") as (world, point):
        await world.until(lambda: point.metrics.get("status 1") == "Available")
        assert (point.metrics["charge_point_vendor"], point.metrics["serial"]) == ("KEBA", "17619300")
        assert point.features >= {
            "Core",
            "SmartCharging",
            "RemoteTrigger",
            "Reservation",
            "FirmwareManagement",
        }
        assert point.metrics["measurands"] == METERED
        await session(world, point)
        assert point.metrics["stop_reason"] == "Remote"


async def test_home_assistant_sees_a_whole_session_in_2_0_1(tmp_path: Path) -> None:
    async with site(tmp_path, Point201, "ocpp2.0.1") as (world, point):
        await world.until(lambda: point.metrics.get("status 1") == "Available")
        assert (point.metrics["vendor_name"], point.metrics["serial_number"]) == ("KEBA", "17619300")
        assert point.features >= {"SmartChargingCtrlr", "ReservationCtrlr", "LocalAuthListCtrlr"}
        assert point.inventory["evses"] == {1: 1}
        assert point.inventory["measurands"] == METERED
        await session(world, point)
        assert point.metrics["stop_reason"] == "Remote"
        assert point.metrics["Power.Active.Import"] == 0


async def session(world: World, point: Any) -> None:
    """As its buttons and its slider have it."""
    garage = world.chargers["garage"]
    garage.plug(Car(needs_wh=50_000))
    await world.until(lambda: point.metrics["status 1"] == "Preparing")
    assert await point.start_transaction()
    await world.until(lambda: point.metrics["status 1"] == "Charging")
    assert point.metrics["id_tag"].endswith(TAG)
    assert await point.limit(10)
    await world.until(lambda: all(world.state("garage", name) == value for name, value in LIMITED.items()))
    await point.trigger("MeterValues" if isinstance(point, Point16) else "TransactionEvent")
    await world.until(lambda: point.metrics.get("Current.Import") == 30)
    shown = {name: (point.metrics[name], point.units[name]) for name in ("Power.Active.Import", "Voltage")}
    assert shown == {"Power.Active.Import": (6.9, "kW"), "Voltage": (230.0, "V")}
    assert point.metrics[METERED[0]] > point.metrics["meter_start"] > 1000
    assert point.metrics["session_energy"] > 0
    assert {point.units[name] for name in (METERED[0], "meter_start", "session_energy")} == {"kWh"}
    assert await point.limit(32)
    await world.until(lambda: (garage.outlets[1].limit_a or 32) >= 16)
    assert await point.stop_transaction()
    await world.until(lambda: point.metrics.get("stop_reason"))
    garage.unplug()
    await world.until(lambda: point.metrics["status 1"] == "Available")
    boots = point.boots
    assert await point.reset()
    await world.until(lambda: point.boots > boots)
    assert point.warnings == []


@pytest.mark.parametrize(("kind", "version"), [(Point16, "ocpp1.6"), (Point201, "ocpp2.0.1")])
async def test_home_assistant_sees_both_sockets(tmp_path: Path, kind: type[Sensors], version: str) -> None:
    async with site(tmp_path, kind, version, "em2go/duo_power") as (world, point):
        await world.until(lambda: all(point.metrics.get(f"status {n}") == "Available" for n in (1, 2)))
        world.chargers["garage"].plug(Car(needs_wh=50_000), 2)
        await world.until(lambda: point.metrics["status 2"] == "Preparing")
        assert point.metrics["status 1"] == "Available"
        assert (
            (point.metrics["connectors"] == 2)
            if version == "ocpp1.6"
            else (point.inventory["evses"] == {1: 1, 2: 1})
        )
        assert await point.start_transaction(2)
        await world.until(lambda: point.metrics["status 2"] == "Charging")
        await point.trigger("MeterValues" if version == "ocpp1.6" else "TransactionEvent")
        await world.until(lambda: point.metrics.get("Current.Import"))
        assert await point.stop_transaction()
        await world.until(lambda: point.metrics.get("stop_reason"))
        assert point.metrics["evses charging"] == {2}
        assert point.warnings == []
