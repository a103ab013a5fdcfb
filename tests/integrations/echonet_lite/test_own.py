"""The hub as others see it: every mandatory property of its node profile and its controller."""

import pytest

from integrations.echonet_lite.frame import CONTROLLER, NODE_PROFILE, Esv, Frame, Property, encode
from integrations.echonet_lite.own import OwnNode
from integrations.echonet_lite.profile import identification, instance_list, property_map

THEM = 0x05FF7F
MANDATORY = {
    NODE_PROFILE: (0x80, 0x82, 0x83, 0x8A, 0x9D, 0x9E, 0x9F, 0xD3, 0xD4, 0xD6, 0xD7),
    CONTROLLER: (0x80, 0x81, 0x82, 0x88, 0x8A, 0x9D, 0x9E, 0x9F),
}


@pytest.fixture
def own() -> OwnNode:
    return OwnNode(bytes(range(1, 14)))


def asked(own: OwnNode, deoj: int, esv: Esv, *properties: Property) -> Frame | None:
    return own.answer(Frame(7, THEM, deoj, esv, properties))[0]


def read(own: OwnNode, deoj: int, epc: int) -> bytes:
    answer = asked(own, deoj, Esv.GET, Property(epc))
    assert answer is not None
    return answer.properties[0].edt


@pytest.mark.parametrize("eoj", MANDATORY)
def test_every_mandatory_property_can_be_read(own: OwnNode, eoj: int) -> None:
    """Rule 28."""
    answer = asked(own, eoj, Esv.GET, *map(Property, MANDATORY[eoj]))
    assert answer is not None
    assert (answer.tid, answer.seoj, answer.deoj, answer.esv) == (7, eoj, THEM, Esv.GET_RES)
    assert all(item.edt for item in answer.properties)


@pytest.mark.parametrize("eoj", MANDATORY)
def test_the_maps_tell_what_can_be_read_set_and_heard(own: OwnNode, eoj: int) -> None:
    """Rule 28."""
    told, settable, readable = (property_map(read(own, eoj, epc)) for epc in (0x9D, 0x9E, 0x9F))
    assert told is not None
    assert settable is not None
    assert readable is not None
    assert all(read(own, eoj, epc) for epc in readable.items)
    assert set(MANDATORY[eoj]) <= set(readable.items)
    assert settable.items == ((0x81,) if eoj == CONTROLLER else ())
    assert told.items == ((0x80, 0x81, 0x88) if eoj == CONTROLLER else (0x80, 0xD5))


def test_it_says_which_objects_it_has(own: OwnNode) -> None:
    """Rules 9 and 28."""
    told = own.announcement(3)
    assert encode(told).hex() == "10810003" + "0ef001" + "0ef001" + "7301" + "d504" + "0105ff01"
    listed = instance_list(read(own, NODE_PROFILE, 0xD6))
    assert listed is not None
    assert listed.items == (CONTROLLER,)
    assert read(own, NODE_PROFILE, 0xD3) == b"\0\0\1"
    assert read(own, NODE_PROFILE, 0xD4) == b"\0\2"
    assert read(own, NODE_PROFILE, 0xD7) == b"\x01\x05\xff"


def test_its_identification_is_no_makers(own: OwnNode) -> None:
    """Rule 28: without a maker's code it is FFFFFF, which identifies nothing to those who are strict."""
    assert read(own, NODE_PROFILE, 0x83) == own.identification
    assert identification(own.identification) is None


@pytest.mark.parametrize("deoj", [0x0EF000, 0x0EF002, 0x05FF00])
def test_all_instances_of_a_class_are_its_one(own: OwnNode, deoj: int) -> None:
    """Rules 12 and 28."""
    answer = asked(own, deoj, Esv.GET, Property(0x80))
    assert answer is not None
    assert answer.seoj & 0xFF == 1


