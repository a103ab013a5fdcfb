"""A wire that disturbs: between the hub's link and a Modbus server of other hands, it spoils replies in every way."""

import asyncio
import contextlib
import os
import random
import struct
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.modbus.framing import crc

Part = tuple[float, bytes]
"""(seconds to wait before, bytes); no bytes at all: the connection is closed."""
EXCEPTIONS = (1, 2, 3, 4, 5, 6, 8, 10, 11)
WHOLE = {"tcp": 8, "rtu": 5}


@dataclass
class Disturbance:
    """Pure: what becomes of a reply. `tcp`: MBAP, else RTU."""

    tcp: bool
    dice: random.Random
    last: bytes = b""
    sent: bytes = b""
    """What went out last, spoilt as it may have been."""
    told: dict[str, int] = field(default_factory=dict)
    _deck: list[str] = field(default_factory=list)

    def parts(self, reply: bytes, share: float) -> list[Part]:
        stale, self.last = self.last or reply, reply
        parts = self._spoilt(reply, stale) if self.dice.random() < share else [(0.0, reply)]
        self.sent = next((part for _, part in reversed(parts) if part), self.sent)
        return parts

    def _spoilt(self, reply: bytes, stale: bytes) -> list[Part]:
        if not self._deck:
            self._deck = self.kinds()
            self.dice.shuffle(self._deck)
        kind = self._deck.pop()
        self.told[kind] = self.told.get(kind, 0) + 1
        return self._ways(reply, stale)[kind]()

    def kinds(self) -> list[str]:
        return sorted(self._ways(b"\0" * 12, b""))

    def _ways(self, reply: bytes, stale: bytes) -> dict[str, Callable[[], list[Part]]]:
        unit, pdu = self._opened(reply)
        dice = self.dice
        ways: dict[str, Callable[[], list[Part]]] = {
            "late": lambda: [(dice.uniform(0.25, 0.5), reply)],
            "short": lambda: [(0.0, reply[: dice.randrange(1, len(reply))])],
            "long": lambda: [(0.0, self._sealed(reply, unit, pdu + b"\0\1"))],
            "wrong unit": lambda: [(0.0, self._sealed(reply, unit % 247 + 1, pdu))],
            "wrong function": lambda: [(0.0, self._sealed(reply, unit, bytes([pdu[0] ^ 7]) + pdu[1:]))],
            "duplicate": lambda: [(0.0, reply), (0.0, reply)],
            "duplicate later": lambda: [(0.0, reply), (dice.uniform(0.01, 0.1), reply)],
            "split": lambda: [(0.0, reply[:4]), (0.002, reply[4:7]), (0.002, reply[7:])],
            "the last one again": lambda: [(0.0, self.sent or reply)],
            "merged": lambda: [(0.0, stale + reply)],
            "exception": lambda: [
                (0.0, self._sealed(reply, unit, bytes([pdu[0] | 0x80, dice.choice(EXCEPTIONS)])))
            ],
            "silent": list,
            "reset": lambda: [(0.0, b"")],
            "half-open": list,
            "garbage before": lambda: [(0.0, dice.randbytes(3)), (0.003, reply)],
            "garbage after": lambda: [(0.0, reply), (0.0, dice.randbytes(3))],
            "byte count": lambda: [(0.0, self._sealed(reply, unit, pdu[:1] + bytes([pdu[1] ^ 2]) + pdu[2:]))],
            "noise": lambda: [(0.0, dice.randbytes(dice.randrange(1, 20)))],
        }
        if self.tcp:
            return ways | {
                "wrong tid": lambda: [(0.0, bytes([reply[0] ^ 1]) + reply[1:])],
                "tid 0": lambda: [(0.0, b"\0\0" + reply[2:])],
                "wrong protocol": lambda: [(0.0, reply[:2] + b"\0\1" + reply[4:])],
                "stale": lambda: [(0.0, stale), (0.0, reply)],
            }
        return ways | {
            "crc": lambda: [(0.0, reply[:-1] + bytes([reply[-1] ^ 0x55]))],
            "bit": lambda: [(0.0, _flipped(reply, dice.randrange(8 * len(reply))))],
        }

    def _opened(self, reply: bytes) -> tuple[int, bytes]:
        return (reply[6], reply[7:]) if self.tcp else (reply[0], reply[1:-2])

    def _sealed(self, reply: bytes, unit: int, pdu: bytes) -> bytes:
        body = bytes([unit]) + pdu
        return reply[:4] + struct.pack(">H", len(body)) + body if self.tcp else body + crc(body)


def _flipped(message: bytes, bit: int) -> bytes:
    spoilt = bytearray(message)
    spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


class Pty:
    """Both ends of a serial line in one program."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self.reader = asyncio.StreamReader()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ours, self._ready)

    def _ready(self) -> None:
        with contextlib.suppress(OSError):
            self.reader.feed_data(os.read(self._ours, 4096))

    def write(self, message: bytes) -> None:
        os.write(self._ours, message)

    def close(self) -> None:
        self._loop.remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
