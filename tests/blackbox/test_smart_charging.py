"""Charging profiles, and what stands in the charger's own register."""

import asyncio
from typing import Any

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload, now
from tests.blackbox.site import Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]


def profile(
    it: Site, number: int, purpose: str, *periods: tuple[int, float], level: int = 0, **more: Any
) -> Payload:
    """`periods`: (start, limit in A). Relative unless `kind` says otherwise."""
    schedule: Payload = {
        "chargingRateUnit": more.get("unit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": at, "limit": limit} for at, limit in periods],
    }
    kind = more.get("kind", "Relative")
    if kind == "Absolute":
        schedule["startSchedule"] = now()
    if "duration" in more:
        schedule["duration"] = more["duration"]
    body: Payload = {"stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": kind}
    if "transaction" in more:
        body["transactionId"] = more["transaction"]
    if it.newer:
        return body | {"id": number, "chargingSchedule": [schedule | {"id": 1}]}
    return body | {"chargingProfileId": number, "chargingSchedule": schedule}


async def install(it: Site, evse: int, body: Payload) -> str:
    if it.newer:
        return str((await it.csms.call("SetChargingProfile", evseId=evse, chargingProfile=body))["status"])
    answer = await it.csms.call("SetChargingProfile", connectorId=evse, csChargingProfiles=body)
    return str(answer["status"])


async def composite(it: Site, evse: int, duration: int = 60, unit: str = "A") -> list[tuple[int, float]]:
    if it.newer:
        answer = await it.csms.call(
            "GetCompositeSchedule", evseId=evse, duration=duration, chargingRateUnit=unit
        )
        schedule = answer["schedule"]
        assert schedule["duration"] == duration
        assert schedule["evseId"] == evse
    else:
        answer = await it.csms.call(
            "GetCompositeSchedule", connectorId=evse, duration=duration, chargingRateUnit=unit
        )
        schedule = answer["chargingSchedule"]
        assert answer["connectorId"] == evse
    assert answer["status"] == "Accepted"
    assert schedule["chargingRateUnit"] == unit
    return [(each["startPeriod"], each["limit"]) for each in schedule["chargingSchedulePeriod"]]


def station_max(it: Site) -> str:
    return "ChargingStationMaxProfile" if it.newer else "ChargePointMaxProfile"


async def told(it: Site, amperes: float, evse: int = 1, within: float = 8) -> None:
    await it.until(lambda: it.box[evse].limit_a == amperes, within, f"{amperes} A in the register")


async def end(it: Site, *evses: int) -> None:
    for evse in evses or (1,):
        it.box[evse].unplug()
        await it.ended("EVDisconnected")


async def test_a_default_profile_is_in_the_register(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        assert await install(it, 0, profile(it, 1, "TxDefaultProfile", (0, 10.0))) == "Accepted"
        await it.charge()
        await told(it, 10)
        assert await install(it, 1, profile(it, 2, "TxDefaultProfile", (0, 12.5), level=1)) == "Accepted"
        await told(it, 12.5)
        await end(it)


async def test_a_profile_of_the_transaction_ends_with_it(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        said = await it.charge()
        number = said["transactionInfo"]["transactionId"] if it.newer else 4711
        await install(it, 1, profile(it, 1, "TxProfile", (0, 8.0), transaction=number))
        await told(it, 8)
        await end(it)
        await it.status("Available")
        await it.charge(asks=False)
        await told(it, 32)
        await end(it)


async def test_a_profile_without_its_transaction_is_rejected(new: Start) -> None:
    async with new() as it:
        await it.boot()
        body = profile(it, 1, "TxProfile", (0, 8.0), transaction="nobody's" if it.newer else 5)
        assert await install(it, 1, body) == "Rejected"
        assert await install(it, 9, profile(it, 1, "TxDefaultProfile", (0, 8.0))) == "Rejected"


async def test_periods_follow_one_another_in_the_register(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        body = profile(it, 1, "TxDefaultProfile", (0, 10.0), (3, 0.0), (6, 16.0), kind="Absolute")
        assert await install(it, 1, body) == "Accepted"
        found = await composite(it, 1)
        assert [limit for _, limit in found] == [10.0, 0.0, 16.0]
        it.box[1].plug()
        await it.status("Preparing")
        it.box[1].swipe("04A2B3C4")
        await it.authorized()
        await it.started(within=15)
        await told(it, 16, within=12)
        limits = it.box[1].limits
        assert limits[-1] == 16
        await end(it)


async def test_zero_pauses_the_car(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 0.0)))
        await told(it, 0)
        if not it.newer:
            await it.status("SuspendedEVSE")
        else:
            await it.csms.expect(
                "TransactionEvent", eventType="Updated", transactionInfo={"chargingState": "SuspendedEVSE"}
            )
        asked: Payload = {"chargingProfileId": 1} if it.newer else {"id": 1}
        assert (await it.csms.call("ClearChargingProfile", **asked))["status"] == "Accepted"
        await told(it, 32)
        assert (await it.csms.call("ClearChargingProfile", **asked))["status"] == "Unknown"
        await end(it)


async def test_the_higher_stack_level_wins_and_the_station_caps(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await install(it, 0, profile(it, 1, "TxDefaultProfile", (0, 10.0), level=0))
        await install(it, 0, profile(it, 2, "TxDefaultProfile", (0, 20.0), level=2))
        assert await composite(it, 1) == [(0, 20.0)]
        assert await install(it, 0, profile(it, 3, station_max(it), (0, 14.0), kind="Absolute")) == "Accepted"
        await it.charge()
        await told(it, 14)
        await end(it)


async def test_the_same_level_replaces(new: Start) -> None:
    async with new() as it:
        await it.boot()
        if it.newer:
            assert await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 10.0))) == "Accepted"
            # K01.FR.06: another profile on the same level and EVSE overlaps and is refused.
            assert await install(it, 1, profile(it, 2, "TxDefaultProfile", (0, 9.0))) == "Rejected"
            assert await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 9.0))) == "Accepted"
        else:
            await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 10.0)))
            assert await install(it, 1, profile(it, 2, "TxDefaultProfile", (0, 9.0))) == "Accepted"
        assert await composite(it, 1) == [(0, 9.0)]


