"""Datagrams and what they become; none of them is ever an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.echonet_lite.frame import CONTROLLER, NODE_PROFILE, Esv, Frame, Property, decode, encode
from integrations.echonet_lite.node import LARGEST, MOST_A_SECOND, Listed, News, Node, Stranger
from integrations.echonet_lite.own import OwnNode
from integrations.echonet_lite.transactions import Request, Transactions

US, THEM = "192.0.2.1", "192.0.2.9"
CHARGER = 0x02A101


def make(*, known: bool = True, accepts: bool = True) -> Node:
    own = OwnNode(bytes(range(13)))
    node = Node(own, Transactions(0, lambda: 0.0), accepts=lambda _host: accepts, known=lambda _host: known)
    node.own_hosts = frozenset({US})
    return node


def news(esv: Esv = Esv.INF, deoj: int = NODE_PROFILE) -> Frame:
    return Frame(0, CHARGER, deoj, esv, (Property(0xC7, b"A"),))


def sent(node: Node) -> list[tuple[str | None, Frame]]:
    outbox, node.outbox = node.outbox, []
    return [(item.host, decode(item.payload)) for item in outbox]


@pytest.mark.parametrize("deoj", [NODE_PROFILE, CONTROLLER, 0x0EF000, 0x05FF7F])
def test_news_is_taken_whomever_it_was_for(deoj: int) -> None:
    """Rule 8."""
    node = make()
    frame = news(deoj=deoj)
    assert node.receive(THEM, encode(frame), 0.0) == [News(THEM, frame)]


def test_infc_is_confirmed_to_whoever_sent_it() -> None:
    """Rules 2 and 7: PDC 0, and the address is all that counts."""
    node = make()
    frame = news(Esv.INFC, CONTROLLER)
    assert node.receive(THEM, encode(frame), 0.0) == [News(THEM, frame)]
    [(host, answer)] = sent(node)
    assert host == THEM
    assert (answer.esv, answer.properties) == (Esv.INFC_RES, (Property(0xC7),))


def test_infc_to_an_object_that_is_not_ours_is_discarded() -> None:
    """Rule 7."""
    node = make()
    assert node.receive(THEM, encode(news(Esv.INFC, 0x05FF02)), 0.0) == []
    assert not node.outbox


def test_a_d5_of_anyone_is_a_reason_to_look() -> None:
    """Rule 9."""
    frame = Frame(0, NODE_PROFILE, NODE_PROFILE, Esv.INF, (Property(0xD5, b"\x01\x02\xa1\x01"),))
    assert make(known=False).receive(THEM, encode(frame), 0.0) == [Listed(THEM, frame)]


def test_an_answer_to_our_search_is_a_list_too() -> None:
    frame = Frame(1, 0x0EF002, CONTROLLER, Esv.GET_RES, (Property(0xD6, b"\x01\x02\xa1\x01"),))
    assert make(known=False).receive(THEM, encode(frame), 0.0) == [Listed(THEM, frame)]


def test_any_frame_of_a_stranger_is_a_reason_to_look() -> None:
    """Rule 15."""
    asked = Frame(1, CONTROLLER, NODE_PROFILE, Esv.GET, (Property(0x80),))
    assert make(known=False).receive(THEM, encode(asked), 0.0) == [Stranger(THEM)]
    assert Stranger(THEM) in make(known=False).receive(THEM, encode(news()), 0.0)


def test_others_can_read_us() -> None:
    """Rule 28."""
    node = make()
    node.receive(THEM, encode(Frame(5, CONTROLLER, NODE_PROFILE, Esv.GET, (Property(0x83),))), 0.0)
    [(host, answer)] = sent(node)
    assert host == THEM
    assert answer.properties == (Property(0x83, node.own.identification),)


def test_we_announce_ourselves_to_all() -> None:
    """Rule 9."""
    node = make()
    node.announce()
    [(host, frame)] = sent(node)
    assert host is None
    assert (frame.esv, frame.properties[0].epc) == (Esv.INF, 0xD5)


def test_a_search_asks_in_both_ways() -> None:
    """Rules 9 and 26."""
    node = make()
    node.search()
    assert [(frame.esv, frame.properties[0].epc) for _, frame in sent(node)] == [
        (Esv.GET, 0xD6),
        (Esv.INF_REQ, 0xD5),
    ]


def test_our_own_multicast_comes_back_and_is_nothing() -> None:
    """Rule 30."""
    node = make()
    node.announce()
    payload = node.outbox[0].payload
    assert node.receive(US, payload, 0.0) == []
    assert node.counters["own"] == 1


def test_a_program_on_our_own_machine_is_heard() -> None:
    """Rule 30."""
    assert make().receive(US, encode(news()), 0.0) == [News(US, news())]


@pytest.mark.parametrize(
    ("payload", "counter"),
    [
        (bytes.fromhex("0100ffff060624780000"), "garbage"),
        (bytes.fromhex("108200010203"), "garbage"),
        (b"", "garbage"),
        (bytes(LARGEST + 1), "oversize"),
    ],
)
def test_garbage_is_a_counter(payload: bytes, counter: str) -> None:
    """Rule 27."""
    node = make()
    assert node.receive(THEM, payload, 0.0) == []
    assert node.counters[counter] == 1
    assert not node.outbox


def test_who_is_not_on_our_links_is_not_heard() -> None:
    node = make(accepts=False)
    assert node.receive(THEM, encode(news()), 0.0) == []
    assert node.counters["off_link"] == 1


def test_a_flood_does_not_drown_an_answer() -> None:
    node = make()
    node.ask(Request(THEM, CHARGER, Esv.GET, (Property(0x80),)), 0.0)
    node.step(0.0)
    [(_, asked)] = sent(node)
    for _ in range(MOST_A_SECOND + 50):
        node.receive(THEM, encode(news()), 0.5)
    assert node.counters["flood"] == 50
    answer = Frame(asked.tid, CHARGER, CONTROLLER, Esv.GET_RES, (Property(0x80, b"0"),))
    assert len(node.receive(THEM, encode(answer), 0.6)) == 1
    assert node.receive(THEM, encode(news()), 1.1)


def test_a_short_refusal_of_setget_is_nothing() -> None:
    """Rule 25."""
    node = make()
    assert node.receive(THEM, bytes.fromhex("1081000102a10105ff015e01da00"), 0.0) == []


PROPERTIES = st.lists(
    st.builds(Property, st.integers(0, 255), st.binary(max_size=40)), min_size=1, max_size=4
)
FRAMES = st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.sampled_from([CHARGER, NODE_PROFILE, CONTROLLER, 0, 0xFFFFFF]),
    st.sampled_from([CHARGER, NODE_PROFILE, CONTROLLER, 0x0EF000, 0xFFFFFF]),
    st.sampled_from(Esv),
    PROPERTIES.map(tuple),
)


@given(st.lists(st.binary(max_size=60) | FRAMES.map(encode), max_size=20))
def test_whatever_comes_is_never_an_exception(payloads: list[bytes]) -> None:
    """Rule 27; and never more than two datagrams go out for one that came in."""
    node = make(known=False)
    node.ask(Request(THEM, CHARGER, Esv.GET, (Property(0x80),)), 0.0)
    for second, payload in enumerate(payloads):
        node.outbox.clear()
        node.receive(THEM, payload, float(second))
        assert len(node.outbox) <= 2
        node.step(float(second))


def test_what_we_say_by_ourselves_has_a_tid_that_few_wait_for() -> None:
    """Controllers that match by TID alone, and count from 1, take it for the answer to what they have asked."""
    own = OwnNode(bytes(range(13)))
    node = Node(own, Transactions(0, lambda: 0.0), first_tid=0xFFFF)
    node.announce()
    node.search()
    assert [frame.tid for _, frame in sent(node)] == [0xFFFF, 1, 2]
