"""What a CSMS can switch off by a controller's Enabled, and on again."""

from typing import Any

from hub.model.charger import Abilities
from tests.conformance.bench import Bench
from tests.hub.ocpp.v201.test_required_variables import put, report

PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}
    ],
}
AUTH, SMART, DISPLAY = (
    ("AuthCtrlr", "Enabled"),
    ("SmartChargingCtrlr", "Enabled"),
    ("DisplayMessageCtrlr", "Enabled"),
)


def profile(bench: Bench, number: int = 1) -> str:
    asked = {"evseId": 1, "chargingProfile": {**PROFILE, "id": number, "stackLevel": number}}
    return str(bench.ask("SetChargingProfile", asked)["status"])


def display(bench: Bench) -> str:
    message = {"id": 1, "priority": "AlwaysFront", "message": {"format": "UTF8", "content": "Hello"}}
    return str(bench.ask("SetDisplayMessage", {"message": message})["status"])


def shown(bench: Bench) -> Any:
    texts = [
        e.values["display_message"] for e in bench.effects if "display_message" in getattr(e, "values", ())
    ]
    return texts[-1] if texts else None


def test_without_authorization_everybody_may_charge() -> None:
    """C01.FR.01, C02: with it only whoever is authorized."""
    bench = Bench("2.0.1")
    bench.plug()
    assert not bench.outlets[1].permitted
    assert put(bench, AUTH, "false") == "Accepted"
    assert bench.outlets[1].charging
    assert bench.told("TransactionEvent")[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert put(bench, AUTH, "true") == "Accepted"
    assert bench.outlets[1].charging, "who has begun goes on"
    bench.unplug()
    bench.plug()
    assert not bench.outlets[1].permitted


def test_whether_everybody_may_charge_is_the_owners_choice_where_he_has_made_it() -> None:
    bench = Bench("2.0.1", free=True)
    (attribute,) = report(bench, AUTH)["variableAttribute"]
    assert (attribute["value"], attribute["mutability"]) == ("false", "ReadOnly")
    assert put(bench, AUTH, "true") == "Rejected"


def test_without_smart_charging_no_profile_holds_and_none_is_taken() -> None:
    bench = Bench("2.0.1")
    bench.plug()
    bench.present("CARD1")
    assert profile(bench) == "Accepted"
    assert bench.outlets[1].current_a == 8
    assert put(bench, SMART, "false") == "Accepted"
    assert bench.outlets[1].current_a == 16
    asked = {"evseId": 1, "chargingProfile": {**PROFILE, "id": 2, "stackLevel": 2}}
    refused = bench.ask("SetChargingProfile", asked)
    assert (refused["status"], refused["statusInfo"]["reasonCode"]) == ("Rejected", "NotEnabled")
    assert bench.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})["status"] == "Rejected"
    bench.power_loss()
    bench.advance(1)
    assert bench.outlets[1].limit_a is None
    assert put(bench, SMART, "true") == "Accepted"
    assert bench.outlets[1].limit_a == 8


def test_without_smart_charging_the_profile_of_a_remote_start_is_ignored() -> None:
    """K05.FR.04."""
    bench = Bench("2.0.1")
    put(bench, SMART, "false")
    bench.plug()
    start = {
        "idToken": {"idToken": "CARD1", "type": "ISO14443"},
        "remoteStartId": 1,
        "evseId": 1,
        "chargingProfile": {**PROFILE, "chargingProfilePurpose": "TxProfile"},
    }
    assert bench.ask("RequestStartTransaction", start)["status"] == "Accepted"
    assert bench.outlets[1].current_a == 16


def test_smart_charging_of_a_charger_without_limits_can_not_be_switched_on() -> None:
    bench = Bench("2.0.1", abilities=Abilities(frozenset({"start", "pause"})))
    (attribute,) = report(bench, SMART)["variableAttribute"]
    assert (attribute["value"], attribute["mutability"]) == ("false", "ReadOnly")
    assert put(bench, SMART, "true") == "Rejected"


def test_a_display_that_is_switched_off_shows_and_takes_nothing() -> None:
    bench = Bench("2.0.1")
    assert display(bench) == "Accepted"
    assert shown(bench) == "Hello"
    assert put(bench, DISPLAY, "false") == "Accepted"
    assert shown(bench) is None
    assert display(bench) == "Rejected"
    assert put(bench, DISPLAY, "true") == "Accepted"
    assert shown(bench) == "Hello"
