"""A node with stand-in chargers, as others see it on the wire; with the faults of real networks. Pure.

What is to be sent lies in `outbox`, each datagram with the time when it leaves.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

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
from integrations.echonet_lite.simulated import MAKER, PRODUCT, ChargerObject

MOST_ANSWERED = 1_400
"""Bytes in one answer: what is too much is left out, as small devices do it."""
GARBAGE = bytes.fromhex("0100ffff060624780000")
"""What other makers' programs were seen to send to port 3610."""


class Datagram(NamedTuple):
    """`host` None: to all."""

    at: float
    host: str | None
    payload: bytes


@dataclass(slots=True)
class Faults:
    """`loss`, `twice`: shares of what is sent. `most`: how many properties one answer holds."""

    loss: float = 0.0
    twice: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    garbage_s: float = 0.0
    most: int = 255
    silent: bool = False
    quiet: bool = False
    """It announces nothing: multicast doesn't get through."""


@dataclass
class SimulatedNode:
    """`objects`: by EOJ. `number` makes its identification."""

    objects: Mapping[EOJ, ChargerObject]
    number: int = 1
    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    outbox: list[Datagram] = field(default_factory=list)
    heard: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311
        self._tid = 0
        self._garbage_at = 0.0
        self._told: dict[EOJ, dict[int, bytes]] = {eoj: _spoken(it) for eoj, it in self.objects.items()}

    @property
    def identification(self) -> bytes:
        return b"\xfe" + MAKER + self.number.to_bytes(13, "big")

    def start(self, now: float) -> None:
        """All hear which objects there are."""
        self._announce(NODE_PROFILE, (Property(0xD5, spell_instances(self.objects)),), now)

    def pass_time(self, seconds: float, now: float, *, speed: float = 1.0) -> None:
        for each in self.objects.values():
            each.pass_time(seconds, speed=speed)
        self.tell(now)
        if self.faults.garbage_s and now >= self._garbage_at:
            self._garbage_at = now + self.faults.garbage_s
            self._send(None, GARBAGE, now)

    def tell(self, now: float) -> None:
        """What has changed of the announced properties."""
        for eoj, each in self.objects.items():
            spoken, told = _spoken(each), self._told[eoj]
            changed = tuple(Property(epc, edt) for epc, edt in spoken.items() if told.get(epc) != edt)
            if changed:
                self._told[eoj] = spoken
                self._announce(eoj, changed, now)

    def receive(self, host: str, payload: bytes, now: float) -> None:
        try:
            asked = decode(payload)
        except FrameError:
            return
        self.heard += 1
        for eoj in self._meant(asked.deoj):
            answer = self._answer(eoj, asked)
            if answer is not None:
                self._send(None if answer.esv is Esv.INF else host, encode(answer), now)
        self.tell(now)

    # What is answered

    def _meant(self, deoj: EOJ) -> list[EOJ]:
        """Instance 00: all of a class. Silence for an object that isn't here."""
        if deoj in (NODE_PROFILE, NODE_PROFILE & ~0xFF):
            return [NODE_PROFILE]
        if not deoj & 0xFF:
            return [eoj for eoj in self.objects if eoj >> 8 == deoj >> 8]
        return [deoj] if deoj in self.objects else []

    def _answer(self, eoj: EOJ, asked: Frame) -> Frame | None:
        answer = Frame(asked.tid, eoj, asked.seoj, Esv.GET_RES, ())
        if asked.esv is Esv.GET:
            found = self._read(eoj, asked.properties)
            whole = len(found) == len(asked.properties) and all(item.edt for item in found)
            return replace(answer, esv=Esv.GET_RES if whole else Esv.GET_SNA, properties=found)
        if asked.esv in (Esv.SETC, Esv.SETI):
            return self._set(answer, asked)
        if asked.esv is Esv.INF_REQ:
            found = self._read(eoj, asked.properties)
            good = all(item.edt for item in found)
            return replace(answer, esv=Esv.INF if good else Esv.INF_SNA, properties=found)
        if asked.esv is Esv.INFC:
            return replace(
                answer, esv=Esv.INFC_RES, properties=tuple(Property(item.epc) for item in asked.properties)
            )
        return None

    def _read(self, eoj: EOJ, asked: Sequence[Property]) -> tuple[Property, ...]:
        values = self._profile() if eoj == NODE_PROFILE else _with_maps(self.objects[eoj])
        found, room = [], MOST_ANSWERED
        for item in asked[: self.faults.most]:
            edt = values.get(item.epc, b"")
            room -= len(edt) + 2
            found.append(Property(item.epc, edt if room >= 0 else b""))
        return tuple(found)

    def _set(self, answer: Frame, asked: Frame) -> Frame | None:
        """Of a refusal: what was accepted without, what was refused with the EDT that was sent."""
        chosen = self.objects.get(answer.seoj)
        left = tuple(
            Property(item.epc) if chosen is not None and chosen.write(item.epc, item.edt) else item
            for item in asked.properties
        )
        refused = any(item.edt for item in left)
        if asked.esv is Esv.SETI:
            return replace(answer, esv=Esv.SETI_SNA, properties=left) if refused else None
        return replace(answer, esv=Esv.SETC_SNA if refused else Esv.SET_RES, properties=left)

    def _profile(self) -> dict[int, bytes]:
        classes = sorted({eoj >> 8 for eoj in self.objects})
        listed = spell_instances(self.objects)
        values = {
            0x80: b"\x30",
            0x82: bytes((1, 14, 1, 0)),
            0x83: self.identification,
            0x88: b"\x42",
            0x8A: MAKER,
            0x8C: PRODUCT.ljust(12, b"\0"),
            0x9D: spell_map({0x80, 0xD5}),
            0x9E: spell_map(()),
            0xD3: len(self.objects).to_bytes(3, "big"),
            0xD4: (len(classes) + 1).to_bytes(2, "big"),
            0xD6: listed,
            0xD7: bytes([len(classes)]) + b"".join(each.to_bytes(2, "big") for each in classes),
        }
        return values | {0x9F: spell_map({*values, 0x9F})}

    # What is sent

    def _announce(self, eoj: EOJ, properties: tuple[Property, ...], now: float) -> None:
        self._tid = self._tid % 0xFFFF + 1
        if not self.faults.quiet:
            self._send(None, encode(Frame(self._tid, eoj, NODE_PROFILE, Esv.INF, properties)), now)

    def _send(self, host: str | None, payload: bytes, now: float) -> None:
        faults = self.faults
        if faults.silent or self._random.random() < faults.loss:
            return
        copies = 2 if self._random.random() < faults.twice else 1
        for _ in range(copies):
            at = now + faults.delay_s + self._random.random() * faults.jitter_s
            self.outbox.append(Datagram(at, host, payload))


def _spoken(each: ChargerObject) -> dict[int, bytes]:
    values = each.values
    return {epc: values[epc] for epc in sorted(each.announced) if values.get(epc)}


def _with_maps(each: ChargerObject) -> dict[int, bytes]:
    values = dict(each.values)
    values[0x9D], values[0x9E] = spell_map(each.announced), spell_map(each.settable)
    values[0x9F] = spell_map({*values, 0x9F})
    return values


def instances(class_code: int, count: int) -> Iterable[EOJ]:
    """Raises ValueError for more than one node can have."""
    if not 1 <= count <= 0x7F:
        raise ValueError(f"1 to 127 objects of a class, not {count}")
    return (class_code << 8 | number for number in range(1, count + 1))
