"""CitrineOS's router on a socket: a station is held Pending, let in, charges, and answers all that it asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car
from tests.e2e.world import World
from tests.interop.citrineasks import ASKED_1_6, ASKED_2_0_1, Asked
from tests.interop.nodecsms import NodeCsms
from tests.interop.test_node_csms import TOKEN

pytestmark = pytest.mark.interop

REFUSALS = 2
"""Of a station that comes back while it believes that the connection it has lost is still there."""
ENERGY = "Energy.Active.Import.Register"


class Citrine(NodeCsms):
    """With what the test does to it."""

    async def allow(self, action: str) -> None:
        """What its modules let a Pending station say."""
        await self.ask("steer", allow=action)

    async def let_in(self) -> None:
        """From the next BootNotification on."""
        await self.ask("steer", accept=True)
        await self.until(lambda: self.calls("StatusNotification"))

    async def away(self, away: bool) -> None:
        await self.ask("steer", away=away, refusals=REFUSALS)

    async def asks(self, asked: Asked) -> None:
        for action, payload, status in asked:
            answer = await self.ask(action, **payload)
            assert not status or status in (answer.get("status"), *answer), (action, answer)


@asynccontextmanager
async def site(
    folder: Path, node: list[str], node_modules: Path, version: str
) -> AsyncIterator[tuple[World, Citrine]]:
    world = World(folder, {"garage": ("keba/p30", {}, f", csms: {{versions: [{version}]}}")})
    async with Citrine(node, "citrineos_router.mjs", str(node_modules), version) as csms:
        world.csms.start = lambda: asyncio.sleep(0, csms.port)  # type: ignore[method-assign, assignment]
        async with world:
            await csms.until(lambda: csms.calls("BootNotification"))
            yield world, csms
        assert csms.complaints() == []


def energy(event: dict[str, Any]) -> float:
    (value,) = [
        sample["value"] for sample in event["meterValue"][-1]["sampledValue"] if sample["measurand"] == ENERGY
    ]
    return float(value)


async def known(csms: Citrine) -> None:
    """What it does with a station that it doesn't know: takes its device model, and sets what may be set."""
    await csms.allow("NotifyReport")
    asked = await csms.ask("GetBaseReport", requestId=0, reportBase="FullInventory")
    assert asked == {"status": "Accepted"}
    await csms.until(lambda: any(not part.get("tbc") for part in csms.calls("NotifyReport")))
    rows = [row for part in csms.calls("NotifyReport") for row in part["reportData"]]
    wanted = [
        {"component": row["component"], "variable": row["variable"], "attributeValue": attribute["value"]}
        for row in rows
        for attribute in row["variableAttribute"]
        if attribute["mutability"] == "ReadWrite" and attribute.get("value")
    ]
    assert len(wanted) > 20
    answer = await csms.ask("SetVariables", setVariableData=wanted)
    assert {item["attributeStatus"] for item in answer["setVariableResult"]} <= {"Accepted", "RebootRequired"}


async def test_a_station_is_known_let_in_and_charges_in_2_0_1(
    tmp_path: Path, node: list[str], node_modules: Path
) -> None:
    async with site(tmp_path, node, node_modules, "ocpp2.0.1") as (world, csms):
        garage = world.chargers["garage"]
        await known(csms)
        assert not csms.calls("StatusNotification")
        await csms.let_in()
        await csms.asks(ASKED_2_0_1)
        garage.plug(Car(needs_wh=50_000))
        await world.until(lambda: world.status("garage") == "preparing")
        started = await csms.ask("RequestStartTransaction", idToken=TOKEN, remoteStartId=1, evseId=1)
        assert started["status"] == "Accepted"
        await csms.until(lambda: len(csms.calls("TransactionEvent")) > 3)
        await csms.away(True)
        await world.until(lambda: garage.outlets[1].session_wh > 5000)
        garage.unplug()
        await world.until(lambda: world.status("garage") == "available")
        await csms.away(False)
        await csms.until(lambda: any("kwh" in said for said in csms.heard))
        assert len([said for said in csms.heard if "refused" in said]) == REFUSALS
        events = csms.calls("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        assert [events[0]["eventType"], events[-1]["eventType"]] == ["Started", "Ended"]
        assert any(event.get("offline") for event in events)
        (kwh,) = [said["kwh"] for said in csms.heard if "kwh" in said]
        assert kwh == pytest.approx((energy(events[-1]) - energy(events[0])) / 1000)
        assert kwh > 1


async def test_a_station_is_known_let_in_and_charges_in_1_6(
    tmp_path: Path, node: list[str], node_modules: Path
) -> None:
    async with site(tmp_path, node, node_modules, "ocpp1.6") as (world, csms):
        garage = world.chargers["garage"]
        keys = (await csms.ask("GetConfiguration"))["configurationKey"]
        for key in keys:
            if "value" in key:
                wanted = "Rejected" if key["readonly"] else "Accepted"
                answer = await csms.ask("ChangeConfiguration", key=key["key"], value=key["value"])
                assert answer == {"status": wanted}, key
        await csms.ask("steer", accept=True)
        await csms.ask("TriggerMessage", requestedMessage="BootNotification")
        await csms.let_in()
        await csms.asks(ASKED_1_6)
        garage.plug(Car(needs_wh=50_000))
        await world.until(lambda: world.status("garage") == "preparing")
        started = await csms.ask("RemoteStartTransaction", idTag="APP-1", connectorId=1)
        assert started["status"] == "Accepted"
        await csms.until(lambda: csms.calls("StartTransaction") and csms.calls("MeterValues"))
        await csms.away(True)
        await world.until(lambda: garage.outlets[1].session_wh > 5000)
        garage.unplug()
        await world.until(lambda: world.status("garage") == "available")
        await csms.away(False)
        await csms.until(lambda: csms.calls("StopTransaction"))
        (start,), (stop,) = csms.calls("StartTransaction"), csms.calls("StopTransaction")
        assert stop["meterStop"] - start["meterStart"] > 1000
