"""CitrineOS's way with a station, replayed from what its modules do: Pending, its answers, what it doesn't know."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_csr
from cryptography.x509.oid import NameOID

from hub.model.moment import rfc3339
from hub.ocpp.schemas import schemas
from hub.ocpp.station.reports import FirmwareStatus
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

RETRY_S = 15
ACCEPTED = {
    "status": "Accepted",
    "cacheExpiryDateTime": None,
    "chargingPriority": None,
    "language1": None,
    "language2": None,
    "groupIdToken": None,
    "personalMessage": None,
}
"""What isn't in its database is null in its answers."""
TOKEN = {"idToken": "APP-1", "type": "Central"}


def heard(world: World, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """As the station's link hands an answer on."""
    return schemas(world.version).answer(action, dict(payload))


class Citrine(World):
    """Registers every station as Pending first, and answers with nulls."""

    def __init__(self, version: str, **more: Any) -> None:
        super().__init__(version, boot=False, **more)
        self.status = "Pending"
        self.answers["BootNotification"] = self._boot

    def _boot(self, action: str, _: Any) -> Mapping[str, Any]:
        said = {"status": self.status, "interval": 300 if self.status == "Accepted" else RETRY_S}
        info = {} if self.version == "1.6" else {"statusInfo": None}
        return heard(self, action, {**said, **info, "currentTime": rfc3339(self.clock.now().wall)})

    def accept(self) -> None:
        """From the next BootNotification on."""
        self.status = "Accepted"


def test_pending_in_2_0_1_is_a_report_settings_in_pages_and_another_boot() -> None:
    world = Citrine("2.0.1")
    world.connect()
    world.state(IDLE)
    assert world.ask("GetBaseReport", {"requestId": 0, "reportBase": "FullInventory"}) == {
        "status": "Accepted"
    }
    reports = [payload for action, payload in world.sent if action == "NotifyReport"]
    assert [part["seqNo"] for part in reports] == list(range(len(reports)))
    assert [bool(part.get("tbc")) for part in reports] == [*[True] * (len(reports) - 1), False]
    rows = [row for part in reports for row in part["reportData"]]
    most = next(
        row for row in rows if row["variable"] == {"name": "ItemsPerMessage", "instance": "SetVariables"}
    )
    page = int(most["variableAttribute"][0]["value"])
    writable = [row for row in rows if row["variableAttribute"][0]["mutability"] == "ReadWrite"]
    wanted = [
        {
            **{name: row[name] for name in ("component", "variable")},
            "attributeType": "Actual",
            "attributeValue": row["variableAttribute"][0]["value"],
        }
        for row in writable
        if row["variableAttribute"][0]["value"]
    ]
    for begin in range(0, len(wanted), page):
        answer = world.ask("SetVariables", {"setVariableData": wanted[begin : begin + page]})
        assert {item["attributeStatus"] for item in answer["setVariableResult"]} <= {
            "Accepted",
            "RebootRequired",
        }
    # Its router answers everything else with a SecurityError while it hasn't accepted.
    assert set(world.actions()) == {"BootNotification", "NotifyReport"}
    world.accept()
    world.advance(RETRY_S + 1)
    assert world.actions()[-2:] == ["StatusNotification", "SecurityEventNotification"]


def test_a_reset_ends_pending_when_a_setting_needs_it() -> None:
    world = Citrine("2.0.1")
    world.connect()
    world.state(IDLE)
    assert world.ask("Reset", {"type": "Immediate"})["status"] == "Accepted"
    world.accept()
    world.disconnect()
    world.connect()
    assert world.actions().count("BootNotification") == 2
    assert world.actions()[-1] != "BootNotification"


def test_pending_in_1_6_is_keys_and_a_boot_on_demand() -> None:
    world = Citrine("1.6")
    world.connect()
    world.state(IDLE)
    changed = world.ask("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "30"})
    assert changed == {"status": "Accepted"}
    assert len(world.ask("GetConfiguration", {})["configurationKey"]) > 40
    assert world.actions() == ["BootNotification"]
    world.accept()
    asked = world.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert asked == {"status": "Accepted"}
    assert world.actions()[:2] == ["BootNotification"] * 2
    assert "StatusNotification" in world.actions()


def test_what_it_does_not_know_in_1_6_is_told_so_often_and_in_nobody_s_way() -> None:
    world = Citrine("1.6")
    world.answers["SecurityEventNotification"] = "InternalError"
    world.accept()
    world.connect()
    world.state(IDLE)
    assert "SecurityEventNotification" in world.actions()
    world.station.upkeep.notices.add(FirmwareStatus("Downloading", None, signed=False))
    world.state(PLUGGED)
    assert "FirmwareStatusNotification" in world.actions()
    world.advance(3600)
    told = Counter(payload["type"] for action, payload in world.sent if action == "SecurityEventNotification")
    assert set(told.values()) == {world.station.variables.int("MessageAttempts")}


def test_after_a_remote_start_it_asks_for_the_transaction_s_profiles() -> None:
    world = Citrine("2.0.1")
    world.accept()
    answer = heard(world, "TransactionEvent", {"idTokenInfo": ACCEPTED, "totalCost": None})
    world.answers["TransactionEvent"] = answer
    world.connect()
    world.state(PLUGGED)
    period = {"startPeriod": 0, "limit": 9.0, "numberPhases": 3}
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
    }
    asked = {"idToken": TOKEN, "remoteStartId": 1, "evseId": 1, "chargingProfile": profile}
    assert world.ask("RequestStartTransaction", asked)["status"] == "Accepted"
    world.state(CHARGING)
    criteria = {"chargingProfilePurpose": "TxProfile", "chargingLimitSource": ["CSO"]}
    got = world.ask("GetChargingProfiles", {"requestId": 3, "chargingProfile": criteria})
    assert got == {"status": "Accepted"}
    (report,) = [payload for action, payload in world.sent if action == "ReportChargingProfiles"]
    assert [found["id"] for found in report["chargingProfile"]] == [1]
    assert world.events()[0][0] == "Started"


@pytest.mark.parametrize("stop", [True, False])
def test_two_transactions_that_it_refuses_have_one_number_and_both_end(stop: bool) -> None:
    """Each StartTransaction that isn't for it gets the number 0."""
    world = Citrine("1.6", evses=2)
    world.accept()
    world.answers["StartTransaction"] = {"transactionId": 0, "idTagInfo": {"status": "Invalid"}}
    world.connect()
    for evse in (1, 2):
        world.state(PLUGGED, evse)
        world.swipe(f"CARD{evse}", evse)
        world.state(CHARGING, evse)
    assert world.actions().count("StartTransaction") == 2
    for evse in (1, 2):
        if stop:
            world.state({**PLUGGED, "charging_enabled": False}, evse)
        world.state(IDLE, evse)
    ends = [payload for action, payload in world.sent if action == "StopTransaction"]
    assert [end["transactionId"] for end in ends] == [0, 0]
    assert not world.journal


LOOKED_UP = [
    ("LocalAuthListCtrlr", "ItemsPerMessage", None),
    ("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
    ("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"),
    ("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"),
    ("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"),
    ("MonitoringCtrlr", "ItemsPerMessage", "SetVariableMonitoring"),
    ("MonitoringCtrlr", "BytesPerMessage", "SetVariableMonitoring"),
    ("MonitoringCtrlr", "ItemsPerMessage", "ClearVariableMonitoring"),
    ("SmartChargingCtrlr", "Enabled", None),
    ("SmartChargingCtrlr", "PeriodsPerSchedule", None),
    ("SmartChargingCtrlr", "ACPhaseSwitchingSupported", None),
    ("OCPPCommCtrlr", "NetworkConfigurationPriority", None),
    ("TariffCostCtrlr", "Available", "Tariff"),
    ("Connector", "AvailabilityState", None),
    ("Connector", "ConnectorType", None),
]
"""What it reads of a station's device model before it asks or allows something."""


def reported(world: World) -> dict[tuple[str, str, str | None], dict[str, Any]]:
    world.ask("GetBaseReport", {"requestId": 0, "reportBase": "FullInventory"})
    rows = [row for action, part in world.sent if action == "NotifyReport" for row in part["reportData"]]
    return {
        (row["component"]["name"], row["variable"]["name"], row["variable"].get("instance")): row
        for row in rows
    }


def test_what_it_reads_of_a_device_model_is_in_the_report() -> None:
    rows = reported(World("2.0.1"))
    assert all(rows[name]["variableAttribute"][0]["value"] for name in LOOKED_UP)
    assert rows["LocalAuthListCtrlr", "Entries", None]["variableCharacteristics"]["maxLimit"] > 0
    units = rows["SmartChargingCtrlr", "RateUnit", None]["variableCharacteristics"]["valuesList"]
    assert set(units.split(",")) == {"A", "W"}
    (password,) = rows["SecurityCtrlr", "BasicAuthPassword", None]["variableAttribute"]
    assert password["mutability"] == "WriteOnly"  # else it would overwrite its own with nothing
    assert "value" not in password


def test_a_report_that_it_cannot_store_is_told_to_the_end() -> None:
    """A station whose boot it hasn't stored yet is a foreign key that doesn't exist."""
    world, refused = World("2.0.1"), World("2.0.1")
    refused.answers["NotifyReport"] = "PropertyConstraintViolation"
    assert reported(world) == reported(refused)


def test_every_key_that_it_was_told_comes_back_and_changes_nothing() -> None:
    world = Citrine("1.6")
    world.connect()
    world.state(IDLE)
    for key in world.ask("GetConfiguration", {})["configurationKey"]:
        if "value" in key:
            answer = world.ask("ChangeConfiguration", {"key": key["key"], "value": key["value"]})
            assert answer == {"status": "Rejected" if key["readonly"] else "Accepted"}
    assert world.actions() == ["BootNotification"]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_token_that_it_answers_with_an_error_is_in_nobody_s_way(version: str) -> None:
    """It wants eight or fourteen hexadecimal digits of an ISO14443, and no spaces in any other token."""
    world = World(version)
    world.answers["Authorize"] = "PropertyConstraintViolation"
    world.state(PLUGGED)
    world.swipe("A B")
    world.state({**PLUGGED, "charging_enabled": False})
    started = {"1.6": "StartTransaction", "2.0.1": "TransactionEvent"}[version]
    assert started not in world.actions()
    del world.answers["Authorize"]
    world.swipe("CARD2")
    world.state(CHARGING)
    assert started in world.actions()


def test_a_prepaid_card_charges_although_what_is_said_of_it_expires_at_once() -> None:
    """2.1: each time it is asked again, and what the card has left is a limit on the cost."""
    world = World("2.1")

    def accepted(action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        if action == "TransactionEvent" and "idToken" not in payload:
            return {}
        info = {"status": "Accepted", "cacheExpiryDateTime": rfc3339(world.clock.now().wall)}
        limit = {"transactionLimit": {"maxCost": 12.5}} if action == "TransactionEvent" else {}
        return {"idTokenInfo": info, **limit}

    world.answers |= {"Authorize": accepted, "TransactionEvent": accepted}
    for _ in range(2):
        world.state(PLUGGED)
        world.swipe()
        world.state(CHARGING)
        world.advance(300)
        world.state(IDLE)
    assert world.actions().count("Authorize") == 2
    told = [payload for action, payload in world.sent if action == "TransactionEvent"]
    assert [event["eventType"] for event in told].count("Ended") == 2
    limits = [event["transactionInfo"].get("transactionLimit") for event in told]
    assert [limit for limit in limits if limit] == [{"maxCost": 12.5}] * 2


def test_a_certificate_is_asked_for_with_the_organisation_that_it_has_set() -> None:
    world = World("2.0.1")
    organisation = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "OrganizationName"},
        "attributeValue": "ACME",
    }
    world.ask("SetVariables", {"setVariableData": [organisation]})
    world.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    (asked,) = [payload for action, payload in world.sent if action == "SignCertificate"]
    assert asked["certificateType"] == "ChargingStationCertificate"
    subject = load_pem_x509_csr(asked["csr"].encode()).subject
    assert [name.value for name in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["ACME"]
