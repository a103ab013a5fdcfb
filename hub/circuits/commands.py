"""A circuit's operations: `set_limit`, by which an EMS lowers what all of its members may draw together."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from hub.charger.commands import CROWDED, LIMIT, BadCommand, asked_limit, ends_in
from hub.charger.keys import taking
from hub.charger.runtime import Operation
from hub.circuits.circuit import Circuit
from hub.clock import Clock
from hub.errors import StoreError
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import Moment

MOST_W = 10_000_000.0
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

    return {"set_limit": taking(LIMIT, set_limit)}


def _set(circuit: Circuit, command: Command, now: Moment) -> None:
    current, power = asked_limit(command, most_w=MOST_W)
    withdraws = current is power is None
    expires = ends_in(command, withdraws=withdraws)
    if not withdraws and not circuit.limits.takes(command.source):
        raise BadCommand(CROWDED)
    until = None if expires is None else Moment(now.mono + expires, now.wall + timedelta(seconds=expires))
    circuit.limits.set(command.source, current, power_w=power, until=until)


def _holding(circuit: Circuit) -> dict[str, object]:
    """What holds now; the members follow."""
    body = circuit.body([])
    told = {key: body[key] for key in ("limit", "limit_source", "limit_until", "available")}
    return {"circuit": circuit.settings.id, **told}
