"""The process: stopped, started, reloaded, killed at odd moments; a charger of `evhub simulate`."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.blackbox.conftest import Start
from tests.blackbox.csms import Payload
from tests.blackbox.hub import free_port
from tests.blackbox.site import CARD, Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]
Ask = Callable[..., Any]


@contextlib.asynccontextmanager
async def simulated(port: int, path: str) -> AsyncIterator[Ask]:
    """`evhub simulate modbus PATH --no-cars --control`; gives how to ask its control port."""
    control = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli.main", "simulate", "modbus", path, "--no-cars",
        "--listen", f"127.0.0.1:{port}", "--control", f"127.0.0.1:{control}", stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def ask(do: str, **more: Any) -> Any:
        for _ in range(100):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", control)
                break
            except ConnectionError:
                await asyncio.sleep(0.1)
        writer.write(json.dumps({"do": do, **more}).encode() + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        return answer

    try:
        yield ask
    finally:
        process.terminate()
        await process.wait()


async def ends(it: Site) -> Payload:
    it.box[1].unplug()
    return await it.ended("EVDisconnected", within=15)


async def test_a_hub_that_is_stopped_and_started_goes_on(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        first = await it.charge()
        await it.hub.stop()
        await it.csms.gone()
        await asyncio.sleep(0.5)
        assert it.box[1].current_a > 0
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await asyncio.sleep(2)
        last = await ends(it)
        if it.newer:
            assert last["transactionInfo"]["transactionId"] == first["transactionInfo"]["transactionId"]
        else:
            assert last["transactionId"] == 4711


async def test_killed_before_the_start_was_answered(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        action, first = await it.begins_unanswered()
        await it.until(lambda: it.box[1].current_a > 0)
        await it.killed()
        del it.csms.answers[action]
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        again = await it.started(within=15)
        assert again["timestamp"] == first["timestamp"]
        await asyncio.sleep(1)
        last = await ends(it)
        assert it.newer or last["transactionId"] == 4711


async def test_killed_again_and_again(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        for pause in (0.2, 1.0, 2.0):
            await it.hub.kill()
            await it.hub.start()
            await asyncio.sleep(pause)
        await it.csms.connected(within=25)
        await asyncio.sleep(3)
        it.csms.aside |= {"BootNotification", "TransactionEvent:Started", "StartTransaction"}
        await ends(it)
        numbers = {
            each.payload["transactionInfo"]["transactionId"] if it.newer else 0
            for each in it.csms.said
            if each.action in ("TransactionEvent", "StartTransaction")
        }
        assert len(numbers) == 1


async def test_a_csms_is_changed_by_a_person(new: Start, version: str) -> None:
    from tests.blackbox.csms import Csms

    async with Csms((version,)) as other, new() as it:
        await it.boot()
        it.hub.config["csms"]["url"] = f"ws://127.0.0.1:{other.port}/elsewhere"
        await it.hub.reload()
        await other.expect("BootNotification", within=25)
        assert other.path == "/elsewhere/twin"
        it.csms.forget()


async def test_a_charger_is_added_and_taken_away(new: Start) -> None:
    async with new() as it:
        await it.boot()
        paths = [it.csms.path]
        twin = it.hub.config["chargers"]["twin"]
        it.hub.config["chargers"]["second"] = {**twin, "csms": {"identity": "STREET/1"}}
        it.csms.aside |= {"BootNotification"}
        await it.hub.reload()
        await it.until(lambda: it.csms.connections == 2, within=15)
        paths.append(it.csms.path)
        assert paths == ["/ocpp/twin", "/ocpp/STREET%2F1"]
        del it.hub.config["chargers"]["second"]
        await it.hub.reload()
        await it.csms.gone()


@pytest.mark.parametrize("path", ["keba/p30", "esp32_evse/esp32_evse"])
async def test_a_charger_of_evhub_simulate(new: Start, path: str) -> None:
    port = free_port()
    charger = {"use_blueprint": {"path": path, "input": {"host": "127.0.0.1", "port": port}}}
    async with simulated(port, path) as ask, new(start=False, **charger) as it:
        assert "error" not in await ask("state")
        await it.hub.start()
        await it.csms.expect("BootNotification", within=25)
        await it.status("Available", 1, within=15)
        it.calm()
        assert await ask("plug", needs_wh=20000, max_current=16) == {"ok": True}
        await it.status("Preparing", 1)
        if path == "keba/p30":
            await ask("swipe", card="04a2b3c4")
        else:
            await it.hub.cmd("authorize", id_token=CARD, evse=1)
        await it.csms.expect("Authorize")
        await it.started(1)
        if not it.newer:
            await it.status("Charging", 1)
        else:
            await it.csms.expect("TransactionEvent", transactionInfo={"chargingState": "Charging"})
        await ask("unplug")
        await it.ended("EVDisconnected", within=15)
        asked: Payload = {"type": "Inoperative", "connectorId": 1}
        await it.status("Available")
        if it.newer:
            asked = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        await it.csms.call("ChangeAvailability", **asked)
        await it.status("Unavailable")
        if path != "keba/p30":
            await asyncio.sleep(1.5)
            assert ["available", 1, 0] in [list(each) for each in (await ask("state"))["written"]]


async def test_everybody_may_charge_without_a_csms(new: Start) -> None:
    async with new(start=False, tokens={"free": True}) as it:
        it.hub.config["csms"] = None
        await it.hub.start()
        await it.until(lambda: it.hub.log.exists())
        await asyncio.sleep(3)
        it.box[1].plug()
        await it.until(lambda: it.box[1].current_a > 0, within=15)
        it.box[1].unplug()
        await it.until(lambda: it.box[1].limit_a == 0 or it.box[1].current_a == 0)


async def test_the_states_on_mqtt_follow(new: Start) -> None:
    async with new() as it:
        await it.boot()
        it.calm()
        await it.charge()
        await it.hub.state(
            "evhub/twin/evse/1/state", lambda s: s["status"] == "charging" and s["power"] == 11040
        )
        await it.hub.state("evhub/twin/session", lambda s: s.get("id_tag") == CARD)
        result = await it.hub.cmd("pause", evse=1)
        assert result["status"] == "accepted"
        await it.until(lambda: it.box[1].limit_a == 0)
        result = await it.hub.cmd("resume", evse=1)
        await it.until(lambda: it.box[1].current_a > 0)
        result = await it.hub.cmd("stop", evse=1)
        assert result["status"] == "accepted"
        await it.until(lambda: it.box[1].limit_a == 0)
        said = await it.csms.expect(
            "TransactionEvent" if it.newer else "StopTransaction",
            **({"eventType": "Ended"} if it.newer else {}),
        )
        reason = (
            said["transactionInfo"].get("stoppedReason", "Local") if it.newer else said.get("reason", "Local")
        )
        assert reason in ("Local", "Other", "Remote")
