"""2.0.1 H: reservations."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

UNTIL = "2026-01-01T00:10:00Z"
FAMILY = {"idToken": "FAMILY", "type": "Central"}


def reserve(bench: Bench, evse: int | None = 1, card: str = "CARD1", number: int = 7, **more: Any) -> str:
    asked = {
        "id": number,
        "expiryDateTime": UNTIL,
        "idToken": {"idToken": card, "type": "ISO14443"},
        **({} if evse is None else {"evseId": evse}),
        **more,
    }
    return str(bench.ask("ReserveNow", asked)["status"])


def cancel(bench: Bench, number: int) -> str:
    return str(bench.ask("CancelReservation", {"reservationId": number})["status"])


def updates(bench: Bench) -> list[str]:
    return [said["reservationUpdateStatus"] for said in bench.told("ReservationStatusUpdate")]


def begins_with(bench: Bench, evse: int = 1) -> int | None:
    """The reservation that the transaction at this EVSE uses up."""
    running = bench.station.evses.flows[evse].transaction
    assert running is not None
    said = [s for s in bench.told("TransactionEvent") if s["transactionInfo"]["transactionId"] == running.id]
    return next((s["reservationId"] for s in said if "reservationId" in s), None)


@pytest.fixture
def reserved(booted: Bench) -> Bench:
    """EVSE 1 is kept for CARD1."""
    assert reserve(booted) == "Accepted"
    assert booted.statuses() == ["Reserved"]
    booted.take()
    return booted


@case("TC_H_01_CS", "H01.FR.15", "H03.FR.01", "H03.FR.09", "H03.FR.10")
def test_the_card_that_it_is_for_uses_it(reserved: Bench) -> None:
    reserved.present("CARD1")
    reserved.plug()
    assert begins_with(reserved) == 7
    assert reserved.statuses()[-1] == "Occupied"
    assert reserved.outlets[1].charging


@case("TC_H_02_CS", "H03.FR.01", "F01.FR.22")
def test_another_card_does_not(reserved: Bench) -> None:
    reserved.plug()
    assert reserved.statuses() == []
    reserved.present("CARD2")
    other = {"idToken": {"idToken": "CARD2", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1}
    assert reserved.ask("RequestStartTransaction", other)["status"] == "Rejected"
    assert not reserved.outlets[1].permitted
    reserved.present("CARD1")
    assert reserved.statuses() == ["Occupied"]
    assert begins_with(reserved) == 7


def taken(bench: Bench) -> None:
    for evse in bench.outlets:
        reserve(bench, evse, card="OTHER", number=100 + evse)


def busy(bench: Bench) -> None:
    for evse in bench.outlets:
        bench.plug(evse)
        bench.present(f"OTHER{evse}", evse)


def shut(bench: Bench) -> None:
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})


@pytest.mark.parametrize(
    ("evse", "begin", "answer"),
    [
        pytest.param(
            1, taken, "Occupied", marks=case("TC_H_03_CS", "H01.FR.11", says="an EVSE that is reserved")
        ),
        pytest.param(
            1, busy, "Occupied", marks=case("TC_H_04_CS", "H01.FR.13", says="an EVSE that is in use")
        ),
        pytest.param(
            1, shut, "Unavailable", marks=case("TC_H_06_CS", "H01.FR.14", says="an EVSE out of service")
        ),
        pytest.param(
            None, taken, "Occupied", marks=case("TC_H_09_CS", "H01.FR.11", says="any, all are reserved")
        ),
        pytest.param(
            None, busy, "Occupied", marks=case("TC_H_10_CS", "H01.FR.13", says="any, all are in use")
        ),
        pytest.param(
            None, shut, "Unavailable", marks=case("TC_H_12_CS", "H01.FR.14", says="any, out of service")
        ),
    ],
)
def test_what_can_not_be_reserved(
    two: Bench, evse: int | None, begin: Callable[[Bench], None], answer: str
) -> None:
    begin(two)
    assert reserve(two, evse) == answer


@case("TC_H_07_CS", "H04.FR.01", "H04.FR.02", "H04.FR.03")
def test_it_expires_when_nobody_comes(reserved: Bench) -> None:
    reserved.advance(601)
    assert updates(reserved) == ["Expired"]
    assert reserved.statuses() == ["Available"]


@case("TC_H_22_CS", "H01.FR.01")
def test_where_reserving_is_off_it_is_rejected(booted: Bench) -> None:
    assert booted.set("ReservationCtrlr.Enabled", "false") == "Accepted"
    assert reserve(booted) == "Rejected"


@case("TC_H_23_CS", "H01.FR.02")
def test_the_same_number_replaces_it(reserved: Bench) -> None:
    assert reserve(reserved, card="CARD2") == "Accepted"
    reserved.plug()
    reserved.present("CARD1")
    assert not reserved.outlets[1].permitted
    reserved.present("CARD2")
    assert begins_with(reserved) == 7


@pytest.mark.parametrize(
    "evse",
    [
        pytest.param(
            1, marks=case("TC_H_19_CS", "H01.FR.15", "H03.FR.04", "H03.FR.08", says="a card of the group")
        ),
        pytest.param(None, marks=case("TC_H_24_CS", "H03.FR.06", says="any EVSE: a card of the group")),
    ],
)
def test_a_card_of_the_group_uses_it(booted: Bench, evse: int | None) -> None:
    assert reserve(booted, evse, groupIdToken=FAMILY) == "Accepted"
    booted.answer_token("Authorize", "Accepted", groupIdToken=FAMILY)
    booted.plug()
    booted.present("CARD2")
    assert begins_with(booted) == 7


@case("TC_H_08_CS", "H01.FR.04", "H01.FR.07", "H01.FR.15", "H03.FR.03")
def test_any_evse_is_kept_free(two: Bench) -> None:
    assert reserve(two, None) == "Accepted"
    two.plug(1)
    two.present("OTHER", 1)
    assert two.statuses(2) == ["Reserved"]
    two.plug(2)
    two.present("OTHER2", 2)
    assert not two.outlets[2].permitted
    two.present("CARD1", 2)
    assert begins_with(two, 2) == 7


@case("TC_H_13_CS", "H01.FR.19")
def test_any_evse_is_rejected_where_it_has_to_be_named() -> None:
    bench = Bench("2.0.1", defaults={"ReservationNonEvseSpecific": "false"})
    assert reserve(bench, None) == "Rejected"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            {}, marks=case("TC_H_14_CS", "H01.FR.20", says="as many as are free: all are shown as reserved")
        ),
        pytest.param(
            {"connectorType": "cType2"},
            marks=case(
                "TC_H_16_CS", "H01.FR.11", "H01.FR.24", says="as many as of that type: all shown as reserved"
            ),
        ),
    ],
)
def test_as_many_as_are_free(two: Bench, kind: dict[str, str]) -> None:
    assert reserve(two, None, "CARD1", 1, **kind) == "Accepted"
    assert two.statuses(1) + two.statuses(2) == []
    assert reserve(two, None, "CARD2", 2, **kind) == "Accepted"
    assert two.statuses(1) == two.statuses(2) == ["Reserved"]
    assert reserve(two, None, "CARD3", 3, **kind) == "Occupied"


@case("TC_H_15_CS", "H01.FR.06", "H01.FR.09", "H01.FR.15", "H03.FR.02")
def test_any_connector_of_a_type(booted: Bench) -> None:
    assert reserve(booted, None, connectorType="cCCS2") == "Rejected"
    assert reserve(booted, None, connectorType="cType2") == "Accepted"
    booted.plug()
    booted.present("CARD1")
    assert begins_with(booted) == 7


@case("TC_H_17_CS", "H02.FR.02")
def test_it_can_be_cancelled(reserved: Bench) -> None:
    assert cancel(reserved, 7) == "Accepted"
    assert reserved.statuses() == ["Available"]
    assert updates(reserved) == []


@case("TC_H_18_CS", "H02.FR.01")
def test_one_that_is_none_is_not_cancelled(reserved: Bench) -> None:
    assert cancel(reserved, 8) == "Rejected"
    assert reserved.statuses() == []


@case("TC_H_21_CS", "H01.FR.17")
def test_out_of_service_it_is_removed(reserved: Bench) -> None:
    reserved.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    assert updates(reserved) == ["Removed"]
    assert reserved.statuses() == ["Unavailable"]
