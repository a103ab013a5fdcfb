"""OCPP 2.1 B13: a reset that transactions outlive."""

from dataclasses import replace
from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.model.command import CommandResult, Outcome
from hub.ocpp.station.effects import Act, Permit
from tests.hub.ocpp.station.test_resumption import PAUSED, charging, told
from tests.hub.ocpp.world import ACTIONS, CHARGING, SETUP, World

RESUMING = {"type": "ImmediateAndResume"}


def answer_reset(world: World) -> None:
    """The device has done it."""
    act = world.last(Act)
    world.station.device_done(act.ref, CommandResult(Outcome.ACCEPTED), world.clock.now())
    world.pump()


def reconnect(world: World) -> None:
    world.disconnect()
    world.connect()


def test_it_is_told_and_energy_stops_until_the_device_is_back() -> None:
    world = charging()
    assert world.ask("Reset", RESUMING) == {"status": "Accepted"}
    assert told(world) == [("Updated", "ResetCommand", "Charging")]
    assert world.last(Permit) == Permit(1, False)
    assert world.last(Act).action == "reset"
    world.state(PAUSED)
    reconnect(world)
    assert ("BootNotification", "RemoteReset") in [(a, p.get("reason")) for a, p in world.sent]
    assert world.last(Permit) == Permit(1, False)
    answer_reset(world)
    world.state(PAUSED)
    assert world.last(Permit) == Permit(1, True)
    world.state(CHARGING)
    assert told(world)[1:] == [("Updated", "TxResumed", "Charging")]
    world.advance(100)
    assert [event for event in world.events() if event[0] == "Ended"] == []


def test_it_waits_for_the_csms_to_have_heard_of_it_but_not_for_the_end() -> None:
    world = charging()
    world.answers["TransactionEvent"] = "hold"
    world.ask("Reset", RESUMING)
    assert [effect for effect in world.effects if isinstance(effect, Act)] == []
    world.answers["TransactionEvent"] = {}
    world.release()
    assert world.last(Act).action == "reset"


def test_energy_does_not_come_back_where_the_csms_does_not_want_that() -> None:
    world = charging(AllowEnergyTransferResumption="false")
    world.ask("Reset", RESUMING)
    answer_reset(world)
    reconnect(world)
    world.state(PAUSED)
    assert told(world)[1:] == [("Updated", "TxResumed", "SuspendedEVSE")]
    assert world.last(Permit) == Permit(1, False)


def test_a_reset_may_take_longer_than_a_power_cut() -> None:
    world = charging(ResumptionTimeout="10")
    world.ask("Reset", RESUMING)
    world.state({**CHARGING, "status": "faulted", "plugged": None, "power": None})
    reconnect(world)
    world.advance(60)
    answer_reset(world)
    world.state(CHARGING)
    assert told(world)[-1] == ("Updated", "TxResumed", "Charging")


def test_without_a_device_that_can_be_reset_it_goes_on_at_once() -> None:
    world = World("2.1", abilities=Abilities(ACTIONS - {"reset"}))
    world.state({**CHARGING, "status": "preparing"})
    world.swipe()
    world.state(CHARGING)
    world.take()
    world.ask("Reset", RESUMING)
    reconnect(world)
    world.state(CHARGING)
    assert told(world) == [("Updated", "ResetCommand", "Charging"), ("Updated", "TxResumed", "Charging")]


def test_one_evse_alone() -> None:
    setup = replace(SETUP, evses=2, abilities=Abilities(ACTIONS | {"reset_evse"}))
    world = World("2.1", setup=setup, boot=False)
    world.connect()
    for evse in (1, 2):
        world.state({**CHARGING, "status": "preparing"}, evse)
        world.swipe(f"CARD{evse}", evse)
        world.state(CHARGING, evse)
    world.take()
    assert world.ask("Reset", {**RESUMING, "evseId": 2}) == {"status": "Accepted"}
    answer_reset(world)
    world.state(CHARGING, 2)
    events = [said for action, said in world.sent if action == "TransactionEvent"]
    assert [event["triggerReason"] for event in events] == ["ResetCommand", "TxResumed"]
    assert "BootNotification" not in world.actions()


def test_with_nothing_running_it_is_a_reset_like_any() -> None:
    world = World("2.1")
    assert world.ask("Reset", RESUMING) == {"status": "Accepted"}
    assert world.last(Act).action == "reset"


@pytest.mark.parametrize(
    ("defaults", "asked"),
    [({"ResumptionTimeout": "0"}, {}), ({}, {"evseId": 1}), ({}, {"evseId": 7})],
)
def test_what_cannot_be_is_rejected(defaults: dict[str, str], asked: dict[str, Any]) -> None:
    assert World("2.1", defaults=defaults).ask("Reset", {**RESUMING, **asked})["status"] == "Rejected"


def test_a_transaction_that_the_driver_ends_meanwhile_is_not_resumed() -> None:
    world = charging()
    world.ask("Reset", RESUMING)
    reconnect(world)
    world.state({**PAUSED, "status": "available", "plugged": False})
    answer_reset(world)
    world.advance(30)
    assert [event[1] for event in told(world)] == ["ResetCommand", "EVCommunicationLost"]
