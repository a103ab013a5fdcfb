"""2.0.1 G and H: what the requirements say beyond the cases."""

from typing import Any

import pytest

from hub.ocpp.station.station import Call
from tests.conformance.bench import Bench
from tests.conformance.ocpp201.test_c_local_list import entry, send
from tests.conformance.ocpp201.test_h_reservation import FAMILY, begins_with, cancel, reserve, updates

OUT, IN = "Inoperative", "Operative"


def change(bench: Bench, status: str, evse: int | None = None) -> str:
    where = {} if evse is None else {"evse": {"id": evse}}
    return str(bench.ask("ChangeAvailability", {"operationalStatus": status, **where})["status"])


def told(bench: Bench) -> list[tuple[str, Any]]:
    """What of reservations and connectors, in the order it came."""
    return [
        (action, said.get("connectorStatus") or said.get("reservationUpdateStatus"))
        for action, said in bench.take()
        if action in ("StatusNotification", "ReservationStatusUpdate")
    ]


# G


@pytest.mark.parametrize("evse", [None, 1])
def test_what_waits_for_the_driver_is_told_once_when_the_transaction_has_ended(
    charging: Bench, evse: int | None
) -> None:
    """G01.FR.05, G03.FR.05, G04.FR.06."""
    assert change(charging, OUT, evse) == "Scheduled"
    charging.unplug()
    charging.advance(60)
    assert told(charging) == [("StatusNotification", "Unavailable")]
    assert change(charging, IN, evse) == "Accepted"
    assert told(charging) == [("StatusNotification", "Available")]


def test_the_answer_comes_before_the_new_status(booted: Bench) -> None:
    """G01.FR.07, G03.FR.01/04."""
    asked = Call("1", "ChangeAvailability", {"operationalStatus": OUT})
    booted.station.call(booted.dialect, asked, booted.clock.now())
    kinds = [type(effect).__name__ for effect in booted.station.drain()]
    assert kinds.index("Reply") == 0


@pytest.mark.parametrize("where", [{"id": 2}, {"id": 1, "connectorId": 2}, {"id": -1}])
def test_what_is_not_there_can_not_be_taken_out_of_service(booted: Bench, where: dict[str, int]) -> None:
    """G03.FR.02, G04.FR.03."""
    asked = {"operationalStatus": OUT, "evse": where}
    assert booted.ask("ChangeAvailability", asked)["status"] == "Rejected"
    assert told(booted) == []


@pytest.mark.parametrize("first", ["fault", "out of service"])
def test_a_fault_is_louder_than_being_out_of_service_and_neither_ends_the_other(
    booted: Bench, first: str
) -> None:
    """G03.FR.06/07."""
    if first == "fault":
        booted.fault()
        assert change(booted, OUT) == "Accepted"
    else:
        assert change(booted, OUT) == "Accepted"
        booted.fault()
    assert booted.statuses()[-1] == "Faulted"
    booted.take()
    booted.fault(None)
    assert told(booted) == [("StatusNotification", "Unavailable")]
    assert change(booted, IN) == "Accepted"
    assert told(booted) == [("StatusNotification", "Available")]


def test_other_messages_are_as_good_as_heartbeats(charging: Bench) -> None:
    """G02.FR.05/07."""
    charging.advance(3600)
    assert "Heartbeat" not in charging.actions()
    charging.advance(86_400)
    assert charging.actions().count("Heartbeat") == 1


def test_who_is_being_asked_about_begins_nothing_at_an_evse_that_has_gone_out_of_service(
    plugged: Bench,
) -> None:
    plugged.answers["Authorize"] = "hold"
    assert plugged.present("CARD1") == "asking"
    assert change(plugged, OUT) == "Accepted"
    plugged.answers.clear()
    plugged.release()
    assert plugged.told("TransactionEvent") == []
    assert not plugged.outlets[1].permitted


# H


@pytest.fixture
def reserved(booted: Bench) -> Bench:
    assert reserve(booted) == "Accepted"
    booted.take()
    return booted


@pytest.mark.parametrize(("evse", "answer"), [(1, "Faulted"), (2, "Accepted"), (None, "Accepted")])
def test_what_is_broken_can_not_be_reserved(two: Bench, evse: int | None, answer: str) -> None:
    """H01.FR.03/12/23."""
    two.fault(evse=1)
    two.take()
    assert reserve(two, evse) == answer
    assert two.statuses(2) == ([] if answer == "Faulted" else ["Reserved"])


def test_any_of_broken_ones_is_faulted(two: Bench) -> None:
    """H01.FR.12."""
    for evse in (1, 2):
        two.fault(evse=evse)
    assert reserve(two, None) == "Faulted"


