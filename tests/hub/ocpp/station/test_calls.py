"""Which CALL is the next, and what became of each."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Bury
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ("1.6", "2.0.1", "2.1")


def silent(version: str, **more: Any) -> World:
    """A world whose CSMS leaves every StatusNotification without an answer."""
    world = World(version, **more)
    world.answers["StatusNotification"] = "hold"
    return world


@pytest.mark.parametrize("version", VERSIONS)
def test_while_an_answer_is_awaited_nothing_else_is_due_at_once(version: str) -> None:
    world = silent(version)
    world.swipe()
    world.state(PLUGGED)  # a transaction is owed
    world.station.upkeep.security.happened("FirmwareUpdated", world.clock.now())  # and so is a notice
    world.pump()
    assert world.actions()[-1] == "StatusNotification"
    due = world.station.deadline()
    assert due is None or due > world.clock.now().mono
    world.answers.clear()
    world.release()
    assert "SecurityEventNotification" in world.actions()


def test_a_registration_that_is_due_waits_for_the_answer_to_what_was_triggered() -> None:
    world = World(boot=False)
    world.answers["BootNotification"] = {
        "status": "Pending",
        "currentTime": "2026-01-01T00:00:00Z",
        "interval": 5,
    }
    world.connect()
    world.state(IDLE)
    world.answers["StatusNotification"] = "hold"
    world.ask(
        "TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
    )
    world.clock.advance(6)
    world.station.tick(world.clock.now())
    world.pump()
    due = world.station.deadline()
    assert due is None or due > world.clock.now().mono
    world.answers.clear()
    world.take()
    world.release()
    assert world.actions()[0] == "BootNotification"


def test_the_number_of_a_transaction_whose_end_is_buried_is_forgotten() -> None:
    world = World("1.6", defaults={"MessageAttempts": "1"})
    world.swipe()
    world.state(CHARGING)
    assert [kind for kind, _ in world.memory if kind == "csms_id"] == ["csms_id"]
    world.answers["StopTransaction"] = "InternalError"
    world.swipe()
    world.state(IDLE)
    assert world.last(Bury) is not None
    assert not [kind for kind, _ in world.memory if kind == "csms_id"]
    assert not world.station.csms_ids
