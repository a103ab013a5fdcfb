"""Resets: what ends first, what they wait for, what begins anew."""

import pytest

from hub.model.charger import Abilities
from hub.model.command import CommandResult, Outcome
from hub.ocpp.station.effects import Act, Keep, Reconnect
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

START = {"idToken": {"idToken": "R1", "type": "Central"}, "remoteStartId": 7, "evseId": 1}


@pytest.mark.parametrize(("version", "kind"), [("1.6", "Soft"), ("1.6", "Hard"), ("2.0.1", "Immediate")])
def test_a_reset_ends_the_transaction_and_boots_again(version: str, kind: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    assert world.ask("Reset", {"type": kind}) == {"status": "Accepted"}
    assert isinstance(world.last(Reconnect), Reconnect)
    assert world.last(Act).action == "reset"
    world.disconnect()
    world.take()
    world.connect()
    assert world.sent[0][0] == "BootNotification"
    if version == "2.0.1":
        assert world.sent[0][1]["reason"] == "RemoteReset"
    assert world.last(Keep) is not None
    assert ("boot", "reason") not in world.memory


def test_a_reset_on_idle_waits() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    assert world.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    assert world.last(Reconnect) is None
    world.state(IDLE)
    assert world.last(Reconnect) == Reconnect("ScheduledReset")
    world.disconnect()
    world.connect()
    for evse in (1, 3):
        assert world.ask("Reset", {"type": "Immediate", "evseId": evse})["status"] == "Rejected"


def test_one_evse_is_reset_where_the_device_can() -> None:
    world = World(abilities=Abilities(frozenset({"start", "pause", "reset_evse"})), evses=2)
    world.state(PLUGGED)
    world.swipe()
    assert world.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Scheduled"}
    assert world.last(Act) is None
    world.state(IDLE)
    assert (world.last(Act).evse, world.last(Act).action) == (1, "reset_evse")
    assert world.last(Reconnect) is None
    world.state(PLUGGED, evse=2)
    world.swipe("OTHER", evse=2)
    assert world.ask("Reset", {"type": "Immediate", "evseId": 2}) == {"status": "Accepted"}
    assert world.last(Act).evse == 2
    assert world.events()[-1] == ("Ended", "ResetCommand")


def test_a_reset_waits_until_the_end_of_the_transaction_is_told_but_not_for_ever() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.answers["TransactionEvent"] = "hold"
    world.ask("Reset", {"type": "Immediate"})
    assert world.last(Reconnect) is None
    assert world.ask("RequestStartTransaction", START)["status"] == "Rejected"
    world.advance(31)
    assert world.last(Reconnect) == Reconnect("RemoteReset")
    assert len(world.journal) == 1


def test_a_card_does_not_delay_a_reset_that_is_on_its_way() -> None:
    world = World(evses=2)
    world.state(PLUGGED)
    for _ in ("it begins", "it ends, and the card is known"):
        world.swipe("CARD2", 2)
    world.swipe()
    world.answers["TransactionEvent"] = "hold"
    world.ask("Reset", {"type": "Immediate"})
    assert world.swipe("CARD2", 2) == "rejected"
    world.advance(31)
    assert world.last(Reconnect) == Reconnect("RemoteReset")
    assert world.swipe("CARD2", 2) == "accepted"


def test_a_car_that_may_charge_freely_begins_after_the_reset_that_waits() -> None:
    world = World(free=True, evses=2)
    world.state(PLUGGED)
    first, second = world.station.evses.flows.values()
    assert first.transaction
    world.answers["TransactionEvent"] = "hold"
    world.ask("Reset", {"type": "Immediate"})
    world.state(PLUGGED, evse=2)
    assert (first.transaction, second.transaction) == (None, None)
    world.advance(31)
    assert world.last(Reconnect) == Reconnect("RemoteReset")
    assert None not in (first.transaction, second.transaction), "as after any start"


def test_a_device_that_does_not_reset_is_told_again() -> None:
    world = World(defaults={"ResetRetries": "1"})
    world.ask("Reset", {"type": "Immediate"})
    for _ in range(3):
        act = world.last(Act)
        world.station.device_done(act.ref, CommandResult(Outcome.ERROR), world.clock.now())
        world.pump()
    assert sum(isinstance(effect, Act) for effect in world.effects) == 2


def test_a_scheduled_reset_of_what_was_told_at_once() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    assert world.ask("Reset", {"type": "OnIdle"})["status"] == "Scheduled"
    world.disconnect()  # nobody to tell
    world.swipe()
    assert world.last(Reconnect)


@pytest.mark.parametrize("point", ["EVConnected", "PowerPathClosed"])
def test_an_immediate_reset_ends_the_transaction_whatever_its_stop_point_is(point: str) -> None:
    world = World(defaults={"TxStopPoint": point})
    world.state(PLUGGED)
    world.swipe()
    assert world.ask("Reset", {"type": "Immediate"})["status"] == "Accepted"
    assert world.events()[-1] == ("Ended", "ResetCommand")
    assert world.last(Reconnect)


def test_a_reset_that_is_over_leaves_nothing_to_wait_for() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.disconnect()
    world.ask("Reset", {"type": "Immediate"})
    assert world.last(Reconnect)
    world.advance(31)
    assert world.station.resets.deadlines() == []


@pytest.mark.parametrize(("version", "kind"), [("1.6", "Hard"), ("2.0.1", "Immediate"), ("2.0.1", "OnIdle")])
def test_a_reset_that_a_person_wants_is_a_local_one(version: str, kind: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    world.ask("Reset", {"type": kind}, cmd=True)
    if kind == "OnIdle":
        world.swipe()
    ended = next(p for a, p in reversed(world.sent) if a in ("StopTransaction", "TransactionEvent"))
    reason = ended.get("reason") or ended.get("transactionInfo", {}).get("stoppedReason")
    assert reason == ("Local" if kind == "OnIdle" else "Reboot")
    assert world.last(Reconnect) == Reconnect("LocalReset")


@pytest.mark.parametrize("kind", ["ImmediateAndResume", "Immediate"])
def test_one_that_is_on_its_way_is_not_put_off_by_one_that_could_wait(kind: str) -> None:
    world = World("2.1")
    world.swipe()
    world.state(CHARGING)
    world.answers["TransactionEvent"] = "hold"
    assert world.ask("Reset", {"type": kind}) == {"status": "Accepted"}
    assert world.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    world.answers.clear()
    world.release()
    assert world.last(Reconnect) == Reconnect("RemoteReset")
    world.disconnect()
    world.station.device_done(world.last(Act).ref, CommandResult(Outcome.ACCEPTED), world.clock.now())
    world.connect()
    world.state(CHARGING)
    running = world.station.evses.flows[1].transaction
    assert (running is not None) is (kind == "ImmediateAndResume")
    assert running is None or not running.held
