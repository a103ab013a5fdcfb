"""Clocks that differ, stations that are told to wait, CSMSs that are odd."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from ocpp.exceptions import InternalError

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Csms, Payload
from tests.blackbox.site import CARD, OTHER, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


async def cuts(it: Site) -> None:
    it.wire.set("down")
    await it.csms.gone()
    it.wire.set("up")
    await it.csms.connected()


async def test_the_clock_of_the_csms_is_followed(new: Start) -> None:
    def answer(_: Payload) -> Payload:
        there = datetime.now(UTC) + timedelta(hours=3)
        return {"currentTime": there.isoformat(), "interval": 60, "status": "Accepted"}

    async with new(start=False) as it:
        it.csms.answers["BootNotification"] = answer
        it.csms.answers["Heartbeat"] = lambda _: {"currentTime": answer({})["currentTime"]}
        await it.hub.start()
        await it.boot()
        it.calm()
        said = await it.charge()
        ahead = datetime.fromisoformat(said["timestamp"]) - datetime.now(UTC)
        assert timedelta(hours=2, minutes=59) < ahead < timedelta(hours=3, minutes=1)
        it.box[1].unplug()
        last = await it.ended("EVDisconnected")
        assert last["timestamp"] > said["timestamp"]


async def test_a_card_that_nobody_answers_for(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.answers["Authorize"] = InternalError()
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await asyncio.sleep(1.5)
        assert it.box[1].current_a == 0
        del it.csms.answers["Authorize"]
        await it.swipe(OTHER)
        await it.authorized(OTHER)
        await it.started()
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_the_wire_is_cut_while_the_csms_is_asked(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.answers["Authorize"] = None
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await cuts(it)
        await asyncio.sleep(1.5)
        assert it.box[1].current_a == 0
        del it.csms.answers["Authorize"]
        it.csms.aside.add("Authorize")
        await it.swipe()
        await it.started()
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_the_wire_is_cut_while_the_start_is_told(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        action, first = await it.begins_unanswered()
        del it.csms.answers[action]
        await cuts(it)
        again = await it.started()
        if it.newer:
            assert again["transactionInfo"]["transactionId"] == first["transactionInfo"]["transactionId"]
            assert again["seqNo"] == first["seqNo"]
        assert again["timestamp"] == first["timestamp"]
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.csms.silence(1, "StartTransaction", "TransactionEvent:Started")


async def test_a_csms_that_gives_1_6_and_2_0_1_gets_what_it_chooses(new16: Start) -> None:
    async with new16(csms={"versions": ["ocpp2.0.1", "ocpp1.6"]}) as it:
        said = await it.boot()
        assert said["chargePointVendor"] == "Acme"


async def test_a_csms_that_restarts_in_mid_transaction(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await it.csms.stop()
        await it.csms.gone()
        it.box[1].unplug()
        await asyncio.sleep(1)
        await it.csms.start()
        await it.csms.connected(within=25)
        await it.ended("EVDisconnected", within=15)


async def test_the_wire_flaps(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        for _ in range(5):
            it.wire.set("down")
            await asyncio.sleep(0.3)
            it.wire.set("up")
            await it.csms.connected(within=25)
        assert it.box[1].current_a > 0
        it.box[1].unplug()
        await it.ended("EVDisconnected", within=20)
        await it.csms.silence(1, "StartTransaction", "TransactionEvent:Started", "BootNotification")


async def test_a_slow_wire(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.wire.delay_s = 0.4
        await it.charge()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        it.wire.delay_s = 0


async def test_two_stations_of_one_identity_do_not_talk_at_once(new: Start, version: str) -> None:
    """A CSMS closes the old connection when the new one comes; here there is only ever one."""
    async with new(station=Csms((version,))) as it:
        await it.boot()
        await cuts(it)
        await asyncio.sleep(1)
        assert it.csms.connections == 2
