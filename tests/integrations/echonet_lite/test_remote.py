"""One object of another node: its maps, its image, its announcements."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.errors import DeviceOffline
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.frame import Esv, Frame, Property
from integrations.echonet_lite.remote import Remote
from integrations.echonet_lite.stack import Manners, Stack, StackSettings
from integrations.echonet_lite.transactions import READ_BACK
from tests.integrations.echonet_lite.peer import CHARGER, Peer, charger, interface, until

QUICK = Manners((0.2, 0.2), gap_s=0.0)
PERIODS = {0xC7: 5.0, 0xD3: 5.0, 0xB0: 5.0}


@pytest.fixture
async def discovery() -> AsyncIterator[Discovery]:
    stack = Stack(StackSettings((interface(),), b"evhub-test-06"))
    stack.open()
    yield Discovery(stack)
    stack.close()


async def begun(discovery: Discovery, peer: Peer) -> Remote:
    node = await discovery.look(peer.host)
    assert node is not None
    remote = Remote(discovery, node, CHARGER, manners=QUICK)
    await remote.begin(PERIODS)
    return remote


async def test_what_it_can_do_is_what_its_maps_say(discovery: Discovery) -> None:
    """Rule 10."""
    async with Peer() as peer:
        remote = await begun(discovery, peer)
        assert remote.release == "R"
        assert remote.takes(0xED)
        assert not remote.takes(0xC7)
        assert remote.schedule.epcs == (0xC7, 0xD3)
        assert remote.announced == {0x80, 0x88, 0xC7, 0xDA}


async def test_changes_are_counted_and_told(discovery: Discovery) -> None:
    async with Peer() as peer:
        remote = await begun(discovery, peer)
        assert await remote.read([0xC7, 0xD3]) == set()
        version = remote.version
        assert await remote.read([0xC7, 0xD3]) == set()
        assert remote.version == version
        peer.change(0xC7, b"\x41", tell=False)
        assert await remote.read([0xC7, 0xD3]) == {0xC7}
        assert remote.version > version


async def test_a_read_that_was_overtaken_does_not_take_back_what_is_known(discovery: Discovery) -> None:
    """It takes several requests, between which urgent ones go: its first answers are old when it ends."""
    async with Peer(delay_s=0.03) as peer:
        node = await discovery.look(peer.host)
        assert node is not None
        remote = Remote(discovery, node, CHARGER, manners=Manners((1.0,), gap_s=0.0), most=1)
        urgent = Manners((1.0,), gap_s=0.0, priority=READ_BACK)

        def plugged_afterwards(_asked: Frame, answer: bytes) -> list[bytes]:
            peer.objects[CHARGER][0xDA] = b"\x42"
            return [answer]

        peer.behave = plugged_afterwards
        poll = asyncio.create_task(remote.read([0xDA, 0xC7]))
        await asyncio.sleep(0)
        await remote.read([0xDA], manners=urgent)
        assert not poll.done()
        await poll
        assert remote.image == {0xDA: b"\x42", 0xC7: b"\x30"}


async def test_what_cannot_be_read_is_taken_as_it_was_announced(discovery: Discovery) -> None:
    """Rule 23: what can be read is read, for anybody can announce anything."""
    woken: list[bool] = []
    async with Peer() as peer:
        remote = await begun(discovery, peer)
        remote._wake = lambda: woken.append(True)
        await remote.read([0xC7])
        told = (Property(0xB0, b"\x42"), Property(0xC7, b"\x41"))
        peer.send(None, Frame(0, CHARGER, 0x0EF001, Esv.INF, told))
        await until(lambda: woken)
        assert remote.image[0xB0] == b"\x42"
        assert remote.image[0xC7] == b"\x30"
        assert remote.schedule.urgent
        remote.close()
        peer.send(None, Frame(0, CHARGER, 0x0EF001, Esv.INF, (Property(0xB0, b"\x43"),)))
        await discovery.look(peer.host)
        assert remote.image[0xB0] == b"\x42"


async def test_who_has_started_anew_is_asked_who_it_is_before_anything_else(discovery: Discovery) -> None:
    """Rule 15."""
    async with Peer() as peer:
        remote = await begun(discovery, peer)
        peer.heard.clear()
        remote.node.suspect = True
        await remote.read([0xC7])
        assert [peer.asked()[0].deoj, peer.asked()[-1].deoj] == [0x0EF001, CHARGER]
        peer.number += 1_000
        remote.node.suspect = True
        with pytest.raises(DeviceOffline, match="another node lives there now"):
            await remote.read([0xC7])


async def test_a_map_whose_count_lies_is_read_by_what_it_holds(discovery: Discovery) -> None:
    """Rule 10."""
    values = charger() | {0x9E: b"\x09\xda\xed", 0x9D: b"", 0x9F: b"\x00"}
    async with Peer(objects={CHARGER: values}, maps=False) as peer:
        remote = await begun(discovery, peer)
        assert remote.settable == {0xDA, 0xED}
        assert remote.announced == frozenset()
