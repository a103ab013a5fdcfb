"""Each variable that 2.0.1 requires: what may be done with it, of what type it is, and that what is set stays set."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.bench import Bench

R, RW = "ReadOnly", "ReadWrite"
EVSE = {"evse": {"id": 1}}
CONNECTOR = {"evse": {"id": 1, "connectorId": 1}}
# component, variable, instance: mutability, type; a value that may be set and one that may not
REQUIRED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("OCPPCommCtrlr", "MessageTimeout", "Default"): (R, "integer"),
    ("OCPPCommCtrlr", "FileTransferProtocols"): (R, "MemberList"),
    ("OCPPCommCtrlr", "NetworkConfigurationPriority"): (RW, "SequenceList", "1", "9"),
    ("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"): (RW, "integer", "7", "0"),
    ("OCPPCommCtrlr", "OfflineThreshold"): (RW, "integer", "0", "-1"),
    ("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"): (RW, "integer", "4", "0"),
    ("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"): (RW, "integer", "11", "soon"),
    ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"): (RW, "boolean", "true", "1"),
    ("OCPPCommCtrlr", "ResetRetries"): (RW, "integer", "2", "-1"),
    ("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"): (R, "integer"),
    ("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"): (R, "integer"),
    ("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"): (R, "integer"),
    ("DeviceDataCtrlr", "BytesPerMessage", "GetReport"): (R, "integer"),
    ("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"): (R, "integer"),
    ("DeviceDataCtrlr", "BytesPerMessage", "SetVariables"): (R, "integer"),
    ("ClockCtrlr", "DateTime"): (R, "dateTime"),
    ("ClockCtrlr", "TimeSource"): (RW, "SequenceList", "Heartbeat,RealTimeClock", "Sundial"),
    ("SecurityCtrlr", "OrganizationName"): (RW, "string", "Evhub Oy", "x" * 65),
    ("SecurityCtrlr", "CertificateEntries"): (R, "integer"),
    ("SecurityCtrlr", "SecurityProfile"): (R, "integer"),
    ("AuthCtrlr", "AuthorizeRemoteStart"): (RW, "boolean", "true", "yes"),
    ("AuthCtrlr", "LocalAuthorizeOffline"): (RW, "boolean", "false", ""),
    ("AuthCtrlr", "LocalPreAuthorize"): (RW, "boolean", "false", "0"),
    ("LocalAuthListCtrlr", "Entries"): (R, "integer"),
    ("LocalAuthListCtrlr", "ItemsPerMessage"): (R, "integer"),
    ("LocalAuthListCtrlr", "BytesPerMessage"): (R, "integer"),
    ("TxCtrlr", "EVConnectionTimeOut"): (RW, "integer", "45", "4.5"),
    ("TxCtrlr", "StopTxOnEVSideDisconnect"): (RW, "boolean", "false", "no"),
    ("TxCtrlr", "TxStartPoint"): (RW, "MemberList", "EVConnected,Authorized", "EVConnected,Nonsense"),
    ("TxCtrlr", "TxStopPoint"): (RW, "MemberList", "EVConnected", ""),
    ("TxCtrlr", "StopTxOnInvalidId"): (RW, "boolean", "false", "never"),
    ("SampledDataCtrlr", "TxEndedMeasurands"): (RW, "MemberList", "Energy.Active.Import.Register", "Energy"),
    ("SampledDataCtrlr", "TxEndedInterval"): (RW, "integer", "900", "-900"),
    ("SampledDataCtrlr", "TxStartedMeasurands"): (RW, "MemberList", "", "Voltage,Voltage"),
    ("SampledDataCtrlr", "TxUpdatedMeasurands"): (RW, "MemberList", "Voltage", "Volts"),
    ("SampledDataCtrlr", "TxUpdatedInterval"): (RW, "integer", "30", "1e3"),
    ("AlignedDataCtrlr", "Measurands"): (
        RW,
        "MemberList",
        "Voltage,Current.Import",
        "Voltage;Current.Import",
    ),
    ("AlignedDataCtrlr", "Interval"): (RW, "integer", "86400", "86401"),
    ("AlignedDataCtrlr", "TxEndedMeasurands"): (RW, "MemberList", "Voltage", "voltage"),
    ("AlignedDataCtrlr", "TxEndedInterval"): (RW, "integer", "900", "x"),
    ("SmartChargingCtrlr", "ProfileStackLevel"): (R, "integer"),
    ("SmartChargingCtrlr", "RateUnit"): (R, "MemberList"),
    ("SmartChargingCtrlr", "PeriodsPerSchedule"): (R, "integer"),
    ("SmartChargingCtrlr", "Entries", "ChargingProfiles"): (R, "integer"),
    ("SmartChargingCtrlr", "LimitChangeSignificance"): (RW, "decimal", "2.5", "-1"),
    ("TariffCostCtrlr", "TariffFallbackMessage"): (RW, "string", "0.30 EUR/kWh", "x" * 256),
    ("TariffCostCtrlr", "TotalCostFallbackMessage"): (RW, "string", "ask at the desk", "x" * 256),
    ("TariffCostCtrlr", "Currency"): (RW, "string", "EUR", "Euro"),
    ("MonitoringCtrlr", "ItemsPerMessage", "SetVariableMonitoring"): (R, "integer"),
    ("MonitoringCtrlr", "BytesPerMessage", "SetVariableMonitoring"): (R, "integer"),
    ("DisplayMessageCtrlr", "DisplayMessages"): (R, "integer"),
    ("DisplayMessageCtrlr", "SupportedFormats"): (R, "MemberList"),
    ("DisplayMessageCtrlr", "SupportedPriorities"): (R, "MemberList"),
    ("ChargingStation", "Available"): (R, "boolean"),
    ("ChargingStation", "AvailabilityState"): (R, "OptionList"),
    ("ChargingStation", "SupplyPhases"): (R, "integer"),
    ("EVSE", "Available"): (R, "boolean"),
    ("EVSE", "AvailabilityState"): (R, "OptionList"),
    ("EVSE", "SupplyPhases"): (R, "integer"),
    ("EVSE", "Power"): (R, "decimal"),
    ("Connector", "Available"): (R, "boolean"),
    ("Connector", "ConnectorType"): (R, "string"),
    ("Connector", "SupplyPhases"): (R, "integer"),
}
LIMITED = {
    *("LocalAuthListCtrlr.Entries", "SmartChargingCtrlr.Entries", "SecurityCtrlr.CertificateEntries"),
    *("EVSE.Power", "DisplayMessageCtrlr.DisplayMessages", "AlignedDataCtrlr.Interval"),
    *("SecurityCtrlr.OrganizationName", "TariffCostCtrlr.Currency"),
    *("TariffCostCtrlr.TariffFallbackMessage", "TariffCostCtrlr.TotalCostFallbackMessage"),
}
"""What has a maxLimit: of a number its value, of a text its length."""
UNITS = {
    **dict.fromkeys(("MessageTimeout", "OfflineThreshold", "EVConnectionTimeOut", "TxUpdatedInterval"), "s"),
    **dict.fromkeys(("TxEndedInterval", "Interval", "MessageAttemptInterval"), "s"),
    "Power": "W",
    "LimitChangeSignificance": "Percent",
}
WRITABLE = {name: row for name, row in REQUIRED.items() if row[0] == RW}


@pytest.fixture
def booted() -> Bench:
    return Bench("2.0.1")


def asked(component: str, variable: str, instance: str | None = None, **more: Any) -> dict[str, Any]:
    place = EVSE if component == "EVSE" else CONNECTOR if component == "Connector" else {}
    named = {"name": variable, **({"instance": instance} if instance else {})}
    return {"component": {"name": component, **place}, "variable": named, **more}


def get(bench: Bench, name: tuple[str, ...]) -> str:
    (told,) = bench.ask("GetVariables", {"getVariableData": [asked(*name)]})["getVariableResult"]
    assert told["attributeStatus"] == "Accepted"
    return str(told["attributeValue"])


def put(bench: Bench, name: tuple[str, ...], value: str) -> str:
    row = asked(*name, attributeValue=value)
    (told,) = bench.ask("SetVariables", {"setVariableData": [row]})["setVariableResult"]
    return str(told["attributeStatus"])


def report(bench: Bench, name: tuple[str, ...]) -> Mapping[str, Any]:
    bench.take()
    bench.ask("GetReport", {"requestId": 1, "componentVariable": [asked(*name)]})
    (row,) = bench.told("NotifyReport")[0]["reportData"]
    return dict(row)


@pytest.mark.parametrize("name", REQUIRED, ids=".".join)
def test_it_is_told_with_what_may_be_done_with_it(booted: Bench, name: tuple[str, ...]) -> None:
    row, (mutability, kind, *_) = report(booted, name), REQUIRED[name]
    (attribute,) = row["variableAttribute"]
    assert (attribute["type"], attribute["mutability"]) == ("Actual", mutability)
    characteristics = row["variableCharacteristics"]
    assert characteristics["dataType"] == kind
    assert characteristics.get("unit") == UNITS.get(name[1])
    assert ("maxLimit" in characteristics) is (".".join(name[:2]) in LIMITED)
    assert ("valuesList" in characteristics) is (kind in ("MemberList", "SequenceList", "OptionList"))
    if mutability == R:
        assert put(booted, name, attribute["value"]) == "Rejected"


@pytest.mark.parametrize("name", WRITABLE, ids=".".join)
def test_what_is_set_holds_over_a_power_cut_and_what_is_none_is_refused(
    booted: Bench, name: tuple[str, ...]
) -> None:
    *_, good, bad = REQUIRED[name]
    assert report(booted, name)["variableAttribute"][0]["persistent"] is True
    assert put(booted, name, good) == "Accepted"
    assert put(booted, name, bad) == "Rejected"
    assert get(booted, name) == good
    booted.power_loss()
    assert get(booted, name) == good
