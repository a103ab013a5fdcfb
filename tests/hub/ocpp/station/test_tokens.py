"""Tokens at the EVSEs: where one may begin, whose group it is of, and what a master pass does."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.hub.ocpp.world import CHARGING, PLUGGED, World

MASTER = {"groupIdToken": {"idToken": "MASTER", "type": "Central"}}
V = "2.0.1"


def group(name: str) -> dict[str, Any]:
    return {"groupIdToken": {"idToken": name, "type": "Central"}}


def ended(bench: Bench) -> list[tuple[str, str]]:
    return [
        (said["triggerReason"], said["transactionInfo"]["stoppedReason"])
        for said in bench.told("TransactionEvent")
        if said["eventType"] == "Ended"
    ]


# C01.FR.20/21: where a token may be used


def allowed_at(*evses: int, plugged: tuple[int, ...] = (), count: int = 3) -> Bench:
    bench = Bench(V, evses=count)
    for evse in plugged:
        bench.plug(evse)
    bench.answer_token("Authorize", "Accepted", evseId=list(evses))
    bench.take()
    return bench


@pytest.mark.parametrize(("plugged", "begins"), [((1, 2, 3), 2), ((1, 3), 3), ((3,), 3)])
def test_a_reader_of_the_whole_station_finds_an_evse_where_the_token_may_be_used(
    plugged: tuple[int, ...], begins: int
) -> None:
    bench = allowed_at(2, 3, plugged=plugged)
    bench.present("CARD1", 0)
    assert [evse for evse, outlet in bench.outlets.items() if outlet.charging] == [begins]


def test_who_comes_before_his_car_may_plug_in_at_any_of_them() -> None:
    bench = allowed_at(2, 3)
    bench.present("CARD1", 0)
    bench.plug(1)
    assert bench.told("TransactionEvent") == []
    bench.plug(3)
    assert bench.outlets[3].charging


def test_where_it_may_not_be_used_nothing_begins() -> None:
    bench = allowed_at(2, plugged=(1,))
    bench.present("CARD1", 1)
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    bench.present("CARD1", 0)
    bench.plug(2)
    assert bench.told("TransactionEvent") == []


def test_a_remote_start_that_is_asked_about_begins_where_its_token_may_be_used() -> None:
    bench = allowed_at(2, plugged=(1, 2))
    bench.set("AuthCtrlr.AuthorizeRemoteStart", "true")
    start = {"idToken": {"idToken": "CARD1", "type": "ISO14443"}, "remoteStartId": 9}
    assert bench.ask("RequestStartTransaction", start)["status"] == "Accepted"
    (started,) = (said for said in bench.told("TransactionEvent") if said["eventType"] == "Started")
    assert (started["evse"]["id"], started["transactionInfo"]["remoteStartId"]) == (2, 9)
    assert started["triggerReason"] == "RemoteStart"


# C09, C16: groups


def test_groups_compare_without_case() -> None:
    bench = Bench(V)
    bench.plug()
    bench.answer_token("Authorize", "Accepted", **group("Family"))
    bench.present("CARD1")
    bench.answer_token("Authorize", "Accepted", **group("FAMILY"))
    bench.present("CARD2")
    assert ended(bench) == [("StopAuthorized", "Local")]


@pytest.mark.parametrize("points", ["EVConnected", "Authorized", "EVConnected,Authorized", "EnergyTransfer"])
def test_a_master_pass_ends_transactions_whatever_their_stop_points_are(points: str) -> None:
    bench = Bench(V, evses=2, defaults={"TxStopPoint": points, "MasterPassGroupId": "master"})
    for evse in (1, 2):
        bench.plug(evse)
        bench.present(f"CARD{evse}", evse)
    bench.take()
    bench.answer_token("Authorize", "Accepted", **MASTER)
    bench.present("BOSS")
    assert ended(bench) == [("StopAuthorized", "MasterPass")] * 2
    assert {said["idToken"]["idToken"] for said in bench.told("TransactionEvent")} == {"BOSS"}


@pytest.mark.parametrize("known", ["said", "cached"])
def test_a_remote_start_with_a_master_pass_is_rejected(known: str) -> None:
    bench = Bench(V, defaults={"MasterPassGroupId": "MASTER"})
    bench.answer_token("Authorize", "Accepted", **MASTER)
    if known == "cached":
        bench.present("BOSS")
    start = {"idToken": {"idToken": "BOSS", "type": "ISO14443"}, "remoteStartId": 1}
    asked = start | (MASTER if known == "said" else {})
    assert bench.ask("RequestStartTransaction", asked)["status"] == "Rejected"


def test_who_turns_out_to_be_a_master_pass_has_begun_nothing() -> None:
    bench = Bench(V, defaults={"MasterPassGroupId": "MASTER", "OfflineTxForUnknownId": "true"})
    bench.offline()
    bench.plug()
    bench.present("BOSS")
    bench.answer_token("TransactionEvent", "Accepted", **MASTER)
    bench.online()
    assert ended(bench) == [("Deauthorized", "DeAuthorized")]


# C15.FR.03


def test_who_is_refused_later_gets_no_energy_from_that_moment_on() -> None:
    bench = Bench(V, defaults={"TxStartPoint": "EVConnected", "TxStopPoint": "EVConnected"})
    bench.plug()
    bench.answer_token("TransactionEvent", "Invalid")
    bench.present("CARD1")
    told = [
        (said["triggerReason"], said["transactionInfo"]["chargingState"])
        for said in bench.told("TransactionEvent")
    ]
    assert told == [
        ("CablePluggedIn", "EVConnected"),
        ("Authorized", "EVConnected"),
        ("Deauthorized", "EVConnected"),
    ]
    bench.answers.clear()
    bench.present("CARD1")
    assert bench.told("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "Charging"


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_card_that_stands_in_the_reader_when_the_hub_comes_back_ends_nothing(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe("CARD1")
    world.state(CHARGING)
    world.restart()
    world.connect()
    world.state(CHARGING)
    world.take()
    assert world.swipe("CARD1") == "accepted"
    assert world.take() == []
    world.advance(6)
    assert world.swipe("CARD1") == "stopped"
