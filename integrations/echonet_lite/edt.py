"""Typed values of a property's bytes (EDT), both ways: numbers, codes, objects, lists, dates, raw bytes.

What the definition calls "no data", and numbers outside its range (overflow and underflow codes lie there), is
None. A label that the definition doesn't have is shown as its code in hex.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from math import prod
from typing import Any, Protocol, TypeAlias

from hub.model.entity import Scalar

Value: TypeAlias = "Scalar | Sequence[Any] | Mapping[str, Any]"
Factors = Mapping[int, float]
"""The values of coefficient properties, by EPC; one that a device doesn't have counts as 1."""

NO_FACTORS: Factors = {}
DIGITS = 6


class Type(Protocol):
    """`widest` bytes at most, `narrowest` at least."""

    @property
    def narrowest(self) -> int: ...

    @property
    def widest(self) -> int: ...

    def read(self, edt: bytes, factors: Factors) -> Value:
        """Raises ValueError for a length that the type can't have."""

    def write(self, value: Value) -> bytes:
        """Raises ValueError with what was expected. Coefficients are not divided out."""

    def has(self, edt: bytes) -> bool:
        """Is this one of the values that the type allows?"""


class _Sized:
    """A type of one length."""

    size: int

    @property
    def narrowest(self) -> int:
        return self.size

    @property
    def widest(self) -> int:
        return self.size

    def _check(self, edt: bytes) -> None:
        if len(edt) != self.size:
            raise ValueError(f"{len(edt)} bytes instead of {self.size}")


@dataclass(frozen=True)
class Number(_Sized):
    """`low` and `high` are raw; the value is raw * `scale`, times the coefficients `by`."""

    size: int
    signed: bool
    low: int
    high: int
    scale: float = 1
    unit: str | None = None
    by: tuple[int, ...] = ()

    def read(self, edt: bytes, factors: Factors) -> Value:
        self._check(edt)
        raw = int.from_bytes(edt, "big", signed=self.signed)
        if not self.low <= raw <= self.high:
            return None
        factor = self.scale * prod(factors.get(epc, 1) for epc in self.by)
        return raw if factor == 1 else round(raw * factor, DIGITS)

    def write(self, value: Value) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"expected a number, not {value!r}")
        raw = round(value / self.scale)
        if not self.low <= raw <= self.high:
            low, high = self.low * self.scale, self.high * self.scale
            raise ValueError(f"{value} is not from {low:g} to {high:g} {self.unit or ''}".rstrip())
        return raw.to_bytes(self.size, "big", signed=self.signed)

    def has(self, edt: bytes) -> bool:
        return len(edt) == self.size and self.read(edt, NO_FACTORS) is not None


@dataclass(frozen=True)
class Code(_Sized):
    """A closed set of codes with labels; the label None is "no data". A code out of a range that shares one label
    is shown as label and code (`switch 0x0016`)."""

    size: int
    labels: Mapping[int, Scalar]
    ranges: Mapping[tuple[int, int], str]
    names: Mapping[int | tuple[int, int], Mapping[str, str]]
    """What people read, by code (or range) and language."""

    def read(self, edt: bytes, factors: Factors) -> Value:
        self._check(edt)
        code = int.from_bytes(edt, "big")
        if code in self.labels:
            return self.labels[code]
        shared = self._range(code)
        return f"{shared} 0x{edt.hex()}" if shared else f"0x{edt.hex()}"

    def write(self, value: Value) -> bytes:
        for code, label in self.labels.items():
            if label == value and type(label) is type(value):
                return code.to_bytes(self.size, "big")
        shared, _, digits = str(value).partition(" 0x")
        if digits and self._range(int(digits, 16)) == shared:
            return int(digits, 16).to_bytes(self.size, "big")
        raise ValueError(f"{value!r} is none of {', '.join(map(str, self.labels.values()))}")

    def has(self, edt: bytes) -> bool:
        code = int.from_bytes(edt, "big")
        return len(edt) == self.size and (code in self.labels or self._range(code) is not None)

    def _range(self, code: int) -> str | None:
        return next((label for (low, high), label in self.ranges.items() if low <= code <= high), None)


