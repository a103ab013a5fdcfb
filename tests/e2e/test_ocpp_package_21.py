"""The `ocpp` package's ChargePoint as the CSMS in 2.1: what 2.1 adds, checked against the package's schemas."""

import json
from pathlib import Path
from typing import Any

import ocpp.v21 as v21
import ocpp.v21.call as call21
import ocpp.v21.call_result as result21
from ocpp.routing import on

from hub.ocpp.schemas import schemas
from hub.simulate.ev import Car
from tests.e2e.test_ocpp_package import NOW, site
from tests.e2e.world import World

TOKEN = {"idToken": "APP-1", "type": "Central"}
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def triggers(point: Any) -> list[str]:
    return [event["trigger_reason"] for event in point.events]


def states(point: Any) -> list[str]:
    return [event["transaction_info"].get("charging_state") for event in point.events]


class Csms21(v21.ChargePoint):
    """Accepts everything. `sent`: what came without waiting for an answer, which the package itself doesn't know."""

    events: list[dict[str, Any]]

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sent: list[dict[str, Any]] = []
        self.streams: list[dict[str, Any]] = []
        self.ready = False
        """It has registered, and may be asked."""

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
        self.ready = True
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
        if event["event_type"] == "Started":
            return result21.TransactionEvent(transaction_limit={"max_energy": 60_000, "max_time": 86_400})
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
        await world.until(lambda: point.ready)
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


async def begin(world: World, point: Any) -> str:
    """A car comes, and the CSMS lets it charge; the transaction's id."""
    world.chargers["garage"].plug(Car(needs_wh=50_000))
    await world.until(lambda: point.ready and world.status("garage") == "preparing")
    start = call21.RequestStartTransaction(id_token=TOKEN, remote_start_id=1, evse_id=1)
    assert (await point.call(start, suppress=False)).status == "Accepted"
    await world.until(lambda: "Charging" in states(point))
    return str(point.events[0]["transaction_info"]["transaction_id"])


async def test_a_session_with_a_limit_and_a_dynamic_profile(tmp_path: Path) -> None:
    async with site(tmp_path, "ocpp2.1", Csms21) as (world, point):
        transaction = await begin(world, point)
        await world.until(lambda: "LimitSet" in triggers(point))
        (confirmed,) = [event for event in point.events if event["trigger_reason"] == "LimitSet"]
        limit = confirmed["transaction_info"]["transaction_limit"]
        assert limit == {"max_energy": 60_000, "max_time": 86_400}
        period = {"start_period": 0, "limit": 9.0}
        profile = {
            "id": 1,
            "stack_level": 0,
            "charging_profile_purpose": "TxProfile",
            "charging_profile_kind": "Dynamic",
            "transaction_id": transaction,
            "charging_schedule": [{"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [period]}],
        }
        request = call21.SetChargingProfile(evse_id=1, charging_profile=profile)
        assert (await point.call(request, suppress=False)).status == "Accepted"
        await world.until(lambda: world.chargers["garage"].outlets[1].limit_a == 9)
        update = call21.UpdateDynamicSchedule(charging_profile_id=1, schedule_update={"limit": 11.0})
        assert (await point.call(update, suppress=False)).status == "Accepted"
        await world.until(lambda: world.chargers["garage"].outlets[1].limit_a == 11)
        stop = call21.RequestStopTransaction(transaction_id=transaction)
        assert (await point.call(stop, suppress=False)).status == "Accepted"
        await world.until(lambda: point.events[-1]["event_type"] == "Ended")
        assert [event["seq_no"] for event in point.events] == list(range(len(point.events)))


async def test_a_transaction_outlives_the_hub(tmp_path: Path) -> None:
    met: list[Csms21] = []
    async with site(tmp_path, "ocpp2.1", lambda *given: met.append(Csms21(*given)) or met[-1]) as (
        world,
        point,
    ):
        transaction = await begin(world, point)
        await world.stop_hub()
        await world.start_hub()
        await world.until(lambda: met[-1] is not point and "TxResumed" in triggers(met[-1]))
        again = met[-1]
        (resumed,) = [event for event in again.events if event["trigger_reason"] == "TxResumed"]
        assert resumed["event_type"] == "Updated"
        assert resumed["transaction_info"]["transaction_id"] == transaction
        assert resumed["transaction_info"]["charging_state"] == "Charging"
        world.chargers["garage"].unplug()
        await world.until(lambda: again.events[-1]["event_type"] == "Ended")
        numbers = [event["seq_no"] for event in (*point.events, *again.events)]
        assert sorted(set(numbers)) == list(range(len(set(numbers))))


async def test_a_transaction_outlives_a_reset(tmp_path: Path) -> None:
    met: list[Csms21] = []
    async with site(tmp_path, "ocpp2.1", lambda *given: met.append(Csms21(*given)) or met[-1]) as (
        world,
        point,
    ):
        transaction = await begin(world, point)
        reset = call21.Reset(type="ImmediateAndResume")
        assert (await point.call(reset, suppress=False)).status == "Accepted"
        await world.until(lambda: met[-1] is not point and "TxResumed" in triggers(met[-1]))
        assert "ResetCommand" in triggers(point)
        (resumed,) = [event for event in met[-1].events if event["trigger_reason"] == "TxResumed"]
        assert resumed["transaction_info"]["transaction_id"] == transaction
        await world.until(lambda: world.chargers["garage"].outlets[1].current_a > 0)
