"""What a CSMS asks of a station, in both versions."""

from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.model.command import CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.ocpp.station.control import UNLOCK_S
from hub.ocpp.station.effects import Act, Happened, Limit, Reconnect
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]
FAULTED = {
    "status": "faulted",
    "plugged": False,
    "power": 0.0,
    "error_code": "GroundFailure",
    "vendor_error": "17",
}


def remote_start(world: World, **more: Any) -> Any:
    if world.version == "1.6":
        return world.ask("RemoteStartTransaction", {"idTag": "R1", "connectorId": 1, **more})
    token = {"idToken": "R1", "type": "Central"}
    return world.ask("RequestStartTransaction", {"idToken": token, "remoteStartId": 7, "evseId": 1, **more})


def remote_stop(world: World) -> Any:
    if world.version == "1.6":
        return world.ask("RemoteStopTransaction", {"transactionId": 100})
    transaction = world.station.evses.flows[1].transaction
    return world.ask("RequestStopTransaction", {"transactionId": transaction.id if transaction else "none"})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_started_and_stopped_by_the_csms(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    assert remote_start(world)["status"] == "Accepted"
    assert remote_start(world)["status"] == "Rejected"
    world.state(CHARGING)
    assert remote_stop(world)["status"] == "Accepted"
    assert remote_stop(world)["status"] == "Rejected"
    if version == "2.0.1":
        started, *_, ended = [p for a, p in world.sent if a == "TransactionEvent"]
        assert started["triggerReason"] == "RemoteStart"
        assert {p["transactionInfo"]["remoteStartId"] for p in (started, *_, ended)} == {7}
        assert (ended["triggerReason"], ended["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")
    else:
        assert dict(world.sent)["StopTransaction"]["reason"] == "Remote"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_remote_start_may_have_to_be_authorized(version: str) -> None:
    world = World(version, defaults={"AuthorizeRemoteStart": "true"})
    world.state(PLUGGED)
    card = {} if version == "1.6" else {"idToken": {"idToken": "R1", "type": "ISO14443"}}
    assert remote_start(world, **card)["status"] == "Accepted"
    assert "Authorize" in world.actions()


def test_the_csms_own_token_is_not_asked_about() -> None:
    world = World(defaults={"AuthorizeRemoteStart": "true"})
    world.state(PLUGGED)
    assert remote_start(world)["status"] == "Accepted"
    assert "Authorize" not in world.actions()
    assert not [key for key in world.memory if key[0] == "cache"]
    assert world.station.evses.flows[1].transaction


@pytest.mark.parametrize("version", VERSIONS)
def test_a_remote_start_at_a_bad_place_is_rejected(version: str) -> None:
    world = World(version)
    world.state(FAULTED)
    assert remote_start(world)["status"] == "Rejected"
    name = "connectorId" if version == "1.6" else "evseId"
    assert remote_start(world, **{name: 2})["status"] == "Rejected"
    if version == "1.6":
        assert remote_start(world, connectorId=0)["status"] == "Rejected"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fault_is_told_and_taken_back(version: str) -> None:
    world = World(version)
    world.state(FAULTED)
    world.state(IDLE)
    first, second = (p for a, p in world.sent if a == "StatusNotification")
    if version == "1.6":
        assert (first["status"], first["errorCode"], first["vendorErrorCode"]) == (
            "Faulted",
            "GroundFailure",
            "17",
        )
        assert (second["status"], second["errorCode"]) == ("Available", "NoError")
    else:
        assert (first["connectorStatus"], second["connectorStatus"]) == ("Faulted", "Available")


def change_availability(world: World, operative: bool, evse: int = 1) -> Any:
    word = "Operative" if operative else "Inoperative"
    if world.version == "1.6":
        return world.ask("ChangeAvailability", {"connectorId": evse, "type": word})["status"]
    place = {"evse": {"id": evse}} if evse else {}
    return world.ask("ChangeAvailability", {"operationalStatus": word, **place})["status"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("evse", [0, 1])
def test_availability_survives_a_restart(version: str, evse: int) -> None:
    world = World(version)
    assert change_availability(world, False, evse) == "Accepted"
    world.restart()
    world.connect()
    world.take()
    world.state(PLUGGED)
    assert world.swipe() == "rejected"
    assert change_availability(world, True, evse) == "Accepted"
    assert world.swipe() == "asking"
    assert change_availability(world, False, 9) == "Rejected"


@pytest.mark.parametrize("version", VERSIONS)
def test_availability_waits_for_the_transaction(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    assert change_availability(world, False) == "Scheduled"
    assert world.station.evses.flows[1].transaction
    world.take()
    world.state(IDLE)
    statuses = [
        p.get("status") or p.get("connectorStatus") for a, p in world.sent if a == "StatusNotification"
    ]
    assert statuses[-1] == "Unavailable"


@pytest.mark.parametrize("version", VERSIONS)
def test_data_that_a_known_vendor_sends_is_passed_on(version: str) -> None:
    world = World(version, vendors={"acme": frozenset({"tariff"}), "open": frozenset()})
    assert world.ask("DataTransfer", {"vendorId": "x"}) == {"status": "UnknownVendorId"}
    assert world.ask("DataTransfer", {"vendorId": "acme", "messageId": "y"}) == {"status": "UnknownMessageId"}
    assert world.last(Happened) is None or world.last(Happened).event != "data_transfer"
    assert world.ask("DataTransfer", {"vendorId": "acme", "messageId": "tariff", "data": "7"}) == {
        "status": "Accepted"
    }
    details = {"vendor_id": "acme", "message_id": "tariff", "data": "7"}
    assert world.last(Happened) == Happened("data_transfer", details)
    assert world.ask("DataTransfer", {"vendorId": "open"}) == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("good", "status"), [(Outcome.ACCEPTED, "Unlocked"), (Outcome.ERROR, "UnlockFailed")]
)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_answer_to_an_unlock_is_the_devices(version: str, good: Outcome, status: str) -> None:
    world = World(version)
    where = {"connectorId": 1} if version == "1.6" else {"evseId": 1, "connectorId": 1}
    assert world.ask("UnlockConnector", where) is None
    act = world.last(Act)
    world.station.device_done(act.ref, CommandResult(good), world.clock.now())
    world.pump()
    assert world.replies[act.ref] == {"status": status}
    world.station.device_done("unknown", CommandResult(good), world.clock.now())


def test_a_device_that_takes_too_long_to_unlock_has_failed() -> None:
    world = World("2.0.1")
    assert world.ask("UnlockConnector", {"evseId": 1, "connectorId": 1}) is None
    world.advance(UNLOCK_S + 0.1)
    assert world.replies == {"0": {"status": "UnlockFailed"}}
    world.station.device_done("0", CommandResult(Outcome.ACCEPTED), world.clock.now())
    world.pump()
    assert world.replies == {"0": {"status": "UnlockFailed"}}
    assert world.ask("UnlockConnector", {"evseId": 1, "connectorId": 1}, cmd=True) is None
    world.advance(10 * UNLOCK_S)
    assert len(world.replies) == 1


def test_an_unlock_during_a_transaction() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    where = {"evseId": 1, "connectorId": 1}
    assert world.ask("UnlockConnector", where)["status"] == "OngoingAuthorizedTransaction"
    assert world.ask("UnlockConnector", {**where, "evseId": 2})["status"] == "UnknownConnector"
    old = World("1.6")
    old.state(PLUGGED)
    old.swipe()
    old.ask("UnlockConnector", {"connectorId": 1})
    assert dict(old.sent)["StopTransaction"]["reason"] == "UnlockCommand"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_charger_cannot_do_is_not_accepted(version: str) -> None:
    world = World(version, abilities=Abilities())
    where = {"connectorId": 1} if version == "1.6" else {"evseId": 1, "connectorId": 1}
    assert world.ask("UnlockConnector", where)["status"] in ("NotSupported", "UnlockFailed")
    assert world.ask("DataTransfer", {"vendorId": "x"}) == {"status": "UnknownVendorId"}
    assert world.ask("ClearCache", {}) == {"status": "Accepted"}
    world.station.variables.set("AuthCacheEnabled", "false")
    assert world.ask("ClearCache", {}) == {"status": "Rejected"}
    assert world.ask("Heartbeat", {}) == "NotSupported"


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_on_demand_come_after_the_answer(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    wanted = ["Heartbeat", "StatusNotification", "MeterValues"] + (
        ["TransactionEvent"] if version == "2.0.1" else []
    )
    here = {"connectorId": 1} if version == "1.6" else {"evse": {"id": 1, "connectorId": 1}}
    for message in wanted:
        world.take()
        assert world.ask("TriggerMessage", {"requestedMessage": message, **here}) == {"status": "Accepted"}
        assert world.actions() == [message]
    if version == "2.0.1":
        unknown = {"requestedMessage": "SignV2GCertificate"}
        assert world.ask("TriggerMessage", unknown) == {"status": "NotImplemented"}
    boot = world.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert boot == {"status": "Accepted" if version == "1.6" else "Rejected"}
    elsewhere = {"connectorId": 4} if version == "1.6" else {"evse": {"id": 4}}
    for message, status in (("Heartbeat", "Accepted"), ("MeterValues", "Rejected")):  # F06.FR.03
        said = world.ask("TriggerMessage", {"requestedMessage": message, **elsewhere})
        assert said == {"status": status}
    if version == "1.6":
        world.take()
        world.ask("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0})
        assert [p["connectorId"] for _, p in world.sent] == [0]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({}, "MissingParam"),
        ({"evse": {"id": 1}}, "MissingParam"),
        ({"evse": {"id": 1, "connectorId": 2}}, "UnknownConnectorId"),
        ({"evse": {"id": 4, "connectorId": 1}}, "UnknownConnectorId"),
    ],
)
def test_a_status_on_demand_is_of_one_connector_that_is_named(where: dict[str, Any], why: str) -> None:
    world = World()
    said = world.ask("TriggerMessage", {"requestedMessage": "StatusNotification", **where})
    assert said == {"status": "Rejected", "statusInfo": {"reasonCode": why}}
    assert world.sent == []


def test_a_boot_on_demand_says_that_it_is_one() -> None:
    world = World(boot=False)
    pending = {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 10}
    world.answers["BootNotification"] = pending
    world.connect()
    assert world.ask("TriggerMessage", {"requestedMessage": "BootNotification"})["status"] == "Accepted"
    world.advance(11)
    reasons = [p["reason"] for a, p in world.sent if a == "BootNotification"]
    assert reasons == ["PowerUp", "Triggered", "PowerUp"]


def test_a_boot_on_demand_leaves_the_station_registered_until_the_csms_says_otherwise() -> None:
    world = World("1.6")
    world.answers["BootNotification"] = "hold"
    world.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert world.actions() == ["BootNotification"]
    assert "configurationKey" in world.ask("GetConfiguration", {"key": ["HeartbeatInterval"]})
    world.answers["BootNotification"] = {
        "status": "Rejected",
        "currentTime": rfc3339(world.clock.now().wall),
        "interval": 60,
    }
    world.release()
    assert world.ask("GetConfiguration", {}) == "SecurityError"
    world.answers.clear()
    world.advance(61)
    assert "configurationKey" in world.ask("GetConfiguration", {})


def test_meter_values_on_demand_name_the_transaction_that_runs() -> None:
    world = World("1.6")
    wanted = {"requestedMessage": "MeterValues", "connectorId": 1}
    world.ask("TriggerMessage", wanted)
    world.state(PLUGGED)
    world.swipe()
    world.ask("TriggerMessage", wanted)
    assert [p.get("transactionId") for a, p in world.sent if a == "MeterValues"] == [None, 100]


@pytest.mark.parametrize("interval", [0, -7])
def test_an_interval_that_is_none_leaves_the_csms_in_peace(interval: int) -> None:
    world = World(boot=False)
    answer = {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": interval}
    world.answers["BootNotification"] = answer
    world.connect()
    world.advance(59)
    assert world.actions() == ["BootNotification"]


def test_a_transaction_that_does_not_run_is_not_told_of() -> None:
    world = World()
    assert world.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"}) == {"status": "Rejected"}
    assert world.sent == []


@pytest.mark.parametrize(("seconds", "leaves"), [("30", False), ("31", True)])
def test_a_ping_interval_that_stays_is_no_reason_to_leave(seconds: str, leaves: bool) -> None:
    world = World("1.6")
    asked = {"key": "WebSocketPingInterval", "value": seconds}
    assert world.ask("ChangeConfiguration", asked) == {"status": "Accepted"}
    assert (world.last(Reconnect) is not None) is leaves


def test_the_status_of_a_transaction() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    asked = {"transactionId": transaction.id}
    assert world.ask("GetTransactionStatus", asked) == {"messagesInQueue": False, "ongoingIndicator": True}
    world.held = True
    world.state(CHARGING)
    assert world.ask("GetTransactionStatus", {}) == {"messagesInQueue": True}


@pytest.mark.parametrize(("status", "expected"), [("Pending", "Rejected"), ("Rejected", "SecurityError")])
@pytest.mark.parametrize("version", VERSIONS)
def test_before_registration_little_is_said(version: str, status: str, expected: str) -> None:
    world = World(version, boot=False)
    answers = [{"status": status, "currentTime": "2026-01-01T00:00:00Z", "interval": 0}]
    world.answers["BootNotification"] = lambda action, payload: answers[-1]
    world.connect()
    world.state(PLUGGED)
    result = remote_start(world)
    assert (result if isinstance(result, str) else result["status"]) == expected
    if status == "Pending":
        here = {"connectorId": 1} if version == "1.6" else {"evse": {"id": 1, "connectorId": 1}}
        world.ask("TriggerMessage", {"requestedMessage": "StatusNotification", **here})
        assert world.actions() == ["BootNotification", "StatusNotification"]
    world.advance(59)
    assert world.actions().count("BootNotification") == 1
    answers.append({"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 10})
    world.advance(2)
    assert world.actions().count("BootNotification") == 2
    assert world.station.variables.int("HeartbeatInterval") == 10
    world.take()
    world.disconnect()
    world.connect()
    assert "BootNotification" not in world.actions()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_csms_that_has_not_accepted_yet_stops_nothing_and_a_person_does(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    world.restart()
    world.answers["BootNotification"] = {
        "status": "Pending",
        "currentTime": rfc3339(world.clock.now().wall),
        "interval": 60,
    }
    world.connect()
    world.state(PLUGGED)
    action = "RemoteStopTransaction" if version == "1.6" else "RequestStopTransaction"
    asked = {"transactionId": 100 if version == "1.6" else transaction.id}
    assert world.ask(action, asked) == {"status": "Rejected"}
    assert world.station.evses.flows[1].transaction
    assert world.ask(action, asked, cmd=True) == {"status": "Accepted"}
    assert world.station.evses.flows[1].transaction is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_clock_and_a_change_of_availability_are_no_reason_to_speak_before_registration(
    version: str,
) -> None:
    world = World(version, boot=False)
    world.answers["BootNotification"] = {
        "status": "Pending",
        "currentTime": rfc3339(world.clock.now().wall),
        "interval": 600,
    }
    world.station.control.set_variable("AlignedInterval", "60", world.clock.now())
    world.connect()
    world.state(IDLE)
    off = (
        {"connectorId": 0, "type": "Inoperative"}
        if version == "1.6"
        else {"operationalStatus": "Inoperative"}
    )
    assert world.ask("ChangeAvailability", off) == {"status": "Accepted"}
    world.advance(300)
    assert world.actions() == ["BootNotification"]


def test_a_boot_without_answer_is_repeated() -> None:
    world = World(boot=False)
    world.answers["BootNotification"] = "Timeout"
    world.connect()
    world.answers.clear()
    world.advance(61)
    assert world.actions().count("BootNotification") == 2


@pytest.mark.parametrize(("away", "told"), [(30, 0), (61, 1)])
def test_after_a_long_absence_every_connector_is_told(away: float, told: int) -> None:
    world = World()
    world.disconnect()
    world.advance(away)
    world.connect()
    assert world.actions().count("StatusNotification") == told


def test_answers_that_travel_for_another_while_dont_turn_the_clock_back() -> None:
    world = World(boot=False)
    for late in ("01.900", "00.000", "01.000"):
        world.answers["BootNotification"] = {
            "status": "Pending",
            "currentTime": f"2027-05-05T00:00:{late}Z",
            "interval": 1,
        }
        world.connect()
        world.disconnect()
    assert world.station.stamp(world.clock.now()) == "2027-05-05T00:00:01.900Z"


def test_the_csms_clock_is_taken_over() -> None:
    world = World(boot=False)
    world.answers["BootNotification"] = {
        "status": "Accepted",
        "currentTime": "2027-05-05T00:00:00Z",
        "interval": 9,
    }
    world.connect()
    world.state(IDLE)
    assert world.sent[-1][1]["timestamp"] == "2027-05-05T00:00:00.000Z"


def profile(purpose: str, limit: float, version: str, **more: Any) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    common = {"stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Relative", **more}
    if version == "1.6":
        return {"chargingProfileId": 5, "chargingSchedule": schedule, **common}
    return {"id": 5, "chargingSchedule": [{"id": 1, **schedule}], **common}


def set_profile(world: World, body: dict[str, Any], evse: int = 1) -> Any:
    names = ("connectorId", "csChargingProfiles") if world.version == "1.6" else ("evseId", "chargingProfile")
    return world.ask("SetChargingProfile", {names[0]: evse, names[1]: body})["status"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_default_profile_limits_and_is_cleared(version: str) -> None:
    world = World(version)
    assert set_profile(world, profile("TxDefaultProfile", 10, version)) == "Accepted"
    world.state(PLUGGED)
    world.swipe()
    assert world.last(Limit) == Limit(1, 10.0)
    world.restart()
    world.connect()
    world.state(CHARGING)
    assert world.last(Limit) == Limit(1, 10.0)
    name = "connectorId" if version == "1.6" else "evseId"
    composite = world.ask("GetCompositeSchedule", {name: 1, "duration": 100})
    schedule = composite.get("chargingSchedule") or composite["schedule"]
    (period,) = schedule["chargingSchedulePeriod"]
    assert (period["startPeriod"], period["limit"]) == (0, 10.0)
    assert world.ask("GetCompositeSchedule", {name: 7, "duration": 100})["status"] == "Rejected"
    wanted = {"id": 5} if version == "1.6" else {"chargingProfileId": 5}
    assert world.ask("ClearChargingProfile", wanted) == {"status": "Accepted"}
    assert world.ask("ClearChargingProfile", wanted) == {"status": "Unknown"}
    assert world.last(Limit) == Limit(1, None)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_profile_of_a_transaction_ends_with_it(version: str) -> None:
    world = World(version)
    body = profile("TxProfile", 8, version)
    assert set_profile(world, body) == "Rejected"
    world.state(PLUGGED)
    world.swipe()
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    if version == "2.0.1":
        assert set_profile(world, body) == "Rejected"
        body["transactionId"] = transaction.id
    assert set_profile(world, body) == "Accepted"
    assert world.last(Limit).current_a == 8.0
    world.state(IDLE)
    assert world.last(Limit).current_a is None
    assert not [key for key in world.memory if key[0] == "profile"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_remote_start_brings_its_profile(version: str) -> None:
    world = World(version)
    body = profile("TxProfile", 9, version)
    assert (
        remote_start(world, chargingProfile=profile("TxDefaultProfile", 9, version))["status"] == "Rejected"
    )
    assert remote_start(world, chargingProfile=body)["status"] == "Accepted"
    world.state(PLUGGED)
    assert world.last(Limit).current_a == 9.0
    world.state(IDLE)
    world.state(PLUGGED)
    assert remote_start(world, chargingProfile=body)["status"] == "Accepted"
    assert world.last(Limit).current_a == 9.0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("more", "evse"),
    [
        ({"stackLevel": 99}, 1),
        ({"chargingProfilePurpose": "Max"}, 1),
        ({"chargingProfileKind": "Recurring"}, 1),
        ({"validFrom": "never"}, 1),
        ({}, 9),
    ],
)
def test_profiles_that_cannot_hold_are_rejected(version: str, more: dict[str, Any], evse: int) -> None:
    world = World(version)
    if "chargingProfilePurpose" in more:
        more = {
            "chargingProfilePurpose": "ChargePointMaxProfile"
            if version == "1.6"
            else "ChargingStationMaxProfile"
        }
    body = profile("TxDefaultProfile", 9, version) | more
    names = ("connectorId", "csChargingProfiles") if version == "1.6" else ("evseId", "chargingProfile")
    payload = {names[0]: evse, names[1]: body}
    if "validFrom" in more:
        with pytest.raises(Exception, match=r"validFrom|format"):
            world.ask("SetChargingProfile", payload)
        return
    assert world.ask("SetChargingProfile", payload)["status"] == "Rejected"


def test_home_assistants_profile_is_taken() -> None:
    world = World("1.6")
    assert set_profile(world, profile("ChargePointMaxProfile", 7, "1.6", stackLevel=9), 0) == "Accepted"
    assert world.last(Limit).current_a == 7.0


def test_a_charger_without_a_limit_takes_no_profile() -> None:
    assert (
        set_profile(World("1.6", abilities=Abilities()), profile("TxDefaultProfile", 9, "1.6"))
        == "NotSupported"
    )
    asked = {"evseId": 1, "chargingProfile": profile("TxDefaultProfile", 9, "2.0.1")}
    assert World(abilities=Abilities()).ask("SetChargingProfile", asked) == "NotSupported"


def test_installed_profiles_are_reported() -> None:
    world = World()
    later = {
        "validFrom": "2026-01-01T00:00:00Z",
        "recurrencyKind": "Daily",
        "chargingProfileKind": "Recurring",
    }
    body = profile("TxDefaultProfile", 9, "2.0.1") | later
    body["chargingSchedule"][0] |= {"startSchedule": "2026-01-01T00:00:00Z", "duration": 3600}
    set_profile(world, body)
    asked = {"requestId": 3, "chargingProfile": {}}
    assert world.ask("GetChargingProfiles", asked) == {"status": "Accepted"}
    (report,) = [p for a, p in world.sent if a == "ReportChargingProfiles"]
    assert report["chargingProfile"][0]["chargingSchedule"][0]["duration"] == 3600
    asked["chargingProfile"] = {"stackLevel": 4}
    assert world.ask("GetChargingProfiles", asked) == {"status": "NoProfiles"}
