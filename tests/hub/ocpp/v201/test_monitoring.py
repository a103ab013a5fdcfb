"""N02 to N08: variable monitors, from their setting to their events."""

from typing import Any

import pytest

from tests.hub.ocpp.world import CHARGING, DIALECTS, IDLE, PLUGGED, World

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
UPPER = {"type": "UpperThreshold", "value": 5000, "severity": 4}


def monitors(made: World, *wanted: dict[str, Any]) -> list[dict[str, Any]]:
    return list(made.ask("SetVariableMonitoring", {"setMonitoringData": list(wanted)})["setMonitoringResult"])


def monitor(made: World, place: dict[str, Any] = POWER, **how: Any) -> Any:
    (result,) = monitors(made, {**place, **UPPER, **how})
    return result["id"] if result["status"] == "Accepted" else result["status"]


def events(made: World) -> list[tuple[Any, ...]]:
    found = [data for a, p in made.sent if a == "NotifyEvent" for data in p["eventData"]]
    return [(data["trigger"], data["actualValue"], data.get("cleared", False)) for data in found]


def report(made: World, **criteria: Any) -> Any:
    made.take()
    answer = made.ask("GetMonitoringReport", {"requestId": 9, **criteria})
    parts = [p for a, p in made.sent if a == "NotifyMonitoringReport"]
    told = [one for part in parts for group in part["monitor"] for one in group["variableMonitoring"]]
    return answer["status"], [one["id"] for one in told]


def test_a_threshold_is_told_when_crossed_and_when_left() -> None:
    made = World()
    number = monitor(made)
    made.state(PLUGGED)
    made.swipe()
    made.state(CHARGING)
    made.state({**CHARGING, "power": 10900.0})
    made.state({**CHARGING, "power": 4000.0})
    assert events(made) == [("Alerting", "11000.0", False), ("Alerting", "4000.0", True)]
    body = next(p for a, p in made.sent if a == "NotifyEvent")
    (data,) = body["eventData"]
    assert (body["seqNo"], data["variableMonitoringId"], data["component"]) == (0, number, POWER["component"])
    assert data["transactionId"] == made.station.evses.flows[1].transaction.id  # type: ignore[union-attr]
    ids = [p["eventData"][0]["eventId"] for a, p in made.sent if a == "NotifyEvent"]
    assert ids == [1, 2]


def test_a_threshold_that_is_exceeded_already_is_told_at_once_after_the_answer() -> None:
    made = World()
    made.state(CHARGING)
    monitor(made)
    assert events(made) == [("Alerting", "11000.0", False)]
    lower = monitor(made, type="LowerThreshold", value=20000, severity=3)
    assert isinstance(lower, int)
    assert len(events(made)) == 2


def test_a_change_beyond_delta_is_told_from_the_last_told_value_on() -> None:
    made = World()
    monitor(made, type="Delta", value=1000)
    for power in (900.0, 1100.0, 2000.0, 2200.0):
        made.state({**IDLE, "power": power})
    assert events(made) == [("Delta", "1100.0", False), ("Delta", "2200.0", False)]


def test_any_change_of_a_word_is_a_delta() -> None:
    made = World()
    monitor(made, STATE, type="Delta", value=1)
    made.state(PLUGGED)
    made.state(IDLE)
    assert events(made) == [("Delta", "Occupied", False), ("Delta", "Available", False)]


def test_periodic_ones_are_told_in_their_time() -> None:
    made = World()
    made.advance(100)
    monitor(made, type="Periodic", value=60)
    monitor(made, type="PeriodicClockAligned", value=900)
    made.advance(120)
    assert [trigger for trigger, *_ in events(made)] == ["Periodic", "Periodic"]
    made.take()
    made.advance(680)
    assert len(events(made)) == 12  # each minute, and once at a quarter past midnight


def test_a_write_only_value_is_never_told() -> None:
    made = World()
    place = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    monitor(made, place, type="Delta", value=1)
    made.station.control.set_variable("Password", "secret-of-16-chars", made.clock.now())
    made.state(IDLE)
    assert events(made) == [("Delta", "", False)]


@pytest.mark.parametrize(
    ("place", "how", "status"),
    [
        ({**POWER, "component": {"name": "Nothing"}}, {}, "UnknownComponent"),
        ({**POWER, "variable": {"name": "Nothing"}}, {}, "UnknownVariable"),
        (STATE, {}, "UnsupportedMonitorType"),
        (POWER, {"value": 1e9}, "Rejected"),
        (POWER, {"type": "Delta", "value": -1}, "Rejected"),
        (POWER, {"type": "Periodic", "value": 0}, "Rejected"),
        (POWER, {"severity": 10}, "Rejected"),
        (POWER, {"id": 77}, "Rejected"),
    ],
)
def test_what_cannot_be_watched_so_is_refused(place: Any, how: Any, status: str) -> None:
    assert monitor(World(), place, **how) == status


def test_each_element_has_its_own_result() -> None:
    made = World()
    results = monitors(
        made, {**POWER, **UPPER}, {**POWER, **UPPER, "value": 1e9}, {**STATE, **UPPER, "type": "Delta"}
    )
    assert [result["status"] for result in results] == ["Accepted", "Rejected", "Accepted"]
    assert [result.get("id") for result in results] == [1, None, 2]


def test_the_same_type_and_severity_twice_is_a_duplicate() -> None:
    made = World()
    monitor(made)
    assert monitor(made, value=6000) == "Duplicate"
    assert monitor(made, severity=5) == 2


