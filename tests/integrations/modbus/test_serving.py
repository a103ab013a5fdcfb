"""The other side of the wire: requests out of bytes, answers into frames, faults."""

import random

import pytest

from integrations.modbus.frame import Request
from integrations.modbus.framing import AsciiFraming, Framing, RtuFraming, TcpFraming
from integrations.modbus.serving import (
    AsciiServing,
    Asked,
    Faults,
    RtuServing,
    Serving,
    TcpServing,
)

REQUEST = Request(17, 3, 1000, 2)
WRITE = Request(17, 16, 5004, 2, (1, 2))
ANSWER = bytes([3, 4, 0, 1, 0, 2])
WIRES: list[tuple[Framing, Serving]] = [
    (TcpFraming(), TcpServing()),
    (RtuFraming(), RtuServing()),
    (AsciiFraming(), AsciiServing()),
    (AsciiFraming(), AsciiServing(b">")),
]


@pytest.mark.parametrize(("framing", "serving"), WIRES)
def test_what_a_link_asks_is_understood_and_the_answer_too(framing: Framing, serving: Serving) -> None:
    for request in (REQUEST, WRITE):
        sent = framing.encode(request)
        assert serving.feed(sent[:5]) == []
        (asked,) = serving.feed(sent[5:])
        assert (asked.unit, asked.pdu) == (17, request.pdu())
    (asked,) = serving.feed(framing.encode(REQUEST))
    (frame,) = framing.feed(serving.frame(asked, ANSWER))
    assert (frame.unit, frame.pdu, frame.fits) == (17, ANSWER, True)


@pytest.mark.parametrize(("framing", "serving"), WIRES)
def test_a_damaged_answer_is_none(framing: Framing, serving: Serving) -> None:
    (asked,) = serving.feed(framing.encode(REQUEST))
    assert [frame for frame in framing.feed(serving.frame(asked, ANSWER, damaged=True)) if frame.fits] == []


def test_rtu_gets_into_step_again_after_nonsense() -> None:
    sent = RtuFraming().encode(REQUEST)
    assert [asked.pdu for asked in RtuServing().feed(b"\x11\x03nonsense" + sent)] == [REQUEST.pdu()]


def test_ascii_passes_over_lines_that_are_none() -> None:
    sent = AsciiFraming().encode(REQUEST)
    assert [asked.pdu for asked in AsciiServing().feed(b":00\r\nxyz\r\n:1101FF\r\n" + sent)] == [
        REQUEST.pdu()
    ]


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ({}, TcpServing().frame(Asked(17, b"", 9), ANSWER)),
        ({"drop": 1}, None),
        ({"short": 1}, TcpServing().frame(Asked(17, b"", 9), bytes([3, 2, 0, 1]))),
        ({"unit": 1}, TcpServing().frame(Asked(18, b"", 9), ANSWER)),
        ({"exception": 1, "code": 4}, TcpServing().frame(Asked(17, b"", 9), bytes([0x83, 4]))),
        ({"crc": 1}, TcpServing().frame(Asked(17, b"", 10), ANSWER)),
    ],
)
def test_faults_by_name(fault: dict[str, float], sent: bytes | None) -> None:
    faults = Faults()
    faults.set(fault)
    assert faults.spoil(Asked(17, REQUEST.pdu(), 9), ANSWER, TcpServing(), random.Random(0)) == sent


@pytest.mark.parametrize("fault", [{"drop": 2}, {"drop": -1}, {"drop": True}, {"drop": "x"}, {"nonsense": 1}])
def test_faults_that_are_none_are_refused(fault: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"drop|nonsense"):
        Faults().set(fault)
