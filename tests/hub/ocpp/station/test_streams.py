"""Event streams: what is sent when, what waits, and what is told one by one instead."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.ocpp.station.upkeep_variables import MAX_STREAMS
from tests.hub.ocpp.world import CHARGING, World

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def monitor(world: World, stream: Mapping[str, int] | None, **more: Any) -> Any:
    """Sets one; its result."""
    wanted = {"type": "Periodic", "value": 1, "severity": 5, **POWER, **more}
    if stream is not None:
        wanted["periodicEventStream"] = stream
    return world.ask("SetVariableMonitoring", {"setMonitoringData": [wanted]})["setMonitoringResult"][0]


def accepting() -> World:
    world = World("2.1")
    world.answers["OpenPeriodicEventStream"] = {"status": "Accepted"}
    return world


def streaming(**stream: int) -> World:
    world = accepting()
    assert monitor(world, stream)["status"] == "Accepted"
    world.sent.clear()
    return world


def told(world: World, action: str) -> list[Mapping[str, Any]]:
    return [payload for said, payload in world.sent if said == action]


def sizes(world: World) -> list[int]:
    return [len(payload["data"]) for payload in told(world, "NotifyPeriodicEventStream")]


def test_a_stream_is_opened_for_the_monitor_that_wants_one() -> None:
    world = accepting()
    number = monitor(world, {"interval": 10, "values": 30})["id"]
    (asked,) = told(world, "OpenPeriodicEventStream")
    assert asked["constantStreamData"] == {
        "id": 1,
        "variableMonitoringId": number,
        "params": {"interval": 10, "values": 30},
    }
    assert monitor(world, None, severity=6)["status"] == "Accepted"
    assert len(told(world, "OpenPeriodicEventStream")) == 1


def test_values_are_sent_together_at_each_interval_and_no_event_is_told() -> None:
    world = streaming(interval=10)
    world.advance(30.5)
    assert sum(sizes(world)) == 30
    assert len(sizes(world)) == 3
    assert told(world, "NotifyEvent") == []


def test_a_message_says_when_each_value_was() -> None:
    world = streaming(values=3)
    world.advance(1.5)
    world.state(CHARGING)
    world.advance(2)
    (said,) = told(world, "NotifyPeriodicEventStream")
    assert (said["id"], said["pending"]) == (1, 0)
    assert [(item["t"], item["v"]) for item in said["data"]] == [(0, "0.0"), (1, "11000.0"), (2, "11000.0")]
    assert said["basetime"].startswith("2026-01-01")


def test_so_many_values_are_sent_as_soon_as_they_are_there_and_never_more() -> None:
    world = streaming(interval=60, values=7)
    world.advance(60.5)
    assert sizes(world) == [7] * 8 + [4]


def test_a_csms_that_refuses_the_stream_is_told_each_event() -> None:
    world = World("2.1")
    world.answers["OpenPeriodicEventStream"] = {"status": "Rejected"}
    monitor(world, {"interval": 10})
    world.advance(5.5)
    assert (len(told(world, "NotifyEvent")), sizes(world)) == (5, [])
    assert len(told(world, "OpenPeriodicEventStream")) == 1


def test_a_csms_that_knows_no_streams_is_told_each_event() -> None:
    world = World("2.1")
    world.answers["OpenPeriodicEventStream"] = "NotImplemented"
    monitor(world, {"interval": 10})
    world.advance(5.5)
    assert len(told(world, "NotifyEvent")) == 5


def test_until_the_csms_has_answered_events_are_told_one_by_one() -> None:
    world = World("2.1")
    world.answers["OpenPeriodicEventStream"] = "hold"
    monitor(world, {"interval": 2})
    ref = world.outstanding
    assert ref is not None
    world.outstanding = None
    world.advance(1.5)
    assert len(told(world, "NotifyEvent")) == 1
    world.station.answered(ref[0], {"status": "Accepted"}, world.clock.now())
    world.advance(3)
    assert (len(told(world, "NotifyEvent")), sizes(world)) == (1, [2])


def test_what_waits_is_sent_before_a_stream_is_closed() -> None:
    world = streaming(interval=60)
    world.advance(3.5)
    world.ask("ClearVariableMonitoring", {"id": [1]})
    assert world.actions() == ["NotifyPeriodicEventStream", "ClosePeriodicEventStream"]
    assert told(world, "ClosePeriodicEventStream") == [{"id": 1}]
    assert sizes(world) == [3]


def test_a_monitor_that_is_set_anew_without_a_stream_tells_events_again() -> None:
    world = streaming(interval=60)
    monitor(world, None, id=1)
    assert world.actions() == ["ClosePeriodicEventStream"]
    world.advance(2.5)
    assert len(told(world, "NotifyEvent")) == 2


def test_a_monitor_that_is_set_anew_with_a_stream_gets_a_new_one() -> None:
    world = streaming(interval=60)
    monitor(world, {"values": 2}, id=1)
    assert told(world, "ClosePeriodicEventStream") == [{"id": 1}]
    (asked,) = told(world, "OpenPeriodicEventStream")
    assert asked["constantStreamData"] == {"id": 2, "variableMonitoringId": 1, "params": {"values": 2}}


def test_away_from_the_csms_values_wait_where_the_monitor_is_worth_it() -> None:
    world = accepting()
    monitor(world, {"interval": 10, "values": 50}, severity=4)
    monitor(world, {"interval": 10, "values": 50}, severity=5)
    world.disconnect()
    world.sent.clear()
    world.advance(120)
    world.connect()
    assert world.actions().count("OpenPeriodicEventStream") == 0
    streams = told(world, "NotifyPeriodicEventStream")
    assert [(said["id"], len(said["data"]), said["pending"]) for said in streams] == [
        (1, 50, 70),
        (1, 50, 20),
    ]


def test_a_stream_that_could_not_be_asked_for_is_asked_for_when_the_csms_is_back() -> None:
    world = accepting()
    world.answers["OpenPeriodicEventStream"] = "hold"
    monitor(world, {"interval": 10})
    world.disconnect()
    world.answers["OpenPeriodicEventStream"] = {"status": "Accepted"}
    world.sent.clear()
    world.connect()
    (asked,) = told(world, "OpenPeriodicEventStream")
    assert asked["constantStreamData"]["id"] == 2


def test_after_a_restart_the_stream_is_opened_under_a_new_id() -> None:
    world = streaming(interval=10)
    world.restart()
    world.connect()
    (asked,) = told(world, "OpenPeriodicEventStream")
    assert asked["constantStreamData"] == {"id": 2, "variableMonitoringId": 1, "params": {"interval": 10}}


def test_a_reset_sends_what_waits_and_opens_the_stream_anew() -> None:
    world = streaming(interval=60)
    world.advance(2.5)
    world.ask("Reset", {"type": "OnIdle"})
    assert sizes(world) == [2]
    world.disconnect()
    world.connect()
    assert [asked["constantStreamData"]["id"] for asked in told(world, "OpenPeriodicEventStream")] == [2]


def test_a_csms_of_2_0_1_is_told_each_event_of_a_monitor_that_had_a_stream() -> None:
    world = streaming(interval=10)
    world.disconnect()
    other = World("2.0.1", boot=False)
    other.memory, other.clock = world.memory, world.clock
    other.restart()
    other.connect()
    other.state(CHARGING)
    other.advance(3.5)
    assert "OpenPeriodicEventStream" not in other.actions()
    assert len(told(other, "NotifyEvent")) == 3


def test_no_more_streams_are_opened_than_the_model_says() -> None:
    world = accepting()
    names = [str(world.station.variables.text("MaxPeriodicEventStreams"))]
    assert names == [str(MAX_STREAMS)]
    for severity in range(10):
        for value in ("Periodic", "Delta", "PeriodicClockAligned"):
            monitor(world, {"interval": 10}, severity=severity, type=value, value=5)
    assert len(told(world, "OpenPeriodicEventStream")) == MAX_STREAMS


@pytest.mark.parametrize(
    ("stream", "kind"),
    [({}, "Periodic"), ({"interval": 0, "values": 0}, "Delta"), ({"interval": 5}, "UpperThreshold")],
)
def test_a_stream_that_is_never_sent_or_would_not_say_enough_is_rejected(
    stream: Mapping[str, int], kind: str
) -> None:
    assert monitor(accepting(), stream, type=kind)["status"] == "Rejected"
