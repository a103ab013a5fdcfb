"""Nodes are found, known by their identification, and followed: on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from integrations.echonet_lite import discovery as module
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.frame import NODE_PROFILE, Esv, Frame, Property
from integrations.echonet_lite.nodes import KnownNode, Look
from integrations.echonet_lite.stack import Manners, Stack, StackSettings
from integrations.echonet_lite.transactions import CONTEST
from tests.integrations.echonet_lite.peer import CHARGER, Peer, address, charger, interface, uid, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Manners((0.2, 0.2), gap_s=0.0, priority=2)
    monkeypatch.setattr(module, "LOOKING", patience)
    monkeypatch.setattr(module, "CONTESTING", Manners((0.2, 0.2), gap_s=0.0, priority=CONTEST))
    monkeypatch.setattr(module, "SWEEP_S", 0.1)
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(module, "SOON_S", 0.0)


Nodes = Callable[[], list[KnownNode]]


@asynccontextmanager
async def running(settings: StackSettings | None = None) -> AsyncIterator[Discovery]:
    stack = Stack(settings or StackSettings((interface(),), b"evhub-test-03"))
    stack.open()
    made = Discovery(stack, configured=stack.settings.instances)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stack.close()


@pytest.fixture
async def discovery() -> AsyncIterator[Discovery]:
    async with running() as made:
        yield made


def key(number: int) -> str:
    return uid(number).hex().upper()


async def test_a_node_that_is_there_is_found_with_its_objects(discovery: Discovery) -> None:
    async with Peer(objects={CHARGER + 0x1E: charger(), 0x028801: {}}) as peer:
        discovery.stack.search()
        await until(lambda: discovery.stack.nodes.find(key(peer.number)))
        node = discovery.stack.nodes.at(peer.host)
        assert node is not None
        assert node.look.objects == (0x02A11F, 0x028801)
        assert node.look.maker == 0x77


async def test_a_node_that_comes_later_is_found_by_its_announcement(discovery: Discovery) -> None:
    """Rule 9."""
    discovery.searching = False
    async with Peer() as peer:
        peer.announce()
        await until(lambda: discovery.stack.nodes.find(key(peer.number)))
        assert 0x83 in [item.epc for item in peer.asked()[0].properties]


async def test_a_node_is_found_by_anything_that_it_says(discovery: Discovery) -> None:
    """Rules 8 and 15: whatever the DEOJ."""
    async with Peer() as peer:
        told = Frame(0, CHARGER, 0x05FF01, Esv.INF, (Property(0xC7, b"\x41"),))
        peer.send(None, told)
        await until(lambda: discovery.stack.nodes.find(key(peer.number)))


async def test_a_changed_set_of_instances_is_taken_over(discovery: Discovery) -> None:
    """Rule 9."""
    async with Peer() as peer:
        await discovery.look(peer.host)
        peer.objects[CHARGER + 1] = charger()
        peer.announce()
        await until(lambda: len(discovery.stack.nodes.find(key(peer.number)).look.objects) == 2)  # type: ignore[union-attr]


async def test_a_node_that_moved_keeps_its_place(discovery: Discovery) -> None:
    """Rule 15: DHCP gave it another address."""
    async with Peer() as peer:
        before = await discovery.look(peer.host)
        old = peer.host
        peer.move(address())
        peer.announce()
        await until(lambda: before.host == peer.host)  # type: ignore[union-attr]
        assert discovery.stack.nodes.at(old) is None
        assert discovery.stack.nodes.at(peer.host) is before


async def test_two_nodes_with_one_identification_are_kept_apart(
    discovery: Discovery, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 15."""
    async with Peer(number=990) as one, Peer(number=990) as two:
        first, second = await discovery.look(one.host), await discovery.look(two.host)
        assert first is not second
        assert {node.host for node in discovery.stack.nodes} == {one.host, two.host}
    assert f"{one.host} and {two.host} have the same identification" in caplog.text


async def test_of_twins_none_takes_the_other_s_place(discovery: Discovery) -> None:
    """Rule 15: an identification that two have had proves nothing, even when one of them is switched off."""
    async with Peer(number=992) as one, Peer(number=992) as two:
        first, second = await discovery.look(one.host), await discovery.look(two.host)
        assert first is not None
        assert second is not None
        one.silent = True
        two.move(address())
        third = await discovery.look(two.host)
        assert third is not None
        assert first.host == one.host
        assert third.host == two.host
        assert len({first.key, second.key, third.key}) == 3


@pytest.mark.parametrize(
    "told", [bytes(17), b"\xfe\xff\xff\xff" + bytes(13), b"\xfe\x00\x00\x77" + bytes(13), b""]
)
async def test_a_node_without_identification_is_its_address(
    discovery: Discovery, caplog: pytest.LogCaptureFixture, told: bytes
) -> None:
    """Rule 14."""
    async with Peer(profile={0x83: told}) as peer:
        node = await discovery.look(peer.host)
        assert node is not None
        assert node.key == f"@{peer.host}"
    assert "no identification of its own" in caplog.text


