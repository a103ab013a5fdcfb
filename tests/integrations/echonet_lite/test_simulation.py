"""The stand-in node byte by byte: its answers, its announcements, and what goes wrong on purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.echonet_lite.frame import (
    CONTROLLER,
    EOJ,
    NODE_PROFILE,
    Esv,
    Frame,
    Property,
    decode,
    encode,
)
from integrations.echonet_lite.profile import instance_list, property_map
from integrations.echonet_lite.simulated import ChargerObject, Traits
from integrations.echonet_lite.simulation import Faults, SimulatedNode, instances

US = "127.0.0.1"
CHARGER: EOJ = 0x02A101


def node(count: int = 1, faults: Faults | None = None, traits: Traits | None = None) -> SimulatedNode:
    objects = {eoj: ChargerObject(traits or Traits()) for eoj in instances(0x02A1, count)}
    return SimulatedNode(objects, faults=faults or Faults())


def ask(it: SimulatedNode, esv: Esv, *properties: Property, eoj: EOJ = CHARGER) -> list[Frame]:
    it.outbox.clear()
    it.receive(US, encode(Frame(7, CONTROLLER, eoj, esv, properties)), 0.0)
    return [decode(item.payload) for item in it.outbox]


def test_what_is_read_comes_back_with_the_same_tid_from_the_object_that_was_asked() -> None:
    (answer,) = ask(node(), Esv.GET, Property(0xC7), Property(0xDA))
    assert (answer.tid, answer.seoj, answer.deoj, answer.esv) == (7, CHARGER, CONTROLLER, Esv.GET_RES)
    assert answer.properties == (Property(0xC7, b"\x30"), Property(0xDA, b"\x44"))


def test_what_cannot_be_read_now_is_empty_in_a_refusal() -> None:
    (answer,) = ask(node(), Esv.GET, Property(0xC7), Property(0xE4))
    assert answer.esv is Esv.GET_SNA
    assert answer.properties == (Property(0xC7, b"\x30"), Property(0xE4))


def test_a_refused_set_echoes_what_was_refused_only() -> None:
    (answer, told) = ask(node(), Esv.SETC, Property(0xDA, b"\x42"), Property(0xC7, b"\x41"))
    assert answer.esv is Esv.SETC_SNA
    assert answer.properties == (Property(0xDA), Property(0xC7, b"\x41"))
    assert (told.esv, told.properties) == (Esv.INF, (Property(0xDA, b"\x42"),))


def test_a_set_without_answer_is_silent_when_it_is_taken() -> None:
    assert ask(node(), Esv.SETI, Property(0xE7, bytes(4))) == []
    (answer,) = ask(node(), Esv.SETI, Property(0xC7, b"\x41"))
    assert answer.esv is Esv.SETI_SNA


def test_an_object_that_is_not_here_is_silent_and_instance_zero_means_all() -> None:
    assert ask(node(), Esv.GET, Property(0x80), eoj=0x02A105) == []
    answers = ask(node(3), Esv.GET, Property(0x80), eoj=0x02A100)
    assert [answer.seoj for answer in answers] == [0x02A101, 0x02A102, 0x02A103]


def test_a_hundred_chargers_are_counted_although_the_list_holds_84() -> None:
    (answer,) = ask(node(100), Esv.GET, Property(0xD3), Property(0xD6), eoj=NODE_PROFILE)
    values = {item.epc: item.edt for item in answer.properties}
    listed = instance_list(values[0xD6])
    assert int.from_bytes(values[0xD3], "big") == 100
    assert listed is not None
    assert len(listed.items) == 84


def test_the_property_maps_hold_what_the_object_has() -> None:
    it = node()
    (answer,) = ask(it, Esv.GET, Property(0x9D), Property(0x9E), Property(0x9F))
    maps = [property_map(item.edt) for item in answer.properties]
    assert [set(told.items) for told in maps if told] == [
        it.objects[CHARGER].announced,
        it.objects[CHARGER].settable,
        {*it.objects[CHARGER].values, 0x9D, 0x9E, 0x9F},
    ]


def test_what_changes_by_itself_is_announced_once() -> None:
    it = node()
    it.objects[CHARGER].plug()
    it.pass_time(0.2, 5.0)
    it.pass_time(0.2, 5.2)
    (told,) = it.outbox
    assert told.host is None
    assert decode(told.payload).properties == (Property(0xC7, b"\x41"),)


def test_announcements_can_be_asked_for_and_confirmed() -> None:
    (told,) = ask(node(), Esv.INF_REQ, Property(0xC7))
    assert told.esv is Esv.INF
    (refused,) = ask(node(), Esv.INF_REQ, Property(0xE4))
    assert refused.esv is Esv.INF_SNA
    (taken,) = ask(node(), Esv.INFC, Property(0xD5, b"\x01\x05\xff\x01"), eoj=NODE_PROFILE)
    assert (taken.esv, taken.properties) == (Esv.INFC_RES, (Property(0xD5),))
    assert ask(node(), Esv.SET_RES, Property(0xDA)) == []


def test_a_small_device_answers_fewer_properties_than_were_asked() -> None:
    (answer,) = ask(node(faults=Faults(most=2)), Esv.GET, Property(0x80), Property(0x88), Property(0xC7))
    assert len(answer.properties) == 2
    assert answer.esv is Esv.GET_SNA


@pytest.mark.parametrize(
    ("faults", "sent"), [(Faults(loss=1), 0), (Faults(twice=1), 2), (Faults(silent=True), 0)]
)
def test_datagrams_are_lost_or_doubled(faults: Faults, sent: int) -> None:
    assert len(ask(node(faults=faults), Esv.GET, Property(0x80))) == sent


def test_answers_are_late_and_announcements_missing_as_told() -> None:
    it = node(faults=Faults(delay_s=1.5, quiet=True))
    it.start(0.0)
    it.objects[CHARGER].plug()
    it.tell(0.0)
    assert it.outbox == []
    it.receive(US, encode(Frame(1, CONTROLLER, CHARGER, Esv.GET, (Property(0x80),))), 2.0)
    assert [item.at for item in it.outbox] == [3.5]


def test_garbage_is_sent_from_time_to_time() -> None:
    it = node(faults=Faults(garbage_s=10))
    for now in (0.0, 5.0, 10.0):
        it.pass_time(5.0, now)
    assert [item.at for item in it.outbox] == [0.0, 10.0]


@pytest.mark.parametrize("count", [0, 128])
def test_a_class_has_one_to_127_instances(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 127"):
        list(instances(0x02A1, count))


@given(st.binary(max_size=64))
def test_any_datagram_is_survived(payload: bytes) -> None:
    node().receive(US, payload, 0.0)
