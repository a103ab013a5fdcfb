"""2.0.1 K: the words of profiles, schedules and reports."""

from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.ocpp.errors import CallError
from hub.ocpp.station.charging_profile import Refusal
from hub.ocpp.station.effects import Limit
from hub.ocpp.v201.smart_charging import REASONS, read_profile
from tests.hub.ocpp.world import IDLE, PLUGGED, World

START = "2026-01-01T00:00:00Z"


def body(purpose: str = "TxDefaultProfile", limit: float = 10.0, **more: Any) -> dict[str, Any]:
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        **more.pop("schedule", {}),
    }
    return {
        "id": more.pop("id", 1),
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule] * more.pop("times", 1),
        **more,
    }


def put(world: World, profile: dict[str, Any], evse: int = 1) -> Any:
    return world.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": profile})


def started(world: World) -> str:
    world.state(PLUGGED)
    world.swipe()
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    return transaction.id


@pytest.mark.parametrize(
    ("profile", "evse", "reason"),
    [
        (body(), 1, None),
        (body(), 0, None),
        (body("ChargingStationMaxProfile"), 0, None),
        (body("ChargingStationMaxProfile"), 1, "InvalidProfile"),  # K04.FR.03
        (body("ChargingStationExternalConstraints"), 0, "InvalidProfile"),  # K01.FR.22
        (body(), 2, "UnknownEvse"),  # K01.FR.28
        (body("TxProfile"), 1, "MissingParam"),  # K01.FR.03
        (body("TxProfile", transactionId="tx"), 1, "TxNotFound"),  # K01.FR.09
        (body("TxProfile", transactionId="tx"), 0, "InvalidProfile"),  # K01.FR.16
        (body(times=2), 1, "InvalidSchedule"),  # K01.FR.34
        (body(validFrom="0001-01-01T00:00:00+14:00"), 1, "InvalidSchedule"),
        (body(stackLevel=10), 1, "InvalidStackLevel"),
        (body(chargingProfileKind="Absolute"), 1, "InvalidSchedule"),  # K01.FR.40
        (body(schedule={"startSchedule": START}), 1, "InvalidSchedule"),  # K01.FR.41
        (body(schedule={"chargingSchedulePeriod": [{"startPeriod": 1, "limit": 1}]}), 1, "InvalidSchedule"),
        (
            body(schedule={"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1, "numberPhases": 1}]}),
            1,
            "InvalidSchedule",  # K01.FR.43
        ),
        (body(limit=-1), 1, "InvalidValue"),
    ],
)
def test_each_profile_gets_its_status(profile: dict[str, Any], evse: int, reason: str | None) -> None:
    answer = put(World(), profile, evse)
    assert answer["status"] == ("Rejected" if reason else "Accepted")
    assert answer.get("statusInfo", {}).get("reasonCode") == reason


def test_a_second_profile_for_the_same_is_refused() -> None:
    world = World()
    assert put(world, body())["status"] == "Accepted"
    assert put(world, body(limit=12.0))["status"] == "Accepted"  # K01.FR.05
    assert put(world, body(id=2))["statusInfo"]["reasonCode"] == "DuplicateProfile"
    assert put(world, body(id=2), 0)["statusInfo"]["reasonCode"] == "DuplicateProfile"  # K01.FR.52


def test_a_transactions_profile_must_name_the_one_that_runs() -> None:
    world = World()
    transaction = started(world)
    wrong = put(world, body("TxProfile", 7.0, transactionId="other"))
    assert wrong["statusInfo"]["reasonCode"] == "UnknownTxId"  # K01.FR.33
    assert put(world, body("TxProfile", 7.0, transactionId=transaction)) == {"status": "Accepted"}
    assert world.last(Limit) == Limit(1, 7.0)  # K01.FR.04


def test_every_refusal_has_a_reason_code() -> None:
    assert set(REASONS) == set(Refusal)
    assert all(len(code) <= 20 for code in REASONS.values())


def test_only_what_a_csms_may_set_is_read() -> None:
    for wrong in (body(times=2), body("ChargingStationExternalConstraints"), body(validTo="soon")):
        with pytest.raises(CallError):
            read_profile(wrong, 1)


@pytest.mark.parametrize(
    ("criteria", "status"),
    [
        ({"chargingProfileId": 1}, "Accepted"),  # K10.FR.03
        ({"chargingProfileId": 9}, "Unknown"),  # K10.FR.01
        (
            {"chargingProfileCriteria": {"stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}},
            "Accepted",
        ),
        (
            {"chargingProfileCriteria": {"stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile"}},
            "Unknown",
        ),
        ({"chargingProfileCriteria": {"evseId": 1}}, "Accepted"),
        ({"chargingProfileCriteria": {"evseId": 0}}, "Unknown"),
        (
            {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}},
            "Unknown",  # K10.FR.08
        ),
    ],
)
def test_clearing_says_whether_anything_fitted(criteria: dict[str, Any], status: str) -> None:
    world = World()
    put(world, body())
    assert world.ask("ClearChargingProfile", criteria) == {"status": status}
    assert (len(world.station.profiles) == 0) is (status == "Accepted")


def test_a_composite_schedule_merges_purposes() -> None:
    world = World()
    periods = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 60, "limit": 8.0}]
    put(world, body(schedule={"chargingSchedulePeriod": periods}))
    put(world, body("ChargingStationMaxProfile", 10.0, id=2), 0)
    answer = world.ask("GetCompositeSchedule", {"evseId": 1, "duration": 600})
    assert answer["status"] == "Accepted"
    assert answer["schedule"] | {"scheduleStart": ""} == {
        "evseId": 1,
        "duration": 600,
        "scheduleStart": "",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 60, "limit": 8.0}],
    }


