"""Rows of a SQLite file read page by page, for when its tree can't be walked any more.

Theory (SQLite file format, 1.6): our tables are WITHOUT ROWID, so their rows are the cells of index pages, leaf
(10) and interior (2). Such a page says where its cells are; each holds one record, whose tail may lie on a chain
of overflow pages. Neither the header nor the pages above are needed. Pages on the free list hold what was deleted.
"""

from collections.abc import Iterator, Mapping

PAGE = 4096
MOST_LOCAL = (PAGE - 12) * 64 // 255 - 23
LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23
POINTERS: Mapping[int, tuple[int, int]] = {10: (8, 0), 2: (12, 4)}
"""Page type -> (where the cell pointers begin, how much of a cell is a child's page number)."""
INTEGERS = (0, 1, 2, 3, 4, 6, 8)
"""Bytes of an integer by serial type."""


def records(image: bytes) -> Iterator[list[object]]:
    """Every record that can be read; what can't is passed over. `image` may be anything that slices to bytes."""
    free = _free_pages(image)
    for start in range(0, len(image) - PAGE + 1, PAGE):
        if start // PAGE + 1 in free:
            continue
        first, child = POINTERS.get(image[start], (0, 0))
        count = int.from_bytes(image[start + 3 : start + 5], "big") if first else 0
        for cell in range(min(count, PAGE // 2)):
            at = start + first + 2 * cell
            offset = int.from_bytes(image[at : at + 2], "big")
            try:
                yield _record(_payload(image, start + offset + child))
            except (ValueError, IndexError):
                continue


def _free_pages(image: bytes) -> set[int]:
    free: set[int] = set()
    trunk = int.from_bytes(image[32:36], "big")
    while 0 < trunk <= len(image) // PAGE and trunk not in free:
        free.add(trunk)
        page = image[(trunk - 1) * PAGE : trunk * PAGE]
        count = min(int.from_bytes(page[4:8], "big"), PAGE // 4 - 2)
        free.update(int.from_bytes(page[8 + 4 * n : 12 + 4 * n], "big") for n in range(count))
        trunk = int.from_bytes(page[:4], "big")
    return free


def _payload(image: bytes, at: int) -> bytes:
    size, at = _varint(image, at)
    if size <= MOST_LOCAL:
        return image[at : at + size]
    spread = LEAST_LOCAL + (size - LEAST_LOCAL) % (PAGE - 4)
    local = spread if spread <= MOST_LOCAL else LEAST_LOCAL
    payload = bytearray(image[at : at + local])
    following = int.from_bytes(image[at + local : at + local + 4], "big")
    while len(payload) < size:
        if not 0 < following <= len(image) // PAGE:
            raise ValueError("the chain of overflow pages ends")
        page = image[(following - 1) * PAGE : following * PAGE]
        payload += page[4 : 4 + size - len(payload)]
        following = int.from_bytes(page[:4], "big")
    return bytes(payload)


def _record(payload: bytes) -> list[object]:
    """Raises ValueError or IndexError for what is no record of texts, integers and NULLs."""
    end, at = _varint(payload, 0)
    body = end
    values: list[object] = []
    while at < end:
        kind, at = _varint(payload, at)
        value, body = _value(payload, kind, body)
        values.append(value)
    if body != len(payload):
        raise ValueError("more bytes than the record has")
    return values


def _value(payload: bytes, kind: int, at: int) -> tuple[object, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind < len(INTEGERS):
        end = at + INTEGERS[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind < 13 or kind % 2 == 0:
        raise ValueError("neither text nor integer")
    end = at + (kind - 13) // 2
    if end > len(payload):
        raise ValueError("the text is longer than the record")
    return payload[at:end].decode(), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Seven bits a byte; nothing here needs the ninth byte's eight."""
    number = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at
    raise ValueError("a number too long")
