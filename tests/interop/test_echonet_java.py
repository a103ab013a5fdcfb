"""Chargers on a Java stack: what they leave out, what they can't list, and what they say twice."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.netns.lan import HubProgram, Lan, Program, until, why_not

HERE = Path(__file__).parent / "echonet"
REASON = why_not()
pytestmark = [pytest.mark.interop, pytest.mark.skipif(REASON is not None, reason=str(REASON))]
DIALECTS = ["", "old", "lag=3", "most=3"]


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("javac"):
        pytest.skip("javac is not installed")
    folder = tmp_path_factory.mktemp("java")
    subprocess.run(["javac", "-d", str(folder), str(HERE / "Device.java")], check=True)
    return folder


async def device(lan: Lan, java: Path, *arguments: str, address: str = "192.0.2.20/24") -> Program:
    made = await lan.host(address).run("java", "-cp", str(java), "Device", "eth0", *arguments)
    await until(lambda: "ready" in made.output, made)
    return made


async def becomes(hub: HubProgram, wanted: str, seconds: float = 20.0) -> None:
    async def there() -> bool:
        return await hub.status() == wanted

    await until(there, hub, seconds)


def charger(blueprint: str) -> str:
    return f"c: {{use_blueprint: {{path: {blueprint}, input: {{host: auto}}}}, tokens: {{free: true}}}}"


async def limited(stand_in: Program, hub: HubProgram, current: float) -> None:
    """A car comes, and its limit is proven."""
    await becomes(hub, "available")
    stand_in.say("plug")
    await becomes(hub, "charging")
    done = await hub.command("set_limit", {"current": current})
    assert done["result"]["evses"][0]["proof"] == "confirmed", (done, hub.output, stand_in.output)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_charger_is_found_followed_and_told(java: Path, tmp_path: Path, dialect: str) -> None:
    async with Lan() as lan:
        stand_in = await device(lan, java, "02A1", "1", "number=1", *dialect.split())
        hub = await lan.host("192.0.2.1/24").hub(tmp_path, charger("echonet/ev_charger"))
        await limited(stand_in, hub, 12)
        assert "set 02a101 ed 0078" in stand_in.output
        stand_in.say("unplug")
        await becomes(hub, "available")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_v2h_is_charged_by_power_and_its_discharge_is_shown(
    java: Path, tmp_path: Path, dialect: str
) -> None:
    async with Lan() as lan:
        stand_in = await device(lan, java, "027E", "1", "number=2", *dialect.split())
        hub = await lan.host("192.0.2.1/24").hub(tmp_path, charger("echonet/ev_charger_discharger"))
        await limited(stand_in, hub, 10)
        assert "set 027e01 eb 000007d0" in stand_in.output


async def test_a_charger_without_a_setting_for_limits_says_so_each_time(java: Path, tmp_path: Path) -> None:
    async with Lan() as lan:
        stand_in = await device(lan, java, "02A1", "1", "number=3", "readonly")
        hub = await lan.host("192.0.2.1/24").hub(tmp_path, charger("echonet/ev_charger"))
        await becomes(hub, "available")
        stand_in.say("plug")
        await becomes(hub, "charging")
        for amperes in (12, 20):
            done = await hub.command("set_limit", {"current": amperes})
            assert done["status"] == "unsupported", done


async def test_a_node_without_identification_that_speaks_both_ip_versions_is_one(
    java: Path, tmp_path: Path
) -> None:
    """Rule 14: two such, and neither is taken for the other."""
    async with Lan() as lan:
        house = lan.host("192.0.2.1/24")
        await until(lambda: house.link_local, None)
        for host in ("192.0.2.20/24", "192.0.2.21/24"):
            await device(lan, java, "02A1", "1", "nameless", address=host)
        hub = await house.hub(tmp_path, section="interfaces: [eth0], discover: auto")

        await until(lambda: hub.output.count("objects") >= 2, hub)
        await asyncio.sleep(5.0)  # the second search, by when link-local addresses are there
        assert sorted(found["address"] for found in await hub.found()) == ["192.0.2.20", "192.0.2.21"]


@pytest.mark.parametrize("dialect", ["", "old"])
async def test_a_hundred_chargers_behind_one_address(java: Path, tmp_path: Path, dialect: str) -> None:
    """Rules 11 and 12: the list is cut at 84, or can't be read at all; the class is asked as instance 00."""
    async with Lan() as lan:
        stand_in = await device(lan, java, "02A1", "100", "number=4", *dialect.split())
        hub = await lan.host("192.0.2.1/24").hub(tmp_path)

        async def all_found() -> bool:
            return len(await hub.found()) == 100

        await until(all_found, hub, 10.0)
        assert stand_in.lines
