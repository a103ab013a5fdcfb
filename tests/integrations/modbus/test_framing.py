"""Frames of three kinds: the standards' bytes out, and out of any stream of bytes only what is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.modbus.frame import BadReply, Request
from integrations.modbus.framing import AsciiFraming, Frame, RtuFraming, TcpFraming, crc, lrc

READ = Request(1, 3, 100, 2)
REPLY = bytes.fromhex("0304000a0102")


def rtu(unit: int, pdu: bytes) -> bytes:
    body = bytes([unit]) + pdu
    return body + crc(body)


def test_tcp_frames_come_out_of_any_pieces_and_know_their_request() -> None:
    framing = TcpFraming(6)
    assert framing.encode(READ).hex() == "000700000006010300640002"
    stream = bytes.fromhex("000700000007010304000a0102") + bytes.fromhex("000600000003018302")
    frames = [frame for byte in stream for frame in framing.feed(bytes([byte]))]
    assert frames == [Frame(1, REPLY, True), Frame(1, b"\x83\x02", False)]


def test_transaction_ids_are_ignored_where_the_device_does_not_copy_them() -> None:
    framing = TcpFraming(6, check_tid=False)
    framing.encode(READ)
    assert framing.feed(bytes.fromhex("000000000003018302")) == [Frame(1, b"\x83\x02", True)]


@pytest.mark.parametrize("raw", ["0001000100060103", "000100000001", "ffffffffffffff00"])
def test_a_stream_that_is_no_modbus_tcp_is_said_to_be_none(raw: str) -> None:
    with pytest.raises(BadReply):
        TcpFraming().feed(bytes.fromhex(raw).ljust(7, b"\xff"))


def test_rtu_requests_have_the_standards_crc() -> None:
    assert RtuFraming().encode(Request(1, 3, 0, 10)).hex() == "01030000000ac5cd"


@pytest.mark.parametrize("garbage", [b"", b"\xff\x00\x13", b"\x01", b"\x01\x03", b"\x01\x03\x04\x00"])
def test_an_rtu_answer_is_found_behind_garbage(garbage: bytes) -> None:
    framing = RtuFraming()
    framing.encode(READ)
    stream = garbage + rtu(1, REPLY)
    frames = [frame for byte in stream for frame in framing.feed(bytes([byte]))]
    assert frames == [Frame(1, REPLY)]


def test_a_damaged_rtu_answer_is_no_frame() -> None:
    framing = RtuFraming()
    framing.encode(READ)
    damaged = bytearray(rtu(1, REPLY))
    damaged[4] ^= 1
    assert framing.feed(bytes(damaged)) == []
    assert framing.feed(rtu(1, REPLY)) == [Frame(1, REPLY)]


def test_what_was_heard_before_a_request_is_no_answer_to_it() -> None:
    framing = RtuFraming()
    framing.encode(READ)
    framing.feed(rtu(1, REPLY)[:5])
    framing.encode(READ)
    assert framing.feed(rtu(1, REPLY)[5:]) == []


def test_answers_of_others_are_frames_too() -> None:
    framing = RtuFraming()
    framing.encode(READ)
    assert framing.feed(rtu(9, b"\x84\x02") + rtu(1, REPLY)) == [Frame(9, b"\x84\x02"), Frame(1, REPLY)]


def test_a_long_noise_does_not_fill_the_memory() -> None:
    framing = RtuFraming()
    framing.encode(READ)
    for _ in range(50):
        framing.feed(b"\x55" * 100)
    assert framing.damaged > 0
    assert framing.feed(rtu(1, REPLY)) == [Frame(1, REPLY)]


@given(st.binary(max_size=60))
def test_only_what_has_a_good_crc_is_a_frame(noise: bytes) -> None:
    framing = RtuFraming()
    framing.encode(READ)
    for frame in framing.feed(noise):
        assert rtu(frame.unit, frame.pdu) in noise


@pytest.mark.parametrize("start", [b":", b">"])
def test_ascii_answers_begin_with_a_colon_or_with_what_abl_sends(start: bytes) -> None:
    framing = AsciiFraming()
    assert framing.encode(Request(1, 3, 0, 10)) == b":01030000000AF2\r\n"
    body = b"\x01" + REPLY
    line = b"\x00" + start + (body + lrc(body)).hex().upper().encode() + b"\r\n"
    assert [frame for byte in line for frame in framing.feed(bytes([byte]))] == [Frame(1, REPLY)]


@pytest.mark.parametrize("line", [b"0103\r\n", b":01zz\r\n", b":0103040000000000\r\n", b":01\r\n", b"\r\n"])
def test_damaged_ascii_lines_are_no_frames(line: bytes) -> None:
    framing = AsciiFraming()
    framing.encode(READ)
    assert framing.feed(line) == []
    assert framing.damaged == 1
