"""Transactions from their begin to their end, and why they end."""

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, OTHER, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def transaction(said: Payload) -> str | int:
    """As the CSMS has to name it later."""
    return said["transactionInfo"]["transactionId"] if "transactionInfo" in said else 4711


async def remote_start(it: Site, evse: int | None = 1, card: str = CARD) -> str:
    if it.newer:
        asked: Payload = {"idToken": {"idToken": card, "type": "ISO14443"}, "remoteStartId": 77}
        asked |= {"evseId": evse} if evse else {}
        return str((await it.csms.call("RequestStartTransaction", **asked))["status"])
    asked = {"idTag": card} | ({"connectorId": evse} if evse else {})
    return str((await it.csms.call("RemoteStartTransaction", **asked))["status"])


async def remote_stop(it: Site, number: str | int) -> str:
    action = "RequestStopTransaction" if it.newer else "RemoteStopTransaction"
    return str((await it.csms.call(action, transactionId=number))["status"])


async def test_cable_first_then_card(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        said = await it.charge()
        if not it.newer:
            assert said["idTag"] == CARD
            assert said["meterStart"] >= 1000
            assert "reservationId" not in said
        assert it.box[1].limits[-1] == 32
        await it.swipe()
        said = await it.ended("Local")
        await it.until(lambda: it.box[1].limit_a == 0, says="the end at the charger")
        if not it.newer:
            assert said["transactionId"] == 4711
            assert said["meterStop"] > 1000
            await it.status("Finishing", 1)
        it.box[1].unplug()
        await it.status("Available", 1)


async def test_card_first_then_cable(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.hub.cmd("authorize", id_token=CARD, evse=1)
        await it.authorized()
        if not it.newer:
            await it.status("Preparing", 1)
        it.box[1].plug()
        await it.started()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.status("Available", 1)


async def test_a_card_without_a_cable_is_forgotten_in_time(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.set("TxCtrlr.EVConnectionTimeOut" if it.newer else "ConnectionTimeOut", 2)
        await it.hub.cmd("authorize", id_token=CARD, evse=1)
        await it.authorized()
        if not it.newer:
            await it.status("Preparing", 1)
            await it.status("Available", 1, within=5)
        else:
            await it.csms.silence(3)
        it.box[1].plug()
        await it.status("Preparing", 1)
        await it.csms.silence(1.5)
        assert it.box[1].current_a == 0


async def test_a_refused_card_gets_nothing(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.csms.answers["Authorize"] = {"idTokenInfo" if it.newer else "idTagInfo": {"status": "Blocked"}}
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.csms.silence(2)
        assert it.box[1].current_a == 0


async def test_another_card_does_not_stop(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box[1].swipe(OTHER)
        await it.csms.silence(2.5, "StopTransaction", "TransactionEvent:Ended")
        assert it.box[1].current_a > 0
        it.csms.forget()
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_the_same_group_may_stop(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        info = it.csms.answers["Authorize"] = it.of_the_fleet()
        if it.newer:
            it.csms.answers["TransactionEvent"] = lambda said: info if "idToken" in said else {}
        else:
            it.csms.answers["StartTransaction"] = info | {"transactionId": 4711}
        await it.charge()
        it.box[1].swipe(OTHER)
        await it.authorized(OTHER)
        said = await it.ended("Local")
        found = said["idToken"]["idToken"] if it.newer else said["idTag"]
        assert found == OTHER


async def test_started_and_stopped_from_afar(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        it.box[1].plug()
        await it.status("Preparing")
        assert await remote_start(it) == "Accepted"
        said = await it.started()
        if it.newer:
            assert said["transactionInfo"]["remoteStartId"] == 77
        await it.until(lambda: it.box[1].current_a > 0)
        assert await remote_stop(it, "nobody's" if it.newer else 99) == "Rejected"
        assert await remote_stop(it, transaction(said)) == "Accepted"
        await it.ended("Remote")
        await it.until(lambda: it.box[1].limit_a == 0)


async def test_a_remote_start_waits_for_the_cable(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        assert await remote_start(it, 2) == "Accepted"
        it.box[2].plug()
        await it.started(2)
        assert await remote_start(it, 2) == "Rejected"
        it.box[2].unplug()
        await it.ended("EVDisconnected")


async def test_a_remote_start_at_an_evse_that_is_not_there(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await remote_start(it, 7) == "Rejected"


async def test_a_token_that_the_start_s_answer_refuses_stops_the_energy(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        invalid = {"status": "Invalid"}
        it.csms.answers["StartTransaction"] = {"transactionId": 4711, "idTagInfo": invalid}
        it.csms.answers["TransactionEvent"] = lambda said: (
            {"idTokenInfo": invalid} if "idToken" in said else {}
        )
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.started()
        await it.ended("DeAuthorized")
        await it.until(lambda: it.box[1].limit_a == 0)


async def test_two_evses_at_once(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        numbers = iter((11, 12))
        if not it.newer:
            it.csms.answers["StartTransaction"] = lambda _: {
                "transactionId": next(numbers),
                "idTagInfo": {"status": "Accepted"},
            }
        await it.charge(1)
        await it.charge(2, OTHER)
        it.box[1].unplug()
        said = await it.ended("EVDisconnected")
        assert it.newer or said["transactionId"] == 11
        assert it.box[2].current_a > 0
        await it.swipe(OTHER, 2)
        said = await it.ended("Local")
        assert it.newer or said["transactionId"] == 12


async def test_a_car_that_pauses_is_told(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.csms.aside.discard("TransactionEvent:Updated")
        it.csms.forget()
        it.box[1].full = True
        if it.newer:
            await it.csms.expect(
                "TransactionEvent", eventType="Updated", transactionInfo={"chargingState": "SuspendedEV"}
            )
        else:
            await it.status("SuspendedEV")
        it.box[1].full = False
        if it.newer:
            await it.csms.expect(
                "TransactionEvent", eventType="Updated", transactionInfo={"chargingState": "Charging"}
            )
        else:
            await it.status("Charging")
        it.calm()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
