"""Registration: how long a station waits that isn't accepted, and how often one asks for the time that is."""

from typing import Any

import pytest

from hub.ocpp.station.boot import DAY_S, Registration
from tests.hub.ocpp.world import IDLE, PLUGGED, World

NOW = "2026-01-01T00:00:00Z"
WAITING = ["Pending", "Rejected"]


def told_to_wait(status: str, interval: int = 100) -> World:
    world = World(boot=False)
    world.answers["BootNotification"] = {"status": status, "currentTime": NOW, "interval": interval}
    world.connect()
    world.state(IDLE)
    world.take()
    return world


def boots(world: World) -> int:
    return world.actions().count("BootNotification")


def unanswered(version: str = "2.0.1") -> World:
    """Home Assistant asks what it wants to know before its answer to BootNotification has left."""
    world = World(version, boot=False)
    world.answers["BootNotification"] = "hold"
    world.connect()
    world.state(IDLE)
    assert boots(world) == 1
    return world


def test_a_csms_may_ask_before_its_answer_is_there() -> None:
    world = unanswered()
    report = {"requestId": 1, "reportBase": "FullInventory"}
    assert world.ask("GetBaseReport", report) == {"status": "Accepted"}
    world.take()
    world.answers.clear()
    world.release()
    assert "NotifyReport" in world.actions()


def test_a_csms_may_ask_for_keys_before_its_answer_is_there_and_start_nothing() -> None:
    world = unanswered("1.6")
    assert "configurationKey" in world.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    assert world.ask("RemoteStartTransaction", {"idTag": "APP"}) == {"status": "Rejected"}


def test_who_asked_and_then_refuses_the_station_is_told_nothing() -> None:
    world = unanswered()
    world.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    world.take()
    world.answers["BootNotification"] = {"status": "Rejected", "currentTime": NOW, "interval": 100}
    world.release()
    assert world.actions() == []


@pytest.mark.parametrize("status", WAITING)
def test_who_was_told_to_wait_waits_on_another_connection_too(status: str) -> None:
    world = told_to_wait(status)
    for _ in range(3):
        world.disconnect()
        world.advance(10)
        world.connect()
    world.advance(69)
    assert world.actions() == []
    world.advance(2)
    assert world.actions() == ["BootNotification"]


@pytest.mark.parametrize("status", WAITING)
def test_what_it_was_told_holds_on_another_connection(status: str) -> None:
    world = told_to_wait(status)
    world.disconnect()
    world.connect()
    asked = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
    answer = world.ask("GetVariables", {"getVariableData": [asked]})
    assert (answer == "SecurityError") is (status == "Rejected")


@pytest.mark.parametrize("status", WAITING)
def test_a_wait_that_was_over_while_nobody_was_there_is_over(status: str) -> None:
    world = told_to_wait(status)
    world.disconnect()
    world.advance(101)
    world.connect()
    assert boots(world) == 1


@pytest.mark.parametrize("interval", [10**7, 10**12, 10**30])
def test_however_long_the_wait_is_it_is_kept(interval: int) -> None:
    world = told_to_wait("Rejected", interval)
    world.advance(86_400)
    assert world.actions() == []


def begin_anew(world: World) -> None:
    world.disconnect()
    world.restart()
    world.connect()


def switch(world: World) -> None:
    """A person has switched the uplink off and on."""
    world.station.boot.switched_off()
    world.disconnect()
    world.connect()


def reset(world: World) -> None:
    world.ask("Reset", {"type": "Immediate"}, cmd=True)
    world.disconnect()
    world.connect()


@pytest.mark.parametrize("status", WAITING)
@pytest.mark.parametrize("start", [begin_anew, switch, reset])
def test_a_new_start_registers_at_once(status: str, start: Any) -> None:
    world = told_to_wait(status, 10**6)
    start(world)
    world.state(IDLE)
    assert boots(world) == 1


def test_who_is_accepted_and_switched_off_and_on_stays_so() -> None:
    world = World()
    switch(world)
    assert (boots(world), world.station.boot.registration) == (0, Registration.ACCEPTED)


def test_a_registration_that_was_cut_off_is_tried_at_once_on_the_next_connection() -> None:
    world = World(boot=False)
    world.answers["BootNotification"] = "hold"
    world.connect()
    world.disconnect()
    world.answers.clear()
    world.connect()
    assert (boots(world), world.station.boot.accepted) == (2, True)


