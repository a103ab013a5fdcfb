"""Whose charging goes before others' (K03.FR.04 to 06)."""

import pytest

from hub.ocpp.station.effects import Annotate
from hub.ocpp.station.flow import Flow, Grant, Transaction, document, restored
from hub.ocpp.station.messages import Token
from hub.ocpp.station.verdict import Verdict
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World


def shown(world: World) -> list[object]:
    """Each priority that was shown, in order."""
    noted = [effect.values for effect in world.effects if isinstance(effect, Annotate)]
    return [values["charging_priority"] for values in noted if "charging_priority" in values]


def charge(world: World) -> None:
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)


def test_nobody_s_priority_is_0_and_not_told() -> None:
    world = World()
    charge(world)
    assert shown(world) == []


def test_a_token_s_priority_holds_as_long_as_its_transaction() -> None:
    world = World()
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "chargingPriority": 3}}
    charge(world)
    assert shown(world) == [3]
    world.state(IDLE)
    assert shown(world) == [3, 0]


def test_the_transaction_s_own_goes_before_it_and_for_this_one_only() -> None:
    world = World()
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "chargingPriority": 3}}
    world.answers["TransactionEvent"] = {"chargingPriority": -2}
    charge(world)
    assert shown(world) == [3, -2]
    world.answers["TransactionEvent"] = {}
    world.state(IDLE)
    charge(world)
    assert shown(world) == [3, -2, 0, 3]


def test_a_flow_keeps_its_priorities() -> None:
    grant = Grant(Token("A", "Central"), priority=4)
    flow = Flow(1, grant=grant, transaction=Transaction("t", priority=2))
    again = restored(1, document(flow))
    assert again.grant is not None
    assert again.transaction is not None
    assert (again.grant.priority, again.transaction.priority) == (4, 2)


@pytest.mark.parametrize("kept", [["Accepted", None, None], ["Accepted", None, None, [1]]])
def test_a_verdict_of_an_older_hub_has_priority_0(kept: list[object]) -> None:
    assert Verdict.restored(kept).priority == 0
    assert Verdict.restored(Verdict("Accepted", evses=(2,), priority=5).document()).priority == 5
