"""Register words and the raw values they hold, both ways: types, word order, byte order."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from hub.blueprint.convert import Raw

FORMATS = {
    "u16": ">H",
    "i16": ">h",
    "u32": ">I",
    "i32": ">i",
    "u64": ">Q",
    "i64": ">q",
    "f32": ">f",
    "f64": ">d",
}
WORDS = {name: struct.calcsize(form) // 2 for name, form in FORMATS.items()}
TYPES = (*FORMATS, "bool", "string", "bytes")
NUMBERS = {name: struct.Struct(form) for name, form in FORMATS.items()}


def width(keys: Mapping[str, Any]) -> int:
    """Registers (or coils) of one element."""
    kind = keys.get("type", "u16")
    return int(keys.get("len", 1)) if kind in ("string", "bytes") else WORDS.get(kind, 1)


def decode(keys: Mapping[str, Any], words: Sequence[int]) -> Raw:
    """Raises ValueError when there are not as many words as the type has."""
    kind = keys.get("type", "u16")
    if len(words) != width(keys):
        raise ValueError(f"{len(words)} registers for {kind}")
    if kind == "u16" and keys.get("byte_order") != "little":
        return words[0]
    if kind == "bool":
        return bool(words[0])
    raw = _bytes(keys, words)
    if kind == "bytes":
        return raw.hex()
    if kind == "string":
        encoding = keys.get("encoding", "ascii")
        return raw.decode(encoding, "replace").split("\0")[0].strip()
    value: Raw = NUMBERS[kind].unpack(raw)[0]
    return value


def encode(keys: Mapping[str, Any], raw: Raw) -> list[int]:
    """Raises ValueError for what the type can't hold."""
    kind = keys.get("type", "u16")
    if kind == "bool":
        return [int(bool(raw))]
    if kind in ("string", "bytes"):
        size = 2 * width(keys)
        text = str(raw)
        data = bytes.fromhex(text) if kind == "bytes" else text.encode(keys.get("encoding", "ascii"))
        if len(data) > size:
            raise ValueError(f"{text!r} is longer than {size} bytes")
        data = data.ljust(size, b"\0")
    else:
        data = _packed(kind, raw)
    words = [int.from_bytes(data[index : index + 2]) for index in range(0, len(data), 2)]
    return _ordered(keys, words)


def _packed(kind: str, raw: Raw) -> bytes:
    if isinstance(raw, str) or raw is None:
        raise ValueError(f"{raw!r} is no number")
    number = float(raw) if kind in ("f32", "f64") else round(raw)
    try:
        return NUMBERS[kind].pack(number)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{raw!r} doesn't fit into {kind}") from error


def _bytes(keys: Mapping[str, Any], words: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(2) for word in _ordered(keys, words))


def _ordered(keys: Mapping[str, Any], words: Sequence[int]) -> list[int]:
    """To and from high word, high byte first; the same in both directions."""
    ordered = list(words)
    if keys.get("type") not in ("string", "bytes") and keys.get("word_order") == "little":
        ordered.reverse()
    if keys.get("byte_order") == "little":
        ordered = [word >> 8 | (word & 0xFF) << 8 for word in ordered]
    return ordered
