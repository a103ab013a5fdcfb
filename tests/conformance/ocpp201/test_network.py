"""2.0.1 blocks A and B: where the station connects to, and how securely."""

from typing import Any

import pytest

from hub.ocpp.station.network import Attempt
from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.authority import Authority

V = "2.0.1"
URL, OTHER = "ws://csms.example/ocpp", "ws://other.example/ocpp"
ROOT = Authority("CSMS root")


def connected(**more: Any) -> Bench:
    bench = Bench(V, **{"url": URL, "security_profile": 1, **more})
    succeed(bench)
    return bench


@pytest.fixture
def booted() -> Bench:
    return connected()


def profile(bench: Bench, slot: int = 2, **more: Any) -> str:
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": OTHER,
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
        **more,
    }
    asked = {"configurationSlot": slot, "connectionData": data}
    return str(bench.ask("SetNetworkProfile", asked)["status"])


def prefer(bench: Bench, priority: str) -> str:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    asked = {"setVariableData": [{**variable, "attributeValue": priority}]}
    return str(bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"])


def attempt(bench: Bench) -> Attempt:
    return bench.station.upkeep.network.attempt(bench.clock.now())


def succeed(bench: Bench) -> None:
    bench.station.upkeep.network.succeeded(bench.clock.now())


def fail(bench: Bench, times: int = 3, reason: str = "") -> None:
    for _ in range(times):
        bench.station.upkeep.network.failed(reason, "", bench.clock.now())


def trust(bench: Bench) -> None:
    asked = {"certificateType": "CSMSRootCertificate", "certificate": ROOT.pem}
    assert bench.ask("InstallCertificate", asked)["status"] == "Accepted"


def active(bench: Bench) -> str:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "ActiveNetworkProfile"}}
    (told,) = bench.ask("GetVariables", {"getVariableData": [variable]})["getVariableResult"]
    return str(told["attributeValue"])


# Security profiles


@case("TC_A_19_CS", "A05.FR.04", "A05.FR.05", "A05.FR.06")
def test_the_security_profile_goes_up_and_the_lower_ones_go(booted: Bench) -> None:
    trust(booted)
    assert profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=2) == "Accepted"
    assert prefer(booted, "2") == "RebootRequired"
    booted.ask("Reset", {"type": "OnIdle"})
    assert (attempt(booted).url, attempt(booted).security_profile) == ("wss://csms.example", 2)
    succeed(booted)
    assert prefer(booted, "1") == "Rejected"
    assert booted.station.variables.int("SecurityProfile") == 2


@case("TC_A_20_CS", "A05.FR.02")
def test_without_a_root_there_is_no_tls(booted: Bench) -> None:
    profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=2)
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_A_21_CS", "A05.FR.03")
def test_without_a_certificate_of_its_own_there_is_no_profile_3(booted: Bench) -> None:
    trust(booted)
    profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=3)
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_A_22_CS", "B09.FR.04")
def test_the_security_profile_never_goes_down() -> None:
    bench = connected(url="wss://csms.example", security_profile=2)
    assert profile(bench, securityProfile=1) == "Rejected"


# Profiles of networks


@case("TC_B_43_CS", "B09.FR.02")
def test_a_network_that_cannot_be_had_is_refused(booted: Bench) -> None:
    apn = {"apn": "internet", "apnAuthentication": "AUTO"}
    for wrong in (
        {"ocppCsmsUrl": "nonsense"},
        {"ocppTransport": "SOAP"},
        {"ocppVersion": "OCPP15"},
        {"apn": apn},
    ):
        assert profile(booted, **wrong) == "Rejected"
    assert profile(booted, slot=99) == "Rejected"
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_B_45_CS", "B09.FR.01", "B10.FR.01", "B10.FR.04", "B10.FR.06")
def test_the_station_moves_to_another_network(booted: Bench) -> None:
    assert profile(booted) == "Accepted"
    assert prefer(booted, "2,1") == "RebootRequired"
    assert attempt(booted).url == URL
    booted.ask("Reset", {"type": "OnIdle"})
    assert attempt(booted).url == OTHER
    succeed(booted)
    assert active(booted) == "2"


@case("TC_B_46_CS", "B10.FR.03", "B10.FR.04")
def test_the_second_network_is_tried_when_the_first_fails(booted: Bench) -> None:
    profile(booted)
    prefer(booted, "2,1")
    booted.ask("Reset", {"type": "OnIdle"})
    fail(booted, times=2)
    assert attempt(booted).slot == "2"
    fail(booted, times=1)
    assert attempt(booted).url == URL
    succeed(booted)
    assert active(booted) == "1"


@case("TC_B_49_CS", "B10.FR.07")
def test_when_all_networks_fail_the_one_that_worked_is_taken_up_again(booted: Bench) -> None:
    profile(booted)
    profile(booted, 3, ocppCsmsUrl="ws://third.example")
    prefer(booted, "2,3")
    booted.ask("Reset", {"type": "OnIdle"})
    fail(booted, times=3)
    assert attempt(booted).slot == "3"
    fail(booted, times=3)
    assert attempt(booted).url == URL


@case("TC_B_50_CS", "M05.FR.13")
def test_a_new_csms_is_trusted_by_its_installed_root() -> None:
    bench = connected(url="wss://csms.example", security_profile=2)
    trust(bench)
    profile(bench, ocppCsmsUrl="wss://new.example", securityProfile=2)
    assert prefer(bench, "2,1") == "RebootRequired"
    bench.ask("Reset", {"type": "OnIdle"})
    assert (attempt(bench).url, attempt(bench).roots) == ("wss://new.example", (ROOT.pem,))
    succeed(bench)
    assert active(bench) == "2"


# Reports of one's own choice


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


@case("TC_B_55_CS", "B08.FR.21")
def test_with_an_instance_that_one_is_told(booted: Bench) -> None:
    asked = named("DeviceDataCtrlr", "ItemsPerMessage", instance="GetReport")
    rows = report(booted, componentVariable=[asked])[1]
    assert rows == [("DeviceDataCtrlr", "ItemsPerMessage", "GetReport", None)]


@case("TC_B_56_CS", "B08.FR.23")
def test_without_an_evse_those_of_all_are_told() -> None:
    rows = report(Bench(V, evses=3), componentVariable=[named("EVSE", "AvailabilityState")])[1]
    assert [evse for *_, evse in rows] == [1, 2, 3]