async def test_the_hardware_address_tells_that_both_ip_versions_are_one_node(
    discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 14: of a node without identification."""
    look = Look(None, 0x77, "", (CHARGER,), 1)
    node = discovery.stack.nodes.take("192.0.2.20", look, 0.0)
    hardware = {"192.0.2.20": b"1", "fe80::1%eth0": b"1", "fe80::2%eth0": b"2", "192.0.2.21": b"1"}
    monkeypatch.setattr(module, "neighbours", lambda: hardware)
    assert discovery._other_side("fe80::1%eth0", look) is node
    for host, other in (("fe80::2%eth0", look), ("192.0.2.21", look), ("fe80::1%eth0", Look(None, 0x78))):
        assert discovery._other_side(host, other) is None


async def test_what_a_list_of_84_cannot_hold_is_asked_for(discovery: Discovery) -> None:
    """Rule 11: 100 chargers behind one address."""
    objects = {CHARGER + number: charger() for number in range(100)}
    async with Peer(objects=objects) as peer:
        await discovery.look(peer.host)
        node = discovery.stack.nodes.find(key(peer.number))
        assert node is not None
        assert sorted(node.look.objects) == sorted(objects)


async def test_all_of_a_class_are_found_by_one_question(discovery: Discovery) -> None:
    """Rule 12: where instance 00 is known, nobody is asked one by one."""
    objects = {CHARGER + number: charger() for number in range(100)}
    async with Peer(objects=objects, for_all=True) as peer:
        await discovery.look(peer.host)
        node = discovery.stack.nodes.find(key(peer.number))
        assert node is not None
        assert sorted(node.look.objects) == sorted(objects)
        assert [frame.deoj for frame in peer.asked() if frame.deoj >> 8 == CHARGER >> 8] == [0x02A100]


async def test_objects_that_no_list_names_are_found_by_their_class(discovery: Discovery) -> None:
    """Rule 11: a stack that can't spell a list of more than 84 has none; D3 and D7 say what is there."""
    objects = {CHARGER + number: charger() for number in range(90)}
    async with Peer(objects=objects, profile={0xD6: b"", 0xD7: bytes.fromhex("020ef002a1")}) as peer:
        await discovery.look(peer.host)
        node = discovery.stack.nodes.find(key(peer.number))
        assert node is not None
        assert sorted(node.look.objects) == sorted(objects)


async def test_a_list_whose_length_has_overflowed_is_read_as_far_as_it_goes(discovery: Discovery) -> None:
    """Rule 11: a count of 100, and 14 objects in what an overflowing PDC left of the list."""
    objects = {CHARGER + number: charger() for number in range(100)}
    listed = bytes((100,)) + b"".join(eoj.to_bytes(3, "big") for eoj in objects)
    async with Peer(objects=objects, profile={0xD6: listed[: (1 + 300) % 256]}) as peer:
        await discovery.look(peer.host)
        node = discovery.stack.nodes.find(key(peer.number))
        assert node is not None
        assert sorted(node.look.objects) == sorted(objects)


async def test_configured_objects_are_asked_for_although_nobody_lists_them() -> None:
    """Rule 11."""
    number, host = 991, address()
    for where in (host, key(number)):
        settings = StackSettings(
            (interface(),), b"evhub-test-04", instances={where: (CHARGER + 4, CHARGER + 5)}
        )
        objects = {CHARGER: charger(), CHARGER + 4: charger()}
        listed = b"\x01" + CHARGER.to_bytes(3, "big")
        async with (
            running(settings) as discovery,
            Peer(host=host, number=number, objects=objects, profile={0xD6: listed}, count=1),
        ):
            await discovery.look(host)
            assert discovery.stack.nodes.find(key(number)).look.objects == (CHARGER, CHARGER + 4)  # type: ignore[union-attr]


async def test_who_is_silent_is_nobody(discovery: Discovery) -> None:
    async with Peer(silent=True) as peer:
        assert await discovery.look(peer.host) is None
        assert discovery.stack.nodes.at(peer.host) is None


async def test_answers_to_inf_req_may_be_sent_to_one_or_to_all(discovery: Discovery) -> None:
    """Rule 26."""
    discovery.searching = False
    (ours,) = discovery.stack.links.hosts
    async with Peer() as one, Peer() as two:
        one.announce(ours)
        two.announce()
        await until(lambda: len(list(discovery.stack.nodes)) == 2)


async def test_the_answers_to_our_own_search_raise_no_doubt(discovery: Discovery) -> None:
    """A thousand nodes answer at once; one that has started anew, or has other objects, is asked who it is."""
    async with Peer() as peer:
        node = await discovery.look(peer.host)
        assert node is not None
        discovery.stack.search()
        peer.silent = True
        peer.announce()
        peer.announce()
        await until(lambda: discovery.stack.counters["news"] >= 2)
        assert not node.suspect
        peer.objects[CHARGER + 1] = charger()
        peer.announce()
        await until(lambda: node.suspect)


async def test_who_was_just_asked_is_not_asked_again(discovery: Discovery) -> None:
    """A hundred chargers of one node begin together; what has announced itself since is asked all the same."""
    async with Peer() as peer:
        node = await discovery.look(peer.host)
        peer.heard.clear()
        assert await discovery.look(peer.host, within_s=3.0) is node
        assert not peer.asked()
        assert node is not None
        node.suspect = True
        assert await discovery.look(peer.host, within_s=3.0) is node
        assert peer.asked()


async def test_we_do_not_find_ourselves(discovery: Discovery) -> None:
    """Rule 30."""
    discovery.stack.announce()
    discovery.stack.search()
    await until(lambda: discovery.stack.counters["own"] >= 3)
    (ours,) = discovery.stack.links.hosts
    assert await discovery.look(ours) is None
    assert not list(discovery.stack.nodes)


async def test_a_send_only_profile_may_announce(discovery: Discovery) -> None:
    """0EF002."""
    async with Peer() as peer:
        listed = b"\x01" + CHARGER.to_bytes(3, "big")
        peer.send(None, Frame(0, NODE_PROFILE + 1, NODE_PROFILE, Esv.INF, (Property(0xD5, listed),)))
        await until(lambda: discovery.stack.nodes.find(key(peer.number)))
