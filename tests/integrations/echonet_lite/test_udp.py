"""Sockets on port 3610."""

import asyncio
import socket
from collections import Counter

import pytest

from integrations.echonet_lite import interfaces
from integrations.echonet_lite.interfaces import Interface
from integrations.echonet_lite.udp import BUFFER, GROUP_4, PORT, Link, Links, holder
from tests.integrations.echonet_lite.peer import address, interface, until


def found(text: str | None = None) -> Interface:
    (one,) = interfaces.find((text or interface(),))
    return one


def sender() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address(), 0))
    return sock


async def test_buffers_hold_the_answers_of_a_thousand_nodes() -> None:
    """Rule 31: as far as this machine allows."""
    link = Link(found(), lambda *_: None)
    try:
        for sock in (link._one, link._all):
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= min(BUFFER, 212_992)
    finally:
        link.close()


async def test_what_is_meant_for_us_and_what_is_meant_for_all_is_heard_once() -> None:
    """Rule 1. Nodes of tests beside this one are heard as well: the group is the whole machine's."""
    heard: list[tuple[str, bytes]] = []
    one = found()
    with sender() as peer:
        here = peer.getsockname()[0]
        link = Link(one, lambda host, payload: heard.append((host, payload)) if host == here else None)
        try:
            peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(here))
            peer.sendto(b"one", (one.host, PORT))
            peer.sendto(b"all", (GROUP_4, PORT))
            await until(lambda: len(heard) >= 2)
            assert sorted(heard) == [(here, b"all"), (here, b"one")]
        finally:
            link.close()


async def test_interfaces_may_come_and_go() -> None:
    links = Links(lambda *_: None, Counter())
    first, second = found(), found()
    assert links.use([first])
    assert not links.use([first])
    assert links.use([second])
    assert links.hosts == {second.host}
    links.close()
    assert not links.hosts


async def test_an_address_that_cannot_be_had_does_not_spoil_the_others() -> None:
    links = Links(lambda *_: None, Counter())
    good = found()
    bad = Interface(
        good.name, good.index, interfaces.find(("127.0.0.1/8",))[0].address.__class__("192.0.2.1/24")
    )
    try:
        assert links.use([bad, good])
        assert links.hosts == {good.host}
        assert not links.use([bad, good])
    finally:
        links.close()


async def test_a_datagram_without_a_way_is_counted() -> None:
    counters: Counter[str] = Counter()
    links = Links(lambda *_: None, counters)
    links.send("192.0.2.1", b"x")
    assert counters["no_link"] == 1
    links.use([found()])
    try:
        links.send("2001:db8::1", b"x")
        assert counters["no_link"] == 2
        links.send(address(), b"x")
        assert counters["sent"] == 1
    finally:
        links.close()


async def test_only_who_is_on_a_link_or_configured_is_accepted() -> None:
    links = Links(lambda *_: None, Counter())
    one = found()
    links.use([one])
    try:
        assert links.accepts(address())
        assert not links.accepts("192.0.2.7")
        assert not links.accepts("no address")
        links.allow("192.0.2.7")
        assert links.accepts("192.0.2.7")
    finally:
        links.close()


async def test_another_holder_of_the_port_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Rule 29: here it is ourselves, so that nobody else is named."""
    one = found()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((one.host, PORT))
        link = Link(one, lambda *_: None)
        link.close()
        await asyncio.sleep(0)
    assert "is used by" in caplog.text
    assert holder()
