"""Boot, registration, heartbeats."""

import pytest
from ocpp.exceptions import InternalError

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload, now
from tests.blackbox.site import CARD

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def registering(*statuses: str, interval: int = 2) -> object:
    """One answer after the other, the last for ever."""
    left = list(statuses)

    def answer(_: Payload) -> Payload:
        status = left.pop(0) if len(left) > 1 else left[0]
        return {"currentTime": now(), "interval": 60 if status == "Accepted" else interval, "status": status}

    return answer


async def test_a_station_boots_and_tells_its_connectors(new: Start) -> None:
    async with new() as it:
        said = await it.boot()
        station = said.get("chargingStation", said)
        assert station.get("model", station.get("chargePointModel")) == "Twin"
        assert station.get("vendorName", station.get("chargePointVendor")) == "Acme"
        assert not it.newer or said["reason"] == "PowerUp"
        assert it.csms.path == "/ocpp/twin"


async def test_a_rejected_station_is_silent_for_its_interval(new: Start) -> None:
    async with new(start=False) as it:
        it.csms.answers["BootNotification"] = registering("Rejected", "Accepted")
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        it.box[1].plug()
        it.box[1].swipe(CARD)
        await it.csms.silence(1.5, "StatusNotification", "Authorize", "Heartbeat", "StartTransaction")
        await it.csms.expect("BootNotification", within=5)
        await it.status("Preparing", 1)
        first, second = (each.at for each in it.csms.said if each.action == "BootNotification")
        assert 1.8 <= second - first <= 5
        it.calm()
        it.csms.forget()


async def test_a_pending_station_answers_but_begins_nothing(new: Start) -> None:
    async with new(start=False) as it:
        it.csms.answers["BootNotification"] = registering("Pending", interval=30)
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        assert await it.get("OCPPCommCtrlr.HeartbeatInterval" if it.newer else "HeartbeatInterval") == "300"
        if it.newer:
            asked: Payload = {
                "idToken": {"idToken": CARD, "type": "ISO14443"},
                "remoteStartId": 7,
                "evseId": 1,
            }
            answer = await it.csms.call("RequestStartTransaction", **asked)
        else:
            answer = await it.csms.call("RemoteStartTransaction", idTag=CARD, connectorId=1)
        assert answer["status"] == "Rejected"  # B02.FR.05; 1.6: 4.2
        await it.csms.silence(1, "StatusNotification", "Heartbeat")
        it.csms.answers["BootNotification"] = registering("Accepted")
        answer = await it.csms.call("TriggerMessage", requestedMessage="BootNotification")
        assert answer["status"] == "Accepted"
        said = await it.boot()
        assert not it.newer or said["reason"] == "Triggered"


async def test_heartbeats_keep_to_the_interval_of_the_boot(new: Start) -> None:
    async with new(start=False) as it:
        it.csms.answers["BootNotification"] = lambda _: {
            "currentTime": now(),
            "interval": 1,
            "status": "Accepted",
        }
        await it.hub.start()
        await it.boot()
        for _ in range(3):
            await it.csms.expect("Heartbeat", within=2.5)


async def test_a_boot_that_is_answered_with_an_error_is_tried_again(new: Start) -> None:
    async with new(start=False) as it:
        it.csms.answers["BootNotification"] = InternalError()
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        del it.csms.answers["BootNotification"]
        await it.csms.expect("BootNotification", within=90)
        await it.status("Available", 1)


async def test_a_station_comes_back_when_the_csms_has_restarted(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await it.csms.stop()
        await it.csms.gone()
        await it.csms.start()
        await it.csms.connected()
        assert (await it.csms.call("TriggerMessage", requestedMessage="Heartbeat"))["status"] == "Accepted"
        await it.csms.expect("Heartbeat")
        await it.csms.silence(1, "BootNotification")  # B01: not started anew, so no boot


async def test_triggers_of_every_message(new: Start) -> None:
    async with new() as it:
        await it.boot()
        for message in ("BootNotification", "Heartbeat", "FirmwareStatusNotification", "MeterValues"):
            asked: Payload = {"requestedMessage": message}
            if message == "MeterValues":
                asked |= {"evse": {"id": 1}} if it.newer else {"connectorId": 1}
            answer = await it.csms.call("TriggerMessage", **asked)
            assert answer["status"] == "Accepted" or (it.newer and message == "BootNotification"), message
            if answer["status"] == "Accepted":
                await it.csms.expect(message)
        where: Payload = {"evse": {"id": 2, "connectorId": 1}} if it.newer else {"connectorId": 2}
        await it.csms.call("TriggerMessage", requestedMessage="StatusNotification", **where)
        await it.status("Available", 2)
        where = {"evse": {"id": 9, "connectorId": 1}} if it.newer else {"connectorId": 9}
        answer = await it.csms.call("TriggerMessage", requestedMessage="StatusNotification", **where)
        assert answer["status"] == "Rejected"


async def test_what_no_station_knows_is_refused_with_the_right_error(new: Start) -> None:
    async with new() as it:
        await it.boot()
        assert (await it.csms.call("NoSuchAction"))["error"] in ("NotImplemented", "NotSupported")
        wrong = "FormationViolation" if not it.newer else "FormatViolation"
        found = (await it.csms.call("Reset"))["error"]
        assert found in (
            wrong,
            "OccurrenceConstraintViolation",
            "OccurenceConstraintViolation",
            "ProtocolError",
        )
        answer = await it.csms.call("DataTransfer", vendorId="com.example")
        assert answer["status"] == "UnknownVendorId"
