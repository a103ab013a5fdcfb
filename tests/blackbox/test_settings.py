"""Configuration from both sides: keys and variables by the CSMS, YAML by a person; reports; the device model."""

import asyncio

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


async def report(it: Site, number: int, action: str = "GetBaseReport", **asked: object) -> list[Payload]:
    """All of a report's parts, whose numbers must be in order."""
    answer = await it.csms.call(action, requestId=number, **asked)
    assert answer["status"] == "Accepted", answer
    rows: list[Payload] = []
    part = 0
    while True:
        said = await it.csms.expect("NotifyReport", within=20, requestId=number)
        assert said["seqNo"] == part
        rows += said.get("reportData", [])
        part += 1
        if not said.get("tbc", False):
            return rows


async def test_the_heartbeat_interval_takes_effect(new: Start) -> None:
    async with new() as it:
        await it.boot()
        name = "OCPPCommCtrlr.HeartbeatInterval" if it.newer else "HeartbeatInterval"
        assert await it.set(name, 1) == "Accepted"
        it.csms.forget()
        for _ in range(2):
            await it.csms.expect("Heartbeat", within=4)
        assert await it.get(name) == "1"


async def test_what_a_csms_has_set_outlives_the_hub(new: Start) -> None:
    async with new() as it:
        await it.boot()
        name = "TxCtrlr.EVConnectionTimeOut" if it.newer else "ConnectionTimeOut"
        assert await it.set(name, 33) == "Accepted"
        await it.killed()
        await it.hub.start()
        await it.boot()
        assert await it.get(name) == "33"


