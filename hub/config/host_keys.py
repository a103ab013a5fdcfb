"""Host keys of SSH servers as a person writes them down: the lines of a known_hosts file."""

import base64


def is_one(line: str) -> bool:
    """`host kind key`"""
    words = line.split()
    if len(words) < 3 or words[0].startswith("#"):
        return False
    try:
        key = base64.b64decode(words[2], validate=True)
    except ValueError:
        return False
    kind = words[1].encode()
    return key.startswith(len(kind).to_bytes(4, "big") + kind)
