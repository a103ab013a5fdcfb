"""2.0.1 B05 to B08: getting, setting and reporting variables."""

from typing import Any

import pytest

from tests.hub.ocpp.world import IDLE, World

VALID = "0123456789abcdef"


def data(component: str, name: str, instance: str | None = None, **more: Any) -> dict[str, Any]:
    variable = {"name": name} if instance is None else {"name": name, "instance": instance}
    return {"component": {"name": component}, "variable": variable, **more}


def get(world: World, *asked: dict[str, Any]) -> Any:
    return world.ask("GetVariables", {"getVariableData": list(asked)})["getVariableResult"]


def put(world: World, *asked: dict[str, Any]) -> Any:
    return world.ask("SetVariables", {"setVariableData": list(asked)})["setVariableResult"]


@pytest.mark.parametrize(
    ("asked", "status", "value"),
    [
        (data("OCPPCommCtrlr", "HeartbeatInterval"), "Accepted", "300"),  # B06.FR.10
        (data("ocppcommctrlr", "HEARTBEATINTERVAL", ""), "Accepted", "300"),
        (data("AlignedDataCtrlr", "TxEndedMeasurands"), "Accepted", ""),  # B06.FR.13
        (data("OCPPCommCtrlr", "MessageTimeout", "Default"), "Accepted", "30"),  # B06.FR.14
        (data("OCPPCommCtrlr", "MessageTimeout"), "UnknownVariable", None),  # B06.FR.15
        (data("OCPPCommCtrlr", "MessageTimeout", "Other"), "UnknownVariable", None),
        (data("OCPPCommCtrlr", "Nothing"), "UnknownVariable", None),  # B06.FR.07
        (data("Nothing", "HeartbeatInterval"), "UnknownComponent", None),  # B06.FR.06
        (
            data("TxCtrlr", "TxStartPoint", attributeType="Target"),
            "NotSupportedAttributeType",  # B06.FR.08
            None,
        ),
        (data("SecurityCtrlr", "BasicAuthPassword"), "Rejected", None),  # B06.FR.09
    ],
)
def test_a_variable_is_told_or_why_not(asked: dict[str, Any], status: str, value: str | None) -> None:
    (result,) = get(World(), asked)
    assert (result["attributeStatus"], result.get("attributeValue")) == (status, value)
    # B06.FR.02/03/11: it says what it is the result of.
    assert (result["component"], result["variable"]) == (asked["component"], asked["variable"])
    assert result["attributeType"] == asked.get("attributeType", "Actual")


def test_a_component_of_an_unknown_evse_is_unknown() -> None:
    asked = {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}}
    assert get(World(), asked)[0]["attributeStatus"] == "UnknownComponent"


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        (data("OCPPCommCtrlr", "OfflineThreshold", attributeValue="9"), "Accepted", None),  # B05.FR.10
        (data("OCPPCommCtrlr", "OfflineThreshold", attributeValue="x"), "Rejected", "InvalidValue"),
        (data("OCPPCommCtrlr", "OfflineThreshold", attributeValue="-1"), "Rejected", "ValueTooLow"),
        (data("AlignedDataCtrlr", "Interval", attributeValue="86401"), "Rejected", "ValueTooHigh"),
        (data("SecurityCtrlr", "SecurityProfile", attributeValue="3"), "Rejected", "ReadOnly"),
        (data("ClockCtrlr", "DateTime", attributeValue="3"), "Rejected", "ReadOnly"),
        (data("SecurityCtrlr", "BasicAuthPassword", attributeValue=VALID), "Accepted", None),
        (data("Nothing", "X", attributeValue="3"), "UnknownComponent", None),  # B05.FR.04
        (data("TxCtrlr", "X", attributeValue="3"), "UnknownVariable", None),  # B05.FR.05
        (
            data("TxCtrlr", "TxStartPoint", attributeValue="Authorized", attributeType="MinSet"),
            "NotSupportedAttributeType",  # B05.FR.06
            None,
        ),
    ],
)
def test_a_variable_is_set_or_why_not(asked: dict[str, Any], status: str, reason: str | None) -> None:
    (result,) = put(World(), asked)
    assert result["attributeStatus"] == status
    assert result.get("attributeStatusInfo", {}).get("reasonCode") == reason
    assert result["attributeType"] == asked.get("attributeType", "Actual")  # B05.FR.03/12


def test_each_item_has_its_own_result_in_order() -> None:
    world = World()
    names = ["RetryBackOffRepeatTimes", "Nothing", "OfflineThreshold"]
    results = put(world, *(data("OCPPCommCtrlr", name, attributeValue="7") for name in names))
    assert [result["variable"]["name"] for result in results] == names
    told = get(world, data("OCPPCommCtrlr", "OfflineThreshold"))
    assert told[0]["attributeValue"] == "7"


@pytest.mark.parametrize(
    ("action", "key", "most"),
    [
        ("GetVariables", "getVariableData", 100),
        ("SetVariables", "setVariableData", 100),
    ],
)
def test_messages_that_are_too_big_are_errors(action: str, key: str, most: int) -> None:
    one = data("A", "B", attributeValue="1") if action == "SetVariables" else data("A", "B")
    assert World().ask(action, {key: [one] * (most + 1)}) == "OccurrenceConstraintViolation"  # B06.FR.16
    long = {**one, "customData": {"vendorId": "A", "more": "x" * 3000}}
    assert World().ask(action, {key: [long] * most}) == "FormatViolation"  # B06.FR.17


# Reports


def reports(world: World) -> list[Any]:
    return [payload for action, payload in world.take() if action == "NotifyReport"]


