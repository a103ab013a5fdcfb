"""Modbus frames: what is sent, and what is taken as an answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.modbus.codec import TYPES, decode, encode, width
from integrations.modbus.frame import BadReply, ModbusException, Request, write_request


@pytest.mark.parametrize(
    ("request_", "pdu"),
    [
        (Request(1, 3, 100, 2), "0300640002"),
        (Request(1, 5, 1, 1, (1,)), "050001ff00"),
        (Request(1, 6, 100, 1, (5,)), "0600640005"),
        (Request(1, 15, 0, 3, (1, 0, 1)), "0f000000030105"),
        (Request(1, 16, 100, 2, (1, 2)), "10006400020400010002"),
    ],
)
def test_requests_have_the_standards_bytes(request_: Request, pdu: str) -> None:
    assert request_.pdu().hex() == pdu


@pytest.mark.parametrize(
    ("request_", "pdu", "words"),
    [
        (Request(1, 3, 0, 2), "0304000a0102", [10, 258]),
        (Request(1, 1, 0, 3), "010105", [1, 0, 1]),
        (Request(1, 6, 100, 1, (5,)), "0600640005", []),
        (Request(1, 16, 100, 2, (1, 2)), "1000640002", []),
    ],
)
def test_good_replies_are_taken(request_: Request, pdu: str, words: list[int]) -> None:
    assert request_.read(1, bytes.fromhex(pdu)) == words


@pytest.mark.parametrize(
    ("request_", "unit", "pdu"),
    [
        (Request(1, 3, 0, 2), 2, "0304000a0102"),
        (Request(1, 3, 0, 2), 1, ""),
        (Request(1, 3, 0, 2), 1, "0404000a0102"),
        (Request(1, 3, 0, 2), 1, "0302000a"),
        (Request(1, 3, 0, 2), 1, "0306000a01020304"),
        (Request(1, 6, 100, 1, (5,)), 1, "0600640006"),
        (Request(1, 16, 100, 2, (1, 2)), 1, "1000640001"),
    ],
)
def test_what_does_not_answer_is_never_data(request_: Request, unit: int, pdu: str) -> None:
    with pytest.raises(BadReply):
        request_.read(unit, bytes.fromhex(pdu))


def test_an_exception_is_an_answer() -> None:
    with pytest.raises(ModbusException, match="busy"):
        Request(1, 3, 0, 1).read(1, bytes.fromhex("8306"))


@pytest.mark.parametrize(
    ("table", "words", "function", "code"),
    [
        ("holding", [1], None, 6),
        ("holding", [1, 2], None, 16),
        ("holding", [1], "fc16", 16),
        ("coil", [1], None, 5),
        ("coil", [1], "fc15", 15),
    ],
)
def test_writes_choose_their_function(table: str, words: list[int], function: str | None, code: int) -> None:
    assert write_request(1, table, 0, words, function).function == code


ORDERS = st.sampled_from(["big", "little"])
RANGES = {
    "u16": (0, 2**16 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
}
RANGES |= {"u64": (0, 2**64 - 1), "i64": (-(2**63), 2**63 - 1)}


@given(st.sampled_from(sorted(RANGES)), st.data(), ORDERS, ORDERS)
def test_numbers_come_back_in_every_order(kind: str, data: Any, words: str, bytes_: str) -> None:
    keys = {"type": kind, "word_order": words, "byte_order": bytes_}
    number = data.draw(st.integers(*RANGES[kind]))
    encoded = encode(keys, number)
    assert len(encoded) == width(keys)
    assert decode(keys, encoded) == number


@given(st.floats(allow_nan=False, width=32), ORDERS)
def test_floats_come_back(number: float, order: str) -> None:
    for kind in ("f32", "f64"):
        keys = {"type": kind, "word_order": order}
        assert decode(keys, encode(keys, number)) == number


def test_texts_bytes_and_booleans() -> None:
    assert decode({"type": "string", "len": 2}, [0x4142, 0]) == "AB"
    assert decode({"type": "string", "len": 2, "byte_order": "little"}, [0x4241, 0x0043]) == "ABC"
    assert decode({"type": "string", "len": 2, "encoding": "utf-16-be"}, [0x0041, 0x0042]) == "AB"
    assert decode({"type": "bytes", "len": 2}, [0x04A2, 0xB3C4]) == "04a2b3c4"
    assert decode({"type": "bool"}, [1]) is True
    assert encode({"type": "bool"}, 0) == [0]
    assert "u16" in TYPES


@pytest.mark.parametrize(
    ("keys", "raw"),
    [
        ({}, 70000),
        ({"type": "i16"}, -40000),
        ({}, "x"),
        ({}, None),
        ({"type": "string", "len": 1}, "ABC"),
        ({"type": "f32"}, 1e300),
    ],
)
def test_what_does_not_fit_is_refused(keys: dict[str, Any], raw: Any) -> None:
    with pytest.raises(ValueError, match=r"fit|number|longer"):
        encode(keys, raw)


def test_too_few_registers_are_refused() -> None:
    with pytest.raises(ValueError, match="registers"):
        decode({"type": "u32"}, [1])
