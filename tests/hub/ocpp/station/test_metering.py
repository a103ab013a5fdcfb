"""Meter values: nothing is told that nobody has measured."""

import pytest

from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, SETUP, World

VERSIONS = ["1.6", "2.0.1"]
LOST = {"status": "faulted", "error_code": "OtherError", "energy_total": None, "power": None}
WANTED = {
    "AlignedInterval": "300",
    "AlignedMeasurands": "Energy.Active.Import.Register,Voltage",
    "TxUpdatedMeasurands": "Energy.Active.Import.Register",
}


def measured(world: World) -> list[float]:
    said = [payload for action, payload in world.sent if action == "MeterValues"]
    samples = [sample for one in said for value in one["meterValue"] for sample in value["sampledValue"]]
    return [float(sample["value"]) for sample in samples if sample["measurand"].startswith("Energy")]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_register_of_a_charger_that_was_never_heard_is_unknown_and_not_zero(version: str) -> None:
    world = World(version, setup=SETUP, boot=False, defaults=WANTED)
    world.connect()
    world.state(LOST)
    world.advance(301)
    assert world.ask("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Rejected"}
    assert measured(world) == []
    world.state(IDLE)
    world.advance(300)
    world.state(LOST)
    assert world.ask("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Accepted"}
    assert measured(world) == [10_000.0, 10_000.0]


def test_one_of_two_that_has_something_to_tell_is_enough() -> None:
    world = World(evses=2, defaults=WANTED)
    world.state(LOST, evse=2)
    assert world.ask("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Accepted"}
    asked = {"requestedMessage": "MeterValues", "evse": {"id": 2}}
    assert world.ask("TriggerMessage", asked) == {"status": "Rejected"}
    assert world.actions().count("MeterValues") == 1


def test_values_of_which_the_charger_has_none_make_no_event() -> None:
    """Asked for, a transaction is told all the same: that it runs, and its chargingState (F06.FR.07)."""
    nothing = {"TxUpdatedMeasurands": "SoC", "AlignedMeasurands": "SoC", "AlignedInterval": "30"}
    world = World(defaults=nothing)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    world.advance(200)
    assert world.events() == []
    assert world.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"}) == {"status": "Accepted"}
    assert world.ask("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Rejected"}
    assert world.events() == [("Updated", "Trigger")]
    ((_, said),) = [row for row in world.sent if row[0] == "TransactionEvent"]
    assert "meterValue" not in said
    assert said["transactionInfo"]["chargingState"] == "Charging"