@dataclass(frozen=True)
class Factor(_Sized):
    """A code that stands for a number."""

    values: Mapping[int, float]
    size: int = 1

    def read(self, edt: bytes, factors: Factors) -> Value:
        self._check(edt)
        return self.values.get(edt[0])

    def write(self, value: Value) -> bytes:
        for code, number in self.values.items():
            if number == value:
                return bytes([code])
        raise ValueError(f"{value!r} is none of {', '.join(map(str, self.values.values()))}")

    def has(self, edt: bytes) -> bool:
        return len(edt) == 1 and edt[0] in self.values


@dataclass(frozen=True)
class Raw:
    """Bytes as hex."""

    narrowest: int
    widest: int

    def read(self, edt: bytes, factors: Factors) -> Value:
        if not self.has(edt):
            raise ValueError(f"{len(edt)} bytes instead of {self.narrowest} to {self.widest}")
        return edt.hex()

    def write(self, value: Value) -> bytes:
        if not isinstance(value, str):
            raise ValueError(f"expected bytes in hex, not {value!r}")
        edt = bytes.fromhex(value)
        if not self.has(edt):
            raise ValueError(f"{len(edt)} bytes instead of {self.narrowest} to {self.widest}")
        return edt

    def has(self, edt: bytes) -> bool:
        return self.narrowest <= len(edt) <= self.widest


@dataclass(frozen=True)
class Epcs:
    """A property map: fewer than 16 as a list, else a bitmap of 16 bytes; the bits count, not the number told."""

    narrowest: int = 1
    widest: int = 17

    def read(self, edt: bytes, factors: Factors) -> Value:
        if len(edt) == self.widest:
            return sorted(
                0x80 + 0x10 * bit + low
                for low, byte in enumerate(edt[1:])
                for bit in range(8)
                if byte >> bit & 1
            )
        if not edt or len(edt) > self.widest:
            raise ValueError(f"{len(edt)} bytes are no property map")
        return sorted(set(edt[1:]))

    def write(self, value: Value) -> bytes:
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            raise ValueError(f"expected a list of EPCs, not {value!r}")
        epcs = sorted(set(value))
        if len(epcs) < 16:
            return bytes([len(epcs), *epcs])
        bitmap = bytearray(16)
        for epc in epcs:
            bitmap[epc & 0x0F] |= 1 << (epc >> 4) - 8
        return bytes([len(epcs), *bitmap])

    def has(self, edt: bytes) -> bool:
        return len(edt) in (1, self.widest) or (1 < len(edt) <= 16 and edt[0] == len(edt) - 1)


@dataclass(frozen=True)
class Clock(_Sized):
    """Date (4 bytes), time of day (2), date and time (6 or 7) as ISO 8601 text; the node's own local time."""

    size: int

    def read(self, edt: bytes, factors: Factors) -> Value:
        self._check(edt)
        try:
            return self._told(edt)
        except ValueError:
            return None  # FF.. and the like: no date

    def write(self, value: Value) -> bytes:
        try:
            moment = datetime.fromisoformat(f"2000-01-01T{value}" if self.size == 2 else str(value))
        except ValueError:
            raise ValueError(f"expected a date or time in ISO 8601, not {value!r}") from None
        if self.size == 2:
            return bytes((moment.hour, moment.minute))
        parts = (moment.month, moment.day, moment.hour, moment.minute, moment.second)
        return moment.year.to_bytes(2, "big") + bytes(parts[: self.size - 2])

    def has(self, edt: bytes) -> bool:
        return len(edt) == self.size and self.read(edt, NO_FACTORS) is not None

    def _told(self, edt: bytes) -> str:
        if self.size == 2:
            return time(*edt).isoformat("minutes")
        moment = datetime(int.from_bytes(edt[:2], "big"), *edt[2:])  # noqa: DTZ001
        return moment.isoformat()[: {4: 10, 6: 16, 7: 19}[self.size]]


