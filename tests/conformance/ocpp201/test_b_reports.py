"""2.0.1 block B: reports of one's own choice."""

from typing import Any

from tests.conformance.bench import Bench
from tests.conformance.cases import case

V = "2.0.1"


def report(bench: Bench, **criteria: Any) -> tuple[str, list[tuple[str, str, Any, Any]]]:
    """(status, component, variable, instance, EVSE)"""
    bench.take()
    status = bench.ask("GetReport", {"requestId": 8, **criteria})["status"]
    parts = bench.told("NotifyReport")
    assert [(part["requestId"], part["seqNo"]) for part in parts] == [(8, n) for n in range(len(parts))]
    rows = [row for part in parts for row in part["reportData"]]
    assert all("variableCharacteristics" in row for row in rows)
    return status, [
        (
            row["component"]["name"],
            row["variable"]["name"],
            row["variable"].get("instance"),
            row["component"].get("evse", {}).get("id"),
        )
        for row in rows
    ]


def named(component: str, variable: str | None = None, **more: Any) -> dict[str, Any]:
    said = {"component": {"name": component}}
    return said if variable is None else {**said, "variable": {"name": variable, **more}}


@case("TC_B_16_CS", "B08.FR.07", "B08.FR.08", "B08.FR.09", "B08.FR.10", "B08.FR.13")
def test_a_report_is_limited_by_criteria() -> None:
    bench = Bench(V, evses=2)
    assert report(bench, componentCriteria=["Problem"]) == ("EmptyResultSet", [])
    bench.fault(evse=2)
    status, rows = report(bench, componentCriteria=["Problem"])
    assert status == "Accepted"
    assert {(component, evse) for component, _, _, evse in rows} >= {("EVSE", 2)}
    assert {evse for _, _, _, evse in rows} == {2}
    many = report(bench, componentCriteria=["Active", "Available", "Enabled", "Problem"])[1]
    assert ("EVSE", "Power", None, 1) in many


@case("TC_B_17_CS", "B08.FR.11", "B08.FR.20")
def test_a_report_is_limited_to_components_and_variables(booted: Bench) -> None:
    asked = [named("ClockCtrlr", "DateTime"), named("ReservationCtrlr")]
    rows = report(booted, componentVariable=asked)[1]
    assert ("ClockCtrlr", "DateTime", None, None) in rows
    assert {component for component, *_ in rows} == {"ClockCtrlr", "ReservationCtrlr"}
    assert len([row for row in rows if row[0] == "ReservationCtrlr"]) > 1


@case("TC_B_18_CS", "B08.FR.05", "B08.FR.15")
def test_a_report_of_criteria_and_variables_has_what_fits_both(booted: Bench) -> None:
    wanted = [named("AuthCacheCtrlr", "Enabled")]
    good = report(booted, componentCriteria=["Available"], componentVariable=wanted)
    assert good == ("Accepted", [("AuthCacheCtrlr", "Enabled", None, None)])
    none = report(booted, componentCriteria=["Problem"], componentVariable=wanted)
    assert none == ("EmptyResultSet", [])


@case("TC_B_54_CS", "B08.FR.21")
def test_without_an_instance_all_instances_are_told(booted: Bench) -> None:
    rows = report(booted, componentVariable=[named("DeviceDataCtrlr", "ItemsPerMessage")])[1]
    assert {"GetReport", "GetVariables", "SetVariables"} <= {instance for _, _, instance, _ in rows}
    assert {row[:2] for row in rows} == {("DeviceDataCtrlr", "ItemsPerMessage")}


@case("TC_B_55_CS", "B08.FR.21")
def test_with_an_instance_that_one_is_told(booted: Bench) -> None:
    asked = named("DeviceDataCtrlr", "ItemsPerMessage", instance="GetReport")
    rows = report(booted, componentVariable=[asked])[1]
    assert rows == [("DeviceDataCtrlr", "ItemsPerMessage", "GetReport", None)]


@case("TC_B_56_CS", "B08.FR.23")
def test_without_an_evse_those_of_all_are_told() -> None:
    rows = report(Bench(V, evses=3), componentVariable=[named("EVSE", "AvailabilityState")])[1]
    assert [evse for *_, evse in rows] == [1, 2, 3]


def test_an_empty_instance_is_none(booted: Bench) -> None:
    """B08.FR.21, as in B06.FR.15."""
    asked = {
        "component": {"name": "DeviceDataCtrlr", "instance": ""},
        "variable": {"name": "ItemsPerMessage"},
    }
    asked["variable"]["instance"] = ""
    assert len(report(booted, componentVariable=[asked])[1]) >= 3
