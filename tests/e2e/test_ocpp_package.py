"""The `ocpp` package's own ChargePoint as the CSMS: a whole session in each version, checked against its schemas."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import ocpp.v16 as v16
import ocpp.v16.call as call16
import ocpp.v16.call_result as result16
import ocpp.v201 as v201
import ocpp.v201.call as call201
import ocpp.v201.call_result as result201
from ocpp.messages import Call
from ocpp.routing import on
from websockets.asyncio.server import ServerConnection, serve

from hub.simulate.ev import Car
from tests.e2e.world import World

NOW = "2026-01-01T00:00:00.123456"
"""Without a zone, as Python's utcnow() writes it."""
TOKEN = {"idToken": "APP-1", "type": "Central"}


class Csms201(v201.ChargePoint):
    """Accepts everything."""

    events: list[dict[str, Any]]

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return result201.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return result201.Heartbeat(current_time=NOW)

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result201.StatusNotification()

    @on("NotifyReport")
    def report(self, **_: Any) -> Any:
        self.events.append({"report": True})
        return result201.NotifyReport()

    @on("SecurityEventNotification")
    def security(self, **_: Any) -> Any:
        return result201.SecurityEventNotification()

    @on("Authorize")
    def authorize(self, **_: Any) -> Any:
        return result201.Authorize(id_token_info={"status": "Accepted"})

    @on("TransactionEvent")
    def transaction(self, **event: Any) -> Any:
        self.events.append(event)
        return result201.TransactionEvent()

    @on("NotifyEvent")
    def notify(self, **_: Any) -> Any:
        return result201.NotifyEvent()


class Csms16(v16.ChargePoint):
    """Accepts everything."""

    events: list[dict[str, Any]]

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return result16.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return result16.Heartbeat(current_time=NOW)

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result16.StatusNotification()

    @on("SecurityEventNotification")
    def security(self, **_: Any) -> Any:
        return result16.SecurityEventNotification()

    @on("Authorize")
    def authorize(self, **_: Any) -> Any:
        return result16.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    def start_transaction(self, **event: Any) -> Any:
        self.events.append({"event_type": "Started", **event})
        return result16.StartTransaction(transaction_id=7, id_tag_info={"status": "Accepted"})

    @on("MeterValues")
    def meter_values(self, **event: Any) -> Any:
        self.events.append({"event_type": "Updated", **event})
        return result16.MeterValues()

    @on("StopTransaction")
    def stop_transaction(self, **event: Any) -> Any:
        self.events.append({"event_type": "Ended", **event})
        return result16.StopTransaction()


class Wire:
    """websockets as the package wants it."""

    def __init__(self, link: ServerConnection) -> None:
        self._link = link

    async def recv(self) -> str:
        text = await self._link.recv()
        assert isinstance(text, str)
        return text

    async def send(self, text: str) -> None:
        await self._link.send(text)


@asynccontextmanager
async def site(folder: Path, version: str, kind: Callable[..., Any]) -> AsyncIterator[tuple[World, Any]]:
    """A hub with a KEBA, and the package's side of its connection."""
    points: list[Any] = []

    async def serving(link: ServerConnection) -> None:
        point = kind("garage", Wire(link))
        point.events = []
        points.append(point)
        try:
            while True:
                await point.route_message(await link.recv())
        finally:
            points.remove(point)

    more = f", csms: {{versions: [{version}]}}"
    world = World(folder, {"garage": ("keba/p30", {}, more)})
    server = await serve(serving, "127.0.0.1", 0, subprotocols=[version])  # type: ignore[list-item]
    world.csms.start = lambda: asyncio.sleep(0, server.sockets[0].getsockname()[1])  # type: ignore[method-assign, assignment]
    async with world:
        await world.until(lambda: world.status("garage") == "available" and points)
        yield world, points[0]
    server.close()
    await server.wait_closed()


def kinds(point: Any) -> list[str]:
    return [event["event_type"] for event in point.events if "event_type" in event]


