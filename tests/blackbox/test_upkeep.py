"""Logs, firmware, monitors, customers, messages for drivers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import CARD, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


class Files:
    """An HTTP server that takes what is put, and gives `content` or a 404."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.put: list[bytes] = []
        self.asked = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked += 1
            lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            if head.startswith("GET"):
                body = self.content if self.content is not None else b""
                status = b"200 OK" if self.content is not None else b"404 Not Found"
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
                )
                writer.write(body)
            else:
                if "100-continue" in lines.get("expect", ""):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                if "content-length" in lines:
                    self.put.append(await reader.readexactly(int(lines["content-length"])))
                else:
                    self.put.append(await self._chunks(reader))
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        found = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            found += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return found


@contextlib.asynccontextmanager
async def files() -> AsyncIterator[Files]:
    made = Files()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def soon(seconds: float = 0) -> str:
    when = datetime.now(UTC) + timedelta(seconds=seconds)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def told(it: Site, action: str, *statuses: str, **members: Any) -> None:
    for status in statuses:
        await it.csms.expect(action, within=20, status=status, **members)


@pytest.mark.parametrize("kind", ["SecurityLog", "DiagnosticsLog"])
async def test_a_log_is_uploaded(new: Start, kind: str) -> None:
    async with files() as server, new() as it:
        await it.boot()
        answer = await it.csms.call(
            "GetLog", logType=kind, requestId=5, log={"remoteLocation": f"http://127.0.0.1:{server.port}/in/"}
        )
        assert answer["status"] == "Accepted"
        assert answer["filename"]
        await told(it, "LogStatusNotification", "Uploading", "Uploaded", requestId=5)
        assert len(server.put) == 1
        assert len(server.put[0]) > 20


async def test_diagnostics_of_1_6(new16: Start) -> None:
    async with files() as server, new16() as it:
        await it.boot()
        answer = await it.csms.call("GetDiagnostics", location=f"http://127.0.0.1:{server.port}/in/")
        assert answer["fileName"]
        await told(it, "DiagnosticsStatusNotification", "Uploading", "Uploaded")
        assert len(server.put) == 1


async def test_an_upload_to_nowhere_fails(new: Start) -> None:
    async with new() as it:
        await it.boot()
        answer = await it.csms.call(
            "GetLog",
            logType="SecurityLog",
            requestId=6,
            retries=0,
            log={"remoteLocation": "http://127.0.0.1:1/in/"},
        )
        assert answer["status"] == "Accepted"
        await told(it, "LogStatusNotification", "Uploading", requestId=6)
        said = await it.csms.expect("LogStatusNotification", within=20, requestId=6)
        assert said["status"] in ("UploadFailure", "BadMessage", "PermissionDenied")


async def test_firmware_that_cannot_be_fetched(new: Start) -> None:
    async with files() as server, new() as it:
        await it.boot()
        it.csms.aside.discard("FirmwareStatusNotification")
        where = f"http://127.0.0.1:{server.port}/firmware.bin"
        if not it.newer:
            await it.csms.call(
                "UpdateFirmware", location=where, retrieveDate=soon(), retries=1, retryInterval=1
            )
            await told(it, "FirmwareStatusNotification", "Downloading", "DownloadFailed")
            it.csms.aside.add("FirmwareStatusNotification")
            return
        # Nobody signed it: L01 asks for a signature.
        firmware = {"location": where, "retrieveDateTime": soon()}
        answer = await it.csms.call("UpdateFirmware", requestId=3, firmware=firmware)
        assert answer["status"] in ("Rejected", "InvalidCertificate")


