"""A node on a loopback address for tests: answers byte by byte, and misbehaves as it is told."""

import asyncio
import itertools
import os
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from integrations.echonet_lite.frame import (
    EOJ,
    NODE_PROFILE,
    Esv,
    Frame,
    FrameError,
    Property,
    decode,
    encode,
)
from integrations.echonet_lite.profile import spell_instances, spell_map
from integrations.echonet_lite.udp import GROUP_4, PORT

NETWORK = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}"
NUMBERS = itertools.count()
CHARGER = 0x02A101


def address() -> str:
    """One that no other process's tests use."""
    return f"{NETWORK}.{next(NUMBERS) % 250 + 2}"


def interface() -> str:
    """For a stack that hears this process's peers only."""
    return f"{address()}/24"


def uid(number: int) -> bytes:
    return b"\xfe\x00\x00\x77" + number.to_bytes(13, "big")


def charger(**more: bytes) -> dict[int, bytes]:
    """An EV charger's properties, as hex EPC names: `epc_C7=b"A"`."""
    values = {
        0x80: b"\x30",
        0x82: b"\0\0R\0",
        0x88: b"\x42",
        0x8A: b"\x00\x00\x77",
        0xC5: (6000).to_bytes(4, "big"),
        0xC7: b"\x30",
        0xCC: b"\x11",
        0xD3: bytes(4),
        0xD8: (1000).to_bytes(4, "big"),
        0xDA: b"\x44",
        0xED: (320).to_bytes(2, "big"),
    }
    return values | {int(name[4:], 16): edt for name, edt in more.items()}