@pytest.mark.parametrize("esv", [Esv.GET, Esv.SETC, Esv.SETI, Esv.INFC, Esv.INF_REQ, Esv.SETGET])
def test_an_object_that_is_not_there_is_silent(own: OwnNode, esv: Esv) -> None:
    """Rule 6."""
    assert own.answer(Frame(7, THEM, 0x02A101, esv, (Property(0x80),))) == (None, None)


def test_what_cannot_be_read_has_pdc_0(own: OwnNode) -> None:
    """Rule 5."""
    answer = asked(own, CONTROLLER, Esv.GET, Property(0x80), Property(0xE0))
    assert answer is not None
    assert (answer.esv, answer.properties) == (Esv.GET_SNA, (Property(0x80, b"0"), Property(0xE0)))


def test_what_cannot_be_set_comes_back(own: OwnNode) -> None:
    """Rule 5: accepted ones with PDC 0, refused ones with what was sent."""
    answer = asked(own, CONTROLLER, Esv.SETC, Property(0x81, b"\x08"), Property(0x80, b"\x31"))
    assert answer is not None
    assert (answer.esv, answer.properties) == (Esv.SETC_SNA, (Property(0x81), Property(0x80, b"\x31")))
    assert read(own, CONTROLLER, 0x81) == b"\x08"
    assert read(own, CONTROLLER, 0x80) == b"\x30"


def test_a_location_that_was_set_is_announced_once(own: OwnNode) -> None:
    setting = Frame(7, THEM, CONTROLLER, Esv.SETC, (Property(0x81, b"\x08"),))
    answer, told = own.answer(setting)
    assert answer is not None
    assert answer.esv is Esv.SET_RES
    assert told is not None
    assert (told.seoj, told.deoj, told.esv) == (CONTROLLER, NODE_PROFILE, Esv.INF)
    assert own.answer(setting)[1] is None


def test_seti_is_answered_only_with_a_refusal(own: OwnNode) -> None:
    assert asked(own, CONTROLLER, Esv.SETI, Property(0x81, b"\x08")) is None
    refused = asked(own, CONTROLLER, Esv.SETI, Property(0x80))
    assert refused is not None
    assert refused.esv is Esv.SETI_SNA


def test_setget_does_both(own: OwnNode) -> None:
    question = Frame(7, THEM, CONTROLLER, Esv.SETGET, (Property(0x81, b"\x10"),), (Property(0x81),))
    answer, _ = own.answer(question)
    assert answer is not None
    assert (answer.esv, answer.properties) == (Esv.SETGET_RES, (Property(0x81),))
    assert answer.second == (Property(0x81, b"\x10"),)


def test_infc_is_confirmed_without_data(own: OwnNode) -> None:
    """Rule 7."""
    answer = asked(own, NODE_PROFILE, Esv.INFC, Property(0xD5, b"\x01\x02\xa1\x01"), Property(0x80, b"0"))
    assert answer is not None
    assert (answer.esv, answer.properties) == (Esv.INFC_RES, (Property(0xD5), Property(0x80)))


def test_inf_req_is_answered_to_all_or_refused(own: OwnNode) -> None:
    """Rule 26."""
    _, told = own.answer(Frame(7, THEM, NODE_PROFILE, Esv.INF_REQ, (Property(0xD5),)))
    assert told is not None
    assert told.properties == own.announcement(7).properties
    refused = asked(own, CONTROLLER, Esv.INF_REQ, Property(0xE0))
    assert refused is not None
    assert refused.esv is Esv.INF_SNA


def test_a_small_question_never_makes_a_large_answer(own: OwnNode) -> None:
    answer = asked(own, NODE_PROFILE, Esv.GET, *[Property(0x83)] * 255)
    assert answer is not None
    assert len(encode(answer)) < 1600


@pytest.mark.parametrize("esv", [Esv.GET_RES, Esv.INF, Esv.GET_SNA, Esv.INFC_RES])
def test_answers_are_not_answered(own: OwnNode, esv: Esv) -> None:
    assert own.answer(Frame(7, THEM, NODE_PROFILE, esv, (Property(0x80, b"0"),))) == (None, None)