@pytest.mark.parametrize(
    ("evse", "duration", "reason"), [(9, 60, "UnknownEvse"), (1, -1, "UnsupportedRequest")]
)
def test_a_schedule_that_cannot_be_told_is_rejected(evse: int, duration: int, reason: str) -> None:
    answer = World().ask("GetCompositeSchedule", {"evseId": evse, "duration": duration})
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)


@pytest.mark.parametrize(
    ("evse", "wanted", "found"),
    [
        (None, {}, [1, 2, 3]),  # K09.FR.06
        (0, {}, [2]),  # K09.FR.05
        (1, {}, [1, 3]),  # K09.FR.04
        (7, {}, []),
        (None, {"chargingProfileId": [3, 1]}, [1, 3]),
        (1, {"stackLevel": 1}, [3]),
        (1, {"stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile"}, [3]),
        (None, {"chargingProfilePurpose": "ChargingStationMaxProfile"}, [2]),
        (None, {"chargingProfilePurpose": "ChargingStationExternalConstraints"}, []),
        (None, {"chargingLimitSource": ["CSO", "EMS"]}, [1, 2, 3]),
        (None, {"chargingLimitSource": ["EMS"]}, []),
    ],
)
def test_installed_profiles_are_reported(evse: int | None, wanted: dict[str, Any], found: list[int]) -> None:
    world = World()
    put(world, body())
    put(world, body("ChargingStationMaxProfile", id=2), 0)
    put(world, body(id=3, stackLevel=1))
    asked: dict[str, Any] = {"requestId": 8, "chargingProfile": wanted}
    answer = world.ask("GetChargingProfiles", asked if evse is None else asked | {"evseId": evse})
    assert answer == {"status": "Accepted" if found else "NoProfiles"}
    reports = [payload for action, payload in world.sent if action == "ReportChargingProfiles"]
    assert [report["chargingProfile"][0]["id"] for report in reports] == found
    assert [report["tbc"] for report in reports] == [True] * (len(found) - 1) + [False] * bool(found)
    assert {report["requestId"] for report in reports} <= {8}  # K09.FR.01


