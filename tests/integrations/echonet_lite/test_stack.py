"""The node on real sockets: several nodes on loopback addresses, without root."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest

from hub.errors import DeviceOffline
from integrations.echonet_lite.batches import Batches
from integrations.echonet_lite.frame import CONTROLLER, NODE_PROFILE, Esv, Frame, Property, decode, encode
from integrations.echonet_lite.stack import Manners, Stack, StackSettings
from tests.integrations.echonet_lite.peer import CHARGER, Peer, charger, interface, until

QUICK = Manners((0.2, 0.2, 0.2), gap_s=0.0)


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    made = Stack(StackSettings((interface(),), b"evhub-test-01"))
    made.open()
    yield made
    made.close()


async def test_properties_are_read_and_written(stack: Stack) -> None:
    async with Peer() as peer:
        got = await stack.get(peer.host, CHARGER, (0xC7, 0xD3, 0xE4))
        assert got.values == {0xC7: b"\x30", 0xD3: bytes(4)}
        assert got.unreadable == {0xE4}
        done = await stack.set(peer.host, CHARGER, {0xED: b"\x00\xa0", 0xD8: b"\0\0\0\0"})
        assert done.accepted == {0xED}
        assert done.rejected == {0xD8}
        assert peer.objects[CHARGER][0xED] == b"\x00\xa0"


async def test_requests_come_from_our_3610_and_one_at_a_time(stack: Stack) -> None:
    """Rules 2, 3 and 16."""
    async with Peer(delay_s=0.02) as peer:
        await asyncio.gather(*(stack.get(peer.host, CHARGER, (0xC7,), manners=QUICK) for _ in range(5)))
        times = [at for at, frame in peer.heard if frame.esv is Esv.GET]
        assert all(later - sooner >= 0.02 for sooner, later in pairwise(times))
        assert peer.ports == {3610}


async def test_a_lost_answer_is_asked_for_again_with_the_same_tid(stack: Stack) -> None:
    """Rule 19."""
    async with Peer(lose=2) as peer:
        got = await stack.get(peer.host, CHARGER, (0xC7,), manners=QUICK)
        assert got.values == {0xC7: b"\x30"}
        assert len({frame.tid for frame in peer.asked()}) == 1
        assert len(peer.asked()) == 3


async def test_a_frame_of_somebody_else_answers_nothing(stack: Stack) -> None:
    """Rule 4: the TID alone proves nothing; neither does it with another object or another service."""
    async with Peer(silent=False) as peer, Peer() as other:

        def foreign(asked: Frame, answer: bytes) -> Iterable[bytes]:
            wrong = (Property(0xC7, b"\x41"),)
            other.send(ours, Frame(asked.tid, CHARGER, asked.seoj, Esv.GET_RES, wrong))
            yield encode(Frame(asked.tid, CHARGER + 1, asked.seoj, Esv.GET_RES, wrong))
            yield encode(Frame(asked.tid, CHARGER, asked.seoj, Esv.SET_RES, wrong))
            yield encode(Frame((asked.tid + 1) & 0xFFFF, CHARGER, asked.seoj, Esv.GET_RES, wrong))
            yield answer

        (ours,) = stack.links.hosts
        peer.behave = foreign
        got = await stack.get(peer.host, CHARGER, (0xC7,))
        assert got.values == {0xC7: b"\x30"}


async def test_doubled_and_reordered_answers_do_no_harm(stack: Stack) -> None:
    """Rules 21 and 22."""
    async with Peer() as peer:

        def twice(_asked: Frame, answer: bytes) -> Iterable[bytes]:
            frame = decode(answer)
            turned = encode(Frame(frame.tid, frame.seoj, frame.deoj, frame.esv, frame.properties[::-1]))
            return [turned, turned, answer]

        peer.behave = twice
        for _ in range(3):
            got = await stack.get(peer.host, CHARGER, (0xC7, 0xD3, 0xDA), manners=QUICK)
            assert got.values == {0xC7: b"\x30", 0xD3: bytes(4), 0xDA: b"\x44"}


async def test_an_object_that_is_not_there_is_silent_and_others_are_not_held_up(stack: Stack) -> None:
    """Rule 6."""
    async with Peer() as peer:
        there = asyncio.create_task(stack.get(peer.host, CHARGER, (0xC7,), manners=QUICK))
        with pytest.raises(DeviceOffline, match="02A17F: no answer"):
            await stack.get(peer.host, 0x02A17F, (0xC7,), manners=QUICK)
        assert (await there).values
        assert (await stack.get(peer.host, CHARGER, (0xD3,), manners=QUICK)).values


async def test_a_device_that_takes_few_properties_at_once_is_asked_for_few(stack: Stack) -> None:
    """Rule 17."""
    async with Peer(most=3) as peer:
        batches = Batches()
        epcs = sorted(charger())
        got = await stack.get(peer.host, CHARGER, epcs, manners=QUICK, batches=batches)
        assert got.values == {epc: peer.objects[CHARGER][epc] for epc in epcs}
        assert batches.most == 3


async def test_resets_are_sent_once(stack: Stack) -> None:
    """Rule 20."""
    async with Peer(lose=1) as peer:
        with pytest.raises(DeviceOffline):
            await stack.set(peer.host, CHARGER, {0xD9: b"\0"}, manners=QUICK, repeat=False)
        assert len(peer.asked(Esv.SETC)) == 1


async def test_others_read_our_node_and_our_controller(stack: Stack) -> None:
    """Rule 28: answers to port 3610, all mandatory properties, whatever instance of the profile is asked."""
    (ours,) = stack.links.hosts
    async with Peer() as peer:
        node = (0x80, 0x82, 0x83, 0x8A, 0x9D, 0x9E, 0x9F, 0xD3, 0xD4, 0xD6, 0xD7)
        for deoj in (NODE_PROFILE, NODE_PROFILE & 0xFFFF00):
            told = await peer.get(ours, deoj, node)
            assert told.esv is Esv.GET_RES
            assert told.seoj == NODE_PROFILE
            assert [item.epc for item in told.properties] == list(node)
        told = await peer.get(ours, CONTROLLER, (0x80, 0x81, 0x82, 0x88, 0x8A, 0x9D, 0x9E, 0x9F))
        assert told.esv is Esv.GET_RES
        told = await peer.get(ours, CONTROLLER, (0x80, 0xE0))
        assert told.esv is Esv.GET_SNA
        assert told.properties[1] == Property(0xE0)


async def test_infc_is_confirmed_with_empty_properties(stack: Stack) -> None:
    """Rule 7."""
    (ours,) = stack.links.hosts
    async with Peer() as peer:
        told = Frame(77, CHARGER, CONTROLLER, Esv.INFC, (Property(0xC7, b"\x41"), Property(0x80, b"\x30")))
        answer = await peer.ask(ours, told)
        assert answer == Frame(77, CONTROLLER, CHARGER, Esv.INFC_RES, (Property(0xC7), Property(0x80)))
        peer.heard.clear()
        peer.send(ours, Frame(78, CHARGER, 0x05FF02, Esv.INFC, told.properties))
        await peer.get(ours, NODE_PROFILE, (0x80,))
        assert all(frame.esv is not Esv.INFC_RES for _, frame in peer.heard)


async def test_our_instances_are_announced_and_our_own_multicast_is_not_news(stack: Stack) -> None:
    """Rules 9 and 30."""
    async with Peer() as peer:
        stack.announce()
        await until(lambda: any(frame.esv is Esv.INF for _, frame in peer.heard))
        (told,) = [frame for _, frame in peer.heard if frame.esv is Esv.INF]
        assert told.deoj == NODE_PROFILE
        assert told.properties == (Property(0xD5, b"\x01\x05\xff\x01"),)
        await until(lambda: stack.counters["own"])
        assert not list(stack.nodes)


async def test_garbage_is_counted_and_nothing_else(stack: Stack) -> None:
    """Rule 27."""
    (ours,) = stack.links.hosts
    async with Peer() as peer:
        for payload in (
            b"",
            b"\x01\x00\xff\xff\x06\x06\x24\x78",
            b"\x10\x82" + bytes(30),
            encode(Frame(1, CHARGER, CONTROLLER, Esv.GET_RES, (Property(0xC7, b"\x41"),)))[:-1],
            bytes(2000),
        ):
            peer.send_raw(ours, payload)
        assert (await peer.get(ours, NODE_PROFILE, (0x80,))).esv is Esv.GET_RES
    assert stack.counters["garbage"] == 4
    assert stack.counters["oversize"] == 1


async def test_a_short_setget_refusal_is_read(stack: Stack) -> None:
    """Rule 25."""
    (ours,) = stack.links.hosts
    async with Peer() as peer:
        peer.send_raw(ours, bytes.fromhex("1081000102A10105FF015E01E000"))
        await peer.get(ours, NODE_PROFILE, (0x80,))
    assert stack.counters["garbage"] == 0


async def test_a_node_beyond_our_links_is_heard_only_when_it_is_configured() -> None:
    made = Stack(StackSettings((interface().replace("/24", "/32"),), b"evhub-test-02"))
    made.open()
    try:
        async with Peer() as peer:
            with pytest.raises(DeviceOffline):
                await made.get(peer.host, CHARGER, (0xC7,), manners=QUICK)
            made.allow(peer.host)
            assert (await made.get(peer.host, CHARGER, (0xC7,), manners=QUICK)).values
    finally:
        made.close()
