"""The hub's own operations on a charger: set_limit, pause, resume, refresh, set.

Theory: all values are checked before the first one counts. Then the wish is noted, told to the device and written
to disk, and the answer comes when both are done: what it says of the limit is what the device has confirmed. What
is no wish but an act (phases, availability) comes after that, and has an answer of its own.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.charger.ages import ages
from hub.charger.keys import EVSE, taking
from hub.charger.limits import HOUSE, RATING
from hub.errors import DeviceOffline, DeviceRefused, HubError, NotConfirmed, StoreError, Unsupported
from hub.model.catalog import ENTITIES
from hub.model.command import Command, CommandResult, Outcome
from hub.yaml import suggestion

if TYPE_CHECKING:
    from hub.charger.runtime import ChargerRuntime, Operation

ACCEPTED = CommandResult(Outcome.ACCEPTED)
TRUE = (True, "true", "on", "ON", "True", 1, "1")
FALSE = (False, "false", "off", "OFF", "False", 0, "0")
RESERVED = HOUSE | {RATING}
"""The hub's own sources of limits: nobody else speaks in their name."""
SETTABLE = frozenset({"charging", *(entity.key for entity in ENTITIES if entity.writable)})
CROWDED = "limits of too many sources are in force: withdraw some"
LIMIT = ("current", "limit", "power", "expires_in", "clear")
KEYS: Mapping[str, Sequence[str]] = {
    "set_limit": (*EVSE, *LIMIT),
    "pause": EVSE,
    "resume": EVSE,
    "set": (*EVSE, "values", "expires_in"),
    "refresh": (*EVSE, "keys"),
    "ages": (),
}
"""What the message of each operation may hold."""
PHASES = (1, 3)
LONGEST_S, LARGEST = 31_536_000.0, 100_000.0
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
"""What a command wishes at one EVSE."""
Act = Callable[[int], Awaitable[CommandResult]]
Orders = tuple[Sequence[Change], Sequence[Act]]


def own_operations(runtime: "ChargerRuntime") -> Mapping[str, "Operation"]:
    def operation(read: Callable[["ChargerRuntime", Command], Orders]) -> "Operation":
        async def carry_out(command: Command) -> CommandResult:
            try:
                orders, evses = read(runtime, command), evses_of(runtime, command)
            except BadCommand as error:
                return CommandResult(Outcome.REJECTED, code="bad_value", text=str(error))
            return await _carry_out(runtime, orders, evses)

        return carry_out

    async def refresh(command: Command) -> CommandResult:
        await runtime.device.refresh()
        return ACCEPTED

    async def told_ages(_: Command) -> CommandResult:
        found = ages(runtime.device, asyncio.get_running_loop().time())
        return CommandResult(Outcome.ACCEPTED, {"ages": found})

    operations = {
        "ages": told_ages,
        "set_limit": operation(_limited),
        "pause": operation(lambda runtime, _: ([lambda evse: runtime.wishes.pause(evse, True)], [])),
        "resume": operation(lambda runtime, _: ([lambda evse: runtime.wishes.pause(evse, False)], [])),
        "set": operation(lambda runtime, command: (_changed(runtime, command), _acts(runtime, command))),
        "refresh": refresh,
    }
    return {op: taking(KEYS[op], carry_out) for op, carry_out in operations.items()}


async def _carry_out(runtime: "ChargerRuntime", orders: Orders, evses: Sequence[int]) -> CommandResult:
    changes, acts = orders
    for evse in evses:
        for change in changes:
            change(evse)
    result = await _seen_through(runtime, evses)
    for evse in evses:
        for act in acts if result.outcome is Outcome.ACCEPTED else ():
            done = await act(evse)
            if done.outcome is not Outcome.ACCEPTED:
                return done
    return result


def named_evse(runtime: "ChargerRuntime", command: Command) -> int | None:
    """The EVSE that is named, if any. Raises BadCommand."""
    named = any(command.message.get(key) is not None for key in EVSE)
    return evses_of(runtime, command)[0] if named else None


def evses_of(runtime: "ChargerRuntime", command: Command) -> list[int]:
    """The EVSE that is named, or all. Raises BadCommand."""
    evse = command.message.get("evse", command.message.get("evse_id"))
    if evse is None:
        return list(range(1, runtime.evses + 1))
    if not isinstance(evse, int) or isinstance(evse, bool) or not 1 <= evse <= runtime.evses:
        raise BadCommand(f"evse must be 1 to {runtime.evses}, not {evse!r}")
    return [evse]


