"""A request to change something, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    TIMEOUT = "timeout"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Command:
    """`op` is an OCPP operation in snake case or one of our own (docs: mqtt); `message` its payload, as it came."""

    charger: str
    op: str
    message: Mapping[str, object] = field(default_factory=dict)
    id: str | None = None
    source: str = "hub"
    """Who asks: mqtt, cli, rest, csms, hub ... (shown as `limit_source` and in the log)."""
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class CommandResult:
    """`result` is the OCPP answer as the specification spells it; `code` and `text` explain everything but accepted."""

    outcome: Outcome
    result: Mapping[str, object] = field(default_factory=dict)
    code: str | None = None
    text: str | None = None
