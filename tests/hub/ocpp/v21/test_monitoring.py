"""OCPP 2.1 N: what a CSMS can ask and set of event streams, and how monitors speak in 2.1."""

from typing import Any

import pytest

from tests.hub.ocpp.station.test_streams import monitor, sizes, streaming, told
from tests.hub.ocpp.world import CHARGING, World


def test_open_streams_are_listed_and_none_is_an_empty_answer() -> None:
    assert World("2.1").ask("GetPeriodicEventStream", {}) == {}
    world = streaming(interval=10, values=5)
    stream = {"id": 1, "variableMonitoringId": 1, "params": {"interval": 10, "values": 5}}
    assert world.ask("GetPeriodicEventStream", {}) == {"constantStreamData": [stream]}


def test_a_stream_is_sent_as_often_as_the_csms_says_last() -> None:
    world = streaming(interval=60)
    world.advance(5.5)
    adjusted = {"id": 1, "params": {"interval": 2}}
    assert world.ask("AdjustPeriodicEventStream", adjusted) == {"status": "Accepted"}
    world.advance(4.2)
    assert sizes(world) == [7, 2]
    world.ask("AdjustPeriodicEventStream", {"id": 1, "params": {"values": 1, "interval": 0}})
    world.sent.clear()
    world.advance(3)
    assert sizes(world) == [1, 1, 1]


def test_an_adjusted_stream_is_opened_so_after_a_restart() -> None:
    world = streaming(interval=60)
    world.ask("AdjustPeriodicEventStream", {"id": 1, "params": {"values": 7}})
    world.restart()
    world.connect()
    (asked,) = told(world, "OpenPeriodicEventStream")
    assert asked["constantStreamData"]["params"] == {"interval": 60, "values": 7}


@pytest.mark.parametrize(
    "wanted", [{"id": 9, "params": {"interval": 5}}, {"id": 1, "params": {"interval": 0}}]
)
def test_a_stream_that_is_none_or_would_never_be_sent_is_not_adjusted(wanted: dict[str, Any]) -> None:
    world = streaming(interval=60)
    assert world.ask("AdjustPeriodicEventStream", wanted) == {"status": "Rejected"}


def test_an_event_says_its_severity_and_a_report_who_set_the_monitor() -> None:
    world = World("2.1")
    monitor(world, None, type="UpperThreshold", value=5, severity=3)
    world.state(CHARGING)
    (event,) = told(world, "NotifyEvent")[0]["eventData"]
    assert event["severity"] == 3
    world.ask("GetMonitoringReport", {"requestId": 1})
    (monitored,) = told(world, "NotifyMonitoringReport")[0]["monitor"][0]["variableMonitoring"]
    assert monitored["eventNotificationType"] == "CustomMonitor"


def test_the_model_says_how_many_streams_may_be_open_to_2_1_alone() -> None:
    variable = {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": "MaxPeriodicEventStreams"}}
    asked = {"getVariableData": [variable]}
    answers = [World(version).ask("GetVariables", asked) for version in ("2.1", "2.0.1")]
    statuses = [answer["getVariableResult"][0]["attributeStatus"] for answer in answers]
    assert statuses == ["Accepted", "UnknownVariable"]
