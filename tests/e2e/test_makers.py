"""Chargers of many makers at one hub: what each driver does, and what the CSMS sees of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.e2e.world import World

MAKERS = {
    "keba": "keba/p40",
    "mennekes": "mennekes/amtron_compact",
    "vestel": "vestel/evc04",
    "foxess": "foxess/evc",
    "warp": "tinkerforge/warp",
    "kathrein": "kathrein/kwb",
    "phoenix": "phoenix/charx",
    "wallbox": "wallbox/quasar",
    "solax": "solax/x3_hac",
    "weidmueller": "weidmueller/ac_smart",
}
CARD = "04a2b3c4"
PATIENCE_S = 40.0


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp1.6"])
async def test_card_charge_limit_fault_and_departure_reach_the_csms(tmp_path: Path, version: str) -> None:
    versions = f", csms: {{versions: [{version}]}}"
    async with World(tmp_path, {name: (path, {}, versions) for name, path in MAKERS.items()}) as world:
        await world.until(lambda: len(world.csms.stations) == len(MAKERS), PATIENCE_S)
        await asyncio.gather(*(_day(world, name, version) for name in MAKERS))
        assert world.csms.complaints == []
        assert {station for station, _ in world.csms.transactions} == {*MAKERS}


async def _day(world: World, name: str, version: str) -> None:
    charger = world.chargers[name]
    outlet = charger.outlets[1]
    await world.until(lambda: world.status(name) == "available" and _registered(world, name), PATIENCE_S)
    charger.plug(Car(needs_wh=2_000_000))
    await world.until(lambda: world.status(name) != "available", PATIENCE_S)
    await _begin(world, name, version)
    await world.until(lambda: world.status(name) == "charging", PATIENCE_S)
    await world.csms.call(name, "SetChargingProfile", LIMIT[version])
    await world.until(lambda: abs(outlet.current_a - 8) < 0.5, PATIENCE_S)
    charger.fault(True)
    await world.until(lambda: _faulted(world, name), PATIENCE_S)
    charger.fault(False)
    await world.until(lambda: world.status(name) == "charging", PATIENCE_S)
    charger.unplug()
    await world.until(lambda: _ended(world, name), PATIENCE_S)


async def _begin(world: World, name: str, version: str) -> None:
    """With a card where there is a reader; else the CSMS begins."""
    assert world.hub is not None
    runtime = world.hub.registry.get(name)
    assert runtime is not None
    if "rfid" in runtime.abilities.readings:
        world.chargers[name].swipe(CARD)
        return
    answer = await world.csms.call(name, *START[version])
    assert answer["status"] == "Accepted"


def _registered(world: World, name: str) -> bool:
    return any(
        (station, action) == (name, "StatusNotification") for station, action, _ in world.csms.messages
    )


def _faulted(world: World, name: str) -> bool:
    return any(
        station == name and "Faulted" in (told.get("connectorStatus"), told.get("status"))
        for station, action, told in world.csms.messages
        if action == "StatusNotification"
    )


def _ended(world: World, name: str) -> bool:
    return any(station == name and one.ended for (station, _), one in world.csms.transactions.items())


START: dict[str, tuple[str, dict[str, Any]]] = {
    "ocpp2.0.1": (
        "RequestStartTransaction",
        {"idToken": {"idToken": CARD, "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1},
    ),
    "ocpp1.6": ("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1}),
}
PERIODS = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}
PROFILE = {
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
}
LIMIT: dict[str, dict[str, Any]] = {
    "ocpp2.0.1": {
        "evseId": 1,
        "chargingProfile": {"id": 1, **PROFILE, "chargingSchedule": [{"id": 1, **PERIODS}]},
    },
    "ocpp1.6": {
        "connectorId": 1,
        "csChargingProfiles": {"chargingProfileId": 1, **PROFILE, "chargingSchedule": PERIODS},
    },
}