def test_a_replaced_threshold_is_looked_at_afresh() -> None:
    made = World()
    number = monitor(made)
    made.state(CHARGING)
    made.take()
    assert monitor(made, id=number, value=6000) == number
    assert events(made) == [("Alerting", "11000.0", False)]
    monitor(made, id=number, value=12000)
    assert events(made)[1:] == [("Alerting", "11000.0", True)]
    assert monitor(made, STATE, id=number, type="Delta") == "Rejected"


def test_a_cleared_monitor_says_nothing_more() -> None:
    made = World()
    number = monitor(made)
    made.state(CHARGING)
    made.take()
    answer = made.ask("ClearVariableMonitoring", {"id": [number, 50]})
    results = [{"id": number, "status": "Accepted"}, {"id": 50, "status": "NotFound"}]
    assert answer == {"clearMonitoringResult": results}
    made.state(IDLE)
    assert events(made) == []


def test_the_level_lets_only_urgent_ones_through() -> None:
    made = World()
    assert made.ask("SetMonitoringLevel", {"severity": 10}) == {"status": "Rejected"}
    assert made.ask("SetMonitoringLevel", {"severity": 3}) == {"status": "Accepted"}
    monitor(made, severity=4)
    monitor(made, severity=3)
    made.restart()
    made.connect()
    made.state(CHARGING)
    assert len(events(made)) == 1


@pytest.mark.parametrize(("severity", "kept"), [(4, 1), (5, 0)])
def test_offline_only_what_is_urgent_enough_is_kept(severity: int, kept: int) -> None:
    made = World()
    monitor(made, severity=severity)
    made.disconnect()
    made.state(CHARGING)
    made.connect()
    assert len(events(made)) == kept


def test_monitors_and_what_they_know_survive_a_restart() -> None:
    made = World()
    monitor(made)
    made.state(CHARGING)
    made.restart()
    made.connect()
    made.state(IDLE)
    assert events(made) == [("Alerting", "11000.0", False), ("Alerting", "0.0", True)]
    assert monitor(made, severity=9) == 2


@pytest.mark.parametrize(("base", "left"), [("All", [1]), ("FactoryDefault", []), ("HardWiredOnly", [])])
def test_a_base_clears_what_was_set(base: str, left: list[int]) -> None:
    made = World()
    monitor(made)
    assert made.ask("SetMonitoringBase", {"monitoringBase": base}) == {"status": "Accepted"}
    assert report(made)[1] == left
    asked = {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": "ActiveMonitoringBase"}}
    (told,) = made.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert told["attributeValue"] == base


def test_reports_are_limited_to_what_is_asked_for() -> None:
    made = World()
    assert report(made) == ("EmptyResultSet", [])
    monitors(
        made, {**POWER, **UPPER}, {**POWER, **UPPER, "type": "Delta"}, {**STATE, **UPPER, "type": "Periodic"}
    )
    assert report(made) == ("Accepted", [1, 2, 3])
    assert report(made, monitoringCriteria=["DeltaMonitoring", "PeriodicMonitoring"]) == ("Accepted", [2, 3])
    component = {"component": {"name": "evse"}, "variable": {"name": "power"}}
    assert report(made, componentVariable=[component]) == ("Accepted", [1, 2])
    both = {"componentVariable": [component], "monitoringCriteria": ["PeriodicMonitoring"]}
    assert report(made, **both) == ("EmptyResultSet", [])


def test_monitors_only_of_transactions_rest_between_them() -> None:
    made = World()
    monitor(made, type="Delta", value=1, transaction=True)
    made.state({**PLUGGED, "power": 500.0})
    assert events(made) == []
    made.swipe()
    made.state({**CHARGING, "power": 700.0})
    made.state({**CHARGING, "power": 900.0})
    assert events(made)[-1] == ("Delta", "900.0", False)


def test_switched_off_monitoring_tells_nothing() -> None:
    made = World()
    monitor(made)
    made.station.control.set_variable("MonitoringEnabled", "false", made.clock.now())
    made.state(CHARGING)
    assert events(made) == []


def due_in(made: World) -> float:
    deadline = made.station.deadline()
    assert deadline is not None
    return deadline - made.clock.now().mono


def test_a_periodic_one_of_transactions_waits_for_one_and_keeps_nobody_awake() -> None:
    made = World()
    monitor(made, type="Periodic", value=60, transaction=True)
    made.advance(100)
    assert due_in(made) > 0
    made.state(PLUGGED)
    made.swipe()
    made.advance(19)
    assert events(made) == []
    made.advance(1)
    assert events(made) == [("Periodic", "0.0", False)]


def test_a_version_that_knows_no_monitors_keeps_nobody_awake() -> None:
    made = World()
    monitor(made, type="Periodic", value=60)
    made.disconnect()
    made.version, made.dialect = "1.6", DIALECTS["1.6"]
    made.connect()
    made.advance(100)
    assert due_in(made) > 0
    made.disconnect()
    made.version, made.dialect = "2.0.1", DIALECTS["2.0.1"]
    made.connect()
    made.advance(20)
    assert [trigger for trigger, *_ in events(made)] == ["Periodic"]


def test_what_happens_after_a_restart_before_the_csms_is_there_is_told_when_it_is() -> None:
    made = World(readings=DIALECTS["2.0.1"].readings)
    monitor(made, severity=1)
    made.disconnect()
    made.restart()
    made.state(CHARGING)
    made.state(IDLE)
    made.connect()
    assert events(made) == [("Alerting", "11000.0", False), ("Alerting", "0.0", True)]
