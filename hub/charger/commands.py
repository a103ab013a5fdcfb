"""The hub's own operations on a charger: set_limit, pause, resume, refresh, set.

Theory: all values are checked before the first one counts. Then the wish is noted, told to the device and written
to disk, and the answer comes when both are done: what it says of the limit is what the device has confirmed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hub.charger.limits import CSMS, RATING
from hub.errors import DeviceOffline, DeviceRefused, HubError, NotConfirmed, StoreError, Unsupported
from hub.model.command import Command, CommandResult, Outcome

if TYPE_CHECKING:
    from hub.charger.runtime import ChargerRuntime, Operation

ACCEPTED = CommandResult(Outcome.ACCEPTED)
TRUE = (True, "true", "on", "ON", "True", 1, "1")
FALSE = (False, "false", "off", "OFF", "False", 0, "0")
RESERVED = frozenset({CSMS, RATING})
"""The hub's own sources of limits: nobody else speaks in their name."""
SETTABLE = frozenset({"current_limit", "power_limit", "charging", "charging_enabled"})
LONGEST_S = 31_536_000.0
REFUSALS: Mapping[type[HubError], tuple[Outcome, str]] = {
    DeviceOffline: (Outcome.ERROR, "offline"),
    StoreError: (Outcome.ERROR, "not_kept"),
    Unsupported: (Outcome.UNSUPPORTED, "unsupported"),
    DeviceRefused: (Outcome.REJECTED, "device"),
    NotConfirmed: (Outcome.REJECTED, "not_confirmed"),
}


class BadCommand(Exception):
    """What is wrong with a command's message."""


Change = Callable[[int], None]
"""What a command changes at one EVSE."""


def own_operations(runtime: "ChargerRuntime") -> Mapping[str, "Operation"]:
    def operation(read: Callable[["ChargerRuntime", Command], Sequence[Change]]) -> "Operation":
        async def carry_out(command: Command) -> CommandResult:
            try:
                changes, evses = read(runtime, command), evses_of(runtime, command)
            except BadCommand as error:
                return CommandResult(Outcome.REJECTED, code="bad_value", text=str(error))
            for evse in evses:
                for change in changes:
                    change(evse)
            return await _seen_through(runtime, evses)

        return carry_out

    async def refresh(command: Command) -> CommandResult:
        await runtime.device.refresh()
        return ACCEPTED

    return {
        "set_limit": operation(_limited),
        "pause": operation(lambda runtime, _: [lambda evse: runtime.pause(evse, True)]),
        "resume": operation(lambda runtime, _: [lambda evse: runtime.pause(evse, False)]),
        "set": operation(_changed),
        "refresh": refresh,
    }


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
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadCommand(f"{name} must be a number, not {value!r}")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise BadCommand(f"{name} must be 0 to {most:g}, not {value!r}")
    return float(value)


async def _seen_through(runtime: "ChargerRuntime", evses: Sequence[int]) -> CommandResult:
    failure: HubError | None = None
    for promise in [runtime.promise(evse) for evse in evses]:
        try:
            await runtime.settled(promise)
        except HubError as error:
            failure = failure or error
    result = {"evses": tuple(runtime.holding(evse) for evse in evses)}
    if failure is None:
        return CommandResult(Outcome.ACCEPTED, result)
    outcome, code = REFUSALS.get(type(failure), (Outcome.ERROR, "failed"))
    return CommandResult(outcome, result, code, f"{failure}; it is wanted all the same, and tried again")


def _limited(runtime: "ChargerRuntime", command: Command) -> Sequence[Change]:
    message = command.message
    current = number(message, "current" if "current" in message else "limit")
    power = number(message, "power")
    clear = message.get("clear", False)
    if not isinstance(clear, bool) or clear == (current is not None or power is not None):
        raise BadCommand('expected "current" (A per phase) or "power" (W), or "clear": true')
    return [_limit(runtime, command, current, power)]


def _changed(runtime: "ChargerRuntime", command: Command) -> Sequence[Change]:
    """`evse/<n>/set/<key>` and `evse/<n>/set`; a limit that is null is withdrawn."""
    values = command.message.get("values")
    if not isinstance(values, Mapping):
        raise BadCommand('expected "values": {key: value}')
    unknown = sorted(set(values) - SETTABLE)
    if unknown or not values:
        raise BadCommand(f"{', '.join(unknown) or 'nothing'} can't be set; {', '.join(sorted(SETTABLE))} can")
    changes: list[Change] = []
    if {"current_limit", "power_limit"} & set(values):
        current, power = number(values, "current_limit"), number(values, "power_limit")
        changes.append(_limit(runtime, command, current, power))
    if {"charging", "charging_enabled"} & set(values):
        charging = values.get("charging", values.get("charging_enabled"))
        if charging not in TRUE + FALSE:
            raise BadCommand(f"charging must be true or false, not {charging!r}")
        changes.append(lambda evse: runtime.pause(evse, charging in FALSE))
    return changes


def _limit(runtime: "ChargerRuntime", command: Command, current: float | None, power: float | None) -> Change:
    expires = number(command.message, "expires_in", most=LONGEST_S)
    if expires is not None and current is None and power is None:
        raise BadCommand("expires_in needs a limit that ends then")
    if "set_limit" not in runtime.abilities.actions:
        raise BadCommand("this charger takes no limit")
    if command.source in RESERVED or not command.source:
        raise BadCommand(f"the source {command.source!r} is the hub's own")
    return lambda evse: runtime.limit(evse, command.source, current, power_w=power, expires_in=expires)
