"""ECHONET Lite frames of format 1, byte by byte in both directions.

    EHD 10 81 | TID 2 | SEOJ 3 | DEOJ 3 | ESV 1 | OPC 1 | (EPC 1, PDC 1, EDT PDC)*

The SetGet services carry a second `OPC + list`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

EOJ = int
"""0x02A101: class group, class, instance."""
HEADER = struct.Struct(">HHHBHBBB")
EHD = 0x1081
NODE_PROFILE: EOJ = 0x0EF001
CONTROLLER: EOJ = 0x05FF01


class FrameError(ValueError):
    """A datagram that is no frame of format 1; the text says what is wrong with it."""


class Esv(IntEnum):
    """The services, by the specification's names."""

    SETI_SNA = 0x50
    SETC_SNA = 0x51
    GET_SNA = 0x52
    INF_SNA = 0x53
    SETGET_SNA = 0x5E
    SETI = 0x60
    SETC = 0x61
    GET = 0x62
    INF_REQ = 0x63
    SETGET = 0x6E
    SET_RES = 0x71
    GET_RES = 0x72
    INF = 0x73
    INFC = 0x74
    INFC_RES = 0x7A
    SETGET_RES = 0x7E


ESVS = {int(esv): esv for esv in Esv}
ANSWERS = frozenset(esv for esv in Esv if esv < Esv.SETI or esv in (Esv.SET_RES, Esv.GET_RES, Esv.INFC_RES))
"""Some stacks leave out of an answer what they don't know, until nothing is left."""
TWO_LISTS = frozenset({Esv.SETGET, Esv.SETGET_RES, Esv.SETGET_SNA})


@dataclass(frozen=True, slots=True)
class Property:
    """`edt` is empty (PDC 0) in a request for it, and where a node has nothing to say."""

    epc: int
    edt: bytes = b""


@dataclass(frozen=True, slots=True)
class Frame:
    """`second`: what a SetGet service gets, after what it sets."""

    tid: int
    seoj: EOJ
    deoj: EOJ
    esv: Esv
    properties: tuple[Property, ...]
    second: tuple[Property, ...] = ()


def decode(datagram: bytes) -> Frame:
    """Raises FrameError. Bytes after the last property are passed over: a node with more than 84 instances lets
    the PDC of its instance list wrap, and sends the whole list nevertheless."""
    if len(datagram) < HEADER.size:
        raise FrameError(f"{len(datagram)} bytes are too few")
    ehd, tid, sclass, sinstance, dclass, dinstance, service, opc = HEADER.unpack_from(datagram)
    if ehd != EHD:
        raise FrameError(f"EHD {ehd:04X} instead of 1081")
    esv = ESVS.get(service)
    if esv is None:
        raise FrameError(f"ESV {service:02X} is none")
    properties, end = _properties(datagram, HEADER.size, opc)
    second: tuple[Property, ...] = ()
    if esv in TWO_LISTS:
        # A SetGet_SNA that ends after its first list is met in the field.
        if end < len(datagram):
            second, end = _properties(datagram, end + 1, datagram[end])
    elif not properties and esv not in ANSWERS:
        raise FrameError("OPC 0")
    return Frame(tid, sclass << 8 | sinstance, dclass << 8 | dinstance, esv, properties, second)


def encode(frame: Frame) -> bytes:
    """Raises FrameError for what doesn't fit in one."""
    if not 0 <= frame.tid <= 0xFFFF:
        raise FrameError(f"TID {frame.tid} has no place in two bytes")
    parts = [
        EHD.to_bytes(2, "big"),
        frame.tid.to_bytes(2, "big"),
        frame.seoj.to_bytes(3, "big"),
        frame.deoj.to_bytes(3, "big"),
        bytes((frame.esv,)),
        _listed(frame.properties),
    ]
    if frame.esv in TWO_LISTS:
        parts.append(_listed(frame.second))
    return b"".join(parts)


def _properties(datagram: bytes, at: int, opc: int) -> tuple[tuple[Property, ...], int]:
    found: list[Property] = []
    size = len(datagram)
    for _ in range(opc):
        if at + 2 > size:
            raise FrameError(f"ends before property {len(found) + 1} of {opc}")
        end = at + 2 + datagram[at + 1]
        if end > size:
            raise FrameError(f"EPC {datagram[at]:02X} ends after {size - at - 2} of {datagram[at + 1]} bytes")
        found.append(Property(datagram[at], datagram[at + 2 : end]))
        at = end
    return tuple(found), at


def _listed(properties: Sequence[Property]) -> bytes:
    if len(properties) > 0xFF:
        raise FrameError(f"{len(properties)} properties don't fit in one frame")
    for item in properties:
        if len(item.edt) > 0xFF:
            raise FrameError(f"EPC {item.epc:02X}: {len(item.edt)} bytes don't fit in one property")
    return bytes((len(properties),)) + b"".join(
        bytes((item.epc, len(item.edt))) + item.edt for item in properties
    )
