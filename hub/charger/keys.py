"""The keys that a command's message may have: what is mistyped is refused, never passed over."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from hub.model.command import Command, CommandResult, Outcome
from hub.yaml import suggestion

if TYPE_CHECKING:
    from hub.charger.runtime import Operation

EVSE = ("evse", "evse_id")


def stray(message: Mapping[str, object], known: Collection[str]) -> str | None:
    """The first key that nobody knows, in words; a limit with a mistyped `expires_in` would never end."""
    for key in message:
        if key not in known:
            words = suggestion(key, known) or f"; known are {', '.join(known) or 'none'}"
            return f"unknown key {key[:40]!r}{words}"
    return None


def taking(known: Collection[str], operation: "Operation") -> "Operation":
    """The operation, for messages without any other key."""

    async def checked(command: Command) -> CommandResult:
        words = stray(command.message, known)
        if words is not None:
            return CommandResult(Outcome.REJECTED, code="unknown_key", text=words)
        return await operation(command)

    return checked
