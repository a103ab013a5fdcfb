"""Reservations; local list and cache."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, OTHER, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def after(seconds: float) -> str:
    return (
        (datetime.now(UTC) + timedelta(seconds=seconds))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


async def reserve(
    it: Site, evse: int, card: str = CARD, *, seconds: float = 60, group: str | None = None
) -> str:
    """Evse 0: anywhere."""
    if it.newer:
        asked: Payload = {
            "id": 9,
            "expiryDateTime": after(seconds),
            "idToken": {"idToken": card, "type": "ISO14443"},
        }
        asked |= {"evseId": evse} if evse else {}
        asked |= {"groupIdToken": {"idToken": group, "type": "Central"}} if group else {}
    else:
        asked = {"reservationId": 9, "expiryDate": after(seconds), "idTag": card, "connectorId": evse}
        asked |= {"parentIdTag": group} if group else {}
    return str((await it.csms.call("ReserveNow", **asked))["status"])


async def whole_list(it: Site, version: int, *cards: str, kind: str = "Full") -> str:
    if it.newer:
        entries: list[Payload] = [
            {"idToken": {"idToken": card, "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}
            for card in cards
        ]
        asked: Payload = {"versionNumber": version, "updateType": kind}
    else:
        entries = [{"idTag": card, "idTagInfo": {"status": "Accepted"}} for card in cards]
        asked = {"listVersion": version, "updateType": kind}
    if entries:
        asked["localAuthorizationList"] = entries
    return str((await it.csms.call("SendLocalList", **asked))["status"])


async def list_version(it: Site) -> int:
    answer = await it.csms.call("GetLocalListVersion")
    return int(answer["versionNumber"] if it.newer else answer["listVersion"])


async def test_a_reserved_connector_is_for_its_card_alone(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        assert await reserve(it, 1) == "Accepted"
        await it.status("Reserved")
        it.box[1].plug()
        await asyncio.sleep(0.6)
        it.box[1].swipe(OTHER)
        await asyncio.sleep(2)
        assert it.box[1].current_a == 0
        await it.swipe(CARD)
        said = await it.started()
        if it.newer:
            assert said["reservationId"] == 9
        else:
            assert said["reservationId"] == 9
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.status("Available")


async def test_a_reservation_expires(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert await reserve(it, 2, seconds=2) == "Accepted"
        await it.status("Reserved", 2)
        await it.status("Available", 2, within=5)
        if it.newer:
            await it.csms.expect(
                "ReservationStatusUpdate", reservationId=9, reservationUpdateStatus="Expired"
            )


async def test_a_reservation_is_cancelled(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await reserve(it, 1)
        await it.status("Reserved")
        assert (await it.csms.call("CancelReservation", reservationId=1))["status"] == "Rejected"
        assert (await it.csms.call("CancelReservation", reservationId=9))["status"] == "Accepted"
        await it.status("Available")


async def test_the_group_may_use_a_reservation(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.answers["Authorize"] = it.of_the_fleet()
        assert await reserve(it, 1, group="FLEET") == "Accepted"
        await it.status("Reserved")
        it.box[1].plug()
        await asyncio.sleep(0.6)
        it.box[1].swipe(OTHER)
        await it.authorized(OTHER)
        said = await it.started()
        assert said["reservationId"] == 9
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_what_cannot_be_reserved(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("NotifyEvent")
        await it.charge(1)
        assert await reserve(it, 1) == "Occupied"
        it.box[2].fault("GroundFailure")
        await it.status("Faulted", 2)
        assert await reserve(it, 2) == "Faulted"
        it.box[2].mend()
        await it.status("Available", 2)
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        await it.status("Available", 1)
        if it.newer:
            asked: Payload = {"operationalStatus": "Inoperative", "evse": {"id": 2}}
        else:
            asked = {"type": "Inoperative", "connectorId": 2}
        await it.csms.call("ChangeAvailability", **asked)
        await it.status("Unavailable", 2)
        assert await reserve(it, 2) == "Unavailable"


async def test_a_reservation_outlives_the_hub(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await reserve(it, 2)
        await it.status("Reserved", 2)
        await it.killed()
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.status("Available", 1)
        await it.status("Reserved", 2)


async def test_a_fault_ends_a_reservation(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.csms.aside.add("NotifyEvent")
        await reserve(it, 1)
        await it.status("Reserved")
        it.box[1].fault("GroundFailure")
        await it.csms.expect("ReservationStatusUpdate", reservationId=9, reservationUpdateStatus="Removed")
        await it.status("Faulted")


async def test_a_reservation_of_any_evse_keeps_the_last_one(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        assert await reserve(it, 0) == "Accepted"
        await it.csms.silence(0.5, "StatusNotification")
        await it.charge(1, OTHER, asks=False)
        it.box[2].plug()
        await asyncio.sleep(0.6)
        it.box[2].swipe("DEADBEEF")
        await asyncio.sleep(2)
        assert it.box[2].current_a == 0
        await it.swipe(CARD, 2)
        said = await it.started(2)
        assert said["reservationId"] == 9
        for evse in (1, 2):
            it.box[evse].unplug()
            await it.ended("EVDisconnected")


async def test_the_local_list_lets_in_offline(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        if not it.newer:
            assert await it.set("LocalAuthListEnabled", True) == "Accepted"
        else:
            assert await it.set("LocalAuthListCtrlr.Enabled", True) == "Accepted"
        assert await list_version(it) == 0
        assert await whole_list(it, 3, CARD, OTHER) == "Accepted"
        assert await list_version(it) == 3
        it.wire.set("down")
        await it.csms.gone()
        it.box[1].plug()
        await asyncio.sleep(0.6)
        it.box[1].swipe(CARD)
        await it.until(lambda: it.box[1].current_a > 0)
        it.csms.aside.add("Authorize")
        it.wire.set("up")
        await it.started(within=20)
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_list_that_does_not_follow_is_refused(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await it.set("LocalAuthListCtrlr.Enabled" if it.newer else "LocalAuthListEnabled", True)
        assert await whole_list(it, 5, CARD) == "Accepted"
        assert await whole_list(it, 4, OTHER, kind="Differential") == "VersionMismatch"
        assert await list_version(it) == 5
        assert await whole_list(it, 6, OTHER, kind="Differential") == "Accepted"
        assert await list_version(it) == 6
        assert await whole_list(it, 7) == "Accepted"
        assert await list_version(it) in (0, 7)
        await it.killed()
        await it.hub.start()
        await it.boot()
        assert await list_version(it) in (0, 7)


async def test_the_cache_is_cleared(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        assert (await it.csms.call("ClearCache"))["status"] == "Accepted"
        it.wire.set("down")
        await it.csms.gone()
        it.box[1].plug()
        await asyncio.sleep(0.6)
        await it.swipe()
        await asyncio.sleep(2)
        assert it.box[1].current_a == 0
        it.wire.set("up")
        await it.csms.connected()