def number(message: Mapping[str, object], name: str, *, most: float = LARGEST) -> float | None:
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
    for promise in [runtime.wishes.promise(evse) for evse in evses]:
        try:
            await runtime.wishes.settled(promise)
        except HubError as error:
            failure = failure or error
    result = {"evses": tuple(runtime.wishes.holding(evse) for evse in evses)}
    if failure is None:
        return CommandResult(Outcome.ACCEPTED, result)
    outcome, code = REFUSALS.get(type(failure), (Outcome.ERROR, "failed"))
    return CommandResult(outcome, result, code, f"{failure}; it is wanted all the same, and tried again")


def _limited(runtime: "ChargerRuntime", command: Command) -> Orders:
    return [_limit(runtime, command, *asked_limit(command))], []


def asked_limit(command: Command, *, most_w: float = LARGEST) -> tuple[float | None, float | None]:
    """A per phase and W; neither: withdraw. Raises BadCommand."""
    message = command.message
    current = number(message, "current" if "current" in message else "limit")
    power = number(message, "power", most=most_w)
    clear = message.get("clear", False)
    if not isinstance(clear, bool) or clear == (current is not None or power is not None):
        raise BadCommand('expected "current" (A per phase) or "power" (W), or "clear": true')
    return current, power


def ends_in(command: Command, *, withdraws: bool) -> float | None:
    """After how many seconds a limit ends. Raises BadCommand: it is none, or set in the hub's own name."""
    expires = number(command.message, "expires_in", most=LONGEST_S)
    if expires is not None and withdraws:
        raise BadCommand("expires_in needs a limit that ends then")
    if command.source in RESERVED or not command.source:
        raise BadCommand(f"the source {command.source!r} is the hub's own")
    return expires


def _changed(runtime: "ChargerRuntime", command: Command) -> Sequence[Change]:
    """`evse/<n>/set/<key>` and `evse/<n>/set`; a limit that is null is withdrawn."""
    values = command.message.get("values")
    if not isinstance(values, Mapping):
        raise BadCommand('expected "values": {key: value}')
    unknown = sorted(set(values) - SETTABLE)
    if unknown or not values:
        close = suggestion(unknown[0], (*SETTABLE, "expires_in")) if unknown else ""
        raise BadCommand(
            f"{', '.join(unknown) or 'nothing'} can't be set; {', '.join(sorted(SETTABLE))} can{close}"
        )
    changes: list[Change] = []
    if {"current_limit", "power_limit"} & set(values):
        current, power = number(values, "current_limit"), number(values, "power_limit")
        changes.append(_limit(runtime, command, current, power))
    if {"charging", "charging_enabled"} & set(values):
        charging = _boolean(values, "charging" if "charging" in values else "charging_enabled")
        changes.append(lambda evse: runtime.wishes.pause(evse, not charging))
    return changes


def _acts(runtime: "ChargerRuntime", command: Command) -> Sequence[Act]:
    values = command.message["values"]
    assert isinstance(values, Mapping)
    acts: list[Act] = []
    if "phases" in values:
        phases = number(values, "phases")
        if phases not in PHASES:
            raise BadCommand(f"phases must be 1 or 3, not {values['phases']!r}")
        if "set_phases" not in runtime.abilities.actions:
            raise BadCommand("this charger's phases can't be switched")
        acts.append(lambda evse: runtime.act(evse, "set_phases", {"phases": int(phases)}))
    if "operative" in values:
        word = "Operative" if _boolean(values, "operative") else "Inoperative"
        acts.append(lambda evse: _availability(runtime, command, evse, word))
    return acts


async def _availability(runtime: "ChargerRuntime", command: Command, evse: int, word: str) -> CommandResult:
    """As a CSMS would ask for it."""
    change = runtime.operations.get("change_availability")
    if change is None:
        return CommandResult(Outcome.UNSUPPORTED, code="unknown_op", text="there is no station")
    return await change(replace(command, message={"connectorId": evse, "type": word}))


def _boolean(values: Mapping[str, object], name: str) -> bool:
    if values[name] not in TRUE + FALSE:
        raise BadCommand(f"{name} must be true or false, not {values[name]!r}")
    return values[name] in TRUE


def _limit(runtime: "ChargerRuntime", command: Command, current: float | None, power: float | None) -> Change:
    expires = ends_in(command, withdraws=current is power is None)
    if "set_limit" not in runtime.abilities.actions:
        raise BadCommand("this charger takes no limit")
    if not (current is power is None) and not all(
        runtime.wishes.takes(evse, command.source) for evse in evses_of(runtime, command)
    ):
        raise BadCommand(CROWDED)
    return lambda evse: runtime.wishes.limit(evse, command.source, current, power_w=power, expires_in=expires)
