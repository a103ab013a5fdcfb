"""A serial bus in virtual time: hours pass in seconds, and every run is the same."""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest.mock import patch

from integrations.modbus.address import SerialAddress
from integrations.modbus.frame import Request
from integrations.modbus.framing import crc
from integrations.modbus.links import BusLink, Manner, NoAnswer
from integrations.modbus.timing import line_of
from integrations.modbus.wires import Hear, Lost, Wire

Result = TypeVar("Result")
CHUNK = 3
"""Bytes that a port gives at once."""
DISTURBANCES = (
    "drop",
    "late",
    "very late",
    "short",
    "crc",
    "unit",
    "function",
    "count",
    "twice",
    "noise",
    "stale",
    "again",
)


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Instead of waiting, time is put forward."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for ever"
            # A turn of the loop takes its time, too: who waits busily gets on.
            self.now += max(timeout, 5e-5)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def in_virtual_time(work: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def truth(unit: int, address: int) -> int:
    """What every register holds, for ever."""
    return (unit * 7919 + address * 31) & 0xFFFF


@dataclass
class Bus:
    """Strict: a frame that begins less than 3.5 characters after the last one is lost. `units`: seconds until the
    reply begins; None: dead. `disturbed`: the share of replies that go wrong, each in one way of DISTURBANCES."""

    units: dict[int, float | None]
    baudrate: int = 19200
    disturbed: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    early: int = 0
    requests: list[tuple[float, bytes]] = field(default_factory=list)
    written: dict[tuple[int, int], int] = field(default_factory=dict)
    _line_free: float = -1.0
    _last_reply: bytes = b""
    _last_sent: bytes = b""

    @property
    def address(self) -> SerialAddress:
        return SerialAddress("/dev/virtual", baudrate=self.baudrate)

    @contextmanager
    def in_place_of_wires(self) -> Iterator[None]:
        async def opened(_: object, hear: Hear, __: Lost) -> Wire:
            return _VirtualWire(self, hear)

        with patch("integrations.modbus.conversation.open_wire", opened):
            yield

    def heard(self, message: bytes, reply_to: Hear) -> None:
        loop, line = asyncio.get_running_loop(), line_of(self.address)
        now = loop.time()
        self.requests.append((now, message))
        too_early = now < self._line_free + line.silence_s - 1e-9
        self.early += too_early
        end = now + len(message) * line.character_s
        self._line_free = max(self._line_free, end)
        device_s = self.units.get(message[0])
        if too_early or device_s is None or crc(message[:-2]) != message[-2:]:
            return
        for pause, reply in self._replies(self._answer(message)):
            loop.call_at(end + device_s + pause, self._reply, reply, reply_to)

    def _reply(self, reply: bytes, reply_to: Hear) -> None:
        """Bytes take their time; whoever finds the line in use waits."""
        loop, line = asyncio.get_running_loop(), line_of(self.address)
        begin = max(loop.time(), self._line_free)
        self._line_free = begin + len(reply) * line.character_s
        for start in range(0, len(reply), CHUNK):
            part = reply[start : start + CHUNK]
            loop.call_at(begin + (start + len(part)) * line.character_s, reply_to, part)

    def _answer(self, message: bytes) -> bytes:
        unit, function = message[0], message[1]
        address, count = int.from_bytes(message[2:4]), int.from_bytes(message[4:6])
        if function in (6, 16):
            self.written[unit, address] = count
            return _sealed(message[:6])
        words = b"".join(truth(unit, address + offset).to_bytes(2) for offset in range(count))
        return _sealed(bytes([unit, function, len(words)]) + words)

    def _replies(self, good: bytes) -> list[tuple[float, bytes]]:
        """(seconds more than usual, bytes)"""
        parts = self._disturbed(good) if self.dice.random() < self.disturbed else [(0.0, good)]
        self._last_sent = parts[-1][1] if parts else self._last_sent
        return parts

    def _disturbed(self, good: bytes) -> list[tuple[float, bytes]]:
        stale, self._last_reply = self._last_reply, good
        body = good[:-2]
        wrong: dict[str, Callable[[], list[tuple[float, bytes]]]] = {
            "drop": list,
            "late": lambda: [(self.dice.uniform(0.05, 0.6), good)],
            "very late": lambda: [(self.dice.uniform(0.6, 1.9), good)],
            "short": lambda: [(0.0, good[: self.dice.randrange(1, len(good))])],
            "crc": lambda: [(0.0, body + bytes([good[-2] ^ 1, good[-1]]))],
            "unit": lambda: [(0.0, _sealed(bytes([body[0] % 247 + 1]) + body[1:]))],
            "function": lambda: [(0.0, _sealed(bytes([body[0], body[1] ^ 7]) + body[2:]))],
            "count": lambda: [(0.0, _sealed(body[:2] + bytes([max(body[2] - 2, 0)]) + body[3:-2]))],
            "twice": lambda: [(0.0, good), (self.dice.uniform(0.0, 0.3), good)],
            "noise": lambda: [(0.0, self.dice.randbytes(5)), (0.002, good)],
            "stale": lambda: [(0.0, stale), (0.0, good)],
            "again": lambda: [(0.0, self._last_sent)],
        }
        return wrong[self.dice.choice(DISTURBANCES)]()


class _VirtualWire:
    def __init__(self, bus: Bus, hear: Hear) -> None:
        self._bus, self._hear = bus, hear
        self._open = True

    def send(self, message: bytes) -> None:
        self._bus.heard(message, self._told)

    def close(self) -> None:
        self._open = False

    def _told(self, received: bytes) -> None:
        if self._open:
            self._hear(received)


def _sealed(body: bytes) -> bytes:
    return body + crc(body)


async def sweep_for_ever(
    link: BusLink, unit: int, words: int, seen: list[float], *, every_s: float = 0.0, timeout_s: float = 2.0
) -> None:
    """One device's polling: the next read when it is due, and after a failure when the link says."""
    loop, manner = asyncio.get_running_loop(), Manner(timeout_s)
    due = loop.time()
    while True:
        try:
            got = await link.ask(Request(unit, 3, 100, words), 4, tries=2, manner=manner)
        except NoAnswer as failure:
            await asyncio.sleep(max(failure.again_s, 0.05))
            continue
        assert got == [truth(unit, 100 + offset) for offset in range(words)]
        seen.append(loop.time())
        due = max(due + every_s, loop.time())
        await asyncio.sleep(due - loop.time())
