"""Host keys of SSH servers as a person writes them down: the lines of a known_hosts file."""

import base64
from collections.abc import Iterable


def wrong(lines: Iterable[str]) -> list[str]:
    """Those that are no `host kind key`."""
    return [line for line in lines if not _is_one(line.split())]


def _is_one(words: list[str]) -> bool:
    if len(words) < 3 or words[0].startswith("#"):
        return False
    try:
        key = base64.b64decode(words[2], validate=True)
    except ValueError:
        return False
    kind = words[1].encode()
    return key.startswith(len(kind).to_bytes(4, "big") + kind)