async def test_watts_become_amperes(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await install(it, 0, profile(it, 1, "TxDefaultProfile", (0, 6900.0), unit="W"))
        await it.charge()
        await told(it, 10)
        assert await composite(it, 1, unit="W") == [(0, 6900.0)]
        await end(it)


async def test_profiles_outlive_the_hub(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 9.0)))
        await it.killed()
        await it.hub.start()
        await it.boot()
        assert await composite(it, 1) == [(0, 9.0)]
        await it.charge()
        await told(it, 9)
        await end(it)


async def test_a_profile_comes_with_a_remote_start(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        it.csms.aside.add("Authorize")
        it.box[1].plug()
        await it.status("Preparing")
        body = profile(it, 1, "TxProfile", (0, 7.0))
        token = {"idToken": "04A2B3C4", "type": "ISO14443"}
        if it.newer:
            answer = await it.csms.call(
                "RequestStartTransaction", idToken=token, remoteStartId=1, evseId=1, chargingProfile=body
            )
        else:
            answer = await it.csms.call(
                "RemoteStartTransaction", idTag="04A2B3C4", connectorId=1, chargingProfile=body
            )
        assert answer["status"] == "Accepted"
        await it.started()
        await told(it, 7)
        await end(it)


async def test_a_profile_applies_offline_too(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await install(it, 1, profile(it, 1, "TxDefaultProfile", (0, 10.0), (5, 6.0), kind="Absolute"))
        await it.charge()
        it.wire.set("down")
        await it.csms.gone()
        await told(it, 6, within=10)
        it.wire.set("up")
        await it.csms.connected()
        await end(it)


async def test_profiles_are_reported(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        await install(it, 1, profile(it, 4, "TxDefaultProfile", (0, 10.0)))
        await install(it, 0, profile(it, 5, "ChargingStationMaxProfile", (0, 20.0), kind="Absolute"))
        await asyncio.sleep(0.5)
        wanted = {"chargingProfilePurpose": "TxDefaultProfile"}
        answer = await it.csms.call("GetChargingProfiles", requestId=8, chargingProfile=wanted)
        assert answer["status"] == "Accepted"
        said = await it.csms.expect(
            "ReportChargingProfiles", requestId=8, evseId=1, chargingLimitSource="CSO"
        )
        assert [each["id"] for each in said["chargingProfile"]] == [4]
        answer = await it.csms.call(
            "GetChargingProfiles", requestId=9, chargingProfile={"chargingProfileId": [77]}
        )
        assert answer["status"] == "NoProfiles"


async def test_a_limit_of_an_ems_is_told(new201: Start) -> None:
    async with new201() as it:
        await it.boot()
        it.calm()
        await it.charge()
        result = await it.hub.cmd("set_limit", evse=1, current=8)
        assert result["status"] == "accepted"
        await told(it, 8)
        await it.csms.expect("NotifyChargingLimit", chargingLimit={"chargingLimitSource": "EMS"})
        await it.csms.expect("TransactionEvent", eventType="Updated", triggerReason="ChargingRateChanged")
        await it.hub.cmd("set_limit", evse=1, clear=True)
        await it.csms.expect("ClearedChargingLimit", chargingLimitSource="EMS")
        await told(it, 32)
        await end(it)
