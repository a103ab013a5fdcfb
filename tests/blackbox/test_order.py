"""The exact order and members of whole sessions: nothing is left aside."""

import asyncio

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.site import CARD, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def strict(it: Site) -> None:
    it.csms.forget()
    it.csms.aside = {"Heartbeat", "SecurityEventNotification"}


async def test_a_session_of_1_6_message_by_message(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        await it.set("StopTransactionOnEVSideDisconnect", True)
        strict(it)
        it.box[1].plug()
        await it.status("Preparing", errorCode="NoError")
        it.box[1].swipe(CARD)
        await it.csms.expect("Authorize", idTag=CARD)
        await it.csms.expect("StartTransaction", connectorId=1, idTag=CARD, meterStart=1000)
        await it.status("Charging")
        it.box[1].full = True
        await it.status("SuspendedEV")
        it.box[1].full = False
        await it.status("Charging")
        await it.swipe()
        said = await it.csms.expect("StopTransaction", transactionId=4711, idTag=CARD)
        assert said.get("reason", "Local") == "Local"
        await it.status("Finishing")
        it.box[1].unplug()
        await it.status("Available")
        await it.csms.silence(1)


async def test_a_session_of_2_0_1_message_by_message(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        strict(it)
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.csms.expect("Authorize", idToken={"idToken": CARD, "type": "ISO14443"})
        started = await it.csms.expect(
            "TransactionEvent", eventType="Started", triggerReason="Authorized", seqNo=0, offline=False,
            idToken={"idToken": CARD, "type": "ISO14443"}, evse={"id": 1, "connectorId": 1},
        )  # fmt: skip
        number = started["transactionInfo"]["transactionId"]
        for seq, state in ((1, "Charging"), (2, "SuspendedEV"), (3, "Charging")):
            it.box[1].full = state == "SuspendedEV"
            said = await it.csms.expect(
                "TransactionEvent", eventType="Updated", triggerReason="ChargingStateChanged", seqNo=seq,
                transactionInfo={"transactionId": number, "chargingState": state},
            )  # fmt: skip
            assert "idToken" not in said
            if state == "Charging" and seq == 1:
                await asyncio.sleep(0.5)
        await it.swipe()
        await it.csms.expect(
            "TransactionEvent", eventType="Ended", triggerReason="StopAuthorized", seqNo=4,
            idToken={"idToken": CARD}, transactionInfo={"transactionId": number, "stoppedReason": "Local"},
        )  # fmt: skip
        await it.csms.silence(1.5)
        it.box[1].unplug()
        await it.status("Available")


async def test_two_transactions_never_share_an_id(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        found = set()
        for _ in range(3):
            said = await it.charge(asks=not found)
            found.add(said["transactionInfo"]["transactionId"])
            it.box[1].unplug()
            await it.ended("EVDisconnected")
            await it.status("Available")
        assert len(found) == 3


async def test_a_boot_of_1_6_tells_connector_0_first_or_with_the_others(new16: Start) -> None:
    async with new16() as it:
        await it.csms.expect("BootNotification", within=25)
        found = [(await it.csms.expect("StatusNotification"))["connectorId"] for _ in range(3)]
        assert sorted(found) == [0, 1, 2]


async def test_a_car_that_is_there_at_the_boot_is_told(new: Start) -> None:
    async with new(start=False) as it:
        it.box[2].plug()
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.status("Available", 1)
        await it.status("Preparing", 2)
        it.calm()
        await it.swipe(CARD, 2)
        await it.authorized()
        await it.started(2)
        it.box[2].unplug()
        await it.ended("EVDisconnected")


async def test_a_fault_that_is_there_at_the_boot_is_told(new: Start) -> None:
    async with new(start=False) as it:
        it.csms.aside.add("NotifyEvent")
        it.box[1].fault("GroundFailure")
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.status("Faulted", 1)
        await it.status("Available", 2)


async def test_what_changed_while_offline_is_told_and_nothing_else(new: Start) -> None:
    """1.6: 4.9; 2.0.1: B04.FR.02, the wire being away for less than OfflineThreshold."""
    async with new() as it:
        await it.boot()
        it.wire.set("down")
        await it.csms.gone()
        it.csms.forget()
        it.box[2].plug()
        await asyncio.sleep(1.5)
        it.wire.set("up")
        await it.csms.connected()
        await it.status("Preparing", 2)
        if it.newer:
            await it.csms.silence(1, "StatusNotification", "BootNotification")


async def test_after_the_offline_threshold_all_is_told(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        await it.set("OCPPCommCtrlr.OfflineThreshold", 1)
        it.wire.set("down")
        await it.csms.gone()
        it.csms.forget()
        await asyncio.sleep(2)
        it.wire.set("up")
        await it.csms.connected()
        for evse in (1, 2):
            await it.status("Available", evse)
