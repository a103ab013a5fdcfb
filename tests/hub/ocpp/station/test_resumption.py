"""Transactions that outlive a restart of the hub: what is told, whether energy flows, and when they end instead."""

from typing import Any

import pytest

from hub.ocpp.station import resumption
from hub.ocpp.station.effects import Permit
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

PAUSED = {**PLUGGED, "status": "suspended_evse"}


def charging(version: str = "2.1", **defaults: str) -> World:
    world = World(version, defaults=defaults)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def away(world: World, seconds: float = 20) -> None:
    """The hub is off for a time; then it finds the CSMS again."""
    world.clock.advance(seconds)
    world.restart()
    world.effects.clear()
    world.connect()
    world.take()


def told(world: World) -> list[tuple[str, str, Any]]:
    return [
        (said["eventType"], said["triggerReason"], said["transactionInfo"].get("chargingState"))
        for action, said in world.sent
        if action == "TransactionEvent"
    ]


def test_a_charger_that_went_on_is_told_to_be_resumed() -> None:
    world = charging()
    away(world)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "Charging")]
    assert world.last(Permit) == Permit(1, True)
    world.advance(30)
    world.state({**PLUGGED, "status": "suspended_ev"})
    assert told(world)[1:] == [("Updated", "ChargingStateChanged", "SuspendedEV")]


@pytest.mark.parametrize("version", ["2.0.1", "1.6"])
def test_before_2_1_it_goes_on_without_a_word(version: str) -> None:
    world = charging(version)
    away(world)
    world.state(CHARGING)
    assert world.actions() == ["StatusNotification"]


def test_a_charger_that_has_stopped_gets_its_energy_back_and_then_it_is_told() -> None:
    world = charging()
    away(world)
    world.state(PAUSED)
    assert (told(world), world.last(Permit)) == ([], Permit(1, True))
    world.advance(5)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "Charging")]


def test_a_charger_that_shows_no_energy_for_a_while_is_told_as_it_is() -> None:
    world = charging()
    away(world)
    world.state(PAUSED)
    world.advance(14)
    assert told(world) == []
    world.advance(2)
    assert told(world) == [("Updated", "TxResumed", "SuspendedEVSE")]


def test_a_car_that_has_had_enough_meanwhile_is_told_at_once() -> None:
    world = charging()
    away(world)
    world.state({**PLUGGED, "status": "suspended_ev"})
    assert told(world) == [("Updated", "TxResumed", "SuspendedEV")]


def test_away_from_the_csms_it_is_told_later_as_what_happened_then() -> None:
    world = charging()
    world.clock.advance(20)
    world.restart()
    world.state(CHARGING)
    world.advance(20)
    world.take()
    world.connect()
    (event,) = [said for action, said in world.sent if action == "TransactionEvent"]
    assert (event["triggerReason"], event["offline"]) == ("TxResumed", True)


def test_a_csms_that_comes_a_little_later_hears_it_as_news() -> None:
    world = charging()
    world.clock.advance(20)
    world.restart()
    world.state(CHARGING)
    world.advance(5)
    world.connect()
    (event,) = [said for action, said in world.sent if action == "TransactionEvent"]
    assert (event["triggerReason"], event["offline"]) == ("TxResumed", False)


def test_where_energy_may_not_come_back_by_itself_it_is_suspended_until_somebody_comes() -> None:
    world = charging(AllowEnergyTransferResumption="false", TxStopPoint="EVConnected")
    away(world)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "SuspendedEVSE")]
    assert world.last(Permit) == Permit(1, False)
    world.state(PAUSED)
    world.advance(100)
    assert told(world)[1:] == [("Updated", "MeterValuePeriodic", "SuspendedEVSE")]
    world.swipe()
    world.advance(10)
    world.swipe()
    assert world.last(Permit) == Permit(1, True)


def test_a_driver_who_had_not_come_yet_gets_energy_when_he_comes() -> None:
    world = World("2.1", defaults={"AllowEnergyTransferResumption": "false", "TxStartPoint": "EVConnected"})
    world.state(PLUGGED)
    away(world)
    world.state(PLUGGED)
    assert told(world) == [("Updated", "TxResumed", "EVConnected")]
    world.swipe()
    assert world.last(Permit) == Permit(1, True)


def test_a_car_that_has_left_ends_it_as_usual() -> None:
    world = charging()
    away(world)
    world.state(IDLE)
    assert told(world) == [("Ended", "EVCommunicationLost", "Idle")]
    world.advance(60)
    assert len(told(world)) == 1


def test_a_car_that_has_left_may_come_back_where_the_stop_points_say_so() -> None:
    world = charging(TxStopPoint="Authorized", StopTxOnEVSideDisconnect="false")
    away(world)
    world.state(IDLE)
    assert told(world)[-1] == ("Updated", "TxResumed", "Idle")


@pytest.mark.parametrize(("state", "reason"), [(PAUSED, "PowerLoss"), (CHARGING, "Reboot")])
@pytest.mark.parametrize("timeout", ["60", "0"])
def test_an_interruption_that_was_too_long_ends_it(state: dict[str, Any], reason: str, timeout: str) -> None:
    world = charging(ResumptionTimeout=timeout, TxStartPoint="EVConnected")
    transaction = world.station.evses.flows[1].transaction
    assert transaction is not None
    away(world, 70)
    world.state(state)
    assert world.events() == [("Ended", "AbnormalCondition"), ("Started", "CablePluggedIn")]
    ended, started = (said["transactionInfo"] for action, said in world.sent if action == "TransactionEvent")
    assert (ended["transactionId"], ended["stoppedReason"]) == (transaction.id, reason)
    assert started["transactionId"] != transaction.id


def test_how_long_the_hub_was_away_is_known_without_anything_being_told() -> None:
    world = charging(ResumptionTimeout="60", TxUpdatedInterval="0")
    world.advance(600)
    away(world, 30)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "Charging")]


def test_where_nothing_depends_on_it_the_disk_is_left_alone() -> None:
    world = charging(TxUpdatedInterval="0")
    world.effects.clear()
    world.advance(3600)
    assert [effect for effect in world.effects if type(effect).__name__ == "Keep"] == []


def test_after_a_power_cut_not_all_cars_draw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumption, "uniform", lambda least, most: most / 2)
    world = charging(EnergyTransferResumptionRandomRange="40")
    away(world)
    world.state(PAUSED)
    world.advance(19)
    assert (told(world), world.last(Permit)) == ([], Permit(1, False))
    world.advance(2)
    assert world.last(Permit) == Permit(1, True)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "Charging")]


def test_a_stop_point_of_energy_is_not_missed_while_the_device_comes_back() -> None:
    world = charging(TxStopPoint="EnergyTransfer")
    away(world)
    world.state(PAUSED)
    world.advance(3)
    world.state(CHARGING)
    assert told(world) == [("Updated", "TxResumed", "Charging")]
    world.state(PAUSED)
    assert told(world)[-1][0] == "Ended"


def test_a_csms_that_speaks_2_0_1_by_now_is_told_in_its_words() -> None:
    world = charging()
    world.clock.advance(20)
    world.restart()
    world.state(CHARGING)
    world.advance(20)
    other = World("2.0.1", boot=False)
    other.station, other.memory, other.journal, other.clock = (
        world.station,
        world.memory,
        world.journal,
        world.clock,
    )
    other.connect()
    assert other.events() == [("Updated", "ChargingStateChanged")]
