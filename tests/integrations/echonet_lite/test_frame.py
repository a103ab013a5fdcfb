"""Frames byte by byte, in both directions; whatever else comes is a FrameError."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.echonet_lite.frame import TWO_LISTS, Esv, Frame, FrameError, Property, decode, encode

SPOKEN = [
    ("10810001 05ff01 02a101 62 01 8000", Frame(1, 0x05FF01, 0x02A101, Esv.GET, (Property(0x80),))),
    (
        "1081abcd 02a101 05ff01 72 02 800130 c70141",
        Frame(0xABCD, 0x02A101, 0x05FF01, Esv.GET_RES, (Property(0x80, b"0"), Property(0xC7, b"A"))),
    ),
    (
        "10810002 02a101 05ff01 51 02 da00 eb0400000bb8",
        Frame(2, 0x02A101, 0x05FF01, Esv.SETC_SNA, (Property(0xDA), Property(0xEB, b"\0\0\x0b\xb8"))),
    ),
    (
        "10810000 0ef001 0ef001 73 01 d50401 02a101",
        Frame(0, 0x0EF001, 0x0EF001, Esv.INF, (Property(0xD5, b"\x01\x02\xa1\x01"),)),
    ),
    (
        "10810003 05ff01 02a101 6e 01 da0142 01 c700",
        Frame(3, 0x05FF01, 0x02A101, Esv.SETGET, (Property(0xDA, b"B"),), (Property(0xC7),)),
    ),
]


@pytest.mark.parametrize(("spoken", "frame"), SPOKEN)
def test_frames_have_the_specifications_bytes(spoken: str, frame: Frame) -> None:
    assert decode(bytes.fromhex(spoken)) == frame
    assert encode(frame) == bytes.fromhex(spoken)


@pytest.mark.parametrize(
    ("datagram", "words"),
    [
        ("", "few"),
        ("1081000105ff0102a10162", "few"),
        ("10820001 05ff01 02a101 62 01 8000", "EHD 1082"),
        ("0100ffff 0606247800 000000000000", "EHD 0100"),
        ("10810001 05ff01 02a101 62 02 8000", "property 2 of 2"),
        ("10810001 05ff01 02a101 61 01 8002 30", "80 ends after 1 of 2"),
        ("10810001 05ff01 02a101 5f 01 8000", "ESV 5F"),
        ("10810001 05ff01 02a101 62 00 8000", "OPC 0"),
        ("10810001 05ff01 02a101 6e 00 02 8000", "property 2 of 2"),
    ],
)
def test_what_is_no_frame_is_refused_in_words(datagram: str, words: str) -> None:
    """Rule 27: garbage is one error, never another exception."""
    with pytest.raises(FrameError, match=words):
        decode(bytes.fromhex(datagram))


@pytest.mark.parametrize("esv", ["50", "51", "52", "53", "71", "72", "7a"])
def test_an_answer_with_nothing_in_it_is_an_answer(esv: str) -> None:
    """A stack that leaves out what it doesn't know; a question without properties is none."""
    assert decode(bytes.fromhex(f"1081000102a10105ff01{esv}00")).properties == ()


def test_a_short_setget_sna_is_parsed() -> None:
    """Rule 25: SetGet is never sent, and its refusal may lack the second list."""
    frame = decode(bytes.fromhex("10810001 02a101 05ff01 5e 01 da00"))
    assert (frame.esv, frame.properties, frame.second) == (Esv.SETGET_SNA, (Property(0xDA),), ())


def test_a_list_that_overflows_its_pdc_gives_what_the_edt_holds() -> None:
    """Rule 11: 100 instances need 301 bytes, and 301 is 45 in one byte."""
    edt = bytes((100,)) + b"".join(bytes((0x02, 0xA1, n)) for n in range(1, 101))
    head = bytes.fromhex("10810000 0ef001 0ef001 73 01 d5") + bytes((len(edt) & 0xFF,))
    assert decode(head + edt).properties == (Property(0xD5, edt[:45]),)


def test_what_does_not_fit_is_not_sent() -> None:
    for properties in ((Property(0x80, bytes(256)),), (Property(0x80),) * 256):
        with pytest.raises(FrameError, match="fit"):
            encode(Frame(1, 0x05FF01, 0x02A101, Esv.SETC, properties))
    with pytest.raises(FrameError, match="TID"):
        encode(Frame(0x10000, 0x05FF01, 0x02A101, Esv.GET, (Property(0x80),)))


EOJS = st.integers(0, 0xFFFFFF)
LISTS = st.lists(st.builds(Property, st.integers(0, 255), st.binary(max_size=255)), max_size=5).map(tuple)
FRAMES = st.builds(
    Frame, st.integers(0, 0xFFFF), EOJS, EOJS, st.sampled_from(Esv), LISTS.filter(len), st.just(())
) | st.builds(Frame, st.integers(0, 0xFFFF), EOJS, EOJS, st.sampled_from(sorted(TWO_LISTS)), LISTS, LISTS)


@given(FRAMES)
def test_every_frame_comes_back(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"\x10\x81" + tail))
def test_any_datagram_is_a_frame_or_a_frame_error(datagram: bytes) -> None:
    """Rule 27."""
    with contextlib.suppress(FrameError):
        decode(datagram)


@given(FRAMES, st.data())
def test_a_frame_cut_short_is_never_taken_for_a_whole_one(frame: Frame, data: st.DataObject) -> None:
    """Rule 27: a truncated EDT isn't an empty one."""
    spoken = encode(frame)
    cut = spoken[: data.draw(st.integers(0, len(spoken) - 1))]
    with contextlib.suppress(FrameError):
        got = decode(cut)
        assert frame.esv in TWO_LISTS
        assert (got.properties, got.second) == (frame.properties, ())
