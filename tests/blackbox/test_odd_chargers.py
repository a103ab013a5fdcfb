"""Chargers that reboot, fall silent, refuse, don't follow, and count backwards."""

import asyncio
import time

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


async def reset(it: Site) -> str:
    kind = "Immediate" if it.newer else "Hard"
    return str((await it.csms.call("Reset", type=kind))["status"])


async def test_a_reset_during_which_the_charger_is_away(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.box.reboot_s = 2
        assert await reset(it) == "Accepted"
        said = await it.csms.expect("BootNotification", within=25)
        assert not it.newer or said["reason"] == "RemoteReset"
        await it.until(lambda: it.box.reboots == 1)
        await asyncio.sleep(4)
        it.csms.forget()
        it.box[1].plug()
        await it.status("Preparing", within=20)


async def test_a_reset_under_a_transaction_during_which_the_charger_is_away(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box.reboot_s = 2
        assert await reset(it) == "Accepted"
        await it.ended("ImmediateReset" if it.newer else "HardReset")
        await it.csms.expect("BootNotification", within=25)
        await asyncio.sleep(5)
        assert it.box[1].current_a == 0
        assert it.box.reboots == 1
        await it.csms.silence(0.1, "StartTransaction", "TransactionEvent:Started")


async def test_a_silent_charger_answers_its_csms_at_once(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box.silent = True
        begin = time.monotonic()
        for _ in range(20):
            await it.get("OCPPCommCtrlr.HeartbeatInterval" if it.newer else "HeartbeatInterval")
        where: Payload = {"evse": {"id": 1}} if it.newer else {"connectorId": 1}
        await it.csms.call("TriggerMessage", requestedMessage="MeterValues", **where)
        assert time.monotonic() - begin < 2
        it.box.silent = False
        await asyncio.sleep(2)
        it.csms.forget()
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_charger_that_refuses_to_begin(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.box.refuses = True
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.started()
        await asyncio.sleep(1)
        assert it.box[1].current_a == 0
        it.box.refuses = False
        await it.until(lambda: it.box[1].current_a > 0, within=60, says="another try")
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_energy_that_nobody_has_allowed_is_no_transaction(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.box[1].rogue_a = 10
        it.box[1].plug()
        await it.status("Preparing")
        await it.csms.silence(3, "StartTransaction", "TransactionEvent:Started")
        it.box[1].rogue_a = 0


async def test_a_meter_that_runs_back_is_not_believed(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await asyncio.sleep(1)
        it.box[1].energy_wh -= 900
        await asyncio.sleep(0.25)
        it.box[1].energy_wh += 900
        await asyncio.sleep(1)
        it.box[1].unplug()
        said = await it.ended("EVDisconnected")
        if it.newer:
            (end,) = [
                v
                for each in said["meterValue"]
                for v in each["sampledValue"]
                if v["context"] == "Transaction.End"
            ]
            assert end["value"] >= 1000
        else:
            assert said["meterStop"] >= 1000


async def test_a_fault_that_comes_while_out_of_service(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.csms.aside.add("NotifyEvent")
        where: Payload = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        asked = where if it.newer else {"type": "Inoperative", "connectorId": 1}
        await it.csms.call("ChangeAvailability", **asked)
        await it.status("Unavailable")
        it.box[1].fault("GroundFailure")
        await it.status("Faulted")
        it.box[1].mend()
        await it.status("Unavailable")


async def test_an_error_with_which_it_goes_on(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box[1].fault("HighTemperature", stops=False)
        await it.status("Charging", errorCode="HighTemperature")
        it.box[1].mend()
        await it.status("Charging", errorCode="NoError")
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_lock_that_fails_is_told(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        it.box[1].fault("ConnectorLockFailure")
        said = await it.csms.expect("NotifyEvent")
        assert said["eventData"][0]["component"]["name"] == "ConnectorPlugRetentionLock"
        assert said["eventData"][0]["variable"]["name"] == "Problem"


async def test_a_car_that_comes_and_goes_while_the_charger_is_away(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await it.box.power_off()
        await asyncio.sleep(1)
        it.box[1].unplug()
        await it.box.power_on()
        await it.ended("EVDisconnected", within=30)
