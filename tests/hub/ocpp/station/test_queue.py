"""What waits to be told: a CSMS that asks on and on and takes nothing fills no memory."""

import pytest

from hub.ocpp.station.messages import Heartbeat
from hub.ocpp.station.queue import MOST_ASKED, MOST_WAITING, Queue
from tests.hub.ocpp.world import CHARGING, PLUGGED, World

ASKED = {
    "2.0.1": ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
    "1.6": ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
}


@pytest.mark.parametrize("version", ASKED)
def test_a_csms_that_asks_and_does_not_listen_is_refused_and_can_still_stop_what_runs(version: str) -> None:
    world = World(version)
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.held = True
    answers = [world.ask(*ASKED[version]) for _ in range(1000)]
    assert {"status": "Accepted"} in answers
    assert answers[-1] == {"status": "Rejected"}
    (transaction,) = (flow.transaction for flow in world.station.evses.flows.values())
    assert transaction is not None
    if version == "1.6":
        stop = ("RemoteStopTransaction", {"transactionId": world.station.csms_ids[transaction.id]})
    else:
        stop = ("RequestStopTransaction", {"transactionId": transaction.id})
    assert world.ask(*stop) == {"status": "Accepted"}
    world.take()
    world.release()
    assert MOST_ASKED <= len(world.take()) <= MOST_ASKED + 10
    assert world.ask(*ASKED[version]) == {"status": "Accepted"}


def test_of_what_waits_the_oldest_goes() -> None:
    queue = Queue()
    for newest in range(MOST_WAITING + 5):
        queue.add(Heartbeat(), newest)
    assert len(queue.clear()) == MOST_WAITING
