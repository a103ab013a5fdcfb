"""1.6: without power, and without the central system."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

LISTED = {
    "listVersion": 1,
    "updateType": "Full",
    "localAuthorizationList": [{"idTag": "CARD1", "idTagInfo": {"status": "Accepted"}}],
}


def offline_with_a_known_card(bench: Bench, **keys: str) -> None:
    """CARD1 is in the local list, a car is plugged in, the central system is gone."""
    assert bench.ask("SendLocalList", LISTED)["status"] == "Accepted"
    for key, value in {"MeterValueSampleInterval": "60", **keys}.items():
        assert bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
    bench.offline()
    bench.take()
    bench.plug()


@case("TC_032_2_CS")
def test_a_transaction_that_the_power_cut_ended_is_closed_after_the_boot(charging: Bench) -> None:
    charging.offline()
    charging.take()
    charging.power_loss()
    assert charging.actions()[0] == "BootNotification"
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "PowerLoss")
    assert charging.statuses()[-1] == "Finishing"


@case("TC_034_CS")
def test_a_connector_out_of_service_is_so_after_a_power_cut(unavailable: Bench) -> None:
    unavailable.power_loss()
    assert unavailable.statuses() == ["Unavailable"]
    assert unavailable.ask("RemoteStartTransaction", {"idTag": "A", "connectorId": 1})["status"] == "Rejected"
    again = {"connectorId": 1, "type": "Operative"}
    assert unavailable.ask("ChangeAvailability", again)["status"] == "Accepted"
    assert unavailable.statuses() == ["Unavailable", "Available"]


@case("TC_036_CS")
def test_no_meter_value_is_lost_while_the_connection_is(charging: Bench) -> None:
    charging.offline()
    charging.advance(185)
    assert charging.actions() == []
    charging.online()
    times = [row["meterValue"][0]["timestamp"] for row in charging.told("MeterValues")]
    assert len(times) == 3
    assert times == sorted(times)
    assert "BootNotification" not in charging.actions()
    charging.present("CARD1")
    assert charging.told("StopTransaction")[0]["transactionId"] == 100


@case("TC_037_1_CS")
def test_a_known_card_starts_offline_and_the_start_is_told_later(booted: Bench) -> None:
    offline_with_a_known_card(booted)
    assert booted.present("CARD1") == "accepted"
    booted.advance(130)
    assert booted.outlets[1].charging
    booted.online()
    (start,) = booted.told("StartTransaction")
    assert start["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert [row["transactionId"] for row in booted.told("MeterValues")] == [100, 100]
    assert booted.told("StopTransaction") == []


@pytest.mark.parametrize(
    ("stops", "ended"),
    [
        pytest.param(
            "false", [], marks=case("TC_037_2_CS", says="refused after an offline start: no more energy")
        ),
        pytest.param(
            "true",
            ["DeAuthorized"],
            marks=case("TC_037_3_CS", says="refused after an offline start: the transaction is ended"),
        ),
    ],
)
def test_a_card_that_is_refused_afterwards_gets_no_energy(
    booted: Bench, stops: str, ended: list[str]
) -> None:
    booted.answer_token("StartTransaction", "Invalid")
    offline_with_a_known_card(booted, StopTransactionOnInvalidId=stops)
    booted.present("CARD1")
    booted.advance(30)
    booted.online()
    booted.advance(5)
    assert [stop["reason"] for stop in booted.told("StopTransaction")] == ended
    assert not booted.outlets[1].charging
    assert booted.statuses()[-1] == ("Finishing" if ended else "SuspendedEVSE")


@case("TC_038_CS")
def test_a_stop_offline_is_told_when_the_connection_is_back(charging: Bench) -> None:
    charging.offline()
    charging.advance(30)
    assert charging.present("CARD1") == "stopped"
    charging.advance(30)
    charging.online()
    (stop,) = charging.told("StopTransaction")
    assert (stop["timestamp"], stop["reason"]) == ("2026-01-01T00:00:30.000Z", "Local")


@case("TC_039_CS")
def test_a_whole_transaction_offline_is_told_in_its_order(booted: Bench) -> None:
    offline_with_a_known_card(booted)
    booted.present("CARD1")
    booted.advance(65)
    booted.present("CARD1")
    booted.unplug()
    booted.advance(10)
    booted.online()
    owed = [
        action
        for action in booted.actions()
        if action in ("StartTransaction", "MeterValues", "StopTransaction")
    ]
    assert owed == ["StartTransaction", "MeterValues", "StopTransaction"]
    stop: dict[str, Any] = dict(booted.told("StopTransaction")[0])
    assert (stop["transactionId"], stop["idTag"]) == (100, "CARD1")
    assert stop["meterStop"] > booted.told("StartTransaction")[0]["meterStart"]
