"""Reservations from the CSMS's wish to their end."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Happened
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]
FAULTED = {**IDLE, "status": "faulted", "error_code": "GroundFailure"}
LATER = "2026-01-01T01:00:00Z"


def reserve(world: World, number: int = 1, evse: int | None = 1, token: str = "R", **more: Any) -> str:
    group, expires = more.get("group"), more.get("expires", LATER)
    if world.version == "1.6":
        body = {"reservationId": number, "connectorId": evse or 0, "idTag": token, "expiryDate": expires}
        if group:
            body["parentIdTag"] = group
        return str(world.ask("ReserveNow", body)["status"])
    body = {"id": number, "idToken": {"idToken": token, "type": "ISO14443"}, "expiryDateTime": expires}
    if evse:
        body["evseId"] = evse
    if group:
        body["groupIdToken"] = {"idToken": group, "type": "Central"}
    if "connector" in more:
        body["connectorType"] = more["connector"]
    return str(world.ask("ReserveNow", body)["status"])


def cancel(world: World, number: int = 1) -> str:
    return str(world.ask("CancelReservation", {"reservationId": number})["status"])


def statuses(world: World, evse: int = 1) -> list[str]:
    name, kind = ("connectorId", "status") if world.version == "1.6" else ("evseId", "connectorStatus")
    return [p[kind] for a, p in world.sent if a == "StatusNotification" and p[name] == evse]


def test_a_connector_is_never_free_between_its_reservation_and_whom_it_was_kept_for() -> None:
    world = World("1.6")
    reserve(world)
    world.swipe("R")
    assert statuses(world) == ["Reserved", "Preparing"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reserved_connector_is_for_one_token(version: str) -> None:
    world = World(version)
    assert reserve(world) == "Accepted"
    assert statuses(world) == ["Reserved"]
    assert world.swipe("OTHER") == "rejected"
    world.restart()
    world.connect()
    world.state(IDLE)
    assert statuses(world)[-1] == "Reserved"
    world.swipe("r")
    world.state(PLUGGED)
    kind = "StartTransaction" if version == "1.6" else "TransactionEvent"
    start = next(p for a, p in world.sent if a == kind)
    assert start["reservationId"] == 1
    assert sum("reservationId" in p for _, p in world.sent) == 1
    assert not [key for key in world.memory if key[0] == "reservation"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_cannot_be_reserved(version: str) -> None:
    world = World(version)
    world.state(FAULTED)
    assert reserve(world) == "Faulted"
    world.state({**IDLE, "status": "unavailable"})
    assert reserve(world) == "Unavailable"
    world.state(PLUGGED)
    assert reserve(world) == "Occupied"
    world.state(IDLE)
    assert reserve(world, expires="2025-01-01T00:00:00Z") == "Rejected"
    assert reserve(world, evse=9) == "Rejected"
    assert reserve(world) == "Accepted"
    assert reserve(world, 2, token="S") == "Occupied"
    assert reserve(world, 1, token="S") == "Accepted"
    assert world.swipe("R") == "rejected"
    world.station.variables.set("ReservationEnabled", "false")
    assert reserve(world, 3) == "Rejected"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reservation_ends_by_itself(version: str) -> None:
    world = World(version)
    reserve(world)
    world.take()
    world.advance(3601)
    assert statuses(world) == ["Available"]
    if version == "2.0.1":
        ended = next(p for a, p in world.sent if a == "ReservationStatusUpdate")
        assert ended == {"reservationId": 1, "reservationUpdateStatus": "Expired"}
    assert world.last(Happened).event == "reservation_ended"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reservation_is_cancelled_once(version: str) -> None:
    world = World(version)
    reserve(world)
    assert cancel(world) == "Accepted"
    assert cancel(world) == "Rejected"
    assert statuses(world)[-1] == "Available"
    assert "ReservationStatusUpdate" not in world.actions()


def test_a_failing_connector_loses_its_reservation_also_offline() -> None:
    world = World()
    reserve(world)
    world.disconnect()
    world.take()
    world.state(FAULTED)
    world.restart()
    world.connect()
    ended = next(p for a, p in world.sent if a == "ReservationStatusUpdate")
    assert ended == {"reservationId": 1, "reservationUpdateStatus": "Removed"}
    world.restart()
    world.take()
    world.connect()
    assert "ReservationStatusUpdate" not in world.actions()


def test_an_end_that_was_not_heard_is_told_again() -> None:
    world = World()
    reserve(world)
    world.held = True
    world.answers["ReservationStatusUpdate"] = "hold"
    world.held = False
    world.state(FAULTED)
    world.disconnect()
    world.answers.clear()
    world.take()
    world.connect()
    assert "ReservationStatusUpdate" in world.actions()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_group_of_a_reservation_may_use_it(version: str) -> None:
    world = World(version)
    reserve(world, group="fleet")
    info = {"status": "Accepted"}
    world.answers["Authorize"] = {world._info: info}
    world.swipe("X")
    assert world.last(Happened).details["reason"] == "Reserved"
    group = "fleet" if version == "1.6" else {"idToken": "fleet", "type": "Central"}
    world.answers["Authorize"] = {
        world._info: {**info, ("parentIdTag" if version == "1.6" else "groupIdToken"): group}
    }
    world.swipe("Y")
    assert world.last(Happened).event == "authorized"


@pytest.mark.parametrize("version", VERSIONS)
def test_one_of_several_is_kept_free_for_whoever_reserved_any(version: str) -> None:
    world = World(version, evses=2)
    world.state(IDLE, evse=2)
    world.take()
    assert reserve(world, evse=None) == "Accepted"
    assert not statuses(world, 1)
    world.state(PLUGGED, evse=1)
    assert statuses(world, 2) == ["Reserved"]
    assert reserve(world, 2, evse=None, token="S") == "Occupied"
    assert reserve(world, 3, evse=2, token="S") == "Occupied"
    assert world.swipe("OTHER", evse=2) == "rejected"
    assert world.swipe("R", evse=2) == "asking"
    assert statuses(world, 2)[-1] == ("Preparing" if version == "1.6" else "Available")


def test_a_remote_start_uses_the_reservation_of_its_token() -> None:
    world = World()
    reserve(world)
    ask = {"remoteStartId": 1, "evseId": 1}
    other = {"idToken": "X", "type": "Central"}
    assert world.ask("RequestStartTransaction", {"idToken": other, **ask})["status"] == "Rejected"
    own = {"idToken": "R", "type": "ISO14443"}
    assert world.ask("RequestStartTransaction", {"idToken": own, **ask})["status"] == "Accepted"
    world.state(CHARGING)
    assert next(p for a, p in world.sent if a == "TransactionEvent")["reservationId"] == 1


def test_a_remote_start_that_is_asked_about_may_be_of_the_reservations_group() -> None:
    world = World(defaults={"AuthorizeRemoteStart": "true"})
    reserve(world, group="fleet")
    world.state(PLUGGED)
    ask = {"idToken": {"idToken": "Y", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1}
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    assert world.ask("RequestStartTransaction", ask)["status"] == "Accepted"
    assert world.last(Happened).details["reason"] == "Reserved"
    fleet = {"idToken": "fleet", "type": "Central"}
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": fleet}}
    ask["idToken"] = {"idToken": "Z", "type": "ISO14443"}
    assert world.ask("RequestStartTransaction", ask)["status"] == "Accepted"
    assert world.events()[0] == ("Started", "RemoteStart")


def test_only_the_right_kind_of_connector_is_reserved() -> None:
    world = World()
    assert reserve(world, connector="cCCS2") == "Rejected"
    assert reserve(world, connector="cType2") == "Accepted"


def removed(world: World) -> list[int]:
    return [said["reservationId"] for action, said in world.sent if action == "ReservationStatusUpdate"]


def test_of_any_evse_no_more_is_kept_than_can_be_served() -> None:
    """H01.FR.07: the one that was made last goes."""
    world = World(evses=3)
    for evse in (2, 3):
        world.state(IDLE, evse)
    for number in (5, 4, 3):
        assert reserve(world, number, evse=None, token=f"R{number}") == "Accepted"
    world.state(FAULTED, 2)
    assert removed(world) == [3]
    world.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert sorted(removed(world)) == [3, 4, 5]


def test_an_evse_whose_charger_is_not_heard_may_come_back_for_a_reservation() -> None:
    world = World()
    assert reserve(world, evse=None) == "Accepted"
    world.state({"status": "faulted", "plugged": None, "power": None})
    world.restart()
    world.connect()
    world.state(IDLE)
    assert removed(world) == []
    assert statuses(world)[-1] == "Reserved"


def test_where_everybody_may_charge_a_reserved_evse_is_kept_too() -> None:
    world = World(free=True)
    assert reserve(world) == "Accepted"
    world.state(PLUGGED)
    assert world.events() == []
    assert world.swipe("R") == "asking"
    assert world.events() == [("Started", "Authorized")]


def test_a_car_that_may_charge_freely_begins_when_the_reservation_is_over() -> None:
    world = World(free=True)
    reserve(world)
    world.state(PLUGGED)
    assert cancel(world) == "Accepted"
    world.state(PLUGGED)
    assert world.events() == [("Started", "CablePluggedIn")]


def test_the_group_of_a_reservation_compares_without_case() -> None:
    world = World()
    reserve(world, group="Fleet")
    group = {"idToken": "FLEET", "type": "Central"}
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}}
    world.swipe("X")
    assert world.last(Happened).event == "authorized"


def two_with(**more: Any) -> World:
    world = World(evses=2, **more)
    world.state(IDLE, 2)
    return world


def start_anywhere(world: World, token: str) -> None:
    asked = {"idToken": {"idToken": token, "type": "ISO14443"}, "remoteStartId": 1}
    assert world.ask("RequestStartTransaction", asked)["status"] == "Accepted"


def test_who_comes_to_his_reserved_evse_uses_the_reservation_up_whenever_it_was_made() -> None:
    """H03.FR.09: he was let in before."""
    world = two_with()
    start_anywhere(world, "R")
    assert reserve(world, evse=2) == "Accepted"
    world.state(PLUGGED, 2)
    told = [said for action, said in world.sent if action == "TransactionEvent"]
    assert [said.get("reservationId") for said in told] == [1]
    assert cancel(world) == "Rejected"


def test_who_is_let_in_anywhere_begins_nothing_at_an_evse_that_is_reserved_for_a_group() -> None:
    world = two_with()
    start_anywhere(world, "OTHER")
    assert reserve(world, evse=2, group="fleet") == "Accepted"
    world.state(PLUGGED, 2)
    assert world.events() == []
    world.state(PLUGGED, 1)
    assert [kind for kind, _ in world.events()] == ["Started"]


@pytest.mark.parametrize("how", ["availability", "driver", "fault"])
def test_the_last_evse_that_is_left_is_told_as_reserved_whatever_has_taken_the_other(how: str) -> None:
    """H01.FR.20."""
    world = two_with()
    assert reserve(world, evse=None) == "Accepted"
    assert statuses(world, 1) == []
    if how == "availability":
        world.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    elif how == "driver":
        world.swipe("OTHER", 2)
    else:
        world.state(FAULTED, 2)
    assert statuses(world, 1) == ["Reserved"]
