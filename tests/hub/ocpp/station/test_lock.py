"""G05: a lock that fails."""

from typing import Any

import pytest

from hub.ocpp.station.lock import failed
from tests.hub.ocpp.world import IDLE, PLUGGED, World

FAULTED = {**PLUGGED, "status": "faulted", "error_code": "locking failed"}
LOST = {"status": "faulted"}


def events(world: World) -> list[Any]:
    return [said["eventData"][0] for action, said in world.sent if action == "NotifyEvent"]


@pytest.mark.parametrize("words", ["lock", "socket lock", "Locking failed", "unlock", "ConnectorLockFailure"])
def test_blueprints_tell_of_it_in_several_words(words: str) -> None:
    assert failed({"status": "faulted", "error_code": words})


@pytest.mark.parametrize("words", ["relay blocked", "clock", None, "GroundFailure"])
def test_other_faults_are_none_of_it(words: str | None) -> None:
    assert not failed({"status": "faulted", "error_code": words})


def test_it_holds_up_the_transaction_and_the_csms_is_told_when_it_fails_and_when_it_works_again() -> None:
    world = World()
    world.state(FAULTED)
    world.swipe()
    world.state(FAULTED)
    assert world.events() == []
    (event,) = events(world)
    assert event["component"] == {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}}
    assert (event["variable"], event["actualValue"]) == ({"name": "Problem"}, "true")
    assert (event["eventNotificationType"], event["trigger"]) == ("HardWiredNotification", "Alerting")
    world.state(PLUGGED)
    assert (events(world)[1]["actualValue"], events(world)[1]["cleared"]) == ("false", True)
    world.swipe()
    assert world.events() == [("Started", "Authorized")]


def test_it_is_told_after_an_absence() -> None:
    world = World()
    world.disconnect()
    world.state(FAULTED)
    world.restart()
    world.connect()
    assert len(events(world)) == 1


def test_what_is_wrong_can_be_asked_for() -> None:
    world = World()
    world.state(FAULTED)
    asked = {"requestId": 1, "componentCriteria": ["Problem"]}
    assert world.ask("GetReport", asked) == {"status": "Accepted"}
    told = {row["component"]["name"] for _, said in world.sent for row in said.get("reportData", ())}
    assert {"EVSE", "ConnectorPlugRetentionLock"} <= told


def test_a_charger_without_a_lock_has_none_in_its_model() -> None:
    world = World()
    lock = {"component": {"name": "ConnectorPlugRetentionLock"}}
    asked = {"requestId": 1, "componentVariable": [lock]}
    assert world.ask("GetReport", asked) == {"status": "Accepted"}
    world = World(abilities=world.setup.abilities.__class__(frozenset({"start", "pause"})))
    world.state(IDLE)
    assert world.ask("GetReport", asked) == {"status": "EmptyResultSet"}


def test_in_1_6_the_status_tells_it() -> None:
    world = World("1.6")
    world.state(FAULTED)
    assert "NotifyEvent" not in world.actions()
    (status,) = [said for action, said in world.sent if action == "StatusNotification"]
    assert status["errorCode"] == "ConnectorLockFailure"


def test_a_charger_that_is_not_heard_has_not_repaired_it() -> None:
    world = World()
    world.state(FAULTED)
    world.state(LOST)
    assert [event["actualValue"] for event in events(world)] == ["true"]
    world.state(FAULTED)
    assert [event["actualValue"] for event in events(world)] == ["true"]
    world.state(LOST)
    world.state(IDLE)
    assert [event["actualValue"] for event in events(world)] == ["true", "false"]


def test_without_a_csms_there_is_nobody_to_tell() -> None:
    world = World(boot=False, csms=False)
    world.state(FAULTED)
    assert "notice" not in {kind for kind, _ in world.memory}
