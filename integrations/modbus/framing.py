"""How a PDU travels: Modbus TCP, RTU and ASCII frames; pure, one object for each link."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from integrations.modbus.frame import MAX_PDU, BadReply, Request

HEADER = struct.Struct(">HHHB")
LONGEST_RTU = 256
ECHOES = frozenset({5, 6, 15, 16})
READS = frozenset({1, 2, 3, 4})
STARTS = b":>"
"""ABL's controllers begin their answers with `>`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What came: undamaged, but not yet known to be an answer. `fits`: it bears the request's transaction id."""

    unit: int
    pdu: bytes
    fits: bool = True


class Framing(Protocol):
    """Bytes out for a request; frames in from bytes."""

    tells_apart: bool
    """Late replies are told by a transaction id."""
    damaged: int
    """Frames and bytes thrown away."""

    def encode(self, request: Request) -> bytes:
        """The request as sent; what was heard before it counts no more."""

    def feed(self, received: bytes) -> list[Frame]:
        """Raises BadReply when the stream is out of step for good."""


class TcpFraming:
    """MBAP header. `check_tid` False: for gateways that don't copy the transaction id."""

    def __init__(self, transaction: int = 0, *, check_tid: bool = True) -> None:
        self.tells_apart = check_tid
        self.damaged = 0
        self._transaction = transaction
        self._buffer = bytearray()

    def encode(self, request: Request) -> bytes:
        self._transaction = self._transaction % 65535 + 1
        pdu = request.pdu()
        return HEADER.pack(self._transaction, 0, len(pdu) + 1, request.unit) + pdu

    def feed(self, received: bytes) -> list[Frame]:
        self._buffer += received
        frames = []
        while len(self._buffer) >= HEADER.size:
            transaction, protocol, length, unit = HEADER.unpack_from(self._buffer)
            if protocol or not 2 <= length <= MAX_PDU + 1:
                raise BadReply("bytes that are no Modbus TCP")
            end = HEADER.size - 1 + length
            if len(self._buffer) < end:
                break
            fits = transaction == self._transaction or not self.tells_apart
            frames.append(Frame(unit, bytes(self._buffer[HEADER.size : end]), fits))
            del self._buffer[:end]
        return frames


class RtuFraming:
    """CRC framing. A frame's end follows from its function, so no timing is needed to read it; after damage the
    expected answer is looked for further on."""

    tells_apart = False

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = bytearray()
        self._request: Request | None = None

    def encode(self, request: Request) -> bytes:
        self._request = request
        self._buffer.clear()
        body = bytes([request.unit]) + request.pdu()
        return body + crc(body)

    def feed(self, received: bytes) -> list[Frame]:
        self._buffer += received
        frames = []
        while (found := self._next()) is not None:
            frames.append(found)
        if len(self._buffer) > LONGEST_RTU:
            self.damaged += 1
            del self._buffer[:-LONGEST_RTU]
        return frames

    def _next(self) -> Frame | None:
        frame = self._frame_at(0, lambda pdu: True)
        if frame is not None:
            return frame
        for start in range(len(self._buffer) - 4):
            if not self._begins_at(start):
                continue
            frame = self._frame_at(start, self._expected)
            if frame is not None:
                self.damaged += bool(start)
                return frame
            if start + _rtu_size(self._buffer, start) > len(self._buffer):
                return None  # The answer is still coming; what looks like one inside it is data.
        return None

    def _begins_at(self, start: int) -> bool:
        request = self._request
        return (
            request is not None
            and self._buffer[start] == request.unit
            and request.expects(bytes(self._buffer[start + 1 : start + 3]))
        )

    def _expected(self, pdu: bytes) -> bool:
        return self._request is not None and self._request.expects(pdu)

    def _frame_at(self, start: int, takes: Callable[[bytes], bool]) -> Frame | None:
        """A whole frame with a good CRC, cut out together with what came before it."""
        size = _rtu_size(self._buffer, start)
        end = start + size
        if not size or len(self._buffer) < end or not takes(bytes(self._buffer[start + 1 : end - 2])):
            return None
        body = bytes(self._buffer[start : end - 2])
        if crc(body) != self._buffer[end - 2 : end]:
            return None
        del self._buffer[:end]
        return Frame(body[0], body[1:])


def _rtu_size(buffer: bytearray, start: int) -> int:
    """Of the answer that would begin there, CRC included; 0: none does, or it isn't known yet."""
    if len(buffer) < start + 3:
        return 0
    function = buffer[start + 1]
    if function & 0x80:
        return 5
    if function in ECHOES:
        return 8
    return 5 + buffer[start + 2] if function in READS else 0


class AsciiFraming:
    """Hexadecimal lines with an LRC."""

    tells_apart = False

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = bytearray()

    def encode(self, request: Request) -> bytes:
        self._buffer.clear()
        body = bytes([request.unit]) + request.pdu()
        return b":" + (body + lrc(body)).hex().upper().encode() + b"\r\n"

    def feed(self, received: bytes) -> list[Frame]:
        self._buffer += received
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest[-2 * LONGEST_RTU :]
        frames = []
        for line in lines:
            frame = _ascii_frame(bytes(line))
            if frame is None:
                self.damaged += 1
            else:
                frames.append(frame)
        return frames


def _ascii_frame(line: bytes) -> Frame | None:
    start = max(line.rfind(bytes([sign])) for sign in STARTS)
    if start < 0:
        return None
    try:
        body = bytes.fromhex(line[start + 1 :].strip().decode("ascii"))
    except ValueError:
        return None
    if len(body) < 4 or lrc(body[:-1]) != body[-1:]:
        return None
    return Frame(body[0], body[1:-1])


def lrc(body: bytes) -> bytes:
    return bytes([-sum(body) & 0xFF])


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return table


CRC = _crc_table()


def crc(body: bytes) -> bytes:
    """Low byte first, as on the wire."""
    value = 0xFFFF
    for byte in body:
        value = value >> 8 ^ CRC[(value ^ byte) & 0xFF]
    return bytes((value & 0xFF, value >> 8))