async def test_firmware_with_a_certificate_of_nobody(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        firmware: Payload = {
            "location": "http://127.0.0.1:1/firmware.bin", "retrieveDateTime": soon(),
            "signingCertificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "signature": "AAAA",
        }  # fmt: skip
        answer = await it.csms.call("UpdateFirmware", requestId=3, firmware=firmware)
        assert answer["status"] == "InvalidCertificate"
        await it.csms.expect("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")


async def test_a_delta_monitor_tells(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        place = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
        data = [{"value": 1, "type": "Delta", "severity": 5, **place}]
        answer = await it.csms.call("SetVariableMonitoring", setMonitoringData=data)
        result = answer["setMonitoringResult"][0]
        assert result["status"] == "Accepted"
        number = result["id"]
        it.box[1].plug()
        said = await it.csms.expect("NotifyEvent")
        (event,) = said["eventData"]
        assert event["variableMonitoringId"] == number
        assert event["trigger"] == "Delta"
        assert event["actualValue"] == "Occupied"
        assert event["eventNotificationType"] == "CustomMonitor"
        answer = await it.csms.call("GetMonitoringReport", requestId=1)
        assert answer["status"] == "Accepted"
        report = await it.csms.expect("NotifyMonitoringReport", requestId=1)
        assert report["monitor"][0]["variableMonitoring"][0]["id"] == number
        answer = await it.csms.call("ClearVariableMonitoring", id=[number, 99])
        assert [each["status"] for each in answer["clearMonitoringResult"]] == ["Accepted", "NotFound"]
        it.box[1].unplug()
        await it.csms.silence(1.5, "NotifyEvent")


async def test_a_monitor_of_power_crosses_its_threshold(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        place = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
        data = [{"value": 5000, "type": "UpperThreshold", "severity": 3, **place}]
        answer = await it.csms.call("SetVariableMonitoring", setMonitoringData=data)
        assert answer["setMonitoringResult"][0]["status"] == "Accepted"
        await it.charge()
        said = await it.csms.expect("NotifyEvent")
        assert said["eventData"][0]["trigger"] == "Alerting"
        assert not said["eventData"][0].get("cleared", False)
        it.csms.aside.add("NotifyEvent")
        it.box[1].unplug()
        await it.csms.expect("NotifyEvent", eventData=[{"cleared": True}])
        await it.ended("EVDisconnected")


async def test_what_is_known_of_a_customer(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        token = {"idToken": CARD, "type": "ISO14443"}
        answer = await it.csms.call(
            "CustomerInformation", requestId=2, report=True, clear=True, idToken=token
        )
        assert answer["status"] == "Accepted"
        said = await it.csms.expect("NotifyCustomerInformation", requestId=2)
        assert "cache: Accepted" in said["data"]
        answer = await it.csms.call(
            "CustomerInformation", requestId=3, report=True, clear=False, idToken=token
        )
        said = await it.csms.expect("NotifyCustomerInformation", requestId=3)
        assert said["seqNo"] == 0


async def test_a_message_for_drivers(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        message = {"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Bonjour"}}
        assert (await it.csms.call("SetDisplayMessage", message=message))["status"] == "Accepted"
        await it.hub.state("evhub/twin/evse/1/state", lambda state: state.get("display_message") == "Bonjour")
        assert (await it.csms.call("GetDisplayMessages", requestId=4))["status"] == "Accepted"
        said = await it.csms.expect("NotifyDisplayMessages", requestId=4)
        assert [each["id"] for each in said["messageInfo"]] == [1]
        assert (await it.csms.call("ClearDisplayMessage", id=1))["status"] == "Accepted"
        assert (await it.csms.call("ClearDisplayMessage", id=1))["status"] == "Unknown"


async def test_a_cost_is_shown(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        said = await it.charge()
        number = said["transactionInfo"]["transactionId"]
        await it.csms.call("CostUpdated", totalCost=12.5, transactionId=number)
        await it.hub.state("evhub/twin/evse/1/state", lambda state: state.get("total_cost") == 12.5)
        status = await it.csms.call("GetTransactionStatus", transactionId=number)
        assert status == {"ongoingIndicator": True, "messagesInQueue": False}
        it.box[1].unplug()
        await it.ended("EVDisconnected")
        status = await it.csms.call("GetTransactionStatus", transactionId=number)
        assert status["ongoingIndicator"] is False
