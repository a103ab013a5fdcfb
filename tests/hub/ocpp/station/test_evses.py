"""What is remembered of EVSEs, when the charger or the hub has become another one meanwhile."""

from dataclasses import replace

import pytest

from hub.model.charger import Abilities
from hub.ocpp.station.charging_profile import TX, Period, Profile
from hub.ocpp.station.effects import Limit
from hub.ocpp.station.profiles import install
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

INOPERATIVE = {
    "1.6": {"connectorId": 2, "type": "Inoperative"},
    "2.0.1": {"operationalStatus": "Inoperative", "evse": {"id": 2}},
}
ENDS = {"1.6": "StopTransaction", "2.0.1": "TransactionEvent"}


def at_the_second(version: str) -> World:
    """A charger with two EVSEs; at the second one a car charges, and that is to be taken out of service."""
    world = World(version, evses=2)
    world.state(PLUGGED, 2)
    world.swipe(evse=2)
    world.state(CHARGING, 2)
    assert world.ask("ChangeAvailability", INOPERATIVE[version]) == {"status": "Scheduled"}
    world.take()
    return world


@pytest.mark.parametrize("version", ENDS)
def test_a_transaction_at_an_evse_that_is_no_more_ends_and_the_others_go_on(version: str) -> None:
    world = at_the_second(version)
    world.disconnect()
    world.setup = replace(world.setup, evses=1)
    if version == "2.0.1":
        world.answers["TransactionEvent"] = {"totalCost": 3.0}
    world.restart()
    world.connect()
    ended = [said for action, said in world.take() if action == ENDS[version]]
    assert len(ended) == 1
    if version == "2.0.1":
        assert ended[0]["eventType"] == "Ended"
        assert ended[0]["transactionInfo"]["stoppedReason"] == "Other"
        assert ended[0]["seqNo"] > 0
    world.answers.clear()
    for state in (IDLE, PLUGGED, IDLE):
        world.state(state)
    world.restart()
    world.connect()
    assert ENDS[version] not in world.actions()


def test_what_another_version_of_the_hub_knew_of_a_transaction_is_passed_over() -> None:
    world = at_the_second("2.0.1")
    world.memory["transaction", "2"]["transaction"]["remote_told"] = True
    world.restart()
    world.connect()
    world.state({**CHARGING, "energy_total": 12.0}, 2)
    world.state(IDLE, 2)
    (ended,) = [said for action, said in world.take() if action == "TransactionEvent"]
    assert ended["eventType"] == "Ended"


def test_a_cable_begins_nothing_while_a_reset_waits_and_does_afterwards() -> None:
    world = World(evses=2, defaults={"TxStartPoint": "EVConnected"})
    world.state(IDLE, 2)
    world.state(PLUGGED)
    world.take()
    world.held = True
    assert world.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    world.state(PLUGGED, 2)
    world.release()
    world.connect()
    kinds = [
        said.get("eventType", action)
        for action, said in world.sent
        if action in ("BootNotification", ENDS["2.0.1"])
    ]
    assert kinds == ["Ended", "BootNotification", "Started", "Started"], (
        "both cars are there when it has started"
    )


@pytest.mark.parametrize("kind", ["Immediate", "OnIdle"])
def test_after_a_reset_nobody_is_authorized_any_more(kind: str) -> None:
    world = World()
    world.swipe()
    assert world.ask("Reset", {"type": kind}) == {"status": "Accepted"}
    world.disconnect()
    world.connect()
    world.state(PLUGGED)
    assert world.events() == []


def test_after_the_reset_of_one_evse_its_car_is_found_anew_and_the_other_goes_on() -> None:
    actions = frozenset({"start", "pause", "reset_evse"})
    world = World(evses=2, abilities=Abilities(actions), free=True)
    world.state(PLUGGED)
    world.state(PLUGGED, 2)
    world.take()
    assert world.ask("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Accepted"}
    told = [said for action, said in world.sent if action == "TransactionEvent"]
    assert [said["eventType"] for said in told] == ["Ended", "Started"]
    assert told[0]["transactionInfo"] != told[1]["transactionInfo"]
    assert told[1]["evse"]["id"] == 1


def test_a_question_that_a_reset_has_overtaken_authorizes_nobody() -> None:
    world = World()
    world.state(PLUGGED)
    world.answers["Authorize"] = "hold"
    world.swipe()
    world.ask("Reset", {"type": "Immediate"})
    world.answers.clear()
    world.release()
    world.disconnect()
    world.connect()
    assert world.events() == []


def limited(evse: int = 1) -> World:
    """A car charges by a profile of its transaction."""
    world = World(evses=evse)
    world.state(PLUGGED, evse)
    world.swipe(evse=evse)
    world.state(CHARGING, evse)
    profile = Profile(1, evse, 0, TX, "Relative", "A", (Period(0, 8.0),))
    assert install(world.station, profile, world.clock.now(), strict=False) is None
    world.pump()
    return world


@pytest.mark.parametrize("state", [IDLE, CHARGING])
def test_a_transaction_that_ends_with_a_restart_takes_its_profiles_along(state: dict[str, object]) -> None:
    world = limited()
    world.restart()
    world.connect()
    world.state(state)
    charges = state is CHARGING
    assert (("profile", "1") in world.memory) is charges  # K02.FR.05
    assert world.last(Limit) == Limit(1, 8.0 if charges else None)


def test_profiles_of_transactions_that_are_no_more_are_forgotten() -> None:
    world = limited(evse=2)
    world.setup = replace(world.setup, evses=1)
    world.restart()
    world.connect()
    assert ("profile", "1") not in world.memory