def reported(world: World) -> list[tuple[str, str]]:
    return [
        (item["component"]["name"], item["variable"]["name"])
        for report in reports(world)
        for item in report["reportData"]
    ]


def test_a_full_report_has_everything_and_the_configuration_only_what_can_be_set() -> None:
    world = World()
    assert world.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == {
        "status": "Accepted"
    }
    everything = reported(world)
    world.ask("GetBaseReport", {"requestId": 2, "reportBase": "ConfigurationInventory"})
    configurable = reported(world)
    assert set(configurable) < set(everything)
    assert ("TxCtrlr", "TxStartPoint") in configurable
    assert ("SecurityCtrlr", "SecurityProfile") not in configurable
    assert ("ClockCtrlr", "DateTime") in everything


def test_a_summary_has_what_is_available_and_what_is_broken() -> None:
    world = World()
    world.ask("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"})
    assert reported(world) == [
        ("ChargingStation", "AvailabilityState"),
        ("EVSE", "AvailabilityState"),
        ("Connector", "AvailabilityState"),
    ]
    world.state({**IDLE, "status": "faulted"})
    world.ask("GetBaseReport", {"requestId": 2, "reportBase": "SummaryInventory"})
    assert ("EVSE", "Problem") in reported(world)


def test_a_report_comes_in_numbered_parts_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ocpp.v201.variables.REPORT_BYTES", 2000)
    world = World()
    world.ask("GetBaseReport", {"requestId": 77, "reportBase": "FullInventory"})
    parts = reports(world)
    assert len(parts) > 3
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))  # B07.FR.10
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["requestId"] for part in parts} == {77}  # B07.FR.04


def test_a_part_may_be_one_item_that_is_too_big_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ocpp.v201.variables.REPORT_BYTES", 1)
    world = World()
    world.ask("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"})
    assert [len(part["reportData"]) for part in reports(world)] == [1, 1, 1]


def evse(name: str, evse_id: int | None = None, connector: int | None = None) -> dict[str, Any]:
    place = {"id": evse_id, "connectorId": connector}
    given = {key: value for key, value in place.items() if value is not None}
    return {"name": name, "evse": given} if given else {"name": name}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([{"component": evse("ClockCtrlr"), "variable": {"name": "DateTime"}}], 1),
        ([{"component": evse("clockctrlr")}], 3),  # B08.FR.20
        ([{"component": evse("DeviceDataCtrlr"), "variable": {"name": "ItemsPerMessage"}}], 3),  # B08.FR.21
        (
            [
                {
                    "component": evse("DeviceDataCtrlr"),
                    "variable": {"name": "ItemsPerMessage", "instance": "GetReport"},
                }
            ],
            1,
        ),
        ([{"component": evse("Connector", 1), "variable": {"name": "ConnectorType"}}], 1),  # B08.FR.22
        ([{"component": evse("EVSE"), "variable": {"name": "Power"}}], 2),  # B08.FR.23
        ([{"component": evse("EVSE", 2), "variable": {"name": "Power"}}], 1),
        ([{"component": evse("EVSE", 3)}], 0),
        ([{"component": evse("Connector", 1, 2)}], 0),
        ([{"component": {"name": "EVSE", "instance": "x"}}], 0),
        (
            [
                {"component": evse("EVSE", 1), "variable": {"name": "Power"}},
                {"component": evse("ClockCtrlr"), "variable": {"name": "DateTime"}},
            ],
            2,
        ),
    ],
)
def test_what_is_asked_for_is_reported(asked: list[dict[str, Any]], expected: int) -> None:
    world = World(evses=2)
    answer = world.ask("GetReport", {"requestId": 1, "componentVariable": asked})
    assert answer == {"status": "Accepted" if expected else "EmptyResultSet"}  # B08.FR.01/15
    assert len(reported(world)) == expected


@pytest.mark.parametrize(
    ("criteria", "among", "missing"),
    [
        (["Problem"], [], ["EVSE", "ClockCtrlr"]),  # B08.FR.10
        (["Available"], ["EVSE", "ClockCtrlr"], []),  # B08.FR.08: true, or not there
        (["Enabled", "Problem"], ["SmartChargingCtrlr", "EVSE"], []),  # B08.FR.13
    ],
)
def test_criteria_choose_components(criteria: list[str], among: list[str], missing: list[str]) -> None:
    world = World()
    answer = world.ask("GetReport", {"requestId": 1, "componentCriteria": criteria})
    components = {component for component, _ in reported(world)}
    assert answer == {"status": "Accepted" if components else "EmptyResultSet"}
    assert components >= set(among)
    assert not components & set(missing)


def test_a_component_that_is_switched_off_is_not_enabled() -> None:
    world = World()
    put(world, data("AuthCacheCtrlr", "Enabled", attributeValue="false"))
    world.ask("GetReport", {"requestId": 1, "componentCriteria": ["Enabled"]})
    assert "AuthCacheCtrlr" not in {component for component, _ in reported(world)}
    asked = {
        "componentCriteria": ["Enabled"],
        "componentVariable": [{"component": {"name": "AuthCacheCtrlr"}}],
    }
    assert world.ask("GetReport", {"requestId": 2, **asked}) == {"status": "EmptyResultSet"}


def test_problems_are_reported_when_there_are_any() -> None:
    world = World()
    world.state({**IDLE, "status": "faulted"})
    world.ask("GetReport", {"requestId": 1, "componentCriteria": ["Problem"]})
    assert {component for component, _ in reported(world)} == {"EVSE"}
