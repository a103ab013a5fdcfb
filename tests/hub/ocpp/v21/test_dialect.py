"""OCPP 2.1: what it has beyond 2.0.1. Everything said is checked against 2.1's schemas by the world."""

from typing import Any

import pytest

from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World


def charging() -> World:
    world = World("2.1")
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    return world


def events(world: World) -> list[Any]:
    return [payload for action, payload in world.sent if action == "TransactionEvent"]


def test_a_transaction_in_2_1_is_told_in_its_words() -> None:
    world = charging()
    world.advance(130)
    world.state(IDLE)
    told = events(world)
    assert [told[0]["eventType"], told[-1]["eventType"]] == ["Started", "Ended"]
    assert [event["seqNo"] for event in told] == list(range(len(told)))


TEXT = {"format": "UTF8", "content": "hello", "language": "en"}
MESSAGE = {"id": 1, "priority": "NormalCycle", "message": TEXT}
PROFILE = {"ocppTransport": "JSON", "ocppCsmsUrl": "ws://x", "messageTimeout": 30, "securityProfile": 0}


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("Reset", {"type": "Immediate"}, "Accepted"),
        (
            "GetLog",
            {"logType": "DataCollectorLog", "requestId": 1, "log": {"remoteLocation": "http://x"}},
            "Rejected",
        ),
        ("SetDisplayMessage", {"message": {**MESSAGE, "messageExtra": [TEXT]}}, "Rejected"),
        ("SetDisplayMessage", {"message": MESSAGE}, "Accepted"),
        ("SetNetworkProfile", {**PROFILE, "identity": "other"}, "Rejected"),
        ("SetNetworkProfile", PROFILE, "Accepted"),
        ("SetNetworkProfile", {**PROFILE, "ocppVersion": "OCPP21"}, "Accepted"),
    ],
)
def test_what_2_1_adds_to_a_call_is_refused_where_it_is_not_here(
    action: str, payload: dict[str, Any], status: str
) -> None:
    if action == "SetNetworkProfile":
        payload = {"configurationSlot": 2, "connectionData": {**payload, "ocppInterface": "Any"}}
    assert World("2.1").ask(action, payload)["status"] == status


def test_a_monitor_of_a_kind_that_only_2_1_has_is_not_supported() -> None:
    monitor = {
        "value": 5,
        "type": "TargetDelta",
        "severity": 5,
        "component": {"name": "EVSE", "evse": {"id": 1}},
    }
    data = {"setMonitoringData": [{**monitor, "variable": {"name": "Power"}}]}
    (result,) = World("2.1").ask("SetVariableMonitoring", data)["setMonitoringResult"]
    assert result["status"] == "UnsupportedMonitorType"


def test_what_2_1_has_and_this_hub_has_not_is_said_to_be_so() -> None:
    assert World("2.1").ask("GetTariffs", {"evseId": 0}) == "NotSupported"


def variables(version: str) -> dict[tuple[str, str, str], str]:
    """The device model, as it is reported."""
    world = World(version)
    world.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    told = [one for action, said in world.sent if action == "NotifyReport" for one in said["reportData"]]
    return {
        (one["component"]["name"], one["variable"]["name"], one["variable"].get("instance", "")): one[
            "variableAttribute"
        ][0].get("value", "")
        for one in told
    }


def test_the_model_of_2_1_says_what_2_1_asks_for_and_that_of_2_0_1_does_not() -> None:
    new, old = variables("2.1"), variables("2.0.1")
    assert {place: new[place] for place in new if place not in old} == {
        ("MonitoringCtrlr", "MaxPeriodicEventStreams", ""): "20",
        ("SmartChargingCtrlr", "ChargingProfilePersistence", "TxProfile"): "true",
        ("SmartChargingCtrlr", "SupportsFeature", "DynamicProfiles"): "true",
        ("TxCtrlr", "AllowEnergyTransferResumption", ""): "true",
        ("TxCtrlr", "EnergyTransferResumptionRandomRange", ""): "0",
        ("TxCtrlr", "SupportedLimits", ""): "maxCost,maxEnergy,maxTime",
    }
    assert set(old) <= set(new)
    changed = {place: new[place] for place in old if new[place] != old[place]}
    assert changed == {
        ("TariffCostCtrlr", "Available", "Cost"): "false",
        ("TariffCostCtrlr", "Available", "Tariff"): "false",
        ("TariffCostCtrlr", "Enabled", "Cost"): "false",
        ("TariffCostCtrlr", "Enabled", "Tariff"): "false",
        ("TxCtrlr", "ResumptionTimeout", ""): "604800",
    }
