"""1.6: two connectors, and drivers whom nobody has told which one to take."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Keep
from tests.conformance.bench import Bench

PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9}, {"startPeriod": 30, "limit": 7}],
    },
}


@pytest.mark.parametrize("connector", [1, 2])
def test_the_profile_of_a_remote_start_goes_where_the_driver_goes(two: Bench, connector: int) -> None:
    asked = {"idTag": "APP", "chargingProfile": PROFILE}
    assert two.ask("RemoteStartTransaction", asked)["status"] == "Accepted"
    two.plug(connector)
    assert [said["connectorId"] for said in two.told("StartTransaction")] == [connector]
    two.advance(5)
    assert two.outlets[connector].limit_a == 9
    two.advance(30)
    assert two.outlets[connector].limit_a == 7
    assert two.outlets[3 - connector].limit_a is None


def test_a_driver_who_takes_the_other_connector_is_seen_to_come_there(two: Bench) -> None:
    assert two.ask("RemoteStartTransaction", {"idTag": "APP"})["status"] == "Accepted"
    assert (two.statuses(1), two.statuses(2)) == (["Preparing"], [])
    two.plug(2)
    assert two.statuses(1) == ["Preparing", "Available"]
    assert two.statuses(2) == ["Preparing", "Charging"]
    said = [(action, body.get("connectorId")) for action, body in two.sent]
    assert said.index(("StatusNotification", 2)) < said.index(("StartTransaction", 2))


def test_a_remote_start_waits_for_the_decision_about_another_one(two: Bench) -> None:
    two.ask("ChangeConfiguration", {"key": "AuthorizeRemoteTxRequests", "value": "true"})
    two.plug()
    two.answers["Authorize"] = "hold"
    answers = [
        two.ask("RemoteStartTransaction", {"idTag": tag, "connectorId": connector})["status"]
        for tag, connector in [("APP1", 1), ("APP2", 1), ("APP3", 2)]
    ]
    assert answers == ["Accepted", "Rejected", "Accepted"]
    two.answer_token("Authorize", "Accepted")
    two.release()
    assert [said["idTag"] for said in two.told("StartTransaction")] == ["APP1"]


def test_a_card_that_is_read_twice_is_asked_about_once(two: Bench) -> None:
    two.plug()
    two.answers["Authorize"] = "hold"
    assert [two.present("CARD1") for _ in range(3)] == ["asking"] * 3
    two.answer_token("Authorize", "Accepted")
    two.release()
    assert two.actions().count("Authorize") == 1
    assert len(two.told("StartTransaction")) == 1


def test_a_status_on_demand_is_of_one_connector_or_of_all_and_the_charge_point(two: Bench) -> None:
    told = []
    for where in ({}, {"connectorId": 0}, {"connectorId": 2}):
        two.take()
        asked = {"requestedMessage": "StatusNotification", **where}
        assert two.ask("TriggerMessage", asked)["status"] == "Accepted"
        told.append([said["connectorId"] for said in two.told("StatusNotification")])
    assert told == [[0, 1, 2], [0], [2]]


def test_a_change_of_availability_is_kept_once(two: Bench) -> None:
    def kept() -> list[tuple[str, Any]]:
        found = [it for it in two.effects if isinstance(it, Keep) and it.kind == "availability"]
        two.effects.clear()
        two._seen = 0
        return [(it.key, it.body) for it in found]

    for connector in (1, 2, 0):
        two.ask("ChangeAvailability", {"connectorId": connector, "type": "Inoperative"})
        two.ask("ChangeAvailability", {"connectorId": connector, "type": "Inoperative"})
    assert kept() == [("1", "Inoperative"), ("2", "Inoperative"), ("0", "Inoperative")]
    two.take()
    two.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    assert sorted(kept()) == [("0", None), ("1", None), ("2", None)]
    assert sorted(said["connectorId"] for said in two.told("StatusNotification")) == [0, 1, 2]
    two.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    assert kept() == []
