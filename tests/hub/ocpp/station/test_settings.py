"""Configuration keys of 1.6 and the device model of 2.0.1."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Keep, Reconnect
from hub.ocpp.station.variable_table import VARIABLES
from hub.ocpp.station.variables import Variables, named, valid
from tests.hub.ocpp.world import World


def change(world: World, key: str, value: str) -> str:
    return str(world.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "30", "Accepted"),
        ("metervaluesampleinterval", "30", "Accepted"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "0", "Rejected"),
        ("HeartbeatInterval", "many", "Rejected"),
        ("HeartbeatInterval", "9999999999", "Rejected"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("LocalPreAuthorize", "yes", "Rejected"),
        ("MeterValuesSampledData", "Voltage,SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,RPM", "Rejected"),
        ("MeterValuesSampledData", "Voltage,Voltage", "Rejected"),
        ("AuthorizationKey", "0123456789abcdef", "Accepted"),
        ("AuthorizationKey", "short", "Rejected"),
        ("Nonsense", "1", "NotSupported"),
    ],
)
def test_keys_are_checked(key: str, value: str, status: str) -> None:
    assert change(World("1.6"), key, value) == status


def test_a_new_value_holds_at_once_and_after_a_restart() -> None:
    world = World("1.6")
    change(world, "HeartbeatInterval", "20")
    world.advance(20)
    assert world.actions() == ["Heartbeat"]
    change(world, "ClockAlignedDataInterval", "60")
    world.take()
    world.advance(60)
    assert "MeterValues" in world.actions()
    world.restart()
    assert world.station.variables.int("HeartbeatInterval") == 20


def test_a_new_password_is_never_told_and_needs_a_new_connection() -> None:
    world = World("1.6")
    change(world, "AuthorizationKey", "0123456789abcdef")
    assert isinstance(world.last(Reconnect), Reconnect)
    assert Keep("variable", "Password", "0123456789abcdef") in world.effects
    told = world.ask("GetConfiguration", {"key": ["AuthorizationKey", "Foo"]})
    assert told == {
        "configurationKey": [{"key": "AuthorizationKey", "readonly": False}],
        "unknownKey": ["Foo"],
    }


def test_all_keys_are_told_and_too_many_are_refused() -> None:
    world = World("1.6")
    keys = {item["key"] for item in world.ask("GetConfiguration", {})["configurationKey"]}
    required = {
        "ConnectionTimeOut",
        "HeartbeatInterval",
        "NumberOfConnectors",
        "ResetRetries",
        "SupportedFeatureProfiles",
    }
    assert required <= keys
    assert (
        world.ask("GetConfiguration", {"key": [str(n) for n in range(101)]})
        == "OccurrenceConstraintViolation"
    )


def variable(component: str, name: str, instance: str | None = None, **more: Any) -> dict[str, Any]:
    spelled = {"name": name, **({"instance": instance} if instance else {})}
    return {"component": {"name": component}, "variable": spelled, **more}


def test_variables_are_told_one_by_one() -> None:
    world = World()
    asked = [
        variable("OCPPCommCtrlr", "heartbeatinterval"),
        variable("OCPPCommCtrlr", "MessageTimeout", "Default"),
        variable("OCPPCommCtrlr", "MessageTimeout"),
        variable("Nothing", "X"),
        variable("TxCtrlr", "TxStartPoint", attributeType="Target"),
        variable("SecurityCtrlr", "BasicAuthPassword"),
    ]
    results = world.ask("GetVariables", {"getVariableData": asked})["getVariableResult"]
    assert [result["attributeStatus"] for result in results] == [
        "Accepted",
        "Accepted",
        "UnknownVariable",
        "UnknownComponent",
        "NotSupportedAttributeType",
        "Rejected",
    ]
    assert results[0]["attributeValue"] == "300"


def test_variables_are_set_one_by_one() -> None:
    world = World()
    asked = [
        variable("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="20"),
        variable("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="x"),
        variable("ClockCtrlr", "DateTime", attributeValue="x"),
        variable("SecurityCtrlr", "SecurityProfile", attributeValue="1"),
        variable("TxCtrlr", "Nothing", attributeValue="1"),
        variable("TxCtrlr", "TxStartPoint", attributeValue="EVConnected", attributeType="MinSet"),
    ]
    results = world.ask("SetVariables", {"setVariableData": asked})["setVariableResult"]
    assert [result["attributeStatus"] for result in results] == [
        "Accepted",
        "Rejected",
        "Rejected",
        "Rejected",
        "UnknownVariable",
        "NotSupportedAttributeType",
    ]
    many = [variable("A", "B", attributeValue="1")] * 101
    assert world.ask("SetVariables", {"setVariableData": many}) == "OccurrenceConstraintViolation"


@pytest.mark.parametrize("base", ["FullInventory", "ConfigurationInventory", "SummaryInventory"])
def test_a_base_report_comes_in_numbered_parts(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ocpp.v201.variables.REPORT_BYTES", 1500)
    world = World()
    assert world.ask("GetBaseReport", {"requestId": 4, "reportBase": base}) == {"status": "Accepted"}
    reports = [payload for action, payload in world.sent if action == "NotifyReport"]
    assert [report["seqNo"] for report in reports] == list(range(len(reports)))
    assert [report["tbc"] for report in reports] == [True] * (len(reports) - 1) + [False]


def test_defaults_of_the_configuration_are_taken_by_any_of_their_names() -> None:
    names = {
        "ConnectionTimeOut": "5",
        "OCPPCommCtrlr.OfflineThreshold": "7",
        "heartbeatInterval": "x",
        "Foo": "1",
    }
    variables = Variables({"LocalPreAuthorize": "false", "Gone": "1"}, names, {"Identity": "CP1"})
    assert variables.int("EVConnectionTimeOut") == 5
    assert variables.int("OfflineThreshold") == 7
    assert variables.int("HeartbeatInterval") == 300
    assert variables.text("Identity") == "CP1"
    assert not variables.bool("LocalPreAuthorize")
    assert named("Foo") is None


def test_every_default_is_valid() -> None:
    assert [v.name for v in VARIABLES if not v.secret and not valid(v, v.default)] == []
