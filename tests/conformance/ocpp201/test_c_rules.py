"""2.0.1 C and D: what the requirements say beyond the cases."""

import logging
from typing import Any

import pytest

from hub.ocpp.station.authorization import CACHE_SIZE
from tests.conformance.bench import Bench
from tests.conformance.ocpp201.test_c_cache import remember
from tests.conformance.ocpp201.test_c_local_list import entry, send, version_of

MASTER = {"groupIdToken": {"idToken": "MASTER", "type": "Central"}}
UNTIL = "2026-01-01T00:10:00Z"


def start(bench: Bench, kind: str = "Central", **more: Any) -> str:
    token = {"idToken": "" if kind == "NoAuthorization" else "APP1", "type": kind}
    return str(bench.ask("RequestStartTransaction", {"idToken": token, "remoteStartId": 9, **more})["status"])


def cached(bench: Bench) -> set[str]:
    return {key for kind, key in bench.memory if kind == "cache"}


def value(bench: Bench, component: str, variable: str) -> str:
    asked = {"component": {"name": component}, "variable": {"name": variable}}
    (told,) = bench.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    return str(told["attributeValue"])


@pytest.mark.parametrize("kind", ["Central", "NoAuthorization"])
def test_the_csms_own_tokens_and_none_are_neither_asked_about_nor_cached(plugged: Bench, kind: str) -> None:
    """C02.FR.01/03, C03.FR.01/02, C05.FR.01/02/03/05."""
    plugged.set("AuthCtrlr.AuthorizeRemoteStart", "true")
    plugged.answer_token("TransactionEvent", "Accepted")
    assert start(plugged, kind) == "Accepted"
    assert "Authorize" not in plugged.actions()
    started = plugged.told("TransactionEvent")[0]
    assert started["idToken"]["type"] == kind
    assert started["transactionInfo"]["remoteStartId"] == 9
    assert cached(plugged) == set()


@pytest.mark.parametrize("kind", ["Local", "KeyCode", "MacAddress", "eMAID", "ISO15693"])
def test_tokens_of_every_other_type_are_asked_about_as_what_they_are(plugged: Bench, kind: str) -> None:
    """C01.FR.02, C04, C06.FR.02."""
    plugged.present("1234", kind=kind)
    assert plugged.told("Authorize") == [{"idToken": {"idToken": "1234", "type": kind}}]
    assert plugged.told("TransactionEvent")[0]["idToken"]["type"] == kind