@dataclass
class Peer:
    """`objects`: EOJ -> EPC -> EDT. `behave` may change, multiply or swallow an answer."""

    host: str = field(default_factory=address)
    objects: dict[EOJ, dict[int, bytes]] = field(default_factory=lambda: {CHARGER: charger()})
    number: int = field(default_factory=lambda: next(NUMBERS) + 1)
    told: frozenset[int] = frozenset({0x80, 0x88, 0xC7, 0xDA})
    maps: bool = True
    settable: frozenset[int] = frozenset({0x81, 0xDA, 0xED, 0xEB})
    count: int | None = None
    profile: dict[int, bytes] = field(default_factory=dict)
    """What the node profile says otherwise."""
    for_all: bool = False
    """Instance 00 is answered by each object of the class."""
    most: int = 255
    delay_s: float = 0.0
    lose: int = 0
    silent: bool = False
    behave: Callable[[Frame, bytes], Iterable[bytes]] = lambda _asked, answer: [answer]
    on_set: Callable[["Peer", EOJ, int, bytes], bool] | None = None
    heard: list[tuple[float, Frame]] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    _tid: int = 0

    async def __aenter__(self) -> "Peer":
        self._loop = asyncio.get_running_loop()
        self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    def move(self, host: str) -> None:
        """To another address, as DHCP does it."""
        self._close()
        self.host = host
        self._open()

    def asked(self, esv: Esv = Esv.GET) -> list[Frame]:
        return [frame for _, frame in self.heard if frame.esv is esv]

    def send(self, to: str | None, frame: Frame) -> None:
        self.send_raw(to, encode(frame))

    def send_raw(self, to: str | None, payload: bytes) -> None:
        self._one.sendto(payload, (to or GROUP_4, PORT))

    def announce(self, to: str | None = None) -> None:
        """D5, to all or to one."""
        listed = spell_instances(self.objects)
        self.send(to, Frame(0, NODE_PROFILE, NODE_PROFILE, Esv.INF, (Property(0xD5, listed),)))

    def change(
        self, epc: int, edt: bytes, *, to: str | None = None, eoj: EOJ = CHARGER, tell: bool = True
    ) -> None:
        self.objects[eoj][epc] = edt
        if tell:
            self.send(to, Frame(0, eoj, NODE_PROFILE, Esv.INF, (Property(epc, edt),)))

    async def get(self, to: str, deoj: EOJ, epcs: Iterable[int]) -> Frame:
        self._tid += 1
        return await self.ask(to, Frame(self._tid, CHARGER, deoj, Esv.GET, tuple(map(Property, epcs))))

    async def ask(self, to: str, frame: Frame) -> Frame:
        """As a controller: the answer with the same TID."""
        self.send(to, frame)

        def answers() -> list[Frame]:
            wide = frame.deoj & 0xFF == 0
            return [h for _, h in self.heard if h.tid == frame.tid and (wide or h.seoj == frame.deoj)]

        await until(answers)
        return answers()[-1]

    # Inside

    def _open(self) -> None:
        self._one = _socket(self.host)
        at = struct.pack("4s4s", b"\0" * 4, socket.inet_aton(self.host))
        self._one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, at)
        self._all = _socket(GROUP_4)
        member = struct.pack("4s4s", socket.inet_aton(GROUP_4), socket.inet_aton(self.host))
        self._all.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        for sock in (self._one, self._all):
            self._loop.add_reader(sock, self._read, sock)

    def _close(self) -> None:
        for sock in (self._one, self._all):
            self._loop.remove_reader(sock)
            sock.close()

    def _read(self, sock: socket.socket) -> None:
        try:
            payload, source = sock.recvfrom(65535)
        except OSError:
            return
        ours = source[0].startswith(NETWORK + ".") and source[0] != self.host
        if not ours or self.silent:
            return
        try:
            frame = decode(payload)
        except FrameError:
            return
        self.heard.append((self._loop.time(), frame))
        self.ports.add(source[1])
        if self.lose:
            self.lose -= 1
            return
        self._loop.call_later(self.delay_s, self._serve, source[0], frame) if self.delay_s else self._serve(
            source[0], frame
        )

    def _serve(self, to: str, asked: Frame) -> None:
        meant = [asked.deoj]
        if self.for_all and not asked.deoj & 0xFF:
            meant = [eoj for eoj in self.objects if eoj >> 8 == asked.deoj >> 8]
        for eoj in meant:
            answer = self._answer(replace(asked, deoj=eoj))
            if answer is not None and not self.silent:
                for payload in self.behave(asked, encode(answer)):
                    self.send_raw(to, payload)

    def _answer(self, asked: Frame) -> Frame | None:
        values = self._values(asked.deoj)
        if values is None:
            return None
        if asked.esv is Esv.GET:
            found = tuple(Property(p.epc, values.get(p.epc, b"")) for p in asked.properties)[: self.most]
            whole = all(p.edt for p in found) and len(found) == len(asked.properties)
            esv = Esv.GET_RES if whole else Esv.GET_SNA
            return Frame(asked.tid, asked.deoj, asked.seoj, esv, found)
        if asked.esv is Esv.SETC:
            return self._set(asked, values)
        return None

    def _set(self, asked: Frame, values: dict[int, bytes]) -> Frame:
        left = []
        for item in asked.properties:
            good = item.epc in self.settable
            if good and self.on_set is not None:
                good = self.on_set(self, asked.deoj, item.epc, item.edt)
            elif good:
                values[item.epc] = item.edt
            left.append(Property(item.epc) if good else item)
        esv = Esv.SETC_SNA if any(item.edt for item in left) else Esv.SET_RES
        return Frame(asked.tid, asked.deoj, asked.seoj, esv, tuple(left))

    def _values(self, eoj: EOJ) -> dict[int, bytes] | None:
        if eoj >> 8 == NODE_PROFILE >> 8:
            listed = spell_instances(self.objects)
            count = (len(self.objects) if self.count is None else self.count).to_bytes(3, "big")
            return {
                0x80: b"\x30", 0x82: b"\x01\x0e\x01\x00", 0x83: uid(self.number), 0x8A: b"\x00\x00\x77",
                0xD3: count, 0xD6: listed, **self.profile,
            }  # fmt: skip
        values = self.objects.get(eoj)
        if values is None or not self.maps:
            return values
        values[0x9D], values[0x9E] = spell_map(self.told), spell_map(self.settable)
        values[0x9F] = spell_map({*values, 0x9F})
        return values


def _socket(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, PORT))
    return sock


async def until(holds: Callable[[], object], seconds: float = 5.0) -> None:
    """Waits for a fact; fails when it doesn't come true."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)
