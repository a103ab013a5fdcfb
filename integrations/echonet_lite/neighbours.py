"""Which hardware address answers for an address on our links, as the kernel knows it."""

import socket
import struct
import sys
from collections.abc import Iterator, Mapping

HEADER, NEIGHBOUR, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BxxxiHBB"), struct.Struct("=HH")
NEW_NEIGHBOUR, GET_NEIGHBOUR, DONE = 28, 30, 3
REQUEST_DUMP = 0x301
DESTINATION, HARDWARE = 1, 2


def neighbours() -> Mapping[str, bytes]:
    """Address -> hardware address; empty where the kernel doesn't say."""
    if sys.platform != "linux":
        return {}
    asked = HEADER.pack(HEADER.size + NEIGHBOUR.size, GET_NEIGHBOUR, REQUEST_DUMP, 1, 0)
    found: dict[str, bytes] = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(1.0)
            sock.send(asked + NEIGHBOUR.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
            more = True
            while more:
                told = sock.recv(65536)
                found.update(spoken(told))
                more = bool(told) and not ended(told)
    except OSError:
        return found
    return found


def spoken(told: bytes) -> Iterator[tuple[str, bytes]]:
    """The neighbours in one part of the kernel's answer."""
    for kind, body in _messages(told):
        if kind != NEW_NEIGHBOUR:
            continue
        family, index, *_ = NEIGHBOUR.unpack_from(body)
        fields = dict(_attributes(body[NEIGHBOUR.size :]))
        address, hardware = fields.get(DESTINATION), fields.get(HARDWARE, b"")
        if family in (socket.AF_INET, socket.AF_INET6) and address and any(hardware):
            host = socket.inet_ntop(family, address)
            yield f"{host}%{socket.if_indextoname(index)}" if host.startswith("fe80:") else host, hardware


def ended(told: bytes) -> bool:
    return any(kind == DONE for kind, _ in _messages(told))


def _messages(told: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + HEADER.size <= len(told):
        size, kind, *_ = HEADER.unpack_from(told, at)
        if size < HEADER.size:
            return
        yield kind, told[at + HEADER.size : at + size]
        at += size + 3 & ~3


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + ATTRIBUTE.size <= len(body):
        size, kind = ATTRIBUTE.unpack_from(body, at)
        if size < ATTRIBUTE.size:
            return
        yield kind, body[at + ATTRIBUTE.size : at + size]
        at += size + 3 & ~3