def test_a_profile_is_reported_as_it_came() -> None:
    world = World()
    period = {"startPeriod": 0, "limit": 10.5, "numberPhases": 3}
    schedule = {
        "id": 5,
        "startSchedule": "2026-01-01T00:00:00.000Z",
        "duration": 600,
        "chargingRateUnit": "W",
        "minChargingRate": 1400.0,
        "chargingSchedulePeriod": [period],
    }
    said = body(
        chargingProfileKind="Recurring",
        recurrencyKind="Daily",
        validFrom="2026-01-01T00:00:00.000Z",
        validTo="2028-01-01T00:00:00.000Z",
        schedule=schedule,
    )
    assert put(world, said) == {"status": "Accepted"}
    world.restart()
    world.connect()
    world.ask("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
    (report,) = [payload for action, payload in world.sent if action == "ReportChargingProfiles"]
    assert report["chargingProfile"] == [said]


def test_a_pending_station_reports_its_profiles_when_it_is_accepted() -> None:
    world = World(boot=False)
    now = {"currentTime": START, "interval": 60}
    world.answers["BootNotification"] = {"status": "Pending", **now}
    world.connect()
    assert put(world, body()) == {"status": "Accepted"}
    asked = {"requestId": 1, "chargingProfile": {}}
    assert world.ask("GetChargingProfiles", asked) == {"status": "Accepted"}
    assert world.actions() == ["BootNotification"]  # B02.FR.02
    world.answers["BootNotification"] = {"status": "Accepted", **now}
    world.advance(60)
    assert world.actions()[1:3] == ["BootNotification", "ReportChargingProfiles"]


def start(world: World, profile: dict[str, Any]) -> Any:
    token = {"idToken": "CARD1", "type": "Central"}
    asked = {"idToken": token, "remoteStartId": 1, "chargingProfile": profile}
    return world.ask("RequestStartTransaction", asked)["status"]


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        (body("TxProfile"), "Accepted"),
        (body(), "Rejected"),  # K05.FR.02
        (body("TxProfile", transactionId="tx"), "Rejected"),  # F01.FR.23
        (body("TxProfile", times=2), "Rejected"),  # K05.FR.05
        (body("TxProfile", limit=-1), "Rejected"),
        (body("TxProfile", stackLevel=10), "Rejected"),
    ],
)
def test_a_remote_start_takes_only_a_profile_that_can_hold(profile: dict[str, Any], status: str) -> None:
    world = World()
    assert start(world, profile) == status
    world.state(PLUGGED)
    assert ("TransactionEvent" in world.actions()) is (status == "Accepted")


def test_without_smart_charging_the_profile_of_a_remote_start_is_ignored() -> None:
    world = World(abilities=Abilities())
    assert start(world, body("TxProfile")) == "Accepted"  # K05.FR.04
    world.state(PLUGGED)
    assert world.last(Limit) == Limit(1, None)


def test_a_second_transaction_takes_its_share_from_the_first() -> None:
    world = World(evses=2)
    put(world, body("ChargingStationMaxProfile", 20.0), 0)
    for evse in (1, 2):
        world.state(PLUGGED, evse)
        world.swipe(f"CARD{evse}", evse)
    latest = {effect.evse: effect.current_a for effect in world.effects if isinstance(effect, Limit)}
    assert latest == {1: 10.0, 2: 10.0}  # K04.FR.05
    world.state(IDLE, 2)
    assert world.last(Limit).current_a is not None
    latest = {effect.evse: effect.current_a for effect in world.effects if isinstance(effect, Limit)}
    assert latest[1] == 20.0


def test_watts_are_converted_by_the_nominal_voltage() -> None:
    world = World()
    world.state({**PLUGGED, "voltage_l1": 240.0, "phases_active": 1})
    put(world, body(schedule={"chargingRateUnit": "W"}, limit=11040.0))
    assert world.last(Limit) == Limit(1, 16.0)  # K01.FR.49/50
