"""ECHONET Lite between machines: multicast that works and that doesn't, addresses that change, IPv6, neighbours."""

from pathlib import Path

import pytest

from tests.netns.lan import Lan, until, why_not

REASON = why_not()
pytestmark = [pytest.mark.netns, pytest.mark.skipif(REASON is not None, reason=str(REASON))]
FREE = "tokens: {free: false}"


def charger(host: str = "auto", more: str = "") -> str:
    return f"c: {{use_blueprint: {{path: echonet/ev_charger, input: {{host: {host}{more}}}}}, {FREE}}}"


async def test_a_charger_is_found_by_multicast_and_its_plug_is_told_by_it(tmp_path: Path) -> None:
    """Rules 1, 9 and 23."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.python("tests.netns.device", device.ip, "1")
        await until(lambda: stand_in.lines, stand_in)
        hub = await house.hub(tmp_path, charger())

        async def there() -> bool:
            return await hub.status() == "available"

        await until(there, hub)
        (found,) = await hub.found()
        assert found["address"] == device.ip
        assert found["charger"] == "c"
        stand_in.say("plug")

        async def plugged() -> bool:
            return await hub.status() == "preparing"

        await until(plugged, hub, 1.5)


async def test_a_charger_that_gets_another_address_stays_the_same_charger(tmp_path: Path) -> None:
    """Rule 15: by its announcement at the new address."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.python("tests.netns.device", device.ip, "2")
        await until(lambda: stand_in.lines, stand_in)
        hub = await house.hub(tmp_path, charger(device.ip))

        async def status(wanted: str) -> bool:
            return await hub.status() == wanted

        await until(lambda: status("available"), hub)
        device.readdress("192.0.2.99/24")
        stand_in.say("move 192.0.2.99")
        stand_in.say("plug")
        await until(lambda: status("preparing"), hub, 20.0)
        (found,) = await hub.found()
        assert found["address"] == "192.0.2.99"
        assert found["charger"] == "c"


async def test_where_multicast_does_not_get_through_it_is_polled_and_said(tmp_path: Path) -> None:
    """Rule 23."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        lan.flood(house, False)
        stand_in = await device.python("tests.netns.device", device.ip, "3")
        await until(lambda: stand_in.lines, stand_in)
        hub = await house.hub(tmp_path, charger(device.ip))

        async def status(wanted: str) -> bool:
            return await hub.status() == wanted

        await until(lambda: status("available"), hub)
        for word, wanted in (("plug", "preparing"), ("unplug", "available"), ("plug", "preparing")):
            stand_in.say(word)
            await until(lambda wanted=wanted: status(wanted), hub, 20.0)  # type: ignore[misc]
        await until(lambda: "multicast doesn't get through" in hub.output, hub, 30.0)


async def test_the_hub_s_own_address_may_change(tmp_path: Path) -> None:
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.python("tests.netns.device", device.ip, "4")
        await until(lambda: stand_in.lines, stand_in)
        hub = await house.hub(tmp_path, charger(device.ip))

        async def status(wanted: str) -> bool:
            return await hub.status() == wanted

        await until(lambda: status("available"), hub)
        house.readdress("192.0.2.2/24")
        stand_in.say("plug")
        await until(lambda: status("preparing"), hub, 40.0)


async def test_another_program_on_the_port_is_named(tmp_path: Path) -> None:
    """Rule 29: it holds every address; ours is bound all the same, and what is meant for us reaches us."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        stand_in = await device.python("tests.netns.device", device.ip, "5")
        code = (
            "import socket,sys,time; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('0.0.0.0', 3610));"
            "print('bound', flush=True); time.sleep(100)"
        )
        other = await house.run("python3", "-c", code)
        await until(lambda: other.lines and stand_in.lines, other)
        hub = await house.hub(tmp_path, charger(device.ip))

        async def there() -> bool:
            return await hub.status() == "available"

        await until(there, hub)
        assert "is used by python3" in hub.output


async def test_a_program_that_shares_nothing_is_named_and_the_hub_goes_on(tmp_path: Path) -> None:
    """Rule 29."""
    async with Lan() as lan:
        house = lan.host("192.0.2.1/24")
        code = (
            "import socket,time; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 3610));"
            "print('bound', flush=True); time.sleep(100)"
        )
        other = await house.run("python3", "-c", code)
        await until(lambda: other.lines, other)
        hub = await house.hub(tmp_path)
        await until(lambda: "is taken by python3" in hub.output, hub)
        assert await hub.found() == []


async def test_a_charger_that_speaks_ipv6_only_is_found_and_heard(tmp_path: Path) -> None:
    """Rule 1: link-local, ff02::1."""
    async with Lan() as lan:
        device, house = lan.host("192.0.2.20/24"), lan.host("192.0.2.1/24")
        await until(lambda: device.link_local and house.link_local, None)
        stand_in = await device.python("tests.netns.device6", "eth0", "6")
        await until(lambda: stand_in.lines, stand_in)
        hub = await house.hub(tmp_path, charger())

        async def status(wanted: str) -> bool:
            return await hub.status() == wanted

        await until(lambda: status("available"), hub)
        (found,) = await hub.found()
        assert found["address"] == f"{device.link_local}%eth0"
        stand_in.say("plug")
        await until(lambda: status("preparing"), hub, 1.5)


async def test_chargers_on_two_networks_are_both_found_and_heard(tmp_path: Path) -> None:
    """Rule 1: multicast goes out on each interface, whatever the routes say."""
    async with Lan() as lan, Lan() as other:
        house = lan.host("192.0.2.1/24")
        other.plug(house.name, "eth1", "198.51.100.1/24")
        stand_ins = []
        for number, device in enumerate((lan.host("192.0.2.20/24"), other.host("198.51.100.20/24"))):
            stand_ins.append(await device.python("tests.netns.device", device.ip, str(10 + number)))
            await until(lambda: stand_ins[-1].lines, stand_ins[-1])
        hub = await house.hub(tmp_path, section="discover: auto")

        async def both() -> bool:
            return [device["charger"] is not None for device in await hub.found()] == [True, True]

        await until(both, hub)
        for found in await hub.found():

            async def status(wanted: str, charger: str = found["charger"]) -> bool:
                return await hub.status(charger) == wanted

            await until(lambda: status("available"), hub)
            stand_ins[0 if found["address"].startswith("192") else 1].say("plug")
            await until(lambda: status("charging"), hub, 5.0)
