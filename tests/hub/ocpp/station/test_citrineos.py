"""CitrineOS's way with a station, replayed from what its modules do: Pending, its answers, what it doesn't know."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

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
