"""A point's raw value (as the wire's type has it) and its value, both ways."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.entity import Scalar

Raw = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Conversion:
    """In the order of reading: none, bits, map, or scale and offset, valid."""

    none: tuple[object, ...] = ()
    bits: tuple[int, int] | None = None
    map: Mapping[Raw, Scalar] | None = None
    scale: float = 1.0
    offset: float = 0.0
    valid: tuple[float, float] | None = None
    digits: int = 6

    def value(self, raw: Raw) -> Scalar:
        """None: the device says that there is none, or says nonsense."""
        if raw is None or self._is_none(raw):
            return None
        if self.bits is not None and isinstance(raw, int):
            low, high = self.bits
            raw = raw >> low & (1 << high - low + 1) - 1
        if self.map is not None:
            return self.map.get(raw)
        if isinstance(raw, bool | str):
            return raw
        if isinstance(raw, float) and not math.isfinite(raw):
            return None
        value: float = raw
        if self.scale != 1.0 or self.offset:
            value = round(raw * self.scale + self.offset, self.digits)
        if self.valid is not None and not self.valid[0] <= value <= self.valid[1]:
            return None
        return value

    def raw(self, value: Scalar) -> Raw:
        """Raises ValueError for a label that the map doesn't have, and for what is no number."""
        if self.map is not None:
            for raw, label in self.map.items():
                if label == value and type(label) is type(value):
                    return raw
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, self.map.values()))}")
        if isinstance(value, bool | str) or value is None:
            if value is None:
                raise ValueError("no value to write")
            return value
        if not math.isfinite(value):
            raise ValueError(f"{value} can't be written")
        scaled = (value - self.offset) / self.scale
        return round(scaled) if abs(scaled - round(scaled)) < 1e-6 else scaled

    def _is_none(self, raw: Raw) -> bool:
        if isinstance(raw, float) and math.isnan(raw):
            return "nan" in self.none or not self.none
        return raw in self.none