# Heartbeats


def heartbeats(world: World) -> int:
    return world.actions().count("Heartbeat")


def test_whatever_else_is_said_the_time_is_asked_for_once_a_day() -> None:
    world = World(defaults={"AlignedInterval": "60"})
    world.advance(DAY_S - 1)
    assert heartbeats(world) == 0
    world.advance(2)
    assert heartbeats(world) == 1
    world.advance(2 * DAY_S)
    assert heartbeats(world) == 3


def test_a_heartbeat_that_is_not_answered_is_no_reason_for_a_flood_of_them() -> None:
    world = World()
    world.answers["Heartbeat"] = "GenericError"
    world.advance(DAY_S + 1)
    assert heartbeats(world) == DAY_S // 300


def test_an_interval_of_more_than_a_day_is_kept() -> None:
    world = World(boot=False)
    world.answers["BootNotification"] = {"status": "Accepted", "currentTime": NOW, "interval": 200_000}
    world.connect()
    world.take()
    world.advance(199_999)
    assert heartbeats(world) == 0
    world.advance(2)
    assert heartbeats(world) == 1


# Transactions before registration (B02.FR.03, B03.FR.01)


def unaccepted(before: str, **more: Any) -> World:
    world = World(boot=False, defaults={"TxBeforeAccepted": before, **more.pop("defaults", {})}, **more)
    world.answers["BootNotification"] = {"status": "Pending", "currentTime": NOW, "interval": 100}
    world.connect()
    world.state(PLUGGED)
    return world


def accept(world: World) -> None:
    world.answers.clear()
    world.advance(101)


@pytest.mark.parametrize("before", ["true", "false"])
def test_whether_a_card_begins_before_registration_can_be_chosen(before: str) -> None:
    world = unaccepted(before, tokens={"CARD1": None})
    assert world.swipe() == ("accepted" if before == "true" else "rejected")
    accept(world)
    if before == "false":
        assert world.events() == []
        assert world.swipe() == "accepted"
    assert world.events()[0] == ("Started", "Authorized")


@pytest.mark.parametrize("how", [{"free": True}, {"defaults": {"TxStartPoint": "EVConnected"}}])
def test_what_begins_by_itself_begins_with_the_registration(how: dict[str, Any]) -> None:
    world = unaccepted("false", **how)
    assert world.station.evses.flows[1].transaction is None
    accept(world)
    assert world.events() == [("Started", "CablePluggedIn")]
    (started,) = (said for action, said in world.sent if action == "TransactionEvent")
    assert started["offline"] is False


def test_a_csms_that_allows_it_while_it_says_pending_has_not_to_wait_for_the_next_car() -> None:
    world = unaccepted("false", defaults={"TxStartPoint": "EVConnected"})
    name = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxBeforeAcceptedEnabled"}}
    result = world.ask("SetVariables", {"setVariableData": [{**name, "attributeValue": "true"}]})
    assert result["setVariableResult"][0]["attributeStatus"] == "Accepted"
    assert world.station.evses.flows[1].transaction is not None
    accept(world)
    assert world.events()[0] == ("Started", "CablePluggedIn")


def test_once_accepted_a_station_goes_on_while_the_csms_is_away() -> None:
    world = World(defaults={"TxBeforeAccepted": "false"}, tokens={"CARD1": None})
    world.disconnect()
    world.state(PLUGGED)
    assert world.swipe() == "accepted"


def test_what_ran_before_a_restart_goes_on() -> None:
    world = World(defaults={"TxBeforeAccepted": "false"}, free=True)
    world.state(PLUGGED)
    world.restart()
    world.state(PLUGGED)
    assert world.station.evses.flows[1].transaction is not None


def test_without_a_csms_nobody_has_to_accept_anything() -> None:
    world = World(boot=False, csms=False, free=True, defaults={"TxBeforeAccepted": "false"})
    world.state(PLUGGED)
    assert world.station.evses.flows[1].transaction is not None


def test_while_it_pends_no_event_of_a_transaction_is_promised() -> None:
    """F06.FR.10: what is accepted is sent, and a transaction's events are told in their order, from the first."""
    world = unaccepted("true", free=True)
    assert world.station.evses.flows[1].transaction is not None
    assert world.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"}) == {"status": "Rejected"}
    assert world.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    assert world.actions() == ["BootNotification", "Heartbeat"]
    accept(world)
    assert world.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"}) == {"status": "Accepted"}
