"""The version that was spoken last decides how a transaction is told that begins before the next connection."""

from dataclasses import replace

import pytest

from hub.ocpp.station.manners import Manners, restored
from hub.ocpp.v16.dialect import DIALECT as V16
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, SETUP, World


def test_what_another_hub_knew_of_manners_is_passed_over() -> None:
    kept = {**Manners(ends_with_samples=True).document(), "of_tomorrow": True}
    assert restored(kept, Manners()) == Manners(ends_with_samples=True)
    assert restored(None, Manners(outlasts_the_cable=True)) == Manners(outlasts_the_cable=True)


@pytest.mark.parametrize("first", [True, False])
def test_a_transaction_of_1_6_begun_before_any_connection_has_its_begin_and_its_values(first: bool) -> None:
    """`first`: nobody was ever connected, and the configuration says what will be spoken."""
    setup = replace(SETUP, manners=V16.manners if first else Manners(), free=True)
    world = World("1.6", setup=setup, boot=not first)
    if not first:
        world.disconnect()
        world.restart()
    world.state(PLUGGED)
    world.state({**CHARGING, "energy_total": 10.0})
    world.advance(65)
    world.state({**IDLE, "energy_total": 11.0})
    world.connect()
    (stop,) = [said for action, said in world.sent if action == "StopTransaction"]
    contexts = [value["sampledValue"][0]["context"] for value in stop["transactionData"]]
    assert contexts == ["Transaction.Begin", "Sample.Periodic", "Transaction.End"]


@pytest.mark.parametrize(("version", "ended"), [("1.6", False), ("2.0.1", True)])
@pytest.mark.parametrize("point", ["EVConnected", "PowerPathClosed"])
def test_a_pulled_cable_ends_it_where_that_is_the_stop_point_whoever_is_still_authorized(
    version: str, ended: bool, point: str
) -> None:
    """1.6 has no stop points: there StopTransactionOnEVSideDisconnect alone decides (E06.FR.02/06, E10)."""
    world = World(version, defaults={"TxStopPoint": point, "StopTxOnEVSideDisconnect": "false"})
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    world.state(IDLE)
    assert (world.station.evses.flows[1].transaction is None) is ended
    assert not ended or world.events() == [("Ended", "EVCommunicationLost")]
    assert (world.station.evses.flows[1].grant is None) is ended
