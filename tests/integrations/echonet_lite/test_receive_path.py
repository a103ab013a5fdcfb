"""Any datagram, from the socket to the state: a counter or a value, never an exception (rule 27)."""

import asyncio
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.charger.snapshot import snapshot
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.frame import CONTROLLER, NODE_PROFILE, Esv, Frame, Property, encode
from integrations.echonet_lite.nodes import Look
from integrations.echonet_lite.points import raw_values
from integrations.echonet_lite.profile import identification, instance_list, property_map, release, words
from integrations.echonet_lite.remote import Remote
from integrations.echonet_lite.stack import Manners, Stack
from integrations.echonet_lite.transactions import Request

HOST, CHARGER = "192.0.2.9", 0x02A101
EDT = st.binary(max_size=255)
PROPERTIES = st.lists(st.builds(Property, st.integers(0x80, 0xFF), EDT), min_size=1, max_size=5).map(tuple)
FRAMES = st.builds(
    Frame,
    st.integers(0, 5),
    st.sampled_from([CHARGER, CHARGER + 1, NODE_PROFILE, NODE_PROFILE + 1, CONTROLLER, 0]),
    st.sampled_from([CONTROLLER, NODE_PROFILE, NODE_PROFILE - 1, CHARGER]),
    st.sampled_from(list(Esv)),
    PROPERTIES,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A frame with some of its bytes changed, cut off, or doubled."""
    payload = bytearray(encode(draw(FRAMES)))
    for _ in range(draw(st.integers(0, 3))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(payload)))
    return bytes(payload[:cut] if draw(st.booleans()) else payload + payload[:cut])


@given(st.lists(st.binary(max_size=80) | damaged(), max_size=12))
def test_any_datagrams_while_questions_are_open(payloads: list[bytes]) -> None:
    async def exercise() -> None:
        stack = Stack()
        stack.links.allow(HOST)
        discovery = Discovery(stack)
        asked = (Property(0xC7), Property(0xD3))
        questions = [
            asyncio.ensure_future(stack.ask(Request(HOST, eoj, Esv.GET, asked, (0.01,), 0.0)))
            for eoj in (CHARGER, NODE_PROFILE)
        ]
        await asyncio.sleep(0)
        node = stack.nodes.take(HOST, Look("FE" + "01" * 16, objects=(CHARGER,)), 0.0)
        remote = Remote(discovery, node, CHARGER, manners=Manners((0.01,), 0.0))
        for payload in payloads:
            stack._receive(HOST, payload)
        remote.close()
        for question in questions:
            question.cancel()
        looks = list(discovery._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*questions, *looks, return_exceptions=True)
        stack.close()

    asyncio.run(exercise())


@given(EDT)
def test_any_edt_of_the_profile(edt: bytes) -> None:
    for reads in (property_map, instance_list, identification, release, words):
        reads(edt)


@cache
def mapping(path: str) -> BlueprintMapping:
    return load_blueprint(path, {}, (shipped("blueprints"),), load_codec)


@given(
    st.sampled_from(["echonet/ev_charger", "echonet/ev_charger_discharger"]),
    st.dictionaries(st.integers(0x80, 0xFF), EDT, max_size=40),
    st.booleans(),
)
def test_any_edt_of_a_charger_is_a_state(path: str, image: dict[int, bytes], tx: bool) -> None:
    chosen = mapping(path)
    reading = chosen.reading(raw_values(chosen, {1: image}), {1: {"tx": tx, "settable": frozenset()}})
    assert snapshot(reading, 1)["status"]
