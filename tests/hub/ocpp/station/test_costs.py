"""What the CSMS says of money is shown and told."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Annotate, Happened
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

HALF = {"format": "UTF8", "language": "en", "content": "0.30 EUR/kWh"}
FALLBACKS = {"TariffFallbackMessage": "ask the desk", "TotalCostFallbackMessage": "see your bill"}


def shown(world: World) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for effect in world.effects:
        if isinstance(effect, Annotate):
            values |= effect.values
    return {key: values.get(key) for key in ("tariff", "total_cost")}


def happened(world: World, event: str) -> list[Any]:
    return [
        effect.details for effect in world.effects if isinstance(effect, Happened) and effect.event == event
    ]


def charge(world: World) -> None:
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)


def test_the_drivers_tariff_is_shown_when_he_is_authorized() -> None:
    world = World()
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "personalMessage": HALF}}
    charge(world)
    assert shown(world)["tariff"] == "0.30 EUR/kWh"
    (said,) = happened(world, "tariff")
    assert (said["language"], said["format"]) == ("en", "UTF8")


def test_a_tariff_of_somebody_who_is_refused_is_not_shown() -> None:
    world = World()
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked", "personalMessage": HALF}}
    world.state(PLUGGED)
    world.swipe()
    world.answers.clear()
    world.swipe("OTHER")
    assert happened(world, "tariff") == []


def test_without_a_tariff_of_his_own_he_reads_the_general_one() -> None:
    world = World(defaults=FALLBACKS)
    charge(world)
    assert shown(world)["tariff"] == "ask the desk"


def test_the_cost_so_far_and_in_all() -> None:
    world = World(defaults={"Currency": "EUR"})
    charge(world)
    running = world.station.evses.flows[1].transaction
    assert running
    assert world.ask("CostUpdated", {"transactionId": running.id, "totalCost": 1.5}) == {}
    assert shown(world)["total_cost"] == 1.5
    world.answers["TransactionEvent"] = {"totalCost": 2.25}
    world.swipe()
    assert shown(world)["total_cost"] == 2.25
    assert [(said["total_cost"], said["currency"], said["final"]) for said in happened(world, "cost")] == [
        (1.5, "EUR", False),
        (2.25, "EUR", True),
    ]
    world.answers.clear()
    world.state(IDLE)
    charge(world)
    assert shown(world)["total_cost"] is None


def test_a_tariff_that_changes_on_the_way_is_shown() -> None:
    world = World()
    charge(world)
    world.answers["TransactionEvent"] = {
        "updatedPersonalMessage": {"format": "ASCII", "content": "cheaper now"}
    }
    world.advance(61)
    assert shown(world)["tariff"] == "cheaper now"


def test_a_cost_of_nothing_that_runs_is_answered_and_passed_over() -> None:
    world = World()
    assert world.ask("CostUpdated", {"transactionId": "none", "totalCost": 1.5}) == {}
    assert happened(world, "cost") == []


def test_offline_the_end_says_where_the_cost_is_told() -> None:
    world = World(defaults=FALLBACKS)
    charge(world)
    world.disconnect()
    world.swipe()
    assert [said["text"] for said in happened(world, "cost")] == ["see your bill"]


@pytest.mark.parametrize("answered", [True, False])
def test_a_connection_that_goes_before_the_end_is_answered_takes_the_cost_along(answered: bool) -> None:
    """I05.FR.02: said once, also when the connection is lost again before it is told."""
    world = World(defaults=FALLBACKS)
    charge(world)
    if not answered:
        world.answers["TransactionEvent"] = "hold"
    world.swipe()
    world.disconnect()
    world.connect()
    world.disconnect()
    said = [one for one in happened(world, "cost") if one.get("text") == "see your bill"]
    assert len(said) == (0 if answered else 1)


@pytest.mark.parametrize("what", ["Tariff", "Cost"])
def test_each_can_be_switched_off(what: str) -> None:
    world = World(defaults={f"{what}Enabled": "false"})
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "personalMessage": HALF}}
    world.answers["TransactionEvent"] = {"totalCost": 2.25}
    charge(world)
    assert happened(world, what.lower()) == []
    assert happened(world, "cost" if what == "Tariff" else "tariff")
