"""A circuit's operations: `set_limit`, by which an EMS lowers what all of its members may draw together."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from hub.charger.commands import LONGEST_S, RESERVED, BadCommand, number
from hub.charger.keys import taking
from hub.charger.runtime import Operation
from hub.circuits.circuit import Circuit
from hub.clock import Clock
from hub.errors import StoreError
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import Moment

KEYS = ("current", "limit", "power", "expires_in", "clear")
Limited = Callable[[Circuit, str], Awaitable[None]]
"""A source's limit has changed. Raises StoreError: it isn't on disk."""


def operations(circuit: Circuit, limited: Limited, clock: Clock) -> Mapping[str, Operation]:
    async def set_limit(command: Command) -> CommandResult:
        try:
            _set(circuit, command, clock.now())
        except (BadCommand, ValueError) as error:
            return CommandResult(Outcome.REJECTED, code="bad_value", text=str(error))
        try:
            await limited(circuit, command.source)
        except StoreError as error:
            return CommandResult(Outcome.ERROR, _holding(circuit), "not_kept", str(error))
        return CommandResult(Outcome.ACCEPTED, _holding(circuit))

    return {"set_limit": taking(KEYS, set_limit)}


def _set(circuit: Circuit, command: Command, now: Moment) -> None:
    message = command.message
    current = number(message, "current" if "current" in message else "limit")
    power = number(message, "power", most=10_000_000.0)
    clear = message.get("clear", False)
    if not isinstance(clear, bool) or clear == (current is not None or power is not None):
        raise BadCommand('expected "current" (A per phase) or "power" (W), or "clear": true')
    if command.source in RESERVED or not command.source:
        raise BadCommand(f"the source {command.source!r} is the hub's own")
    expires = number(message, "expires_in", most=LONGEST_S)
    if expires is not None and clear:
        raise BadCommand("expires_in needs a limit that ends then")
    until = None if expires is None else Moment(now.mono + expires, now.wall + timedelta(seconds=expires))
    circuit.limits.set(command.source, current, power_w=power, until=until)


def _holding(circuit: Circuit) -> dict[str, object]:
    """What holds now; the members follow."""
    body = circuit.body([])
    told = {key: body[key] for key in ("limit", "limit_source", "limit_until", "available")}
    return {"circuit": circuit.settings.id, **told}
