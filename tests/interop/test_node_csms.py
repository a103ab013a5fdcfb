"""npm's `ocpp-rpc`, `ocpp-ws-io` (both strict), `ocpp-ts` and its fork as CSMSs: whole sessions, and their schemas have
nothing to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.e2e.world import World
from tests.interop.nodecsms import NodeCsms

pytestmark = pytest.mark.interop

TOKEN = {"idToken": "APP-1", "type": "Central"}
FIRST = 7
"""The number of 1.6's first transaction."""
PERIOD = {"startPeriod": 0, "limit": 9.0}


@asynccontextmanager
async def site(
    folder: Path, node: list[str], script: str, version: str
) -> AsyncIterator[tuple[World, NodeCsms]]:
    """A hub with a KEBA, registered at the CSMS."""
    more = f", csms: {{versions: [{version}]}}"
    world = World(folder, {"garage": ("keba/p30", {}, more)})
    async with NodeCsms(node, script, version) as csms:
        world.csms.start = lambda: asyncio.sleep(0, csms.port)  # type: ignore[method-assign, assignment]
        async with world:
            await world.until(lambda: world.status("garage") == "available")
            await csms.until(lambda: csms.calls("StatusNotification"))
            yield world, csms
        assert csms.complaints() == []


async def plug(world: World) -> Any:
    garage = world.chargers["garage"]
    garage.plug(Car(needs_wh=50_000))
    await world.until(lambda: world.status("garage") == "preparing")
    return garage


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("ocpp_rpc", "ocpp2.0.1"),
        ("ocpp_ts", "ocpp2.0.1"),
        ("ocpp_ws_io", "ocpp2.0.1"),
        ("ocpp_ws_io", "ocpp2.1"),
    ],
)
async def test_a_session_in_2(tmp_path: Path, node: list[str], script: str, version: str) -> None:
    async with site(tmp_path, node, script, version) as (world, csms):
        garage = await plug(world)
        schedule = [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{**PERIOD, "limit": 12.0}]}]
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        started = await csms.ask(
            "RequestStartTransaction", idToken=TOKEN, remoteStartId=1, evseId=1, chargingProfile=profile
        )
        assert started["status"] == "Accepted"
        await world.until(lambda: garage.outlets[1].limit_a == 12)
        await csms.until(lambda: csms.calls("TransactionEvent"))
        number = csms.calls("TransactionEvent")[0]["transactionInfo"]["transactionId"]
        lower = {
            **profile,
            "id": 2,
            "stackLevel": 1,
            "transactionId": number,
            "chargingSchedule": [{**schedule[0], "chargingSchedulePeriod": [PERIOD]}],
        }
        assert (await csms.ask("SetChargingProfile", evseId=1, chargingProfile=lower))["status"] == "Accepted"
        await world.until(lambda: garage.outlets[1].limit_a == 9)
        composite = await csms.ask("GetCompositeSchedule", duration=600, evseId=1)
        assert composite["schedule"]["chargingSchedulePeriod"][0]["limit"] == 9
        await reports(csms)
        await watched(csms)
        assert (await csms.ask("RequestStopTransaction", transactionId=number))["status"] == "Accepted"
        await world.until(lambda: not garage.outlets[1].enabled)
        garage.unplug()
        await csms.until(lambda: csms.calls("TransactionEvent")[-1]["eventType"] == "Ended")
        events = csms.calls("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        await reset(csms, "OnIdle")


async def test_ocpp_ws_io_leads_a_dynamic_profile_in_2_1(tmp_path: Path, node: list[str]) -> None:
    async with site(tmp_path, node, "ocpp_ws_io", "ocpp2.1") as (world, csms):
        garage = await plug(world)
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{**PERIOD, "limit": 12.0}]}
        dynamic = {
            "id": 7,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Dynamic",
            "dynUpdateInterval": 1,
            "chargingSchedule": [schedule],
        }
        put = await csms.ask("SetChargingProfile", evseId=1, chargingProfile=dynamic)
        assert put["status"] == "Accepted"
        await csms.ask("RequestStartTransaction", idToken=TOKEN, remoteStartId=1, evseId=1)
        await csms.until(lambda: csms.calls("PullDynamicScheduleUpdate"))
        await world.until(lambda: garage.outlets[1].limit_a == 8)
        update = await csms.ask("UpdateDynamicSchedule", chargingProfileId=7, scheduleUpdate={"limit": 7.0})
        assert update["status"] == "Accepted"
        found = await csms.ask("GetChargingProfiles", requestId=1, chargingProfile={"chargingProfileId": [7]})
        assert found["status"] == "Accepted"
        await csms.until(lambda: csms.calls("ReportChargingProfiles"))


