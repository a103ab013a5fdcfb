"""How much is asked at once, and what becomes of each property."""

import pytest

from integrations.echonet_lite.batches import Batches, Got, Written, written
from integrations.echonet_lite.frame import Esv, Frame, Property

EPCS = list(range(0x80, 0x8C))


def told(*properties: Property, esv: Esv = Esv.GET_RES) -> Frame:
    return Frame(1, 0x02A101, 0x05FF01, esv, properties)


def read(batches: Batches, most: int, absent: frozenset[int] = frozenset()) -> tuple[Got, list[int]]:
    """Everything, of a device that answers `most` at once; (what was got, sizes of the questions)."""
    pending, got, sizes = list(EPCS), Got(), []
    while pending:
        chunk = batches.next(pending)
        sizes.append(len(chunk))
        found = tuple(Property(epc, b"" if epc in absent else b"1") for epc in chunk[:most])
        whole = len(found) == len(chunk) and all(item.edt for item in found)
        again = batches.answered(chunk, told(*found, esv=Esv.GET_RES if whole else Esv.GET_SNA), got)
        pending = again + [epc for epc in pending if epc not in chunk]
    return got, sizes


def test_a_device_that_answers_less_is_asked_for_less() -> None:
    """Rule 17: from 10 down to what it can do, and nothing is lost."""
    batches = Batches()
    got, sizes = read(batches, 4)
    assert sorted(got.values) == EPCS
    assert sizes == [10, 4, 4]
    assert batches.most == 4


def test_one_at_a_time_is_enough() -> None:
    """Rule 17."""
    assert sorted(read(Batches(), 1)[0].values) == EPCS


def test_what_is_unreadable_is_no_reason_to_ask_for_less() -> None:
    """Rule 5: readable ones with their EDT, unreadable ones with PDC 0."""
    batches = Batches()
    got, sizes = read(batches, 99, frozenset({0x81, 0x85}))
    assert got.unreadable == {0x81, 0x85}
    assert sizes == [10, 2]
    assert batches.proven == 10


def test_nothing_at_all_may_mean_that_it_was_too_much() -> None:
    """Rule 17: a device that refuses ten together is asked for five; one that never can is believed."""
    batches = Batches()
    got, _ = read(batches, 99, frozenset(EPCS))
    assert got.unreadable == set(EPCS)
    assert not got.values


def leaves_out(batches: Batches, epcs: list[int], absent: set[int]) -> tuple[Got, list[int]]:
    """What a stack that leaves out what it doesn't know tells; (what was got, sizes of the questions)."""
    pending, got, sizes = list(epcs), Got(), []
    while pending:
        chunk = batches.next(pending)
        sizes.append(len(chunk))
        found = (Property(epc, b"1") for epc in chunk if epc not in absent)
        pending = batches.answered(chunk, told(*found), got) + [epc for epc in pending if epc not in chunk]
    return got, sizes


@pytest.mark.parametrize("absent", [{0x81, 0x85}, {0x88, 0x89}, {0x8B}, {0x8A, 0x8B}, set(EPCS)])
def test_what_a_stack_leaves_out_is_unreadable_and_no_reason_to_ask_for_less(absent: set[int]) -> None:
    batches = Batches()
    for _ in range(5):
        got, sizes = leaves_out(batches, EPCS, absent)
        assert got.unreadable == absent
        assert set(got.values) == set(EPCS) - absent
    assert len(sizes) <= 3 or absent == set(EPCS)


def test_silence_to_many_is_tried_with_few() -> None:
    """Rule 17."""
    batches = Batches()
    assert batches.tries(EPCS[:10], (3.0, 5.0)) == (3.0,)
    assert batches.unanswered(EPCS[:10])
    assert batches.most == 5
    batches.proven = 5
    assert batches.tries(EPCS[:5], (3.0, 5.0)) == (3.0, 5.0)
    assert not batches.unanswered(EPCS[:5])


def test_properties_come_back_in_any_order() -> None:
    """Rule 22."""
    got = Got()
    Batches().answered([0x80, 0xC7], told(Property(0xC7, b"A"), Property(0x80, b"0")), got)
    assert got.values == {0x80: b"0", 0xC7: b"A"}


def test_what_was_not_asked_is_not_taken() -> None:
    got = Got()
    Batches().answered([0x80], told(Property(0x80, b"0"), Property(0xC7, b"A")), got)
    assert got.values == {0x80: b"0"}


def test_answers_stay_small() -> None:
    """Rule 33: what was long once isn't asked for together with more than fits."""
    batches = Batches(60)
    epcs = list(range(0x80, 0xA0))
    batches.answered(epcs, told(*(Property(epc, bytes(200)) for epc in epcs)), Got())
    assert len(batches.next(epcs)) == 5


WANTED = {0xDA: b"B", 0xED: b"\0\xa0"}


@pytest.mark.parametrize(
    ("frame", "result"),
    [
        (told(Property(0xDA), Property(0xED), esv=Esv.SET_RES), Written(frozenset(WANTED), frozenset())),
        (
            told(Property(0xED, b"\0\xa0"), Property(0xDA), esv=Esv.SETC_SNA),
            Written(frozenset({0xDA}), frozenset({0xED})),
        ),
        (told(Property(0xDA), esv=Esv.SET_RES), Written(frozenset({0xDA}), frozenset({0xED}))),
        (told(esv=Esv.SET_RES), Written(frozenset(), frozenset(WANTED))),
        (told(Property(0xDA), esv=Esv.SETC_SNA), Written(frozenset({0xDA}), frozenset({0xED}))),
        (told(Property(0xDA), Property(0xED), esv=Esv.SETC_SNA), Written(frozenset(), frozenset(WANTED))),
    ],
)
def test_each_property_that_was_set_has_its_own_result(frame: Frame, result: Written) -> None:
    """Rule 5: a partly refused Set is neither done nor failed."""
    assert written(WANTED, frame) == result