def test_no_key_code_appears_in_a_log(plugged: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """C04.FR.04."""
    caplog.set_level(logging.DEBUG)
    plugged.answer_token("Authorize", "Invalid")
    plugged.present("4711-0815", kind="KeyCode")
    plugged.ask(
        "GetLog",
        {"requestId": 1, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://x.example/"}},
    )
    about = [getattr(effect, "job", None) for effect in plugged.effects]
    assert "4711-0815" not in caplog.text + repr([job for job in about if job is not None])


def test_who_is_no_longer_authorized_may_go_on_and_nobody_else(booted: Bench) -> None:
    """C01.FR.23."""
    booted.set("TxCtrlr.TxStopPoint", "EVConnected")
    booted.plug()
    for card in ("CARD1", "CARD1"):
        booted.present(card)
    booted.take()
    assert booted.present("CARD2") == "rejected"
    assert booted.actions() == []
    booted.advance(6)
    booted.present("CARD1")
    assert booted.outlets[1].charging


# The cache


def test_the_cache_has_everybody_whatever_was_said(booted: Bench) -> None:
    """C10.FR.01."""
    for number, status in enumerate(("Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown")):
        remember(booted, status, f"CARD{number}")
    assert len(cached(booted)) == 6


def test_a_full_cache_lets_go_of_the_refused_first_and_then_of_the_oldest(booted: Bench) -> None:
    """C10.FR.07."""
    booted.answer_token("Authorize", "Invalid")
    booted.present("BAD")
    booted.answers.clear()
    for number in range(CACHE_SIZE):
        booted.clock.advance(1)
        booted.present(f"CARD{number}", 1)
        booted.present(f"CARD{number}", 1)
    assert len(cached(booted)) == CACHE_SIZE
    assert "BAD" not in cached(booted)
    booted.clock.advance(1)
    booted.present("NEW")
    assert "CARD0" not in cached(booted)
    assert {"CARD1", "NEW"} <= cached(booted)


def test_an_expiry_of_its_own_goes_before_the_lifetime(booted: Bench) -> None:
    """C10.FR.08/13."""
    booted.set("AuthCacheCtrlr.LifeTime", "100")
    remember(booted, "Accepted", cacheExpiryDateTime=UNTIL)
    booted.advance(300)
    booted.take()
    assert booted.present("CARD1") == "accepted"
    assert booted.actions() == []


def test_what_a_token_costs_is_not_cached(booted: Bench) -> None:
    """C10.FR.09."""
    remember(booted, "Accepted", personalMessage={"format": "UTF8", "content": "0.30 EUR"})
    assert "EUR" not in repr(booted.memory["cache", "CARD1"])


def test_who_was_let_in_offline_unseen_is_cached_when_the_csms_has_spoken(booted: Bench) -> None:
    """C15.FR.01."""
    booted.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    booted.offline()
    booted.plug()
    assert booted.present("CARD1") == "accepted"
    assert cached(booted) == set()
    booted.answer_token("TransactionEvent", "Accepted")
    booted.online()
    assert cached(booted) == {"CARD1"}


def test_some_energy_for_whom_the_csms_refuses_later(booted: Bench) -> None:
    """C15.FR.06/07: until the limit, then SuspendedEVSE."""
    for name, text in (("MaxEnergyOnInvalidId", "1000"), ("StopTxOnInvalidId", "false")):
        booted.set(f"TxCtrlr.{name}", text)
    booted.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    booted.offline()
    booted.plug()
    booted.present("CARD1")
    booted.answer_token("TransactionEvent", "Invalid")
    booted.online()
    assert booted.outlets[1].charging
    refused_at = booted.outlets[1].energy_wh
    booted.advance(600)
    assert 990 <= booted.outlets[1].energy_wh - refused_at < 1050
    changed = [
        said for said in booted.told("TransactionEvent") if said["triggerReason"] == "ChargingStateChanged"
    ]
    assert changed[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"


# Master passes


@pytest.mark.parametrize("known", ["list", "cache"])
@pytest.mark.parametrize("online", [True, False])
def test_a_master_pass_that_is_known_stops_everything_and_starts_nothing(known: str, online: bool) -> None:
    """C12.FR.09, C16.FR.02 to 05."""
    bench = Bench("2.0.1", evses=2, defaults={"MasterPassGroupId": "MASTER"})
    if known == "list":
        send(bench, 1, entry("BOSS", **MASTER), entry("CARD2"))
    else:
        remember(bench, "Accepted", "BOSS", **MASTER)
        remember(bench, "Accepted", "CARD2")
    if not online:
        bench.offline()
    bench.plug(1)
    assert bench.present("BOSS", 1) == "rejected"
    bench.plug(2)
    bench.present("CARD2", 2)
    assert bench.outlets[2].charging
    assert bench.present("BOSS", 1) == "stopped"
    bench.online()
    assert not any(outlet.permitted for outlet in bench.outlets.values())
    assert "Authorize" not in bench.actions()


# The list


@pytest.mark.parametrize(
    ("passed", "unknown"), [(False, "true"), (False, "false"), (True, "true"), (True, "false")]
)
def test_offline_a_listed_card_starts_until_its_entry_has_run_out(
    plugged: Bench, passed: bool, unknown: str
) -> None:
    """C13.FR.05/06: one that has run out is not unknown."""
    plugged.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", unknown)
    send(plugged, 1, entry("CARD1", cacheExpiryDateTime=UNTIL))
    plugged.advance(700 if passed else 500)
    plugged.offline()
    assert plugged.present("CARD1") == ("rejected" if passed else "accepted")


def test_a_listed_card_starts_without_a_question_until_its_entry_has_run_out(plugged: Bench) -> None:
    """C14.FR.04/05."""
    assert value(plugged, "LocalAuthListCtrlr", "SupportsExpiryDateTime") == "true"
    send(plugged, 1, entry("CARD1", cacheExpiryDateTime=UNTIL))
    plugged.advance(700)
    plugged.take()
    assert plugged.present("CARD1") == "asking"


@pytest.mark.parametrize(
    "entries",
    [
        [entry("CARD1"), entry("card1")],
        [entry("CARD1"), entry("CARD2", None)],
        [entry(f"CARD{number}") for number in range(501)],
    ],
    ids=["twice", "without a status", "too many"],
)
def test_a_list_that_can_not_be_is_refused_and_changes_nothing(plugged: Bench, entries: list[Any]) -> None:
    """D01.FR.06/11."""
    assert send(plugged, 3, entry("OLD")) == "Accepted"
    assert send(plugged, 4, *entries) == "Failed"
    assert version_of(plugged) == 3
    assert plugged.present("OLD") == "accepted"


def test_more_than_the_list_holds_is_refused(booted: Bench) -> None:
    """D01.FR.12: how many there are is told, and how many there may be."""
    booted.ask(
        "GetReport", {"requestId": 1, "componentVariable": [{"component": {"name": "LocalAuthListCtrlr"}}]}
    )
    rows = {row["variable"]["name"]: row for row in booted.told("NotifyReport")[0]["reportData"]}
    most = int(rows["Entries"]["variableCharacteristics"]["maxLimit"])
    step = int(rows["ItemsPerMessage"]["variableAttribute"][0]["value"])
    for version in range(1, most // step + 1):
        cards = [entry(f"{version}-{number}") for number in range(step)]
        assert send(booted, version, *cards, kind="Full" if version == 1 else "Differential") == "Accepted"
    assert value(booted, "LocalAuthListCtrlr", "Entries") == str(most)
    assert send(booted, 99, entry("ONE MORE"), kind="Differential") == "Failed"
    assert send(booted, 99, entry("1-0", "Blocked"), kind="Differential") == "Accepted"


def test_answers_of_the_csms_never_change_the_list(plugged: Bench) -> None:
    """D01.FR.09."""
    send(plugged, 3, entry("CARD1"))
    plugged.answer_token("TransactionEvent", "Blocked")
    plugged.present("CARD1")
    plugged.answers.clear()
    plugged.unplug()
    plugged.plug()
    plugged.take()
    assert plugged.present("CARD1") == "accepted"
    assert "Authorize" not in plugged.actions()
    assert cached(plugged) == set()


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_is_none_is_refused(booted: Bench, version: int) -> None:
    """D01.FR.18, D02.FR.02."""
    assert version_of(booted) == 0
    assert send(booted, version, entry("CARD1")) == "Failed"
    assert version_of(booted) == 0


def test_a_list_that_is_switched_off_is_not_looked_at_and_comes_back(plugged: Bench) -> None:
    """D01.FR.13, D02.FR.03."""
    send(plugged, 3, entry("CARD1", "Blocked"))
    plugged.set("LocalAuthListCtrlr.Enabled", "false")
    assert send(plugged, 4, entry("CARD1")) == "Failed"
    plugged.set("LocalAuthListCtrlr.DisablePostAuthorize", "true")
    assert plugged.present("CARD1") == "asking"
    plugged.unplug()
    plugged.set("LocalAuthListCtrlr.Enabled", "true")
    assert version_of(plugged) == 3
    plugged.plug()
    assert plugged.present("CARD1") == "rejected"
