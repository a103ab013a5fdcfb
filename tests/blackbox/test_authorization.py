"""Who may charge, when the CSMS has more to say than Accepted."""

import asyncio
from typing import Any

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.site import CARD, OTHER, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def info(it: Site, status: str = "Accepted", **more: Any) -> dict[str, Any]:
    return {"idTokenInfo" if it.newer else "idTagInfo": {"status": status} | more}


async def end(it: Site, evse: int = 1) -> None:
    it.box[evse].unplug()
    await it.ended("EVDisconnected")


@pytest.mark.parametrize("status", ["Invalid", "Expired", "Blocked", "ConcurrentTx"])
async def test_whatever_is_not_accepted_is_refused(new: Start, status: str) -> None:
    async with new() as it:
        await it.boot()
        it.csms.answers["Authorize"] = info(it, status)
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.csms.silence(1.5)
        assert it.box[1].current_a == 0


async def test_an_expired_cache_entry_is_asked_about(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        past = "2020-01-01T00:00:00Z"
        more = {"cacheExpiryDateTime": past} if it.newer else {"expiryDate": "2099-01-01T00:00:00Z"}
        it.csms.answers["Authorize"] = info(it, **more)
        if it.newer:
            it.csms.answers["TransactionEvent"] = lambda said: info(it, **more) if "idToken" in said else {}
        await it.charge()
        await end(it)
        await it.status("Available")
        await asyncio.sleep(1)
        if it.newer:
            await it.charge()
        else:
            await it.charge(asks=False)
        await end(it)


async def test_local_pre_authorization_needs_no_question(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        name = "AuthCtrlr.LocalPreAuthorize" if it.newer else "LocalPreAuthorize"
        assert await it.set(name, True) == "Accepted"
        await it.charge()
        await end(it)
        await it.status("Available")
        await asyncio.sleep(1)
        await it.charge(asks=False)
        assert not [each for each in it.csms.said if each.action == "Authorize" and not each.taken]
        await end(it)


async def test_without_local_pre_authorization_every_card_is_asked_about(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        name = "AuthCtrlr.LocalPreAuthorize" if it.newer else "LocalPreAuthorize"
        assert await it.set(name, False) == "Accepted"
        for _ in range(2):
            await it.charge()
            await end(it)
            await it.status("Available")
            await asyncio.sleep(1)


async def test_a_remote_start_may_have_to_be_authorized(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        name = "AuthCtrlr.AuthorizeRemoteStart" if it.newer else "AuthorizeRemoteTxRequests"
        token = {"idToken": CARD, "type": "ISO14443"}
        for wanted in (True, False):
            assert await it.set(name, wanted) == "Accepted"
            await it.csms.call("ClearCache")
            it.box[1].plug()
            await it.status("Preparing")
            if it.newer:
                await it.csms.call("RequestStartTransaction", idToken=token, remoteStartId=1, evseId=1)
            else:
                await it.csms.call("RemoteStartTransaction", idTag=CARD, connectorId=1)
            if wanted:
                await it.authorized()
            await it.started()
            await end(it)
            await it.status("Available")


async def test_an_invalid_id_may_go_on_without_energy(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        name = "TxCtrlr.StopTxOnInvalidId" if it.newer else "StopTransactionOnInvalidId"
        assert await it.set(name, False) == "Accepted"
        if it.newer:
            it.csms.answers["TransactionEvent"] = lambda said: (
                info(it, "Invalid") if "idToken" in said else {}
            )
        else:
            it.csms.answers["StartTransaction"] = info(it, "Invalid") | {"transactionId": 4711}
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        await it.started()
        await asyncio.sleep(2)
        assert it.box[1].current_a == 0
        await it.csms.silence(0.1, "StopTransaction", "TransactionEvent:Ended")
        it.box[1].unplug()
        if it.newer:
            said = await it.csms.expect("TransactionEvent", eventType="Ended")
            reason = said["transactionInfo"]["stoppedReason"]
        else:
            reason = (await it.csms.expect("StopTransaction"))["reason"]
        assert reason in ("EVDisconnected", "DeAuthorized")


async def test_the_master_pass_ends_what_runs(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        assert await it.set("AuthCtrlr.MasterPassGroupId", "MASTER") == "Accepted"
        await it.charge()
        master = info(it, groupIdToken={"idToken": "MASTER", "type": "Central"})
        it.csms.answers["Authorize"] = master
        it.csms.answers["TransactionEvent"] = lambda said: master if "idToken" in said else {}
        await it.swipe(OTHER)
        await it.authorized(OTHER)
        await it.ended("MasterPass")
        it.box[1].unplug()
        await it.status("Available")
        it.box[1].plug()
        await it.status("Preparing")
        await it.swipe(OTHER)
        await asyncio.sleep(1.5)
        assert it.box[1].current_a == 0
        it.csms.aside.add("Authorize")


async def test_one_card_at_two_sockets(new: Start) -> None:
    """Nothing forbids it; the CSMS may (ConcurrentTx)."""
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        await it.charge(1)
        await it.charge(2, asks=False)
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await end(it, 2)


async def test_a_car_that_is_plugged_out_before_the_csms_has_answered(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()

        async def late(_: Any) -> dict[str, Any]:
            await asyncio.sleep(2)
            return info(it)

        it.csms.answers["Authorize"] = late
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe(CARD)
        await it.authorized()
        it.box[1].unplug()
        await asyncio.sleep(3)
        assert it.box[1].current_a == 0
        await it.csms.silence(0.1, "StartTransaction", "TransactionEvent:Started")
