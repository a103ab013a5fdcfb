"""The other end of a wire: a server on TCP or on a pseudo terminal, with the faults of real chargers."""

import asyncio
import contextlib
import os
import random
import struct
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.modbus.address import SerialAddress
from integrations.modbus.framing import HEADER, crc, lrc
from integrations.modbus.timing import Line, line_of

Answer = Callable[[int, bytes], bytes | None]
"""(unit, PDU of the request) -> PDU of the reply; None: silence."""
Asked = tuple[int, int, bytes]
"""(transaction id, unit, PDU)"""
KINDS = ("drop", "delay", "short", "unit", "exception", "crc")


@dataclass(slots=True)
class Fault:
    """`times`: so many replies, None: until it is taken back; `share`: of them; `unit`: of this one only."""

    kind: str
    times: int | None = None
    share: float = 1.0
    unit: int | None = None
    delay_s: float = 1.0
    code: int = 4


@dataclass(slots=True)
class Faults:
    all: list[Fault] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def of(self, unit: int) -> Fault | None:
        """What goes wrong with the next reply of a unit."""
        for fault in self.all:
            if fault.unit not in (None, unit) or self.dice.random() >= fault.share:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.all.remove(fault)
            return fault
        return None


class Framer:
    """Requests in from bytes, replies out, for each of the framings."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._buffer = b""

    def requests(self, received: bytes) -> list[Asked]:
        self._buffer += received
        found: list[Asked] = []
        while (size := self._size()) and len(self._buffer) >= size:
            message, self._buffer = self._buffer[:size], self._buffer[size:]
            asked = self._read(message)
            if asked is not None:
                found.append(asked)
        return found

    def reply(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        body = bytes([unit]) + pdu
        if self.kind == "rtu":
            return body + crc(body)
        if self.kind == "ascii":
            return b":" + (body + lrc(body)).hex().upper().encode() + b"\r\n"
        return HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu

    def _size(self) -> int:
        """Of the request that the buffer begins with; 0: not known yet."""
        buffer = self._buffer
        if self.kind == "ascii":
            return buffer.find(b"\n") + 1
        if self.kind == "tcp":
            return 6 + int(struct.unpack_from(">H", buffer, 4)[0]) if len(buffer) >= 6 else 0
        if len(buffer) < 7:
            return 0
        return 9 + buffer[6] if buffer[1] in (15, 16) else 8

    def _read(self, message: bytes) -> Asked | None:
        if self.kind == "tcp":
            if len(message) <= HEADER.size:
                return None
            transaction, _, _, unit = HEADER.unpack_from(message)
            return transaction, unit, message[HEADER.size :]
        if self.kind == "rtu":
            return (0, message[0], message[1:-2]) if crc(message[:-2]) == message[-2:] else None
        try:
            body = bytes.fromhex(message.strip().decode("ascii").lstrip(":"))
        except ValueError:
            return None
        return (0, body[0], body[1:-1]) if len(body) > 3 and lrc(body[:-1]) == body[-1:] else None


@dataclass(slots=True)
class Served:
    """What answers on a wire."""

    answer: Answer
    framer: str = "tcp"
    faults: Faults = field(default_factory=Faults)
    delay_s: float = 0.0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _line: "PtyLine | None" = None

    async def listen(self, host: str, port: int) -> int:
        """Returns the port."""
        self._server = await asyncio.start_server(self._connected, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def open_pty(self, *, baudrate: int = 19200, parity: str = "even") -> str:
        """Returns the path of the serial port to use. Bytes take their time."""
        self._line = PtyLine(self, SerialAddress("", self.framer, baudrate, parity))
        return self._line.path

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()
            self._line = None
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    def reply(self, framer: Framer, asked: Asked) -> tuple[float, bytes]:
        """(after so many seconds, what goes out for a request), faults included; nothing: silence."""
        transaction, unit, pdu = asked
        reply = self.answer(unit, pdu)
        fault = self.faults.of(unit)
        pause = self.delay_s + (fault.delay_s if fault and fault.kind == "delay" else 0.0)
        if reply is None or (fault and fault.kind == "drop"):
            return pause, b""
        if fault and fault.kind == "exception":
            reply = bytes([pdu[0] | 0x80, fault.code])
        message = framer.reply(transaction, unit % 247 + 1 if fault and fault.kind == "unit" else unit, reply)
        if fault and fault.kind == "short":
            return pause, message[: len(message) // 2]
        if fault and fault.kind == "crc" and framer.kind != "tcp":
            spoilt = -3 if framer.kind == "ascii" else -1
            return pause, message[:spoilt] + bytes([message[spoilt] ^ 1]) + message[
                len(message) + spoilt + 1 :
            ]
        return pause, message

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        framer = Framer(self.framer)
        with contextlib.suppress(OSError):
            while received := await reader.read(4096):
                for asked in framer.requests(received):
                    pause, message = self.reply(framer, asked)
                    await asyncio.sleep(pause)
                    writer.write(message)
                await writer.drain()
        self._writers.discard(writer)
        writer.close()


class PtyLine:
    """A serial line with the timing of a baud rate, behind a pseudo terminal."""

    def __init__(self, served: Served, address: SerialAddress) -> None:
        self._served = served
        self._line: Line = line_of(address)
        self._framer = Framer(address.framer)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._free_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._loop.add_reader(self._master, self._ready)

    async def close(self) -> None:
        self._loop.remove_reader(self._master)
        for timer in self._timers:
            timer.cancel()
        os.close(self._master)
        os.close(self._slave)

    def _ready(self) -> None:
        received, now = os.read(self._master, 4096), self._loop.time()
        self._free_at = now + len(received) * self._line.character_s
        for asked in self._framer.requests(received):
            pause, reply = self._served.reply(self._framer, asked)
            if reply:
                end = self._free_at + pause + len(reply) * self._line.character_s
                self._timers = [timer for timer in self._timers if timer.when() > now]
                self._timers.append(self._loop.call_at(end, self._send, reply))

    def _send(self, reply: bytes) -> None:
        os.write(self._master, reply)
        self._free_at = self._loop.time()
