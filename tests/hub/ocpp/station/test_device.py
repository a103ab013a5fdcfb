"""Who the station says it is: the charger itself, and only until it has spoken its blueprint."""

from typing import Any

import pytest

from hub.model.charger import Abilities, Identity
from tests.hub.ocpp.world import ACTIONS, IDLE, World

TELLS = Abilities(ACTIONS, frozenset({"serial", "power"}))
DEVICE = Identity("Maker", "Model", "S-77", "2.4")
NAMES = {
    "1.6": ("chargePointSerialNumber", "firmwareVersion"),
    "2.0.1": ("serialNumber", "firmwareVersion"),
}


def boots(world: World) -> list[tuple[Any, Any]]:
    serial, firmware = NAMES[world.version]
    told = [payload for action, payload in world.sent if action == "BootNotification"]
    stations = [payload.get("chargingStation", payload) for payload in told]
    return [(station.get(serial), station.get(firmware)) for station in stations]


def stranger(version: str = "2.0.1") -> World:
    world = World(version, boot=False, identity=Identity("Maker", "Model"), abilities=TELLS)
    world.connect()
    return world


@pytest.mark.parametrize("version", NAMES)
def test_the_first_boot_waits_for_what_the_device_says_of_itself(version: str) -> None:
    world = stranger(version)
    world.advance(1)
    assert boots(world) == []
    world.station.device.identify(DEVICE)
    world.state(IDLE)
    assert boots(world) == [("S-77", "2.4")]


def test_a_device_that_is_silent_is_not_waited_for_long() -> None:
    world = stranger()
    world.advance(4)
    assert boots(world) == [(None, None)]


@pytest.mark.parametrize("status", ["Accepted", "Pending"])
def test_a_device_that_speaks_late_is_no_second_start(status: str) -> None:
    world = World(boot=False, identity=Identity("Maker", "Model"), abilities=TELLS)
    answer = {"status": status, "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
    world.answers["BootNotification"] = answer
    world.connect()
    world.advance(4)
    world.station.device.identify(DEVICE)
    world.state(IDLE)
    assert boots(world) == [(None, None)]
    assert world.station.device.identity == DEVICE


def test_a_silent_device_is_waited_for_once_and_no_longer_than_the_most_impatient_csms_waits() -> None:
    world = stranger()
    world.advance(1.9)
    assert boots(world) == [(None, None)]
    again = stranger()
    again.disconnect()
    again.connect()
    assert boots(again) == [(None, None)]


def test_it_is_remembered_over_a_restart() -> None:
    world = stranger()
    world.station.device.identify(DEVICE)
    world.pump()
    world.restart()
    world.connect()
    assert boots(world)[-1] == ("S-77", "2.4")


def test_another_blueprint_is_another_device() -> None:
    world = stranger()
    world.station.device.identify(DEVICE)
    world.pump()
    world.setup = World(boot=False, identity=Identity("Other", "Thing"), abilities=TELLS).setup
    world.restart()
    world.connect()
    world.advance(4)
    assert boots(world)[-1] == (None, None)


def test_a_blueprint_that_reads_no_such_thing_is_not_waited_for() -> None:
    world = World(boot=False)
    world.connect()
    assert boots(world) == [("S1", "1.0")]
