"""The command door's OCPP operations: `cmd` in snake case becomes a CALL to the charger's own station."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from hub.charger.commands import BadCommand, evses_of, named_evse, number
from hub.charger.keys import EVSE, taking
from hub.charger.runtime import ChargerRuntime, Operation
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import Moment
from hub.ocpp.schemas import Violation, schemas
from hub.ocpp.station.messages import NOBODY, Token
from hub.ocpp.station.station import Dialect, Station
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink.connect import Connector
from hub.uplink.uplink import Uplink

GOOD = frozenset(
    {
        *("Accepted", "AcceptedCanceled", "Scheduled", "Unlocked", "RebootRequired"),
        *("NoProfiles", "EmptyResultSet"),
    }
)
UNSUPPORTED = frozenset({"NotSupported", "NotImplemented"})
TOKEN_TYPES = ("Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress")
ITEMS = {
    "setVariableResult": "attributeStatus",
    "setMonitoringResult": "status",
    "clearMonitoringResult": "status",
}
"""Answers whose outcome is their items'."""
KEYS: Mapping[str, Sequence[str]] = {
    "authorize": (*EVSE, "id_token", "idToken", "id_tag", "type"),
    "start": (*EVSE, "id_token"),
    "stop": EVSE,
    "limit_transaction": (*EVSE, "energy", "time"),
    "uplink": ("enabled",),
}
"""What the message of each own operation may hold; OCPP's have schemas."""
FREE_FORM = frozenset({"data", "customData", "value", "attributeValue"})
"""Content that isn't ours to respell."""


