"""Stacks of other makers: as chargers that the hub finds and tells, and as controllers that read the hub's node."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.netns.lan import Lan, until, why_not

HERE = Path(__file__).parent / "echonet"
REASON = why_not()
pytestmark = [pytest.mark.interop, pytest.mark.skipif(REASON is not None, reason=str(REASON))]


def charger(host: str) -> str:
    return (
        f"c: {{use_blueprint: {{path: echonet/ev_charger, input: {{host: {host}}}}}, tokens: {{free: true}}}}"
    )


@pytest.mark.parametrize("script", ["device_sugimura.js", "device_futomi.js"])
async def test_a_charger_of_another_stack_is_found_followed_and_told(
    node: list[str], tmp_path: Path, script: str
) -> None:
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.run(*node, str(HERE / script))
        await until(lambda: "ready" in stand_in.output, stand_in)
        hub = await house.hub(tmp_path, charger("auto"))

        async def status(wanted: str) -> bool:
            return await hub.status() == wanted

        await until(lambda: status("available"), hub)
        stand_in.say("plug")

        async def started() -> bool:
            return "set 02a101 da 42" in stand_in.output

        await until(started, hub)
        done = await hub.command("set_limit", {"current": 12})
        assert done["status"] == "accepted", (done, hub.output, stand_in.output)
        assert done["result"]["evses"][0]["proof"] == "confirmed"
        assert "set 02a101 ed 0078" in stand_in.output
        stand_in.say("unplug")
        await until(lambda: status("available"), hub)
        (found,) = await hub.found()
        assert found["address"] == device.ip
        assert found["vendor"] == "Kanagawa Institute of Technology"


async def test_a_hundred_chargers_behind_one_address_whose_list_overflows(
    node: list[str], tmp_path: Path
) -> None:
    """Rule 11."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.run(*node, str(HERE / "device_sugimura.js"), "100")
        await until(lambda: "ready" in stand_in.output, stand_in)
        hub = await house.hub(tmp_path)

        async def all_found() -> bool:
            return len(await hub.found()) == 100

        await until(all_found, hub, 40.0)


async def test_echonet_lite_js_reads_our_node(node: list[str], tmp_path: Path) -> None:
    """Rule 28."""
    async with Lan() as lan:
        other, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        await house.hub(tmp_path)
        controller = await other.run(*node, str(HERE / "controller_sugimura.js"))

        def known() -> dict[str, Any]:
            lines = [line for line in controller.lines if line.startswith("{")]
            told = json.loads(lines[-1]).get(house.ip, {}) if lines else {}
            return dict(told) if "9f" in told.get("05ff01", {}) and told["05ff01"].get("80") else {}

        await until(known, controller, 30.0)
        assert known()["05ff01"]["80"] == "30"
        assert known()["0ef001"]["83"].startswith("fe")


async def test_node_echonet_lite_reads_our_node(node: list[str], tmp_path: Path) -> None:
    """Rule 28."""
    async with Lan() as lan:
        other, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        await house.hub(tmp_path)
        controller = await other.run(*node, str(HERE / "controller_futomi.js"))

        def told() -> dict[str, Any]:
            every = [json.loads(line) for line in controller.lines if line.startswith("{")]
            return next((one for one in every if one["address"] == house.ip), {})

        await until(told, controller)
        assert told()["eoj"] == [[5, 255, 1]]
        assert told()["status"] == {"status": True}
        assert 0x88 in told()["maps"]["get"]


async def test_pychonet_reads_our_node(pychonet: Path, tmp_path: Path) -> None:
    """Rule 28."""
    async with Lan() as lan:
        other, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        await house.hub(tmp_path)
        script = str(HERE / "controller_pychonet.py")
        controller = await other.run(str(pychonet), script, other.ip, house.ip)
        await until(lambda: "told " in controller.output, controller)
        line = next(line for line in controller.lines if line.startswith("told "))
        told = json.loads(line[5:])
        assert told["found"]
        assert told["maps"]
        assert told["status"]
        assert told["state"][house.ip]["instances"]["5"]["255"]["1"]


async def test_pyhems_reads_our_node(pyhems: Path, tmp_path: Path) -> None:
    """Rule 28."""
    async with Lan() as lan:
        other, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        await house.hub(tmp_path)
        controller = await other.run(str(pyhems), str(HERE / "controller_pyhems.py"), other.ip)
        await until(lambda: "told " in controller.output, controller)
        told = json.loads(next(line for line in controller.lines if line.startswith("told "))[5:])
        assert told["instances"] == [0x05FF01]
        assert told["properties"]["80"] == "30"
        assert told["properties"]["8a"] == "ffffff"
