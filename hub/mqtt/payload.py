"""A bus payload as bytes on a topic, and back."""

from collections.abc import Mapping

import orjson

from hub.bus import Payload


def render(payload: Payload) -> bytes:
    """JSON for mappings and lists; scalars as plain text (`16.0`, `true`, `charging`); None as nothing."""
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, bytes):
        return payload
    return b"" if payload is None else orjson.dumps(payload, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no payload")
