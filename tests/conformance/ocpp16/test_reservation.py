"""1.6: reservations."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

UNTIL = "2026-01-01T00:10:00Z"


def reserve(bench: Bench, connector: int = 1, **more: Any) -> str:
    asked = {"connectorId": connector, "expiryDate": UNTIL, "idTag": "CARD1", "reservationId": 7, **more}
    return str(bench.ask("ReserveNow", asked)["status"])


@pytest.fixture
def reserved(booted: Bench) -> Bench:
    assert reserve(booted) == "Accepted"
    assert booted.statuses() == ["Reserved"]
    booted.take()
    return booted


@case("TC_046_1_CS")
def test_only_the_card_that_it_is_for_uses_a_reservation(reserved: Bench) -> None:
    reserved.present("CARD2")
    reserved.plug()
    assert reserved.told("StartTransaction") == []
    reserved.present("CARD1")
    (start,) = reserved.told("StartTransaction")
    assert (start["idTag"], start["reservationId"]) == ("CARD1", 7)
    assert reserved.statuses()[-1] == "Charging"


@case("TC_046_2_CS")
def test_a_remote_start_for_the_same_card_uses_a_reservation(reserved: Bench) -> None:
    asked = {"idTag": "CARD2", "connectorId": 1}
    assert reserved.ask("RemoteStartTransaction", asked)["status"] == "Rejected"
    assert reserved.ask("RemoteStartTransaction", {**asked, "idTag": "CARD1"})["status"] == "Accepted"
    reserved.plug()
    assert reserved.told("StartTransaction")[0]["reservationId"] == 7


@case("TC_047_CS")
def test_a_reservation_that_nobody_uses_expires(reserved: Bench) -> None:
    reserved.advance(601)
    assert reserved.statuses() == ["Available"]
    reserved.plug()
    reserved.present("CARD2")
    assert "reservationId" not in reserved.told("StartTransaction")[0]


def busy(bench: Bench) -> None:
    for evse in bench.outlets:
        bench.plug(evse)
        bench.present(f"OTHER{evse}", evse)


def broken(bench: Bench) -> None:
    for evse in bench.outlets:
        bench.fault(evse=evse)


def shut(bench: Bench) -> None:
    bench.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})


def off(bench: Bench) -> None:
    bench.station.variables._values["ReservationEnabled"] = "false"


@pytest.mark.parametrize(
    ("connector", "begin", "answer"),
    [
        pytest.param(
            1, broken, "Faulted", marks=case("TC_048_1_CS", says="a faulted connector isn't reserved")
        ),
        pytest.param(
            1, busy, "Occupied", marks=case("TC_048_2_CS", says="a connector in use isn't reserved")
        ),
        pytest.param(
            1, shut, "Unavailable", marks=case("TC_048_3_CS", says="one out of service isn't reserved")
        ),
        pytest.param(
            1, off, "Rejected", marks=case("TC_048_4_CS", says="where reserving is off it is rejected")
        ),
        pytest.param(0, broken, "Faulted", marks=case("TC_050_1_CS", says="any connector: all are faulted")),
        pytest.param(0, busy, "Occupied", marks=case("TC_050_2_CS", says="any connector: all are in use")),
        pytest.param(0, shut, "Unavailable", marks=case("TC_050_3_CS", says="any connector: out of service")),
        pytest.param(0, off, "Rejected", marks=case("TC_050_4_CS", says="any connector: reserving is off")),
    ],
)
def test_what_can_not_be_reserved(two: Bench, connector: int, begin: Any, answer: str) -> None:
    begin(two)
    assert reserve(two, connector) == answer


@case("TC_049_CS")
def test_a_reservation_of_any_connector_keeps_one_free(two: Bench) -> None:
    assert reserve(two, 0) == "Accepted"
    two.plug(1)
    two.present("CARD2", 1)
    assert len(two.told("StartTransaction")) == 1
    assert two.statuses(2) == ["Reserved"]
    two.plug(2)
    two.present("CARD3", 2)
    assert len(two.told("StartTransaction")) == 1
    two.present("CARD1", 2)
    assert two.told("StartTransaction")[1]["reservationId"] == 7


@case("TC_051_CS")
def test_a_cancelled_reservation_frees_the_connector(reserved: Bench) -> None:
    assert reserved.ask("CancelReservation", {"reservationId": 7})["status"] == "Accepted"
    assert reserved.statuses() == ["Available"]


@case("TC_052_CS")
def test_a_reservation_that_is_none_is_not_cancelled(reserved: Bench) -> None:
    assert reserved.ask("CancelReservation", {"reservationId": 8})["status"] == "Rejected"
    assert reserved.statuses() == []


@case("TC_053_CS")
def test_a_card_of_the_same_parent_uses_a_reservation(booted: Bench) -> None:
    assert reserve(booted, parentIdTag="FAMILY") == "Accepted"
    booted.answer_token("Authorize", "Accepted", parentIdTag="FAMILY")
    booted.present("CARD2")
    booted.plug()
    (start,) = booted.told("StartTransaction")
    assert (start["idTag"], start["reservationId"]) == ("CARD2", 7)
