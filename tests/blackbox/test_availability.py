"""Availability in each state, resets in each state, unlocks, faults."""

import asyncio

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


async def availability(it: Site, kind: str, evse: int = 1) -> str:
    if it.newer:
        asked: Payload = {"operationalStatus": kind} | ({"evse": {"id": evse}} if evse else {})
    else:
        asked = {"type": kind, "connectorId": evse}
    return str((await it.csms.call("ChangeAvailability", **asked))["status"])


async def reset(it: Site, kind: str, evse: int | None = None) -> str:
    """`Soft` and `Hard` are 1.6's words for 2.0.1's OnIdle and Immediate."""
    kind = {"Soft": "OnIdle", "Hard": "Immediate"}[kind] if it.newer else kind
    asked: Payload = {"type": kind} | ({"evseId": evse} if evse else {})
    return str((await it.csms.call("Reset", **asked))["status"])


async def unlock(it: Site, evse: int = 1) -> str:
    asked: Payload = {"evseId": evse, "connectorId": 1} if it.newer else {"connectorId": evse}
    return str((await it.csms.call("UnlockConnector", **asked))["status"])


async def test_a_free_connector_goes_out_of_service_and_comes_back(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await availability(it, "Inoperative") == "Accepted"
        await it.status("Unavailable")
        await it.until(lambda: not it.box[1].operative)
        it.csms.forget()
        assert await availability(it, "Inoperative") == "Accepted"
        await it.csms.silence(1, "StatusNotification")
        assert await availability(it, "Operative") == "Accepted"
        await it.status("Available")
        assert it.box[2].operative


async def test_a_connector_out_of_service_charges_nobody(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await availability(it, "Inoperative")
        await it.status("Unavailable")
        it.box[1].plug()
        await asyncio.sleep(0.6)
        it.box[1].swipe(CARD)
        await it.csms.silence(2, "StartTransaction", "TransactionEvent:Started")
        assert it.box[1].current_a == 0
        it.csms.forget()


async def test_out_of_service_waits_for_the_transaction(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.csms.forget()
        assert await availability(it, "Inoperative") == "Scheduled"
        await asyncio.sleep(1)
        assert it.box[1].current_a > 0
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.status("Unavailable")


async def test_the_whole_station_out_of_service(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await availability(it, "Inoperative", 0) == "Accepted"
        await it.status("Unavailable", 1)
        await it.status("Unavailable", 2)
        assert await availability(it, "Operative", 0) == "Accepted"
        await it.status("Available", 1)
        await it.status("Available", 2)


async def test_out_of_service_outlives_the_hub(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await availability(it, "Inoperative", 2)
        await it.status("Unavailable", 2)
        await it.killed()
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.status("Available", 1)
        await it.status("Unavailable", 2)


async def test_an_evse_that_is_not_there_cannot_change(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await availability(it, "Inoperative", 5) == "Rejected"


async def test_a_reset_of_an_idle_station(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await reset(it, "Soft") == "Accepted"
        said = await it.boot()
        assert not it.newer or said["reason"] == "RemoteReset"
        await it.until(lambda: it.box.reboots == 1, says="the charger's reset")


async def test_a_hard_reset_ends_the_transaction_first(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        assert await reset(it, "Hard") == "Accepted"
        await it.ended("ImmediateReset" if it.newer else "HardReset")
        said = await it.csms.expect("BootNotification", within=25)
        assert not it.newer or said["reason"] == "RemoteReset"
        assert it.box[1].limit_a == 0


async def test_a_soft_reset_of_a_busy_station(new: Start) -> None:
    """2.0.1 waits for the end of the transaction (B12), 1.6 ends it decently."""
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.csms.forget()
        answer = await reset(it, "Soft")
        if it.newer:
            assert answer == "Scheduled"
            await it.csms.silence(2, "BootNotification", "TransactionEvent:Ended")
            it.box[1].unplug()
            await it.ended("EVDisconnected")
        else:
            assert answer == "Accepted"
            await it.ended("SoftReset")
        await it.csms.expect("BootNotification", within=25)


async def test_a_reset_of_one_evse(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        await it.charge(1)
        await it.charge(2, "0011223344AABB")
        assert await reset(it, "Hard", 1) == "Accepted"
        await it.ended("ImmediateReset", evse=lambda e: e is None or e["id"] == 1)
        await it.until(lambda: it.box[1].resets == 1, says="the EVSE's reset")
        assert it.box[2].current_a > 0
        await it.csms.silence(1.5, "BootNotification")
        assert it.box.reboots == 0
        it.csms.forget()
        it.box[2].unplug()
        await it.ended("EVDisconnected")


async def test_unlocking(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.box[2].plug()
        await it.status("Preparing", 2)
        assert await unlock(it, 2) == "Unlocked"
        await it.until(lambda: it.box[2].unlocked == 1)
        await it.status("Available", 2)
        it.box[1].stuck = True
        it.box[1].plug()
        await it.status("Preparing", 1)
        assert await unlock(it, 1) == "UnlockFailed"
        assert await unlock(it, 7) == ("UnknownConnector" if it.newer else "NotSupported")


async def test_unlocking_under_a_transaction(new: Start) -> None:
    """2.0.1 refuses (F05.FR.02), 1.6 ends it."""
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        if it.newer:
            assert await unlock(it) == "OngoingAuthorizedTransaction"
            it.csms.forget()
            it.box[1].unplug()
            await it.ended("EVDisconnected")
            return
        assert await unlock(it) == "Unlocked"
        await it.ended("UnlockCommand")


async def test_a_fault_of_a_free_connector_and_its_end(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.csms.aside.add("NotifyEvent")
        it.box[1].fault("GroundFailure")
        said = await it.status("Faulted")
        assert it.newer or said["errorCode"] == "GroundFailure"
        it.box[1].mend()
        said = await it.status("Available")
        assert it.newer or said["errorCode"] == "NoError"


async def test_a_fault_in_the_maker_s_own_words(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        it.box[2].fault("the door is open")
        said = await it.status("Faulted", 2)
        assert said["errorCode"] == "OtherError"
        assert "the door is open" in said["info"]
        it.box[2].mend()
        await it.status("Available", 2)


async def test_a_fault_during_charging(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("NotifyEvent")
        await it.charge()
        it.box[1].fault("HighTemperature")
        await it.status("Faulted")
        await asyncio.sleep(1)
        it.box[1].mend()
        await it.status("Charging")
        await it.until(lambda: it.box[1].current_a > 0, says="charging again")
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_car_that_leaves_a_faulted_connector(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("NotifyEvent")
        await it.charge()
        it.box[1].fault("GroundFailure")
        await it.status("Faulted")
        it.box[1].unplug()
        await asyncio.sleep(1)
        it.box[1].mend()
        await it.ended("EVDisconnected")
        await it.status("Available")
