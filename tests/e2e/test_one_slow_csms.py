"""One of many stations has a CSMS that takes no transactions: the others don't notice, and it loses nothing."""

from pathlib import Path

import pytest

from hub.simulate.csms import Csms, Settings
from hub.simulate.ev import Car
from tests.e2e.world import World

TOLD = {"ocpp2.0.1": "TransactionEvent", "ocpp1.6": "StartTransaction"}
DEFAULTS = "RetryBackOffWaitMinimum: 0, RetryBackOffRandomRange: 0, TxUpdatedInterval: 1"
PATIENT = f"{DEFAULTS}, MessageTimeout: 1, MessageAttempts: 1000, MessageAttemptInterval: 0"
OTHERS = [f"good-{number}" for number in range(8)]


@pytest.mark.parametrize("version", TOLD)
async def test_a_csms_that_answers_no_transaction_holds_up_nobody_else(tmp_path: Path, version: str) -> None:
    slow = Csms(Settings(silent=frozenset({TOLD[version]})))
    port = await slow.start()
    url = f"url: 'ws://127.0.0.1:{port}/ocpp', versions: [{version}]"
    chargers = {name: ("keba/p30", {}, ", tokens: {free: true}") for name in OTHERS}
    chargers["slow"] = ("keba/p30", {}, f", csms: {{{url}, defaults: {{{PATIENT}}}}}, tokens: {{free: true}}")
    async with World(tmp_path, chargers) as world:
        await world.until(lambda: len(world.csms.stations) == len(OTHERS) and slow.stations)
        for charger in world.chargers.values():
            charger.plug(Car(needs_wh=1_000))
        await world.until(lambda: all(world.status(name) == "suspended_ev" for name in world.chargers))
        for charger in world.chargers.values():
            charger.unplug()
        await world.until(lambda: sum(one.ended for one in world.csms.transactions.values()) == len(OTHERS))
        # It is still at the first message, and answers all the same.
        assert not any(one.ended for one in slow.transactions.values())
        asked = {"requestedMessage": "StatusNotification"}
        where = {"connectorId": 1} if version == "ocpp1.6" else {"evse": {"id": 1, "connectorId": 1}}
        assert (await slow.call("slow", "TriggerMessage", asked | where))["status"] == "Accepted"
        slow.settings.silent = frozenset()
        await world.until(lambda: any(one.ended for one in slow.transactions.values()), 30)
    await slow.close()
    assert [(one.started, one.ended) for one in world.csms.transactions.values()] == [(1, 1)] * len(OTHERS)
    assert [one.ended for one in slow.transactions.values()] == [1]
    assert world.csms.complaints == []
