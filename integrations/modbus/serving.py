"""The other side of the wire, for simulated chargers: requests out of bytes, answers into frames, faults; pure."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Protocol

from integrations.modbus.frame import MAX_PDU
from integrations.modbus.framing import HEADER, LONGEST_RTU, crc, lrc

SHORT_REQUESTS = frozenset({1, 2, 3, 4, 5, 6})
LONG_REQUESTS = frozenset({15, 16})


@dataclass(frozen=True, slots=True)
class Asked:
    unit: int
    pdu: bytes
    transaction: int = 0


class Serving(Protocol):
    addressed: bool
    """Many units share the wire: who isn't meant is silent."""

    def feed(self, received: bytes) -> list[Asked]: ...

    def frame(self, asked: Asked, pdu: bytes, *, damaged: bool = False) -> bytes:
        """The answer; `damaged`: its check, or its transaction id, is wrong."""


class TcpServing:
    addressed = False

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> list[Asked]:
        self._buffer += received
        asked = []
        while len(self._buffer) >= HEADER.size:
            transaction, protocol, length, unit = HEADER.unpack_from(self._buffer)
            end = HEADER.size - 1 + length
            if protocol or not 2 <= length <= MAX_PDU + 1:
                self._buffer.clear()
            elif len(self._buffer) < end:
                break
            else:
                asked.append(Asked(unit, bytes(self._buffer[HEADER.size : end]), transaction))
                del self._buffer[:end]
        return asked

    def frame(self, asked: Asked, pdu: bytes, *, damaged: bool = False) -> bytes:
        transaction = (asked.transaction + damaged) % 65536
        return HEADER.pack(transaction, 0, len(pdu) + 1, asked.unit) + pdu


class RtuServing:
    addressed = True

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> list[Asked]:
        self._buffer = (self._buffer + received)[-LONGEST_RTU:]
        asked = []
        while (size := _request_size(self._buffer)) and len(self._buffer) >= size:
            body = bytes(self._buffer[: size - 2])
            if crc(body) == self._buffer[size - 2 : size]:
                asked.append(Asked(body[0], body[1:]))
                del self._buffer[:size]
            else:
                del self._buffer[0]
        return asked

    def frame(self, asked: Asked, pdu: bytes, *, damaged: bool = False) -> bytes:
        body = bytes([asked.unit]) + pdu
        return body + (bytes(byte ^ 0xFF for byte in crc(body)) if damaged else crc(body))


def _request_size(buffer: bytearray) -> int:
    """CRC included; 0: not known yet. What is no request counts one byte and fails its check."""
    if len(buffer) < 8:
        return 0
    if buffer[1] in SHORT_REQUESTS:
        return 8
    return 9 + buffer[6] if buffer[1] in LONG_REQUESTS else 3


class AsciiServing:
    """ABL's controllers begin their answers with `>`."""

    addressed = True

    def __init__(self, start: bytes = b":") -> None:
        self._start = start
        self._buffer = b""

    def feed(self, received: bytes) -> list[Asked]:
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        asked = []
        for line in lines:
            try:
                body = bytes.fromhex(line[line.rfind(b":") + 1 :].strip().decode("ascii"))
            except ValueError:
                continue
            if len(body) >= 3 and lrc(body[:-1]) == body[-1:]:
                asked.append(Asked(body[0], body[1:-1]))
        return asked

    def frame(self, asked: Asked, pdu: bytes, *, damaged: bool = False) -> bytes:
        body = bytes([asked.unit]) + pdu
        check = bytes([lrc(body)[0] ^ 0xFF]) if damaged else lrc(body)
        return self._start + (body + check).hex().upper().encode() + b"\r\n"


SERVINGS: Mapping[str, type[TcpServing] | type[RtuServing] | type[AsciiServing]] = {
    "tcp": TcpServing,
    "rtu": RtuServing,
    "ascii": AsciiServing,
}


@dataclass(slots=True)
class Faults:
    """Shares of the answers, 0 to 1, but for `delay`, in seconds, and `code`, that of the exceptions."""

    drop: float = 0.0
    delay: float = 0.0
    short: float = 0.0
    unit: float = 0.0
    exception: float = 0.0
    crc: float = 0.0
    code: int = 6

    def set(self, given: Mapping[str, object]) -> None:
        """Raises ValueError."""
        names = {field.name for field in fields(self)}
        for name, value in given.items():
            if name not in names:
                raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(names))}")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name}: expected a number from 0, not {value!r}")
            if name not in ("delay", "code") and value > 1:
                raise ValueError(f"{name}: expected a share from 0 to 1, not {value!r}")
            setattr(self, name, int(value) if name == "code" else float(value))

    def spoil(self, asked: Asked, pdu: bytes, serving: Serving, chance: random.Random) -> bytes | None:
        """The frame to send; None: nothing."""
        if chance.random() < self.drop:
            return None
        if chance.random() < self.exception:
            pdu = bytes([asked.pdu[0] | 0x80, self.code])
        if chance.random() < self.short and asked.pdu[0] in (1, 2, 3, 4) and len(pdu) > 3:
            kept = pdu[2 : len(pdu) - (2 if asked.pdu[0] in (3, 4) else 1)]
            pdu = bytes([pdu[0], len(kept)]) + kept
        if chance.random() < self.unit:
            asked = Asked(asked.unit % 247 + 1, asked.pdu, asked.transaction)
        return serving.frame(asked, pdu, damaged=chance.random() < self.crc)