@pytest.mark.parametrize(("ends", "now"), [("fault", "Faulted"), ("availability", "Unavailable")])
@pytest.mark.parametrize("evse", [1, None])
def test_a_reservation_ends_with_its_evse(booted: Bench, ends: str, now: str, evse: int | None) -> None:
    """H01.FR.07/16/17."""
    assert reserve(booted, evse) == "Accepted"
    booted.take()
    if ends == "fault":
        booted.fault()
    else:
        change(booted, OUT)
    assert told(booted) == [("ReservationStatusUpdate", "Removed"), ("StatusNotification", now)]
    assert cancel(booted, 7) == "Rejected"


def test_the_card_ends_the_reservation_and_the_cable_comes_later(reserved: Bench) -> None:
    """H03.FR.09/10, H01.FR.15."""
    reserved.present("CARD1")
    assert told(reserved) == [("StatusNotification", "Available")]
    assert cancel(reserved, 7) == "Rejected"
    reserved.plug()
    assert told(reserved) == [("StatusNotification", "Occupied")]


def test_a_cable_alone_leaves_it_reserved(reserved: Bench) -> None:
    """G01.FR.06, G03.FR.09, H03.FR.10."""
    reserved.plug()
    reserved.advance(60)
    reserved.unplug()
    assert told(reserved) == []
    reserved.plug()
    reserved.present("CARD1")
    assert told(reserved) == [("StatusNotification", "Occupied")]


@pytest.mark.parametrize("plugged", [True, False])
def test_an_end_by_time_is_told_before_what_the_connector_is_then(reserved: Bench, plugged: bool) -> None:
    """H04.FR.01/02/03."""
    if plugged:
        reserved.plug()
    reserved.advance(601)
    after = "Occupied" if plugged else "Available"
    assert told(reserved) == [("ReservationStatusUpdate", "Expired"), ("StatusNotification", after)]
    reserved.plug()
    reserved.present("OTHER")
    assert reserved.outlets[1].charging


@pytest.mark.parametrize("away", ["offline", "off"])
def test_an_end_that_came_while_nobody_was_told_is_told_once_afterwards(reserved: Bench, away: str) -> None:
    """H04.FR.01."""
    if away == "offline":
        reserved.offline()
        reserved.advance(700)
        reserved.online()
    else:
        reserved.power_loss(700)
        reserved.advance(1)
    assert updates(reserved) == ["Expired"]
    assert reserved.statuses()[-1] == "Available"
    reserved.take()
    reserved.offline()
    reserved.online()
    assert updates(reserved) == []


def test_a_group_that_is_known_here_needs_no_question(booted: Bench) -> None:
    """H03.FR.04/05/07."""
    send(booted, 1, entry("CARD9", groupIdToken=FAMILY))
    assert reserve(booted, None, groupIdToken=FAMILY, connectorType="cType2") == "Accepted"
    booted.plug()
    booted.take()
    assert booted.present("CARD9") == "accepted"
    assert "Authorize" not in booted.actions()
    assert begins_with(booted) == 7


@pytest.mark.parametrize("moved", [True, False])
def test_a_reservation_that_is_replaced_may_be_of_another_evse(two: Bench, moved: bool) -> None:
    """H01.FR.02: and what can't be had leaves the old one."""
    assert reserve(two, 1) == "Accepted"
    if not moved:
        two.fault(evse=2)
    two.take()
    assert reserve(two, 2) == ("Accepted" if moved else "Faulted")
    assert two.statuses(1) == (["Available"] if moved else [])
    two.plug(1)
    two.present("OTHER", 1)
    assert two.outlets[1].charging is moved


@pytest.mark.parametrize("evse", [0, 9, -1])
def test_an_evse_that_is_not_there_can_not_be_reserved(booted: Bench, evse: int) -> None:
    assert reserve(booted, evse) == "Rejected"


def test_several_reservations_are_used_by_whom_they_are_for(two: Bench) -> None:
    """H03.FR.01/03: his own EVSE before any."""
    assert reserve(two, None, "ANY", 1) == "Accepted"
    assert reserve(two, 2, "CARD2", 2) == "Accepted"
    for evse in (1, 2):
        two.plug(evse)
    assert two.present("CARD2", 1) == "rejected"
    two.present("CARD2", 2)
    assert begins_with(two, 2) == 2
    two.present("ANY", 1)
    assert begins_with(two, 1) == 1


def test_a_remote_start_takes_the_reservation_of_its_token(two: Bench) -> None:
    """F01.FR.20/22, H01.FR.15."""
    assert reserve(two, 2, "CARD2") == "Accepted"
    two.plug(1)
    two.plug(2)
    for card, evse, status in (("OTHER", 2, "Rejected"), ("CARD2", None, "Accepted")):
        where = {} if evse is None else {"evseId": evse}
        asked = {"idToken": {"idToken": card, "type": "ISO14443"}, "remoteStartId": 1, **where}
        assert two.ask("RequestStartTransaction", asked)["status"] == status
    assert begins_with(two, 2) == 7
