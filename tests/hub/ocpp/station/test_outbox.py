"""What waits for the CSMS does not grow without end."""

import pytest

from hub.ocpp.station import outbox
from hub.ocpp.station.external_limits import Outside
from hub.ocpp.station.messages import TransactionEvent, from_body, to_body
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

BESIDES = ("StatusNotification", "SecurityEventNotification")


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_too_many_values_are_thinned_and_nothing_else(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST", 10)
    world = World(version, defaults={"OfflineTxForUnknownId": "true"})
    world.disconnect()
    world.take()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.advance(60 * 40)
    world.state({**CHARGING, "status": "suspended_ev"})
    assert len(world.station.outbox) <= 11
    assert len(world.journal) == len(world.station.outbox)
    world.state(IDLE)
    world.connect()
    if version == "1.6":
        owed = [action for action in world.actions() if action not in BESIDES]
        assert world.actions().count("SecurityEventNotification") == 1
        assert (owed[0], owed[-1]) == ("StartTransaction", "StopTransaction")
        return
    told = [said for action, said in world.sent if action == "SecurityEventNotification"]
    assert [said["type"] for said in told] == ["MemoryExhaustion"]
    told = [said for action, said in world.sent if action == "TransactionEvent"]
    changes = [said["triggerReason"] for said in told if said["triggerReason"] != "MeterValuePeriodic"]
    assert changes == ["Authorized", "ChargingStateChanged", "ChargingStateChanged", "EVCommunicationLost"]
    values = [said["timestamp"] for said in told if said["triggerReason"] == "MeterValuePeriodic"]
    assert values == sorted(values)
    assert values[-1][11:16] == "00:40"
    numbers = [said["seqNo"] for said in told]
    assert numbers == sorted(numbers)


def test_what_is_on_its_way_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST", 3)
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.answers["TransactionEvent"] = "hold"
    world.advance(60 * 10)
    first = world.sent[-1][1]["seqNo"]
    world.answers.clear()
    world.release()
    assert [said["seqNo"] for action, said in world.sent if action == "TransactionEvent"].count(first) == 1
    assert not world.journal


def test_of_the_values_the_first_the_third_and_so_on_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """E04.FR.08: neither the oldest nor the newest half."""
    monkeypatch.setattr(outbox, "MOST", 12)
    world = World(defaults={"OfflineTxForUnknownId": "true"})
    world.disconnect()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    world.advance(60 * 11)
    world.connect()
    told = [said["seqNo"] for action, said in world.sent if action == "TransactionEvent"]
    assert told == [0, 1, 3, 5, 7, 9, 11, 12]


def test_rates_that_somebody_else_changes_all_the_time_are_thinned_as_values_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "MOST", 10)
    world = World(defaults={"OfflineTxForUnknownId": "true", "TxUpdatedInterval": "0"})
    world.disconnect()
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    for number in range(100):  # the sun, and clouds
        world.station.outside_limit(1, Outside("ems", 6.0 + 8 * (number % 2), None), world.clock.now())
        world.pump()
    assert len(world.station.outbox) <= 11
    assert len(world.journal) == len(world.station.outbox)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_charger_that_cannot_make_up_its_mind_for_days_fills_no_disk(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST", 10)
    world = World(version, defaults={"OfflineTxForUnknownId": "true"})
    world.disconnect()
    world.state(PLUGGED)
    world.swipe()
    for _ in range(100):
        world.state(CHARGING)
        world.state({**CHARGING, "status": "suspended_ev"})
    assert len(world.journal) == len(world.station.outbox) <= 21
    world.state(IDLE)
    events = [body["event"] for body, _ in world.journal.values()]
    assert (events[0], events[-1]) == ("Started", "Ended")


def test_values_that_say_something_besides_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST", 4)
    world = World(defaults={"OfflineTxForUnknownId": "true"})
    world.disconnect()
    world.state(PLUGGED)
    world.swipe()
    world.state({**CHARGING, "phases_active": 3})
    world.take()
    for number in range(20):
        world.state({**CHARGING, "phases_active": 1 if number == 5 else 3})
        world.advance(60)
    world.connect()
    told = [said.get("numberOfPhasesUsed") for action, said in world.sent if action == "TransactionEvent"]
    assert [phases for phases in told if phases is not None] == [3, 1, 3]


def test_what_another_version_of_the_hub_owed_is_told() -> None:
    event = TransactionEvent("Ended", "T", 1, 3, "2026-01-01T00:00:00.000Z", "EVDeparted", "Idle", 1200)
    assert from_body({**to_body(event), "first_plugged": True}) == event
