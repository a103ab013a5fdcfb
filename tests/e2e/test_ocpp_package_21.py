"""The `ocpp` package's ChargePoint as the CSMS in 2.1: what 2.1 adds, checked against the package's schemas."""

import json
from pathlib import Path
from typing import Any

import ocpp.v21 as v21
import ocpp.v21.call as call21
import ocpp.v21.call_result as result21
from ocpp.routing import on

from hub.ocpp.schemas import schemas
from tests.e2e.test_ocpp_package import NOW, site

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


class Csms21(v21.ChargePoint):
    """Accepts everything. `sent`: what came without waiting for an answer, which the package itself doesn't know."""

    events: list[dict[str, Any]]

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sent: list[dict[str, Any]] = []
        self.streams: list[dict[str, Any]] = []

    async def route_message(self, raw_msg: Any) -> None:
        frame = json.loads(raw_msg)
        if frame[0] != 6:
            await super().route_message(raw_msg)
            return
        _, _, action, payload = frame
        schemas("2.1").validate(action, "send", payload)
        self.sent.append(payload)

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return result21.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return result21.Heartbeat(current_time=NOW)

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result21.StatusNotification()

    @on("SecurityEventNotification")
    def security(self, **_: Any) -> Any:
        return result21.SecurityEventNotification()

    @on("Authorize")
    def authorize(self, **_: Any) -> Any:
        return result21.Authorize(id_token_info={"status": "Accepted"})

    @on("TransactionEvent")
    def transaction(self, **event: Any) -> Any:
        self.events.append(event)
        return result21.TransactionEvent()

    @on("NotifyEvent")
    def notify(self, **_: Any) -> Any:
        return result21.NotifyEvent()

    @on("OpenPeriodicEventStream")
    def opened(self, constant_stream_data: dict[str, Any], **_: Any) -> Any:
        self.streams.append(constant_stream_data)
        return result21.OpenPeriodicEventStream(status="Accepted")

    @on("ClosePeriodicEventStream")
    def closed(self, id: int, **_: Any) -> Any:
        self.streams = [stream for stream in self.streams if stream["id"] != id]
        return result21.ClosePeriodicEventStream()


async def test_a_monitor_streams_what_it_finds_until_it_is_cleared(tmp_path: Path) -> None:
    async with site(tmp_path, "ocpp2.1", Csms21) as (world, point):
        monitor = {"value": 1, "type": "Periodic", "severity": 8, **POWER}
        wanted = [{**monitor, "periodic_event_stream": {"interval": 60, "values": 2}}]
        answer = await point.call(call21.SetVariableMonitoring(set_monitoring_data=wanted), suppress=False)
        number = answer.set_monitoring_result[0]["id"]
        await world.until(lambda: len(point.sent) >= 2)
        (stream,) = point.streams
        assert stream["variable_monitoring_id"] == number
        assert all(said["id"] == stream["id"] and len(said["data"]) == 2 for said in point.sent)
        opened = await point.call(call21.GetPeriodicEventStream(), suppress=False)
        assert opened.constant_stream_data == [stream]
        slower = call21.AdjustPeriodicEventStream(id=stream["id"], params={"interval": 3600, "values": 0})
        assert (await point.call(slower, suppress=False)).status == "Accepted"
        await point.call(call21.ClearVariableMonitoring(id=[number]), suppress=False)
        await world.until(lambda: not point.streams)
