"""Station, EVSE and connector are set for themselves: what comes back is as it was set (G03, G04)."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Keep
from hub.ocpp.v16.dialect import DIALECT as V16
from tests.hub.ocpp.world import IDLE, PLUGGED, World

PLACES: dict[str, dict[str, Any]] = {
    "station": {},
    "EVSE": {"evse": {"id": 1}},
    "connector": {"evse": {"id": 1, "connectorId": 1}},
}


def change(world: World, place: str, word: str) -> str:
    asked = {"operationalStatus": word, **PLACES[place]}
    return str(world.ask("ChangeAvailability", asked)["status"])


def statuses(world: World) -> list[str]:
    return [said["connectorStatus"] for action, said in world.take() if action == "StatusNotification"]


def test_what_is_said_again_is_not_written_again() -> None:
    world = World()
    for word in ("Operative", "Operative", "Inoperative", "Inoperative"):
        assert change(world, "station", word) == "Accepted"
    kept = [effect for effect in world.effects if isinstance(effect, Keep) and effect.kind == "availability"]
    assert kept == [Keep("availability", "0", "Inoperative")]


@pytest.mark.parametrize(
    ("smaller", "larger"), [("connector", "EVSE"), ("connector", "station"), ("EVSE", "station")]
)
def test_what_comes_back_leaves_the_smaller_as_it_was_set(smaller: str, larger: str) -> None:
    world = World()
    assert change(world, smaller, "Inoperative") == "Accepted"
    assert statuses(world) == ["Unavailable"]
    for word in ("Inoperative", "Operative"):
        assert change(world, larger, word) == "Accepted"
        assert statuses(world) == []
    world.restart()
    world.connect()
    world.state(IDLE)
    assert statuses(world) == ["Unavailable"]
    assert change(world, smaller, "Operative") == "Accepted"
    assert statuses(world) == ["Available"]


def test_each_waits_for_the_transaction_and_can_be_taken_back() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.take()
    assert [change(world, place, "Inoperative") for place in PLACES] == ["Scheduled"] * 3
    assert change(world, "station", "Operative") == "Accepted"
    world.state(IDLE)
    assert statuses(world) == ["Unavailable"]
    assert change(world, "EVSE", "Operative") == "Accepted"
    assert statuses(world) == []
    assert change(world, "connector", "Operative") == "Accepted"
    assert statuses(world) == ["Available"]


def test_to_1_6_an_evse_and_its_connector_are_one() -> None:
    world = World()
    change(world, "connector", "Inoperative")
    world.disconnect()
    world.version, world.dialect = "1.6", V16
    world.connect()
    world.take()
    asked = {"connectorId": 1, "type": "Operative"}
    assert world.ask("ChangeAvailability", asked) == {"status": "Accepted"}
    assert [said["status"] for _, said in world.sent] == ["Available"]


@pytest.mark.parametrize("whole_first", [False, True])
def test_in_1_6_the_charge_point_takes_all_its_connectors_into_service(whole_first: bool) -> None:
    world = World("1.6", evses=2)
    world.state(IDLE, evse=2)
    for connector in (0, 1, 2) if whole_first else (1,):
        world.ask("ChangeAvailability", {"connectorId": connector, "type": "Inoperative"})
    world.take()
    answer = world.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    assert answer == {"status": "Accepted"}
    said = {row["connectorId"]: row["status"] for action, row in world.take() if "connectorId" in row}
    assert said == dict.fromkeys((0, 1, 2) if whole_first else (1,), "Available")
    world.restart()
    world.connect()
    world.state(IDLE)
    assert world.station.availability.operative(1)


def test_a_cable_begins_nothing_where_it_is_out_of_service() -> None:
    world = World(defaults={"TxStartPoint": "EVConnected"})
    for state in (PLUGGED, IDLE, PLUGGED):
        change(world, "EVSE", "Inoperative")
        world.take()
        world.state(state)
        assert world.take() == []
    change(world, "EVSE", "Operative")
    assert world.events() == [("Started", "CablePluggedIn")]


@pytest.mark.parametrize("word", ["Inoperative", "Operative"])
def test_a_station_that_waits_for_a_transaction_takes_its_other_evses_out_of_service(word: str) -> None:
    """G04.FR.05/06: nothing begins there any more, and the CSMS is told so."""
    world = World(evses=3)
    for evse in (2, 3):
        world.state(IDLE, evse)
    for evse in (1, 3):
        world.state(PLUGGED, evse)
        world.swipe(f"CARD{evse}", evse)
    world.take()
    assert change(world, "station", "Inoperative") == "Scheduled"
    told = [(said["evseId"], said["connectorStatus"]) for _, said in world.take()]
    assert told == [(2, "Unavailable")]
    world.swipe("CARD1", 1)
    told = [(said["evseId"], said["connectorStatus"]) for action, said in world.take() if "Status" in action]
    assert told == [(1, "Unavailable")], "the third goes on"
    if word == "Operative":
        assert change(world, "station", word) == "Accepted"
        assert statuses(world) == ["Occupied", "Available"]
        return
    world.restart()
    world.connect()
    for evse, state in ((1, PLUGGED), (2, IDLE), (3, PLUGGED)):
        world.state(state, evse)
    world.advance(6)  # until then a reader may still show the card of before
    world.take()
    world.swipe("CARD3", 3)
    assert statuses(world) == ["Unavailable"]


def test_what_a_station_that_waits_has_reserved_is_lost() -> None:
    world = World(evses=2)
    world.state(IDLE, 2)
    world.state(PLUGGED)
    world.swipe()
    token = {"idToken": "R", "type": "ISO14443"}
    asked = {"id": 1, "evseId": 2, "idToken": token, "expiryDateTime": "2026-01-01T01:00:00Z"}
    assert world.ask("ReserveNow", asked)["status"] == "Accepted"
    world.take()
    assert change(world, "station", "Inoperative") == "Scheduled"
    assert world.actions()[0] == "ReservationStatusUpdate"
    assert statuses(world) == ["Unavailable"]