@cache
def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    if "_" not in name:
        return name
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def camelled(value: Any) -> Any:
    """Keys as on the wire; what came in camelCase stays."""
    if isinstance(value, Mapping):
        return {
            camel(key): item if camel(key) in FREE_FORM else camelled(item) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [camelled(item) for item in value]
    return value


def install(runtime: ChargerRuntime, uplink: Uplink, connector: Connector | None) -> None:
    """All operations that the station answers, and authorize, start, stop and uplink."""
    for dialect in (V16, V201):
        for action in dialect.calls:
            runtime.operations[snake(action)] = partial(_ask, uplink, dialect, action)
    # Both versions have these; a message in 1.6's words goes to 1.6's handler.
    for action in set(V16.calls) & set(V201.calls):
        runtime.operations[snake(action)] = partial(_either, uplink, action)
    own = {
        "authorize": _authorize(uplink),
        "start": _start(uplink),
        "stop": _stop(uplink),
        "limit_transaction": _limit_transaction(uplink),
        "uplink": _switch(connector),
    }
    runtime.operations.update({op: taking(KEYS[op], operation) for op, operation in own.items()})


async def _either(uplink: Uplink, action: str, command: Command) -> CommandResult:
    payload = camelled(command.message)
    for dialect in (V201, V16):
        try:
            schemas(dialect.version).validate(action, "request", payload)
        except Violation:
            continue
        return await _ask(uplink, dialect, action, command)
    newest = uplink.station.dialect or V201
    return await _ask(uplink, newest, action, command)


async def _ask(uplink: Uplink, dialect: Dialect, action: str, command: Command) -> CommandResult:
    payload = camelled(command.message)
    try:
        schemas(dialect.version).validate(action, "request", payload)
    except Violation as violation:
        words = f"{action} ({dialect.version}): {violation}; {violation.detail()}"
        return CommandResult(Outcome.REJECTED, code=violation.code.value, text=words)
    answer, code, words = await uplink.call(dialect, action, payload, by=command.source)
    if answer is None:
        assert code is not None
        return CommandResult(
            Outcome.UNSUPPORTED if code.value in UNSUPPORTED else Outcome.REJECTED,
            code=code.value,
            text=words,
        )
    return CommandResult(_outcome(answer), answer)


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    """By its status, or the statuses of its items; an answer without any is a good one."""
    statuses = {item[status] for results, status in ITEMS.items() for item in answer.get(results, ())}
    if "status" in answer:
        statuses.add(answer["status"])
    if statuses & UNSUPPORTED:
        return Outcome.UNSUPPORTED
    return Outcome.ACCEPTED if statuses <= GOOD else Outcome.REJECTED


def _authorize(uplink: Uplink) -> Operation:
    async def operation(command: Command) -> CommandResult:
        message = command.message
        text = message.get("id_token", message.get("idToken", message.get("id_tag")))
        if not isinstance(text, str) or not 0 < len(text) <= 36:
            return _bad('expected "id_token" of 1 to 36 characters')
        kind = message.get("type", "")
        if "type" in message and kind not in TOKEN_TYPES:
            return _bad(f'"type" must be one of {", ".join(TOKEN_TYPES)}')
        token = Token(text, str(kind))
        try:
            evse = named_evse(uplink.runtime, command) or 0
        except BadCommand as error:
            return _bad(str(error))
        said = uplink.tell(lambda station, now: station.token(evse, token, now))
        outcome = Outcome.REJECTED if said == "rejected" else Outcome.ACCEPTED
        return CommandResult(outcome, {"status": said})

    return operation


def _start(uplink: Uplink) -> Operation:
    """A person at this hub starts: as good as a token that everybody trusts."""

    async def operation(command: Command) -> CommandResult:
        try:
            evse = named_evse(uplink.runtime, command)
        except BadCommand as error:
            return _bad(str(error))
        text = command.message.get("id_token")
        token = Token(text, "Local") if isinstance(text, str) and text else NOBODY

        def begin(station: Station, now: Moment) -> bool:
            return station.control.remote_start(evse, token, None, now) is not None

        good = uplink.tell(begin)
        return CommandResult(
            Outcome.ACCEPTED if good else Outcome.REJECTED, {"status": "Accepted" if good else "Rejected"}
        )

    return operation


def _stop(uplink: Uplink) -> Operation:
    async def operation(command: Command) -> CommandResult:
        try:
            evses = evses_of(uplink.runtime, command)
        except BadCommand as error:
            return _bad(str(error))

        def end(station: Station, now: Moment) -> bool:
            found = False
            for evse in evses:
                flow = station.evses.flows[evse]
                found = found or flow.transaction is not None or flow.grant is not None
                station.tokens.revoke(flow, now, "StopAuthorized", "Local")
            return found

        good = uplink.tell(end)
        return CommandResult(
            Outcome.ACCEPTED if good else Outcome.REJECTED, {"status": "Accepted" if good else "Rejected"}
        )

    return operation


def _limit_transaction(uplink: Uplink) -> Operation:
    """`energy` (kWh) and `time` (s) that the running transaction may still have; neither: no such limit any more."""

    async def operation(command: Command) -> CommandResult:
        try:
            (evse,) = evses_of(uplink.runtime, command)[:1]
            energy = number(command.message, "energy", most=10_000.0)
            seconds = number(command.message, "time", most=31_536_000.0)
        except BadCommand as error:
            return _bad(str(error))
        energy_wh = None if energy is None else round(energy * 1000)
        good = uplink.tell(lambda station, now: station.transaction_limits.set(evse, energy_wh, seconds, now))
        if not good:
            return CommandResult(Outcome.REJECTED, code="no_transaction", text="nothing runs there")
        return CommandResult(Outcome.ACCEPTED, {"evse": evse, "energy": energy, "time": seconds})

    return operation


def _switch(connector: Connector | None) -> Operation:
    async def operation(command: Command) -> CommandResult:
        enabled = command.message.get("enabled")
        if connector is None:
            return CommandResult(Outcome.UNSUPPORTED, code="no_csms", text="this charger has no CSMS")
        if not isinstance(enabled, bool):
            return _bad('expected "enabled": true or false')
        connector.enable(enabled)
        return CommandResult(Outcome.ACCEPTED, {"enabled": enabled})

    return operation


def _bad(words: str) -> CommandResult:
    return CommandResult(Outcome.REJECTED, code="bad_value", text=words)
