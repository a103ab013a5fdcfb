"""Meter values: sampled, aligned with the clock, at the begin and the end."""

import asyncio
from datetime import datetime
from itertools import pairwise

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.site import Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]
ENERGY = "Energy.Active.Import.Register"


def sampled(it: Site, said: Payload) -> list[Payload]:
    return [value for meter in said["meterValue"] for value in meter["sampledValue"]]


async def sample_each(it: Site, seconds: int, measurands: str = ENERGY) -> None:
    names = ("SampledDataCtrlr.TxUpdatedInterval", "SampledDataCtrlr.TxUpdatedMeasurands")
    names = names if it.newer else ("MeterValueSampleInterval", "MeterValuesSampledData")
    assert await it.set(names[0], seconds) == "Accepted"
    assert await it.set(names[1], measurands) == "Accepted"


async def align_each(it: Site, seconds: int) -> None:
    names = ("AlignedDataCtrlr.Interval", "AlignedDataCtrlr.Measurands")
    names = names if it.newer else ("ClockAlignedDataInterval", "MeterValuesAlignedData")
    assert await it.set(names[0], seconds) == "Accepted"
    assert await it.set(names[1], ENERGY) == "Accepted"


async def periodic(it: Site) -> Payload:
    if it.newer:
        return await it.csms.expect(
            "TransactionEvent", triggerReason="MeterValuePeriodic", eventType="Updated"
        )
    return await it.csms.expect("MeterValues", transactionId=4711, connectorId=1)


async def test_samples_come_at_their_interval(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await sample_each(it, 1, f"{ENERGY},Power.Active.Import,Current.Import")
        it.calm()
        await it.charge()
        it.csms.forget()
        times, energies = [], []
        for _ in range(4):
            said = await periodic(it)
            times.append(datetime.fromisoformat(said["meterValue"][0]["timestamp"]))
            values = sampled(it, said)
            energies.append(float(next(v["value"] for v in values if v.get("measurand", ENERGY) == ENERGY)))
            assert {v.get("measurand", ENERGY) for v in values} == {
                ENERGY,
                "Power.Active.Import",
                "Current.Import",
            }
            assert all(v.get("context", "Sample.Periodic") == "Sample.Periodic" for v in values)
            phases = {v.get("phase") for v in values if v.get("measurand") == "Current.Import"}
            assert {"L1", "L2", "L3"} <= phases
        gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
        assert all(0.8 <= gap <= 1.3 for gap in gaps), gaps
        assert energies == sorted(energies)
        assert energies[-1] > energies[0]
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_aligned_values_meet_the_clock(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await align_each(it, 3)
        it.csms.forget()
        for _ in range(2):
            if it.newer:
                said = await it.csms.expect("TransactionEvent", triggerReason="MeterValueClock")
            else:
                said = await it.csms.expect("MeterValues", transactionId=4711)
            stamp = datetime.fromisoformat(said["meterValue"][0]["timestamp"])
            assert stamp.second % 3 == 0, stamp
            assert all(v["context"] == "Sample.Clock" for v in sampled(it, said))
        await align_each(it, 0)
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_aligned_values_of_idle_connectors(new16: Start) -> None:
    async with new16() as it:
        await it.boot()
        await align_each(it, 2)
        found = {(await it.csms.expect("MeterValues", within=5))["connectorId"] for _ in range(2)}
        assert found <= {0, 1, 2}
        assert len(found) == 2
        it.calm()


async def test_the_end_holds_what_is_wanted(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        if it.newer:
            await it.set("SampledDataCtrlr.TxEndedMeasurands", ENERGY)
            await it.set("SampledDataCtrlr.TxStartedMeasurands", ENERGY)
        else:
            await it.set("StopTxnSampledData", ENERGY)
        said = await it.charge()
        if it.newer:
            assert [v["context"] for v in sampled(it, said)] == ["Transaction.Begin"]
        await asyncio.sleep(1)
        it.box[1].unplug()
        said = await it.ended("EVDisconnected")
        if it.newer:
            contexts = [v["context"] for v in sampled(it, said["transactionInfo"] | said)]
            assert contexts == ["Transaction.End"]
        else:
            contexts = [v["context"] for each in said["transactionData"] for v in each["sampledValue"]]
            assert contexts == ["Transaction.Begin", "Transaction.End"]


async def test_meter_values_on_demand(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        it.csms.forget()
        where: Payload = {"evse": {"id": 1}} if it.newer else {"connectorId": 1}
        answer = await it.csms.call("TriggerMessage", requestedMessage="MeterValues", **where)
        assert answer["status"] == "Accepted"
        said = await it.csms.expect("MeterValues")
        assert {v["context"] for v in sampled(it, said)} == {"Trigger"}
        if it.newer:
            answer = await it.csms.call("TriggerMessage", requestedMessage="TransactionEvent", evse={"id": 1})
            assert answer["status"] == "Accepted"
            said = await it.csms.expect("TransactionEvent", triggerReason="Trigger", eventType="Updated")
            assert said["transactionInfo"]["chargingState"] == "Charging"
        it.box[1].unplug()
        await it.ended("EVDisconnected")


async def test_a_measurand_that_nobody_can_measure_is_refused(new: Start) -> None:
    async with new() as it:
        await it.boot()
        name = "SampledDataCtrlr.TxUpdatedMeasurands" if it.newer else "MeterValuesSampledData"
        before = await it.get(name)
        assert await it.set(name, "RPM,Voltage.of.Nothing") == "Rejected"
        assert await it.get(name) == before


async def test_samples_of_an_offline_time_come_in_order(new: Start) -> None:
    async with new() as it:
        await it.boot()
        await sample_each(it, 1)
        it.calm()
        await it.charge()
        it.wire.set("down")
        await it.csms.gone()
        it.csms.forget()
        await asyncio.sleep(3.5)
        it.wire.set("up")
        await it.csms.connected()
        times = []
        for _ in range(3):
            said = await periodic(it)
            times.append(said["meterValue"][0]["timestamp"])
        assert times == sorted(set(times))
        it.box[1].unplug()
        await it.ended("EVDisconnected")
