"""ocpp-go's example CSMSs, replayed: the calls of their routines, and times as Go writes them, with nine digits."""

from datetime import timedelta
from typing import Any

import pytest

from hub.clock import ManualClock
from hub.model.moment import rfc3339
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

DIGITS = "123456789"


def nano(clock: ManualClock, hours: float = 0.0, zone: str = "Z") -> str:
    """RFC 3339 with nanoseconds."""
    whole = rfc3339(clock.now().wall + timedelta(hours=hours)).partition(".")[0]
    return f"{whole}.{DIGITS}{zone}"


def registered(version: str) -> World:
    world = World(version, boot=False)
    told = {"status": "Accepted", "interval": 600, "currentTime": nano(world.clock)}
    world.answers["BootNotification"] = told
    world.answers["Heartbeat"] = {"currentTime": nano(world.clock)}
    world.connect()
    world.state(IDLE)
    return world


@pytest.mark.parametrize("zone", ["Z", "+00:00", "-07:00"])
def test_its_routine_in_1_6(zone: str) -> None:
    world = registered("1.6")
    expiry = nano(world.clock, 12, zone)
    asked = {"connectorId": 1, "expiryDate": expiry, "idTag": "l33t", "reservationId": 42}
    assert world.ask("ReserveNow", asked) == {"status": "Accepted"}
    assert dict(world.sent)["StatusNotification"]["status"] == "Reserved"
    assert world.ask("CancelReservation", {"reservationId": 42}) == {"status": "Accepted"}
    assert world.ask("GetLocalListVersion", {}) == {"listVersion": 0}
    changed = {"key": "MeterValueSampleInterval", "value": "10"}
    assert world.ask("ChangeConfiguration", changed) == {"status": "Accepted"}
    for message in ("Heartbeat", "DiagnosticsStatusNotification"):
        assert world.ask("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
        assert world.actions()[-1] == message


def test_its_routine_in_2_0_1() -> None:
    world = registered("2.0.1")
    token = {"idToken": "l33t", "type": "KeyCode"}
    asked = {"id": 42, "expiryDateTime": nano(world.clock, 1), "idToken": token}
    assert world.ask("ReserveNow", asked)["status"] == "Accepted"
    assert world.ask("CancelReservation", {"reservationId": 42})["status"] == "Accepted"
    assert world.ask("GetLocalListVersion", {}) == {"versionNumber": 0}
    wanted = [target("OCPPCommCtrlr", "HeartbeatInterval", "10"), target("AuthCtrlr", "Enabled", "true")]
    results = world.ask("SetVariables", {"setVariableData": wanted})["setVariableResult"]
    assert {result["attributeStatus"] for result in results} == {"NotSupportedAttributeType"}
    for message in ("Heartbeat", "LogStatusNotification"):
        assert world.ask("TriggerMessage", {"requestedMessage": message})["status"] == "Accepted"
        assert world.actions()[-1] == message
    content = {"format": "UTF8", "language": "en-US", "content": "Hello world!"}
    shown = {"id": 42, "priority": "InFront", "state": "Charging", "transactionId": "0", "message": content}
    assert world.ask("SetDisplayMessage", {"message": shown})["status"] == "UnknownTransaction"


def target(component: str, variable: str, value: str) -> dict[str, Any]:
    named = {"component": {"name": component}, "variable": {"name": variable}}
    return {**named, "attributeType": "Target", "attributeValue": value}


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_what_it_says_of_a_token_may_have_a_time_with_nine_digits(version: str) -> None:
    world = registered(version)
    name, until = ("idTagInfo", "expiryDate") if version == "1.6" else ("idTokenInfo", "cacheExpiryDateTime")
    world.answers["Authorize"] = {name: {"status": "Accepted", until: nano(world.clock, 8, "+02:00")}}
    world.state(PLUGGED)
    assert world.swipe() == "asking"
    world.state(CHARGING)
    assert {"StartTransaction", "TransactionEvent"} & set(world.actions())
