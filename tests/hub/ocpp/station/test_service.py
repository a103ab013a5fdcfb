"""A charger that can show whom it serves is told."""

from typing import Any

import pytest

from hub.model.command import CommandResult, Outcome
from hub.ocpp.station.effects import Act
from hub.ocpp.station.setup import Abilities
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]
WORDS = frozenset({"start", "pause", "set_limit", "available", "unavailable", "reserve"})
OUT = {**IDLE, "status": "unavailable"}


def change(world: World, word: str) -> str:
    asked: dict[str, Any] = {"type": word, "connectorId": 1} if world.version == "1.6" else {}
    asked = asked or {"operationalStatus": word, "evse": {"id": 1}}
    return str(world.ask("ChangeAvailability", asked)["status"])


def told(world: World) -> list[str]:
    return [effect.action for effect in world.effects if isinstance(effect, Act)]


def reserve(world: World) -> None:
    token = {"idToken": "R", "type": "ISO14443"}
    body = {"id": 1, "idToken": token, "expiryDateTime": "2026-01-01T01:00:00Z", "evseId": 1}
    assert world.ask("ReserveNow", body)["status"] == "Accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_out_of_service_and_back_is_told_once_each(version: str) -> None:
    world = World(version, abilities=Abilities(WORDS))
    world.state(IDLE)
    assert told(world) == []
    for word in ("Inoperative", "Inoperative", "Operative", "Operative"):
        assert change(world, word) == "Accepted"
    assert told(world) == ["unavailable", "available"]


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_told_when_the_transaction_is_over(version: str) -> None:
    world = World(version, abilities=Abilities(WORDS))
    world.state(PLUGGED)
    world.swipe()
    assert change(world, "Inoperative") == "Scheduled"
    assert told(world) == []
    world.state(IDLE)
    assert told(world) == ["unavailable"]


def test_what_failed_is_told_again() -> None:
    world = World(abilities=Abilities(WORDS))
    change(world, "Inoperative")
    act = world.last(Act)
    world.station.device_done(act.ref, CommandResult(Outcome.ERROR), world.clock.now())
    world.state(PLUGGED)
    assert told(world) == ["unavailable", "unavailable"]


def test_it_is_told_anew_by_a_hub_that_has_restarted() -> None:
    world = World(abilities=Abilities(WORDS))
    change(world, "Inoperative")
    world.restart()
    world.connect()
    world.state(OUT)
    assert told(world)[1:] == ["unavailable"]


def test_a_charger_that_an_earlier_hub_has_shut_is_opened() -> None:
    world = World(abilities=Abilities(WORDS))
    world.state(OUT)
    assert told(world) == []
    change(world, "Operative")
    assert told(world) == ["available"]


def test_a_reservation_and_its_end_are_told() -> None:
    world = World(abilities=Abilities(WORDS))
    reserve(world)
    act = world.last(Act)
    assert (act.action, dict(act.arguments)) == ("reserve", {"id_tag": "R"})
    world.state({**IDLE, "status": "reserved"})
    assert told(world) == ["reserve"]
    world.ask("CancelReservation", {"reservationId": 1})
    assert told(world) == ["reserve", "available"]


def test_a_charger_without_these_words_is_told_nothing() -> None:
    world = World()
    change(world, "Inoperative")
    reserve_status = change(world, "Operative")
    assert (reserve_status, told(world)) == ("Accepted", [])


ASKS = frozenset({"start", "pause", "set_limit", "authorize"})
"""Of a charger that wants a card of its own."""


def admitted(world: World) -> list[str]:
    acts = [effect for effect in world.effects if isinstance(effect, Act)]
    return [str(act.arguments["id_tag"]) for act in acts if act.action == "authorize"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_charger_that_wants_a_card_of_its_own_gets_the_drivers_once_his_cable_is_in(version: str) -> None:
    world = World(version, abilities=Abilities(ASKS))
    world.swipe("CARD1")
    assert admitted(world) == []
    world.state(PLUGGED)
    world.state(CHARGING)
    assert admitted(world) == ["CARD1"]
    world.swipe("CARD1")
    world.state(IDLE)
    world.state(PLUGGED)
    world.advance(10)
    world.swipe("CARD2")
    assert admitted(world) == ["CARD1", "CARD2"]


def test_who_is_refused_is_not_let_in() -> None:
    world = World(abilities=Abilities(ASKS))
    world.refuse_tokens()
    world.state(PLUGGED)
    world.swipe()
    assert admitted(world) == []


def test_a_charger_that_has_not_taken_the_card_gets_it_again_after_a_while() -> None:
    world = World(abilities=Abilities(ASKS))
    world.state(PLUGGED)
    world.swipe()
    world.station.device_done("admit:1", CommandResult(Outcome.ERROR), world.clock.now())
    world.state(CHARGING)
    assert len(admitted(world)) == 1
    world.advance(10)
    world.state({**CHARGING, "power": 7000.0, "status": "suspended_ev"})
    assert len(admitted(world)) == 2


@pytest.mark.parametrize(("readings", "waited", "runs"), [("rfid", 5, 1), ("rfid", 31, 0), ("power", 5, 0)])
def test_the_card_that_it_was_given_is_no_swipe(readings: str, waited: float, runs: int) -> None:
    world = World(abilities=Abilities(ASKS, frozenset({readings})))
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.advance(waited)
    world.swipe()
    assert sum(flow.grant is not None for flow in world.station.evses.flows.values()) == runs