@dataclass(frozen=True)
class AnyOf:
    """The first of several types that has the value."""

    of: tuple[Type, ...]

    @property
    def narrowest(self) -> int:
        return min(each.narrowest for each in self.of)

    @property
    def widest(self) -> int:
        return max(each.widest for each in self.of)

    def read(self, edt: bytes, factors: Factors) -> Value:
        for each in self.of:
            if each.has(edt):
                return each.read(edt, factors)
        if not any(each.narrowest <= len(edt) <= each.widest for each in self.of):
            raise ValueError(f"{len(edt)} bytes instead of {self.narrowest} to {self.widest}")
        return None

    def write(self, value: Value) -> bytes:
        problems = []
        for each in self.of:
            try:
                return each.write(value)
            except ValueError as problem:
                problems.append(str(problem))
        raise ValueError("; or ".join(problems))

    def has(self, edt: bytes) -> bool:
        return any(each.has(edt) for each in self.of)


@dataclass(frozen=True)
class Fields:
    """Named values one after the other; one of open length may stand anywhere and takes what the others leave."""

    fields: Mapping[str, Type]
    names: Mapping[str, str]

    @property
    def narrowest(self) -> int:
        return sum(each.narrowest for each in self.fields.values())

    @property
    def widest(self) -> int:
        return sum(each.widest for each in self.fields.values())

    def read(self, edt: bytes, factors: Factors) -> Value:
        return {key: self.fields[key].read(part, factors) for key, part in self._parts(edt)}

    def write(self, value: Value) -> bytes:
        if not isinstance(value, Mapping) or set(value) != set(self.fields):
            raise ValueError(f"expected {{{', '.join(self.fields)}}}, not {value!r}")
        return b"".join(each.write(value[key]) for key, each in self.fields.items())

    def has(self, edt: bytes) -> bool:
        if not self.narrowest <= len(edt) <= self.widest:
            return False
        return all(self.fields[key].has(part) for key, part in self._parts(edt))

    def _parts(self, edt: bytes) -> list[tuple[str, bytes]]:
        spare = len(edt) - self.narrowest
        if spare < 0 or len(edt) > self.widest:
            raise ValueError(f"{len(edt)} bytes instead of {self.narrowest} to {self.widest}")
        parts, at = [], 0
        for key, each in self.fields.items():
            more = min(spare, each.widest - each.narrowest)
            parts.append((key, edt[at : at + each.narrowest + more]))
            at, spare = at + each.narrowest + more, spare - more
        return parts


@dataclass(frozen=True)
class Items:
    """As many values of one type as the bytes hold."""

    item: Type
    most: int
    least: int = 0

    @property
    def narrowest(self) -> int:
        return self.least * self.item.narrowest

    @property
    def widest(self) -> int:
        return self.most * self.item.widest

    def read(self, edt: bytes, factors: Factors) -> Value:
        size = self.item.widest
        if len(edt) % size or not self.narrowest <= len(edt) <= self.widest:
            raise ValueError(f"{len(edt)} bytes are not {self.least} to {self.most} values of {size}")
        return [self.item.read(edt[at : at + size], factors) for at in range(0, len(edt), size)]

    def write(self, value: Value) -> bytes:
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            raise ValueError(f"expected a list, not {value!r}")
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"expected {self.least} to {self.most} values, not {len(value)}")
        return b"".join(self.item.write(each) for each in value)

    def has(self, edt: bytes) -> bool:
        size = self.item.widest
        return (
            len(edt) % size == 0
            and self.narrowest <= len(edt) <= self.widest
            and all(self.item.has(edt[at : at + size]) for at in range(0, len(edt), size))
        )
