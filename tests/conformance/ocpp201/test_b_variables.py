"""2.0.1 B: variables, and reports of them."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

REQUIRED = {
    "AlignedDataCtrlr": ["Interval", "Measurands", "TxEndedInterval", "TxEndedMeasurands"],
    "AuthCtrlr": ["AuthorizeRemoteStart", "LocalAuthorizeOffline", "LocalPreAuthorize"],
    "ChargingStation": ["AvailabilityState", "Available", "SupplyPhases"],
    "ClockCtrlr": ["DateTime", "TimeSource"],
    "Connector": ["Available", "ConnectorType", "SupplyPhases"],
    "DeviceDataCtrlr": ["BytesPerMessage", "ItemsPerMessage"],
    "EVSE": ["AvailabilityState", "Available", "Power", "SupplyPhases"],
    "LocalAuthListCtrlr": ["BytesPerMessage", "Entries", "ItemsPerMessage"],
    "OCPPCommCtrlr": [
        *("FileTransferProtocols", "MessageAttemptInterval", "MessageAttempts", "MessageTimeout"),
        *("NetworkConfigurationPriority", "NetworkProfileConnectionAttempts", "OfflineThreshold"),
        *("ResetRetries", "UnlockOnEVSideDisconnect"),
    ],
    "SampledDataCtrlr": [
        *("TxEndedInterval", "TxEndedMeasurands", "TxStartedMeasurands"),
        *("TxUpdatedInterval", "TxUpdatedMeasurands"),
    ],
    "SecurityCtrlr": ["CertificateEntries", "OrganizationName", "SecurityProfile"],
    "SmartChargingCtrlr": [
        *("Entries", "LimitChangeSignificance", "PeriodsPerSchedule", "ProfileStackLevel", "RateUnit"),
    ],
    "TxCtrlr": [
        *(
            "EVConnectionTimeOut",
            "StopTxOnEVSideDisconnect",
            "StopTxOnInvalidId",
            "TxStartPoint",
            "TxStopPoint",
        ),
    ],
}


def item(component: str, variable: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}, **more}


def get(bench: Bench, *asked: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bench.ask("GetVariables", {"getVariableData": list(asked)})["getVariableResult"])


def put(bench: Bench, *asked: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bench.ask("SetVariables", {"setVariableData": list(asked)})["setVariableResult"])


@case("TC_B_06_CS", "B06.FR.01", "B06.FR.02", "B06.FR.03", "B06.FR.04", "B06.FR.10", "B06.FR.11")
def test_one_value_is_told(booted: Bench) -> None:
    (result,) = get(booted, item("OCPPCommCtrlr", "OfflineThreshold"))
    assert (result["attributeStatus"], result["attributeValue"]) == ("Accepted", "60")
    assert result["attributeType"] == "Actual"


@case("TC_B_07_CS", "B06.FR.01", "B06.FR.02", "B06.FR.03", "B06.FR.04", "B06.FR.10")
def test_several_values_are_told_in_their_order(booted: Bench) -> None:
    asked = [item("OCPPCommCtrlr", "OfflineThreshold"), item("AuthCtrlr", "AuthorizeRemoteStart")]
    results = get(booted, *asked)
    assert [result["variable"] for result in results] == [one["variable"] for one in asked]
    assert [result["attributeValue"] for result in results] == ["60", "false"]


TARGET = item("TxCtrlr", "EVConnectionTimeOut", attributeType="Target")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param(
            item("Nonsense", "Interval"),
            "UnknownComponent",
            marks=case("TC_B_32_CS", "B06.FR.06", says="get: component"),
        ),
        pytest.param(
            item("TxCtrlr", "Nonsense"),
            "UnknownVariable",
            marks=case("TC_B_33_CS", "B06.FR.07", says="get: variable"),
        ),
        pytest.param(
            TARGET,
            "NotSupportedAttributeType",
            marks=case("TC_B_34_CS", "B06.FR.08", says="get: an attribute that isn't there"),
        ),
    ],
)
def test_what_is_not_there_is_not_told(booted: Bench, asked: dict[str, Any], status: str) -> None:
    (result,) = get(booted, asked)
    assert result["attributeStatus"] == status
    assert "attributeValue" not in result


@case("TC_B_09_CS", "B05.FR.01", "B05.FR.02", "B05.FR.03", "B05.FR.10", "B05.FR.12")
def test_one_value_is_set(booted: Bench) -> None:
    asked = item("OCPPCommCtrlr", "OfflineThreshold", attributeValue="123")
    (result,) = put(booted, asked)
    assert result["attributeStatus"] == "Accepted"
    assert (result["component"], result["variable"]) == (asked["component"], asked["variable"])
    assert get(booted, item("OCPPCommCtrlr", "OfflineThreshold"))[0]["attributeValue"] == "123"


@case("TC_B_10_CS", "B05.FR.01", "B05.FR.02", "B05.FR.03", "B05.FR.10", "B05.FR.12")
def test_several_values_are_set_each_with_its_own_result(booted: Bench) -> None:
    results = put(
        booted,
        item("OCPPCommCtrlr", "OfflineThreshold", attributeValue="123"),
        item("AuthCtrlr", "AuthorizeRemoteStart", attributeValue="perhaps"),
        item("TxCtrlr", "EVConnectionTimeOut", attributeValue="33"),
    )
    assert [result["attributeStatus"] for result in results] == ["Accepted", "Rejected", "Accepted"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param(
            item("Nonsense", "Interval", attributeValue="1"),
            "UnknownComponent",
            marks=case("TC_B_35_CS", "B05.FR.04", says="set: a component that isn't there"),
        ),
        pytest.param(
            item("TxCtrlr", "Nonsense", attributeValue="1"),
            "UnknownVariable",
            marks=case("TC_B_36_CS", "B05.FR.05", says="set: a variable that isn't there"),
        ),
        pytest.param(
            {**TARGET, "attributeValue": "1"},
            "NotSupportedAttributeType",
            marks=case("TC_B_37_CS", "B05.FR.06", says="set: an attribute that isn't there"),
        ),
        pytest.param(
            item("OCPPCommCtrlr", "FileTransferProtocols", attributeValue="HTTP"),
            "Rejected",
            marks=case("TC_B_39_CS", "B05.FR.09", says="set: a variable that can only be read"),
        ),
    ],
)
def test_what_can_not_be_set_is_not_set(booted: Bench, asked: dict[str, Any], status: str) -> None:
    (result,) = put(booted, asked)
    assert result["attributeStatus"] == status


@case("TC_B_11_CS", "B05.FR.07")
@pytest.mark.parametrize(
    ("component", "variable", "value"),
    [
        ("OCPPCommCtrlr", "OfflineThreshold", "soon"),
        ("OCPPCommCtrlr", "OfflineThreshold", "-1"),
        ("AuthCtrlr", "AuthorizeRemoteStart", "1"),
        ("TxCtrlr", "TxStartPoint", "Nonsense"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register;Voltage"),
    ],
)
def test_a_value_of_the_wrong_form_is_rejected(
    booted: Bench, component: str, variable: str, value: str
) -> None:
    (before,) = get(booted, item(component, variable))
    (result,) = put(booted, item(component, variable, attributeValue=value))
    assert result["attributeStatus"] == "Rejected"
    assert get(booted, item(component, variable)) == [before]


# Reports


def report(bench: Bench, base: str) -> list[dict[str, Any]]:
    assert bench.ask("GetBaseReport", {"requestId": 3, "reportBase": base})["status"] == "Accepted"
    parts = bench.told("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["requestId"] for part in parts} == {3}
    return [row for part in parts for row in part["reportData"]]


@case("TC_B_12_CS", "B07.FR.01", "B07.FR.03", "B07.FR.04", "B07.FR.07", "B07.FR.10", "B07.FR.12")
def test_the_configuration_is_what_can_be_set(booted: Bench) -> None:
    rows = report(booted, "ConfigurationInventory")
    mutable = {row["variableAttribute"][0]["mutability"] for row in rows}
    assert mutable == {"ReadWrite", "WriteOnly"}


@case("TC_B_13_CS", "B07.FR.01", "B07.FR.03", "B07.FR.04", "B07.FR.08", "B07.FR.10", "B07.FR.12")
def test_the_full_inventory_has_more(booted: Bench) -> None:
    rows = report(booted, "FullInventory")
    assert {"ReadOnly", "ReadWrite"} <= {row["variableAttribute"][0]["mutability"] for row in rows}
    assert all(row["variableCharacteristics"]["dataType"] for row in rows)


@case("TC_B_53_CS", "B07.FR.08")
def test_the_full_inventory_has_what_is_required(booted: Bench) -> None:
    told = {(row["component"]["name"], row["variable"]["name"]) for row in report(booted, "FullInventory")}
    assert {(component, name) for component, names in REQUIRED.items() for name in names} - told == set()


@case("TC_B_14_CS", "B07.FR.01", "B07.FR.03", "B07.FR.04", "B07.FR.09", "B07.FR.10", "B07.FR.12")
def test_the_summary_is_what_is_available_and_what_is_broken(booted: Bench) -> None:
    names = {row["variable"]["name"] for row in report(booted, "SummaryInventory")}
    assert "AvailabilityState" in names
    assert names <= {"AvailabilityState", "Problem"}
