"""2.0.1 block N: variable monitors and their events."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

V = "2.0.1"
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
CHARGES = 16 * 230 * 3.0


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


def set_monitors(bench: Bench, *wanted: dict[str, Any]) -> list[dict[str, Any]]:
    told = bench.ask("SetVariableMonitoring", {"setMonitoringData": list(wanted)})["setMonitoringResult"]
    for asked, result in zip(wanted, told, strict=True):  # N04.FR.01, N04.FR.02
        for name in ("component", "variable", "type", "severity"):
            assert result[name] == asked[name]
    return list(told)


def upper(place: dict[str, Any] = POWER, **how: Any) -> dict[str, Any]:
    return {**place, "type": "UpperThreshold", "value": 5000, "severity": 4, **how}


def status(bench: Bench, wanted: dict[str, Any]) -> str:
    return str(set_monitors(bench, wanted)[0]["status"])


def monitor(bench: Bench, wanted: dict[str, Any]) -> int:
    (result,) = set_monitors(bench, wanted)
    assert result["status"] == "Accepted"
    return int(result["id"])


def events(bench: Bench) -> list[dict[str, Any]]:
    parts = bench.told("NotifyEvent")
    assert all(part["seqNo"] == 0 for part in parts)
    return [data for part in parts for data in part["eventData"]]


def words(bench: Bench) -> list[tuple[str, bool]]:
    return [(data["trigger"], data.get("cleared", False)) for data in events(bench)]


def charge(bench: Bench) -> None:
    bench.plug()
    bench.present("CARD1")


def report(bench: Bench, **criteria: Any) -> tuple[str, list[int]]:
    bench.take()
    answer = bench.ask("GetMonitoringReport", {"requestId": 3, **criteria})["status"]
    parts = bench.told("NotifyMonitoringReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert all(part["requestId"] == 3 for part in parts)
    told = [one for part in parts for group in part["monitor"] for one in group["variableMonitoring"]]
    return answer, [one["id"] for one in told]


def three(bench: Bench) -> None:
    """1: a threshold, 2: a delta, 3: periodic at another variable."""
    set_monitors(bench, upper(), upper(type="Delta"), upper(STATE, type="Periodic"))


@case("TC_N_01_CS", "N02.FR.05", "N02.FR.06", "N02.FR.12", "N02.FR.13", "N02.FR.14")
def test_monitors_are_reported_by_criteria(booted: Bench) -> None:
    three(booted)
    for name, found in (("Threshold", 1), ("Delta", 2), ("Periodic", 3)):
        assert report(booted, monitoringCriteria=[f"{name}Monitoring"]) == ("Accepted", [found])
    both = ["ThresholdMonitoring", "PeriodicMonitoring"]
    assert report(booted, monitoringCriteria=both) == ("Accepted", [1, 3])


@case("TC_N_02_CS", "N02.FR.05", "N02.FR.08")
def test_monitors_are_reported_by_component_and_variable(booted: Bench) -> None:
    three(booted)
    assert report(booted, componentVariable=[POWER]) == ("Accepted", [1, 2])


@case("TC_N_03_CS", "N02.FR.05", "N02.FR.10", "N02.FR.13")
def test_monitors_are_reported_by_criteria_and_component_together(booted: Bench) -> None:
    three(booted)
    delta = {"monitoringCriteria": ["DeltaMonitoring"]}
    assert report(booted, componentVariable=[POWER], **delta) == ("Accepted", [2])
    assert report(booted, componentVariable=[STATE], **delta) == ("EmptyResultSet", [])


@case("TC_N_47_CS", "N02.FR.01", "N02.FR.11")
def test_all_monitors_are_reported_when_nothing_is_asked_for(booted: Bench) -> None:
    three(booted)
    assert report(booted) == ("Accepted", [1, 2, 3])


@case("TC_N_05_CS", "N03.FR.01", "N03.FR.03", "N03.FR.04", "N03.FR.05")
def test_every_base_is_accepted(booted: Bench) -> None:
    for base in ("All", "FactoryDefault", "HardWiredOnly"):
        assert booted.ask("SetMonitoringBase", {"monitoringBase": base}) == {"status": "Accepted"}


@case("TC_N_06_CS", "N03.FR.01", "N03.FR.05")
def test_a_base_of_hardwired_monitors_clears_those_of_the_csms(booted: Bench) -> None:
    three(booted)
    booted.ask("SetMonitoringBase", {"monitoringBase": "All"})
    assert report(booted)[0] == "Accepted"
    booted.ask("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})
    assert report(booted)[0] == "EmptyResultSet"


@case("TC_N_41_CS", "N03.FR.04")
def test_the_factory_s_base_brings_back_what_the_factory_had(booted: Bench) -> None:
    three(booted)
    booted.ask("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    assert report(booted)[0] == "EmptyResultSet"


@case("TC_N_08_CS", "N04.FR.01", "N04.FR.02", "N04.FR.08", "N04.FR.11")
def test_a_monitor_is_set_and_gets_an_id(booted: Bench) -> None:
    assert report(booted)[0] == "EmptyResultSet"
    number = monitor(booted, upper())
    assert report(booted) == ("Accepted", [number])


@case("TC_N_09_CS", "N04.FR.01", "N04.FR.02", "N04.FR.08", "N04.FR.11")
def test_several_variables_are_watched_at_once(booted: Bench) -> None:
    results = set_monitors(booted, upper(), upper(STATE, type="Delta", value=1))
    assert [result["id"] for result in results] == [1, 2]


@case("TC_N_10_CS", "N04.FR.01", "N04.FR.02", "N04.FR.08", "N04.FR.11")
def test_one_variable_has_several_monitors(booted: Bench) -> None:
    results = set_monitors(booted, upper(), upper(type="LowerThreshold", value=1), upper(severity=8))
    assert [result["id"] for result in results] == [1, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(
            upper({**POWER, "component": {"name": "Nothing"}}),
            "UnknownComponent",
            marks=case("TC_N_11_CS", "N04.FR.03", says="an unknown component cannot be watched"),
        ),
        pytest.param(
            upper({**POWER, "variable": {"name": "Nothing"}}),
            "UnknownVariable",
            marks=case("TC_N_37_CS", "N04.FR.04", says="an unknown variable cannot be watched"),
        ),
        pytest.param(
            upper(type="Delta", value=-1),
            "Rejected",
            marks=case("TC_N_12_CS", "N04.FR.14", says="no value changes by less than nothing"),
        ),
        pytest.param(
            upper(value=1e7),
            "Rejected",
            marks=case("TC_N_13_CS", "N04.FR.06", says="a threshold lies where the value can get to"),
        ),
    ],
)
def test_what_cannot_be_watched_so_is_refused(booted: Bench, wanted: Any, expected: str) -> None:
    assert status(booted, wanted) == expected


@case("TC_N_15_CS", "N04.FR.10")
def test_a_second_monitor_of_the_same_type_and_severity_is_a_duplicate(booted: Bench) -> None:
    monitor(booted, upper())
    assert status(booted, upper(value=6000)) == "Duplicate"


@case("TC_N_39_CS", "N04.FR.16")
def test_a_monitor_is_not_moved_to_another_variable(booted: Bench) -> None:
    number = monitor(booted, upper())
    assert status(booted, upper(STATE, type="Delta", id=number)) == "Rejected"
    assert report(booted, componentVariable=[POWER]) == ("Accepted", [number])


@case("TC_N_40_CS", "N04.FR.12")
def test_a_monitor_is_replaced_by_its_id(booted: Bench) -> None:
    number = monitor(booted, upper())
    assert monitor(booted, upper(value=20000, id=number)) == number
    charge(booted)
    assert words(booted) == []


@case("TC_N_43_CS", "N04.FR.01")
def test_one_that_is_refused_leaves_the_others_be(booted: Bench) -> None:
    results = set_monitors(booted, upper(), upper(value=1e7, severity=5), upper(severity=6))
    assert [result["status"] for result in results] == ["Accepted", "Rejected", "Accepted"]


@case("TC_N_24_CS", "N08.FR.05", "N08.FR.06")
def test_a_periodic_monitor_tells_each_time(booted: Bench) -> None:
    monitor(booted, upper(type="Periodic", value=30))
    booted.advance(95)
    assert words(booted) == [("Periodic", False)] * 3


@case("TC_N_51_CS", "N07.FR.11")
def test_a_new_threshold_is_compared_with_the_value_at_once(booted: Bench) -> None:
    number = monitor(booted, upper(value=20000))
    charge(booted)
    assert words(booted) == []
    monitor(booted, upper(id=number))
    assert words(booted) == [("Alerting", False)]
    monitor(booted, upper(value=20000, id=number))
    assert words(booted) == [("Alerting", False), ("Alerting", True)]


@case("TC_N_52_CS", "N07.FR.12")
def test_a_monitor_that_is_removed_clears_nothing(booted: Bench) -> None:
    number = monitor(booted, upper())
    charge(booted)
    assert words(booted) == [("Alerting", False)]
    booted.ask("ClearVariableMonitoring", {"id": [number]})
    booted.unplug()
    assert words(booted) == [("Alerting", False)]


@case("TC_N_16_CS", "N05.FR.01", "N05.FR.03")
def test_the_level_silences_what_is_less_urgent(booted: Bench) -> None:
    monitor(booted, upper(severity=5))
    monitor(booted, upper(severity=4))
    assert booted.ask("SetMonitoringLevel", {"severity": 4}) == {"status": "Accepted"}
    charge(booted)
    assert [data["variableMonitoringId"] for data in events(booted)] == [2]


@case("TC_N_17_CS", "N05.FR.02")
def test_a_level_there_is_not_is_refused(booted: Bench) -> None:
    for severity in (10, -1):
        assert booted.ask("SetMonitoringLevel", {"severity": severity}) == {"status": "Rejected"}


@case("TC_N_18_CS", "N06.FR.01", "N06.FR.05")
def test_monitors_are_cleared(booted: Bench) -> None:
    three(booted)
    answer = booted.ask("ClearVariableMonitoring", {"id": [1, 3]})
    assert [result["status"] for result in answer["clearMonitoringResult"]] == ["Accepted", "Accepted"]
    assert report(booted) == ("Accepted", [2])


@case("TC_N_19_CS", "N06.FR.02")
def test_a_monitor_there_is_not_cannot_be_cleared(booted: Bench) -> None:
    answer = booted.ask("ClearVariableMonitoring", {"id": [9]})
    assert answer == {"clearMonitoringResult": [{"id": 9, "status": "NotFound"}]}


@case("TC_N_20_CS", "N07.FR.02", "N07.FR.06", "N07.FR.07", "N07.FR.16", "N07.FR.17")
def test_a_threshold_is_told_when_crossed_and_when_left(booted: Bench) -> None:
    number = monitor(booted, upper())
    charge(booted)
    booted.unplug()
    assert words(booted) == [("Alerting", False), ("Alerting", True)]
    alert = events(booted)[0]
    assert (alert["variableMonitoringId"], alert["eventNotificationType"]) == (number, "CustomMonitor")
    assert (alert["component"], alert["variable"]) == (POWER["component"], POWER["variable"])
    assert float(alert["actualValue"]) == CHARGES


@case("TC_N_45_CS", "N07.FR.06", "N07.FR.07", "N07.FR.18")
def test_a_change_of_a_number_beyond_delta_is_told(booted: Bench) -> None:
    monitor(booted, upper(type="Delta", value=1000))
    charge(booted)
    assert words(booted) == [("Delta", False)]


@case("TC_N_56_CS", "N07.FR.06", "N07.FR.07", "N07.FR.19")
def test_any_change_of_a_word_is_told(booted: Bench) -> None:
    monitor(booted, upper(STATE, type="Delta", value=1))
    booted.plug()
    booted.unplug()
    assert [data["actualValue"] for data in events(booted)] == ["Occupied", "Available"]


@case("TC_N_48_CS", "N07.FR.10")
def test_a_value_that_can_only_be_written_is_not_told() -> None:
    bench = Bench(V, security_profile=1)
    place = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    monitor(bench, upper(place, type="Delta", value=1))
    change = {**place, "attributeValue": "secret-of-16-chars"}
    bench.ask("SetVariables", {"setVariableData": [change]})
    assert [data["actualValue"] for data in events(bench)] == [""]


@case("TC_N_53_CS", "N07.FR.13", "N07.FR.14")
def test_monitors_survive_a_restart(booted: Bench) -> None:
    monitor(booted, upper())
    booted.power_loss()
    booted.take()
    charge(booted)
    booted.power_loss()
    booted.unplug()
    assert words(booted)[0] == ("Alerting", False)
    assert words(booted)[-1] == ("Alerting", True)


def offline_event(severity: int) -> list[tuple[str, bool]]:
    bench = Bench(V, defaults={"OfflineQueuingSeverity": "4"})
    monitor(bench, upper(severity=severity))
    bench.offline()
    bench.plug()
    bench.present("CARD1")
    charge_offline(bench)
    bench.take()
    bench.online()
    return words(bench)


def charge_offline(bench: Bench) -> None:
    bench.state({**bench.outlets[1].state(), "power": CHARGES})


@case("TC_N_22_CS", "N07.FR.04")
def test_an_urgent_event_of_an_offline_time_is_told_later() -> None:
    assert offline_event(4) == [("Alerting", False)]


@case("TC_N_23_CS", "N07.FR.04")
def test_an_event_of_an_offline_time_that_is_not_urgent_is_dropped() -> None:
    assert offline_event(5) == []
