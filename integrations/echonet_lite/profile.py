"""What objects say of themselves: property maps, instance lists, identification numbers, versions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.echonet_lite.frame import EOJ

MOST_LISTED = 84
"""253 bytes of EDT: what D5 and D6 can hold."""
RANGE = re.compile(r"(?:0x)?([0-9A-Fa-f]{6})(?:\s*-\s*(?:0x)?([0-9A-Fa-f]{6}))?")


@dataclass(frozen=True, slots=True)
class Told:
    """A list as it was told. `count`: what the sender says, `wrong`: that isn't how many there are."""

    items: tuple[int, ...]
    count: int

    @property
    def wrong(self) -> bool:
        return self.count != len(self.items)


def property_map(edt: bytes) -> Told | None:
    """9D, 9E, 9F. None: no map. Below 16 properties a list, from 16 on a bitmap; 17 bytes are always a bitmap."""
    if not edt:
        return None
    if len(edt) == 17:
        return Told(
            tuple(
                sorted(
                    0x80 + 0x10 * bit + byte
                    for byte in range(16)
                    for bit in range(8)
                    if edt[1 + byte] >> bit & 1
                )
            ),
            edt[0],
        )
    return Told(tuple(sorted(epc for epc in set(edt[1:]) if epc >= 0x80)), edt[0])


def spell_map(epcs: Iterable[int]) -> bytes:
    """The EDT of 9D, 9E, 9F."""
    listed = sorted(set(epcs))
    if len(listed) < 16:
        return bytes((len(listed), *listed))
    bits = bytearray(16)
    for epc in listed:
        bits[epc & 0x0F] |= 1 << ((epc >> 4) - 8)
    return bytes((len(listed),)) + bytes(bits)


def instance_list(edt: bytes) -> Told | None:
    """D5, D6: what the EDT really holds, whatever it claims. None: no list."""
    if not edt:
        return None
    held = [int.from_bytes(edt[at : at + 3], "big") for at in range(1, len(edt) - 2, 3)]
    return Told(tuple(dict.fromkeys(held[: edt[0]])), edt[0])


def class_list(edt: bytes) -> tuple[int, ...]:
    """D7: the classes of its objects, at most 8 of them; profiles don't count."""
    held = [int.from_bytes(edt[at : at + 2], "big") for at in range(1, len(edt) - 1, 2)]
    return tuple(dict.fromkeys(code for code in held if code >> 8 != 0x0E))


def spell_instances(eojs: Iterable[EOJ]) -> bytes:
    """At most 84 of them."""
    listed = list(eojs)[:MOST_LISTED]
    return bytes((len(listed),)) + b"".join(eoj.to_bytes(3, "big") for eoj in listed)


def identification(edt: bytes) -> str | None:
    """The 83 of a node profile as 34 hex digits; None for what tells no node from another: not FE, no maker,
    FFFFFF as the maker, nothing but zeros behind it."""
    if len(edt) != 17 or edt[0] != 0xFE or edt[1:4] in (b"\0\0\0", b"\xff\xff\xff"):
        return None
    return None if not any(edt[4:]) else edt.hex().upper()


def release(edt: bytes) -> str | None:
    """The appendix release letter of an object's 82; None where a device says none."""
    if len(edt) != 4 or not 0x41 <= edt[2] <= 0x5A:
        # Old devices put the letter into another byte, or 00.
        letters = [byte for byte in edt[:4] if 0x41 <= byte <= 0x5A]
        return chr(letters[0]) if len(edt) == 4 and len(letters) == 1 else None
    return chr(edt[2])


def words(edt: bytes) -> str:
    """8C, 8D: ASCII, padded with NUL or spaces."""
    return edt.decode("ascii", "replace").split("\0")[0].strip()


def instances(text: str) -> tuple[EOJ, ...]:
    """`02A101` or `02A101-02A164`. Raises ValueError."""
    match = RANGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r}: expected an object such as 02A101, or a range such as 02A101-02A164")
    first = int(match[1], 16)
    last = int(match[2] or match[1], 16)
    if first >> 8 != last >> 8 or first > last or not first & 0xFF or last & 0xFF > 0x7F:
        raise ValueError(f"{text!r}: expected one class, and instances from 01 to 7F")
    return tuple(range(first, last + 1))
