"""The hub's own operations on a charger: set_limit, pause, resume, refresh, set."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hub.model.command import Command, CommandResult, Outcome

if TYPE_CHECKING:
    from hub.charger.runtime import ChargerRuntime, Operation

ACCEPTED = CommandResult(Outcome.ACCEPTED)
TRUE = (True, "true", "on", "ON", "True", 1, "1")
FALSE = (False, "false", "off", "OFF", "False", 0, "0")


class BadCommand(Exception):
    """What is wrong with a command's message."""


def own_operations(runtime: "ChargerRuntime") -> Mapping[str, "Operation"]:
    async def set_limit(command: Command) -> CommandResult:
        return checked(lambda: _set_limit(runtime, command))

    async def pause(command: Command) -> CommandResult:
        return checked(lambda: _pause(runtime, command, True))

    async def resume(command: Command) -> CommandResult:
        return checked(lambda: _pause(runtime, command, False))

    async def refresh(command: Command) -> CommandResult:
        await runtime.device.refresh()
        return ACCEPTED

    async def change(command: Command) -> CommandResult:
        return checked(lambda: _set(runtime, command))

    return {"set_limit": set_limit, "pause": pause, "resume": resume, "refresh": refresh, "set": change}


def checked(work: Callable[[], None]) -> CommandResult:

    try:
        work()
    except BadCommand as error:
        return CommandResult(Outcome.REJECTED, code="bad_value", text=str(error))
    return ACCEPTED


def evses_of(runtime: "ChargerRuntime", command: Command) -> list[int]:
    """The EVSE that is named, or all. Raises BadCommand."""
    evse = command.message.get("evse", command.message.get("evse_id"))
    if evse is None:
        return list(range(1, runtime.evses + 1))
    if not isinstance(evse, int) or isinstance(evse, bool) or not 1 <= evse <= runtime.evses:
        raise BadCommand(f"evse must be 1 to {runtime.evses}, not {evse!r}")
    return [evse]


def number(message: Mapping[str, object], name: str, *, most: float = 100_000.0) -> float | None:
    value = message.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise BadCommand(f"{name} must be a number, not {value!r}") from None
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0 <= value <= most
    ):
        raise BadCommand(f"{name} must be 0 to {most:g}, not {value!r}")
    return float(value)


def _set_limit(runtime: "ChargerRuntime", command: Command) -> None:
    message = command.message
    current = number(message, "current" if "current" in message else "limit")
    power = number(message, "power")
    expires = number(message, "expires_in", most=31_536_000)
    if "set_limit" not in runtime.abilities.actions:
        raise BadCommand("this charger takes no limit")
    if current is None and power is None and not message.get("clear"):
        raise BadCommand('expected "current" (A per phase) or "power" (W), or "clear": true')
    for evse in evses_of(runtime, command):
        runtime.limit(evse, command.source, current, power_w=power, expires_in=expires)


def _pause(runtime: "ChargerRuntime", command: Command, paused: bool) -> None:
    for evse in evses_of(runtime, command):
        runtime.pause(evse, paused)


def _set(runtime: "ChargerRuntime", command: Command) -> None:
    """`evse/<n>/set/<key>` and `evse/<n>/set`: all values are checked before the first one counts."""
    values = command.message.get("values")
    assert isinstance(values, Mapping)
    known = {"current_limit", "power_limit", "charging", "charging_enabled"}
    unknown = sorted(set(values) - known)
    if unknown or not values:
        raise BadCommand(f"{', '.join(unknown) or 'nothing'} can't be set; {', '.join(sorted(known))} can")
    expires = number(command.message, "expires_in", most=31_536_000)
    current, power = number(values, "current_limit"), number(values, "power_limit")
    charging = values.get("charging", values.get("charging_enabled"))
    if charging is not None and charging not in TRUE + FALSE:
        raise BadCommand(f"charging must be true or false, not {charging!r}")
    for evse in evses_of(runtime, command):
        if {"current_limit", "power_limit"} & set(values):
            runtime.limit(evse, command.source, current, power_w=power, expires_in=expires)
        if charging is not None:
            runtime.pause(evse, charging in FALSE)