async def test_a_session_in_2_0_1(tmp_path: Path) -> None:
    async with site(tmp_path, "ocpp2.0.1", Csms201) as (world, point):
        garage = world.chargers["garage"]
        garage.plug(Car(needs_wh=50_000))
        await world.until(lambda: world.status("garage") == "preparing")
        request = call201.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1)
        assert (await point.call(request, suppress=False)).status == "Accepted"
        await world.until(lambda: garage.outlets[1].current_a == 16)
        period = {"start_period": 0, "limit": 9.0}
        schedule = [{"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [period]}]
        profile = {
            "id": 1,
            "stack_level": 0,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Relative",
            "charging_schedule": schedule,
        }
        request = call201.SetChargingProfile(evse_id=1, charging_profile=profile)
        assert (await point.call(request, suppress=False)).status == "Accepted"
        await world.until(lambda: garage.outlets[1].limit_a == 9)
        asked = call201.GetCompositeSchedule(duration=600, evse_id=1)
        composite = await point.call(asked, suppress=False)
        assert composite.schedule["charging_schedule_period"][0]["limit"] == 9
        variable = {"component": {"name": "TxCtrlr"}, "variable": {"name": "StopTxOnInvalidId"}}
        read = await point.call(call201.GetVariables(get_variable_data=[variable]), suppress=False)
        assert read.get_variable_result[0]["attribute_status"] == "Accepted"
        report = call201.GetBaseReport(request_id=1, report_base="FullInventory")
        assert (await point.call(report, suppress=False)).status == "Accepted"
        await world.until(lambda: {"report": True} in point.events)
        transaction = next(e["transaction_info"]["transaction_id"] for e in point.events if "event_type" in e)
        stop = call201.RequestStopTransaction(transaction_id=transaction)
        assert (await point.call(stop, suppress=False)).status == "Accepted"
        await world.until(lambda: "Ended" in kinds(point) or not garage.outlets[1].enabled)
        garage.unplug()
        await world.until(lambda: kinds(point)[-1:] == ["Ended"])
        assert (await point.call(call201.Reset(type="OnIdle"), suppress=False)).status == "Accepted"
        assert kinds(point)[0] == "Started"
        assert [e["seq_no"] for e in point.events if "seq_no" in e and "event_type" in e] == list(
            range(len(kinds(point)))
        )


async def test_a_session_in_1_6(tmp_path: Path) -> None:
    async with site(tmp_path, "ocpp1.6", Csms16) as (world, point):
        garage = world.chargers["garage"]
        garage.plug(Car(needs_wh=50_000))
        await world.until(lambda: world.status("garage") == "preparing")
        start = call16.RemoteStartTransaction(id_tag="APP-1", connector_id=1)
        assert (await point.call(start, suppress=False)).status == "Accepted"
        await world.until(lambda: garage.outlets[1].current_a == 16)
        await world.until(lambda: "Started" in kinds(point))
        period = {"start_period": 0, "limit": 9.0}
        profile = {
            "charging_profile_id": 1,
            "stack_level": 0,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Relative",
            "charging_schedule": {"charging_rate_unit": "A", "charging_schedule_period": [period]},
        }
        limit = call16.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)
        assert (await point.call(limit, suppress=False)).status == "Accepted"
        await world.until(lambda: garage.outlets[1].limit_a == 9)
        keys = await point.call(
            call16.GetConfiguration(key=["HeartbeatInterval", "Nonsense"]), suppress=False
        )
        assert keys.configuration_key[0]["key"] == "HeartbeatInterval"
        assert keys.unknown_key == ["Nonsense"]
        changed = call16.ChangeConfiguration(key="HeartbeatInterval", value="60")
        assert (await point.call(changed, suppress=False)).status == "Accepted"
        trigger = call16.TriggerMessage(requested_message="MeterValues", connector_id=1)
        assert (await point.call(trigger, suppress=False)).status == "Accepted"
        await world.until(lambda: "Updated" in kinds(point))
        stop = call16.RemoteStopTransaction(transaction_id=7)
        assert (await point.call(stop, suppress=False)).status == "Accepted"
        await world.until(lambda: "Ended" in kinds(point))
        assert point.events[-1]["transaction_id"] == 7
        assert (await point.call(call16.Reset(type="Soft"), suppress=False)).status == "Accepted"


def test_the_package_speaks_our_frames() -> None:
    assert Call("1", "Heartbeat", {}).to_json() == '[2,"1","Heartbeat",{}]'
