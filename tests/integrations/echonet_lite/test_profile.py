"""Property maps, instance lists, identification numbers: as they should be, and as they are met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.echonet_lite.profile import (
    MOST_LISTED,
    Told,
    class_list,
    identification,
    instance_list,
    instances,
    property_map,
    release,
    spell_instances,
    spell_map,
    words,
)

EPCS = st.sets(st.integers(0x80, 0xFF), max_size=128)


@given(EPCS)
def test_property_maps_come_back_in_both_forms(epcs: set[int]) -> None:
    """Rule 10: fewer than 16 as a list, more as 16 bytes of bits."""
    edt = spell_map(epcs)
    assert len(edt) == (17 if len(epcs) >= 16 else len(epcs) + 1)
    told = property_map(edt)
    assert told is not None
    assert told.items == tuple(sorted(epcs))
    assert not told.wrong


def test_a_bitmap_is_read_by_bytes_and_bits() -> None:
    """Rule 10: byte i, bit j is EPC 80 + 10 j + i."""
    bits = bytearray(16)
    bits[0] = 0b00000001
    bits[7] = 0b00010000
    bits[15] = 0b10000000
    told = property_map(bytes((3, *bits)))
    assert told == Told((0x80, 0xC7, 0xFF), 3)


def test_a_count_that_lies_is_noticed_and_the_bits_count() -> None:
    """Rule 10."""
    told = property_map(bytes((20, 1, *bytes(15))))
    assert told is not None
    assert told.items == (0x80,)
    assert told.wrong


@pytest.mark.parametrize(
    ("edt", "items"), [(b"\x02\x80\x9f", (0x80, 0x9F)), (b"\x00", ()), (b"\x03\x80", (0x80,))]
)
def test_a_list_is_what_it_holds(edt: bytes, items: tuple[int, ...]) -> None:
    """Rule 10."""
    told = property_map(edt)
    assert told is not None
    assert told.items == items


def test_nothing_is_no_map_and_no_list() -> None:
    assert property_map(b"") is None
    assert instance_list(b"") is None


@given(st.lists(st.integers(0x010101, 0x0FFFFF), max_size=MOST_LISTED, unique=True))
def test_instance_lists_come_back(eojs: list[int]) -> None:
    """Rule 11."""
    told = instance_list(spell_instances(eojs))
    assert told is not None
    assert told.items == tuple(eojs)
    assert not told.wrong


def test_an_instance_list_is_what_its_edt_holds() -> None:
    """Rule 11: a node with 100 objects says 100 and sends 14."""
    told = instance_list(bytes((100,)) + b"".join(bytes((2, 0xA1, n)) for n in range(1, 15)) + b"\x02\xa1")
    assert told is not None
    assert told.items == tuple(range(0x02A101, 0x02A10F))
    assert told.count == 100
    assert told.wrong


def test_at_most_84_are_listed() -> None:
    """Rule 11."""
    assert len(spell_instances(range(0x02A101, 0x02A165))) == 253


def test_an_instance_needs_not_be_one() -> None:
    """Rule 13."""
    told = instance_list(b"\x01\x02\x7d\x1f")
    assert told is not None
    assert told.items == (0x027D1F,)


@pytest.mark.parametrize(
    ("edt", "uid"),
    [
        ("fe000077" + "0102030405060708090a0b0c0d", "FE0000770102030405060708090A0B0C0D"),
        ("fe000077" + "00" * 13, None),
        ("feffffff" + "01" * 13, None),
        ("fe000000" + "01" * 13, None),
        ("ff000077" + "01" * 13, None),
        ("fe000077" + "01" * 12, None),
        ("", None),
    ],
)
def test_only_what_tells_nodes_apart_identifies_one(edt: str, uid: str | None) -> None:
    """Rule 14."""
    assert identification(bytes.fromhex(edt)) == uid


@pytest.mark.parametrize(
    ("edt", "letter"),
    [("00005200", "R"), ("00004a00", "J"), ("00000000", None), ("", None), ("52000000", "R")],
)
def test_the_release_letter_is_found(edt: str, letter: str | None) -> None:
    assert release(bytes.fromhex(edt)) == letter


def test_texts_lose_their_padding() -> None:
    assert words(b"EVP-7\0\0\0\0\0\0\0") == "EVP-7"
    assert words(b"EVP-7       ") == "EVP-7"


def test_ranges_of_instances() -> None:
    """Rule 11."""
    assert instances("02A101-02A164") == tuple(range(0x02A101, 0x02A165))
    assert instances("0x027E1F") == (0x027E1F,)


@pytest.mark.parametrize(
    "text", ["", "02A1", "02A101-027E02", "02A105-02A101", "02A100", "02A101-02A1FF", "x"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        instances(text)


@pytest.mark.parametrize(
    ("edt", "classes"),
    [("0102a1", (0x02A1,)), ("020ef002a1", (0x02A1,)), ("", ()), ("0902a102a1027e", (0x02A1, 0x027E))],
)
def test_a_class_list_is_what_it_holds(edt: str, classes: tuple[int, ...]) -> None:
    """Rule 11."""
    assert class_list(bytes.fromhex(edt)) == classes