async def reports(csms: NodeCsms) -> None:
    """The device model, whole and in part, and the profiles that are there."""
    assert (await csms.ask("GetBaseReport", requestId=1, reportBase="FullInventory"))["status"] == "Accepted"
    await csms.until(lambda: any(not part.get("tbc") for part in csms.calls("NotifyReport")))
    rows = [row for part in csms.calls("NotifyReport") for row in part["reportData"]]
    assert len(rows) > 80
    chosen = [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]
    assert (await csms.ask("GetReport", requestId=2, componentVariable=chosen))["status"] == "Accepted"
    await csms.until(lambda: any(part["requestId"] == 2 for part in csms.calls("NotifyReport")))
    profiles = await csms.ask("GetChargingProfiles", requestId=3, chargingProfile={})
    assert profiles["status"] == "Accepted"
    await csms.until(lambda: csms.calls("ReportChargingProfiles"))
    variable = {"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}
    (read,) = (await csms.ask("GetVariables", getVariableData=[variable]))["getVariableResult"]
    assert read["attributeStatus"] == "Accepted"


async def watched(csms: NodeCsms) -> None:
    """A monitor, a message, a customer and a log that can't be delivered."""
    power = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    monitor = {**power, "type": "UpperThreshold", "value": 1000, "severity": 3}
    (result,) = (await csms.ask("SetVariableMonitoring", setMonitoringData=[monitor]))["setMonitoringResult"]
    assert result["status"] == "Accepted"
    await csms.until(lambda: csms.calls("NotifyEvent"))
    assert (await csms.ask("GetMonitoringReport", requestId=4))["status"] == "Accepted"
    await csms.until(lambda: csms.calls("NotifyMonitoringReport"))
    content = {"format": "UTF8", "content": "ようこそ"}
    message = {"id": 1, "priority": "InFront", "message": content}
    assert (await csms.ask("SetDisplayMessage", message=message))["status"] == "Accepted"
    assert (await csms.ask("GetDisplayMessages", requestId=5))["status"] == "Accepted"
    await csms.until(lambda: csms.calls("NotifyDisplayMessages"))
    asked = {"requestId": 6, "report": True, "clear": False, "idToken": TOKEN}
    assert (await csms.ask("CustomerInformation", **asked))["status"] == "Accepted"
    await csms.until(lambda: csms.calls("NotifyCustomerInformation"))
    log = {"remoteLocation": "http://127.0.0.1:1/logs/"}
    assert (await csms.ask("GetLog", logType="SecurityLog", requestId=7, log=log))["status"] == "Accepted"
    await csms.until(lambda: csms.calls("LogStatusNotification")[-1:] != [])
    await csms.until(lambda: csms.calls("LogStatusNotification")[-1]["status"] == "UploadFailure")


async def reset(csms: NodeCsms, kind: str) -> None:
    """The station comes back and registers again."""
    assert (await csms.ask("Reset", type=kind))["status"] == "Accepted"
    await csms.until(lambda: len(csms.calls("BootNotification")) == 2)


@pytest.mark.parametrize("script", ["ocpp_rpc", "ocpp_ts", "ocpp_ws_io", "voltbras_ts_ocpp"])
async def test_a_session_in_1_6(tmp_path: Path, node: list[str], script: str) -> None:
    async with site(tmp_path, node, script, "ocpp1.6") as (world, csms):
        garage = await plug(world)
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
        }
        started = await csms.ask(
            "RemoteStartTransaction", idTag="APP-1", connectorId=1, chargingProfile=profile
        )
        assert started["status"] == "Accepted"
        await world.until(lambda: garage.outlets[1].limit_a == 9)
        await csms.until(lambda: csms.calls("StartTransaction"))
        composite = await csms.ask("GetCompositeSchedule", connectorId=1, duration=600)
        assert composite["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 9
        purpose = {"chargingProfilePurpose": "TxDefaultProfile", "chargingProfileId": 2}
        default = await csms.ask(
            "SetChargingProfile", connectorId=1, csChargingProfiles={**profile, **purpose}
        )
        assert default["status"] == "Accepted"
        keys = await csms.ask("GetConfiguration")
        assert len(keys["configurationKey"]) > 40
        changed = await csms.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="5")
        assert changed["status"] == "Accepted"
        trigger = await csms.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        assert trigger["status"] == "Accepted"
        await csms.until(lambda: csms.calls("MeterValues"))
        await files(csms)
        assert (await csms.ask("RemoteStopTransaction", transactionId=FIRST))["status"] == "Accepted"
        await csms.until(lambda: csms.calls("StopTransaction"))
        assert csms.calls("StopTransaction")[0]["transactionId"] == FIRST
        garage.unplug()
        await reset(csms, "Soft")


async def files(csms: NodeCsms) -> None:
    """Neither diagnostics nor firmware can be delivered, and both are told."""
    answer = await csms.ask("GetDiagnostics", location="http://127.0.0.1:1/")
    assert answer["fileName"]
    await csms.until(lambda: len(csms.calls("DiagnosticsStatusNotification")) == 2)
    await csms.ask("UpdateFirmware", location="http://127.0.0.1:1/x", retrieveDate="2026-01-01T00:00:00Z")
    await csms.until(lambda: len(csms.calls("FirmwareStatusNotification")) == 2)
    statuses = [said["status"] for said in csms.calls("DiagnosticsStatusNotification")]
    assert statuses == ["Uploading", "UploadFailed"]
    statuses = [said["status"] for said in csms.calls("FirmwareStatusNotification")]
    assert statuses == ["Downloading", "DownloadFailed"]
