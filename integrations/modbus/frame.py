"""Modbus requests, and replies that are checked word for word against them; the same on every wire."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

READ = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
MAX_PDU = 253
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target doesn't answer",
}


class BadReply(Exception):
    """A reply that doesn't answer the request: never taken as data."""


class ModbusException(Exception):
    """The device said no; `code` as in EXCEPTIONS."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {EXCEPTIONS.get(code, 'unknown')}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """`words`: what is written; empty for a read."""

    unit: int
    function: int
    address: int
    count: int = 1
    words: tuple[int, ...] = ()

    def pdu(self) -> bytes:
        if self.function in (1, 2, 3, 4):
            return struct.pack(">BHH", self.function, self.address, self.count)
        if self.function == 5:
            return struct.pack(">BHH", 5, self.address, 0xFF00 if self.words[0] else 0)
        if self.function == 6:
            return struct.pack(">BHH", 6, self.address, self.words[0])
        if self.function == 15:
            packed = sum(bool(bit) << index for index, bit in enumerate(self.words))
            data = packed.to_bytes((len(self.words) + 7) // 8, "little")
            return struct.pack(">BHHB", 15, self.address, len(self.words), len(data)) + data
        return struct.pack(
            f">BHHB{len(self.words)}H", 16, self.address, len(self.words), 2 * len(self.words), *self.words
        )

    @property
    def reply_size(self) -> int:
        """Bytes of the PDU of a good reply."""
        if self.words:
            return 5
        return 2 + ((self.count + 7) // 8 if self.function in (1, 2) else 2 * self.count)

    @property
    def shape(self) -> tuple[int, ...]:
        """Requests of equal shape take the same replies: without a transaction id they can't be told apart."""
        if self.function in (5, 6):
            return self.unit, self.function, self.address, *self.words
        if self.words:
            return self.unit, self.function, self.address, self.count
        return self.unit, self.function, self.reply_size

    def expects(self, pdu: bytes) -> bool:
        """Could these first bytes of a PDU be the reply's?"""
        if pdu[0] == self.function | 0x80:
            return True
        return pdu[0] == self.function and (bool(self.words) or len(pdu) < 2 or pdu[1] == self.reply_size - 2)

    def read(self, unit: int, pdu: bytes) -> list[int]:
        """The words of a reply (empty for a write). Raises BadReply, ModbusException."""
        if unit != self.unit:
            raise BadReply(f"unit {unit} instead of {self.unit}")
        if not pdu:
            raise BadReply("an empty reply")
        if pdu[0] == self.function | 0x80 and len(pdu) == 2:
            raise ModbusException(pdu[1])
        if pdu[0] != self.function:
            raise BadReply(f"function {pdu[0]} instead of {self.function}")
        if self.words:
            echo = self.pdu()[:5]
            if pdu != echo:
                raise BadReply("an echo of something else")
            return []
        return self._values(pdu)

    def _values(self, pdu: bytes) -> list[int]:
        bits = self.function in (1, 2)
        size = (self.count + 7) // 8 if bits else 2 * self.count
        if len(pdu) != size + 2 or pdu[1] != size:
            raise BadReply(f"{len(pdu) - 2} bytes instead of {size}")
        if bits:
            return [pdu[2 + index // 8] >> index % 8 & 1 for index in range(self.count)]
        return list(struct.unpack(f">{self.count}H", pdu[2:]))


def write_request(unit: int, table: str, address: int, words: Sequence[int], function: str | None) -> Request:
    """`function` as a blueprint says it, else what fits the number of words."""
    if table == "coil":
        code = 15 if function == "fc15" or len(words) > 1 else 5
    else:
        code = 16 if function == "fc16" or len(words) > 1 else 6
    return Request(unit, code, address, len(words), tuple(words))
