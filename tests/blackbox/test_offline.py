"""The wire is cut or dead, the CSMS slow or wrong, the hub without power: nothing is lost, nothing comes twice."""

import asyncio

import pytest
from ocpp.exceptions import InternalError

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, OTHER, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def events(it: Site) -> list[Payload]:
    return [each.payload for each in it.csms.said if each.action == "TransactionEvent"]


async def lenient(it: Site) -> None:
    """Offline an unknown card may charge."""
    names = ("AuthCtrlr.OfflineTxForUnknownIdEnabled",) if it.newer else ("AllowOfflineTxForUnknownId",)
    for name in names:
        assert await it.set(name, True) == "Accepted"


async def test_a_whole_session_offline_is_told_afterwards(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await lenient(it)
        it.calm()
        it.wire.set("down")
        await it.csms.gone()
        it.box[1].plug()
        await asyncio.sleep(1)
        it.box[1].swipe(CARD)
        await it.until(lambda: it.box[1].current_a > 0)
        await asyncio.sleep(1)
        it.box[1].unplug()
        await asyncio.sleep(1)
        it.wire.set("up")
        await it.csms.connected()
        it.csms.aside.add("Authorize")
        first = await it.started(within=20)
        last = await it.ended("EVDisconnected")
        if it.newer:
            assert first["offline"] is True
            assert last["offline"] is True
            assert [each["seqNo"] for each in events(it)] == list(range(len(events(it))))
            assert len({each["transactionInfo"]["transactionId"] for each in events(it)}) == 1
        else:
            assert last["transactionId"] == 4711
        assert first["timestamp"] < last["timestamp"]


async def test_an_unknown_card_gets_nothing_offline(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.wire.set("down")
        await it.csms.gone()
        it.box[1].plug()
        await asyncio.sleep(0.6)
        it.box[1].swipe(CARD)
        await asyncio.sleep(2.5)
        assert it.box[1].current_a == 0
        it.wire.set("up")
        await it.csms.connected()
        await it.status("Preparing")


async def test_a_cached_card_charges_offline(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        it.wire.set("down")
        await it.csms.gone()
        it.box[1].plug()
        await asyncio.sleep(1)
        await it.swipe()
        await it.until(lambda: it.box[1].current_a > 0)
        it.csms.aside.add("Authorize")
        it.wire.set("up")
        await it.started(within=20)
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_transaction_goes_on_while_the_wire_is_cut(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.wire.set("down")
        await it.csms.gone()
        await asyncio.sleep(1.5)
        assert it.box[1].current_a > 0
        it.wire.set("up")
        await it.csms.connected()
        await asyncio.sleep(0.5)
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.csms.silence(1, "BootNotification")


async def test_a_half_open_wire_is_found_out(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        name = "OCPPCommCtrlr.WebSocketPingInterval" if it.newer else "WebSocketPingInterval"
        assert await it.set(name, 1) in ("Accepted", "RebootRequired")
        it.csms.aside.add("BootNotification")
        await asyncio.sleep(2)
        it.wire.set("half_open")
        it.box[1].plug()
        await asyncio.sleep(8)
        it.wire.set("down")
        it.wire.set("up")
        await it.csms.connected(within=20)
        await it.status("Preparing", within=20)


async def test_an_answer_that_never_comes_is_asked_for_again(new: Start) -> None:
    attempts = {"TransactionMessageRetryInterval": 1, "TransactionMessageAttempts": 3}
    async with new() as it:
        await it.boot()
        it.calm()
        if it.newer:
            it.csms.aside.add("TransactionEvent")
            data = [
                {
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": name, "instance": "TransactionEvent"},
                    "attributeValue": value,
                }
                for name, value in (("MessageAttemptInterval", "1"), ("MessageAttempts", "3"))
            ]
            await it.csms.call("SetVariables", setVariableData=data)
        else:
            for name, value in attempts.items():
                assert await it.set(name, value) == "Accepted"
        action = "TransactionEvent" if it.newer else "StartTransaction"
        it.csms.answers[action] = InternalError()
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.started()
        await it.started(within=5)
        del it.csms.answers[action]
        await it.started(within=8)
        assert it.box[1].current_a > 0
        it.box[1].unplug()
        said = await it.ended("EVDisconnected", within=20)
        assert it.newer or said["transactionId"] == 4711
        await it.csms.silence(2, "StartTransaction", "TransactionEvent:Started")


async def test_a_slow_csms_holds_up_nobody(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()

        async def slow(_: Payload) -> Payload:
            await asyncio.sleep(4)
            return {}

        it.csms.answers["StatusNotification"] = slow
        it.box[2].plug()
        await it.status("Preparing", 2)
        it.box[1].unplug()
        await it.until(lambda: it.box[1].limit_a == 0, within=3, says="the end at the charger")
        await it.ended("EVDisconnected", within=20)


async def test_one_call_at_a_time(new: Start) -> None:
    """RPC 4.1.1: no other CALL before the one before has its answer."""
    async with new() as it:
        await it.boot()
        it.calm()
        asked: list[str] = []

        async def late(_: Payload) -> Payload:
            before = len(it.csms.said)
            await asyncio.sleep(1)
            asked.extend(each.action for each in it.csms.said[before:])
            return {}

        it.csms.answers["StatusNotification"] = late
        it.box[1].plug()
        it.box[2].plug()
        await it.status("Preparing", 1)
        await it.status("Preparing", 2)
        await asyncio.sleep(1.5)
        assert asked == []


async def test_the_power_goes_in_mid_transaction_and_the_car_stays(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        said = await it.charge()
        await it.hub.kill()
        await it.csms.gone()
        await asyncio.sleep(1)
        assert it.box[1].current_a > 0
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await asyncio.sleep(3)
        it.csms.aside.add("Authorize")
        it.box[1].unplug()
        last = await it.ended("EVDisconnected", within=15)
        if it.newer:
            info = said["transactionInfo"]["transactionId"]
            assert last["transactionInfo"]["transactionId"] == info
            # What was answered in the moment of the power loss may come twice, as itself.
            numbers = [each["seqNo"] for each in events(it)]
            assert sorted(set(numbers)) == list(range(last["seqNo"] + 1))
            assert numbers == sorted(numbers)
        else:
            assert last["transactionId"] == 4711


async def test_the_power_goes_and_the_car_leaves_meanwhile(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await asyncio.sleep(1.5)
        await it.hub.kill()
        await it.csms.gone()
        it.box[1].unplug()
        it.box[1].limit_a = 0
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        said = await it.csms.expect(
            "TransactionEvent" if it.newer else "StopTransaction",
            15,
            **({"eventType": "Ended"} if it.newer else {}),
        )
        reason = said["transactionInfo"]["stoppedReason"] if it.newer else said["reason"]
        assert reason in ("PowerLoss", "EVDisconnected")
        assert it.newer or said["meterStop"] >= 1000


async def test_the_power_goes_while_offline_and_all_is_told(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await lenient(it)
        it.calm()
        it.csms.aside.add("Authorize")
        it.wire.set("down")
        await it.csms.gone()
        for evse, card in ((1, CARD), (2, OTHER)):
            it.box[evse].plug()
            await asyncio.sleep(1)
            it.box[evse].swipe(card)
            await it.until(lambda e=evse: it.box[e].current_a > 0)  # type: ignore[misc]
        it.box[1].unplug()
        await asyncio.sleep(1)
        await it.hub.kill()
        it.wire.set("up")
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.started(1, within=15)
        if not it.newer:
            await it.started(2)
            await it.ended("EVDisconnected")
        else:
            it.csms.aside.add("TransactionEvent:Started")
            await it.ended("EVDisconnected")
            await it.started(2)
        it.box[2].unplug()
        await it.ended("EVDisconnected", within=15)


async def test_the_charger_goes_away_and_comes_back(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await it.box.power_off()
        await it.hub.state("evhub/twin/availability", "offline", within=30)
        await it.status("Faulted", 1, within=30)
        await it.box.power_on()
        if it.newer:
            await it.status("Charging", 1, within=30)
        else:
            await it.status("Charging", 1, within=30)
        it.box[1].unplug()
        await it.ended("EVDisconnected")