async def test_all_keys_are_told(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        answer = await it.csms.call("GetConfiguration")
        keys = {each["key"]: each for each in answer["configurationKey"]}
        required = {
            "AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut", "ConnectorPhaseRotation",
            "GetConfigurationMaxKeys", "HeartbeatInterval", "LocalAuthorizeOffline", "LocalPreAuthorize",
            "MeterValuesAlignedData", "MeterValuesSampledData", "MeterValueSampleInterval", "NumberOfConnectors",
            "ResetRetries", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTxnAlignedData",
            "StopTxnSampledData", "SupportedFeatureProfiles", "TransactionMessageAttempts",
            "TransactionMessageRetryInterval", "UnlockConnectorOnEVSideDisconnect", "LocalAuthListEnabled",
            "LocalAuthListMaxLength", "SendLocalListMaxLength", "ChargeProfileMaxStackLevel",
            "ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods", "MaxChargingProfilesInstalled",
        }  # fmt: skip
        assert required <= set(keys)
        assert keys["NumberOfConnectors"] == {"key": "NumberOfConnectors", "readonly": True, "value": "2"}
        answer = await it.csms.call("GetConfiguration", key=["HeartbeatInterval", "Nonsense"])
        assert answer["unknownKey"] == ["Nonsense"]


async def test_keys_that_cannot_be_set(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        assert await it.set("Nonsense", 1) == "NotSupported"
        assert await it.set("NumberOfConnectors", 3) == "Rejected"
        assert await it.set("HeartbeatInterval", "often") == "Rejected"
        assert await it.set("HeartbeatInterval", -1) == "Rejected"
        assert "AuthorizationKey" not in {
            each["key"]
            for each in (await it.csms.call("GetConfiguration"))["configurationKey"]
            if each.get("value")
        }


async def test_variables_that_cannot_be_set(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        for name, value, status in (
            ("Nonsense.Variable", 1, "UnknownComponent"),
            ("OCPPCommCtrlr.Nonsense", 1, "UnknownVariable"),
            ("OCPPCommCtrlr.HeartbeatInterval", "often", "Rejected"),
            ("ChargingStation.AvailabilityState", "Available", "Rejected"),
            ("DeviceDataCtrlr.ItemsPerMessage", "3", "UnknownVariable"),
        ):
            found = await it.set(name, value)
            assert found == status or (status == "UnknownVariable" and found == "Rejected"), (name, found)


async def test_the_base_reports(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        full = await report(it, 1, reportBase="FullInventory")
        names = {(row["component"]["name"], row["variable"]["name"]) for row in full}
        wanted = {
            ("ChargingStation", "AvailabilityState"), ("EVSE", "AvailabilityState"), ("Connector", "AvailabilityState"),
            ("EVSE", "Power"), ("Connector", "ConnectorType"), ("EVSE", "SupplyPhases"), ("ChargingStation", "Model"),
            ("ChargingStation", "VendorName"), ("OCPPCommCtrlr", "OfflineThreshold"), ("TxCtrlr", "TxStartPoint"),
            ("SecurityCtrlr", "SecurityProfile"), ("ClockCtrlr", "DateTime"), ("AuthCtrlr", "AuthorizeRemoteStart"),
            ("DeviceDataCtrlr", "ItemsPerMessage"), ("AlignedDataCtrlr", "Interval"),
        }  # fmt: skip
        assert wanted <= names, wanted - names
        evses = {row["component"]["evse"]["id"] for row in full if row["component"]["name"] == "EVSE"}
        assert evses == {1, 2}
        for row in full:
            for attribute in row["variableAttribute"]:
                assert attribute.get("mutability") != "WriteOnly" or "value" not in attribute
        settings = await report(it, 2, reportBase="ConfigurationInventory")
        assert {(r["component"]["name"], r["variable"]["name"]) for r in settings} <= names
        summary = await it.csms.call("GetBaseReport", requestId=3, reportBase="SummaryInventory")
        assert summary["status"] in ("Accepted", "NotSupported")
        if summary["status"] == "Accepted":
            await it.csms.expect("NotifyReport", requestId=3)


async def test_a_report_of_what_is_asked_for(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        wanted = [
            {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "AvailabilityState"}}
        ]
        rows = await report(it, 4, "GetReport", componentVariable=wanted)
        assert [row["component"]["evse"]["id"] for row in rows] == [2]
        answer = await it.csms.call(
            "GetReport", requestId=5, componentVariable=[{"component": {"name": "Nothing"}}]
        )
        assert answer["status"] == "EmptyResultSet"


async def test_the_start_point_decides_when_it_begins(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        assert await it.set("TxCtrlr.TxStartPoint", "EVConnected") == "Accepted"
        assert await it.set("TxCtrlr.TxStopPoint", "EVConnected") == "Accepted"
        it.box[1].plug()
        said = await it.started(triggerReason="CablePluggedIn", seqNo=0)
        assert said["transactionInfo"]["chargingState"] == "EVConnected"
        assert "idToken" not in said
        await it.swipe()
        await it.authorized()
        await it.csms.expect("TransactionEvent", triggerReason="Authorized", eventType="Updated", seqNo=1)
        await it.csms.expect("TransactionEvent", triggerReason="ChargingStateChanged", seqNo=2)
        await it.swipe()
        await it.csms.expect("TransactionEvent", triggerReason="StopAuthorized", eventType="Updated")
        await it.until(lambda: it.box[1].current_a == 0)
        it.csms.aside.add("TransactionEvent:Updated")
        it.box[1].unplug()
        await it.ended("Local", triggerReason="EVCommunicationLost")


async def test_the_authorized_start_point(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        await it.set("TxCtrlr.TxStartPoint", "Authorized")
        await it.set("TxCtrlr.TxStopPoint", "Authorized")
        await it.set("TxCtrlr.EVConnectionTimeOut", 3)
        await it.hub.cmd("authorize", id_token="04A2B3C4", evse=2)
        await it.authorized()
        said = await it.csms.expect("TransactionEvent", eventType="Started", triggerReason="Authorized")
        assert said["idToken"] == {"idToken": "04A2B3C4", "type": "ISO14443"}
        said = await it.csms.expect(
            "TransactionEvent", within=8, eventType="Ended", triggerReason="EVConnectTimeout"
        )
        assert said["transactionInfo"]["stoppedReason"] == "Timeout"


async def test_a_reload_leaves_the_transaction_alone(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.hub.config["chargers"]["twin"]["limits"] = {"max_current": 10}
        await it.hub.reload()
        it.csms.aside |= {"BootNotification", "NotifyChargingLimit"}
        await it.until(lambda: it.box[1].limit_a == 10, within=15, says="10 A in the register")
        await asyncio.sleep(1)
        it.box[1].unplug()
        await it.ended("EVDisconnected", within=15)


async def test_a_broken_file_changes_nothing(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.hub.config["chargers"]["twin"]["limitz"] = {"max_current": 10}
        await it.hub.reload()
        await it.csms.silence(2, "BootNotification")
        it.box[1].plug()
        await it.status("Preparing")
