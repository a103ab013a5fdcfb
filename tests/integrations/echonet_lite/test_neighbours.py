"""The kernel's neighbours, byte by byte."""

import socket
import struct

from integrations.echonet_lite.neighbours import ended, neighbours, spoken

MAC = bytes.fromhex("020000000001")


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value.ljust(len(value) + 3 & ~3, b"\0")


def message(kind: int, family: int, address: str, hardware: bytes) -> bytes:
    index = socket.if_nametoindex("lo")
    body = struct.pack("=BxxxiHBB", family, index, 2, 0, 1)
    body += attribute(1, socket.inet_pton(family, address)) + attribute(2, hardware)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def test_both_ip_versions_of_one_machine_have_its_hardware_address() -> None:
    told = message(28, socket.AF_INET, "192.0.2.20", MAC) + message(28, socket.AF_INET6, "fe80::1", MAC)
    assert dict(spoken(told)) == {"192.0.2.20": MAC, "fe80::1%lo": MAC}


def test_what_has_no_hardware_address_is_left_out() -> None:
    told = message(28, socket.AF_INET, "192.0.2.20", bytes(6)) + message(
        24, socket.AF_INET, "192.0.2.21", MAC
    )
    assert dict(spoken(told)) == {}
    assert dict(spoken(b"\x01" + bytes(40))) == {}


def test_the_end_is_said() -> None:
    assert ended(struct.pack("=IHHII", 16, 3, 2, 1, 0))
    assert not ended(message(28, socket.AF_INET, "192.0.2.20", MAC))


def test_the_kernel_answers() -> None:
    assert isinstance(neighbours(), dict)
