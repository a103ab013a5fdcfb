"""From a property's bytes to a point's raw value and back."""

from collections.abc import Iterator, Mapping

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping, Point

SIZES = {"u8": 1, "u16": 2, "u32": 4, "i8": 1, "i16": 2, "i32": 4}
TYPES = (*SIZES, "string", "bytes")
Image = Mapping[int, bytes]
"""EPC -> EDT of one object; b"": the object has nothing to say."""


def epc_of(point: Point) -> int:
    return int(point.keys["epc"])


def raw_values(mapping: BlueprintMapping, images: Mapping[int, Image]) -> dict[tuple[str, int], Raw]:
    """`images` by EVSE. What isn't there, or is of another length than its type, has no value."""
    return dict(_found(mapping, images))


def _found(mapping: BlueprintMapping, images: Mapping[int, Image]) -> Iterator[tuple[tuple[str, int], Raw]]:
    for point in mapping.points.values():
        for evse in [0] if point.shared else images:
            raw = read(point, images[evse or 1].get(epc_of(point), b""))
            if raw is not None:
                yield (point.elements[0], evse), raw


def read(point: Point, edt: bytes) -> Raw | None:
    """None: no value."""
    keys = point.keys
    start, kind = keys.get("byte", 0), keys.get("type")
    part = edt[start:]
    if not part:
        return None
    if kind == "string":
        return part.decode("ascii", "replace").split("\0")[0].strip() or None
    if kind == "bytes":
        return part.hex()
    if kind is None:
        return int.from_bytes(part, "big")
    size = SIZES[kind]
    if len(part) < size or (len(part) > size and "byte" not in keys):
        return None
    return int.from_bytes(part[:size], "big", signed=kind[0] == "i")


def edt(point: Point, raw: Raw) -> bytes:
    """Raises ValueError for what doesn't fit."""
    kind = point.keys.get("type", "u8")
    if kind == "bytes":
        return bytes.fromhex(str(raw))
    if kind == "string":
        return str(raw).encode("ascii")
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError(f"{raw!r} is no number")
    try:
        return round(raw).to_bytes(SIZES[kind], "big", signed=kind[0] == "i")
    except OverflowError:
        raise ValueError(f"{raw:g} doesn't fit in {kind}") from None
