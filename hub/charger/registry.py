"""The one door for commands: every front (MQTT, CSMS, CLI) ends here."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from hub.bus import Bus
from hub.charger.ages import ages
from hub.charger.commands import own_operations
from hub.charger.runtime import ChargerRuntime, Operation
from hub.clock import Clock
from hub.errors import HubError
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.tasks import contained
from hub.topics import Topics
from hub.yaml import suggestion

log = logging.getLogger(__name__)

REMEMBER_S = 600.0
REMEMBERED = 10_000
BROKEN = CommandResult(Outcome.ERROR, code="internal", text="the operation broke; the hub's log says where")


@dataclass(frozen=True, slots=True)
class _Past:
    until: float
    result: "asyncio.Future[CommandResult]"


class Registry:
    """The chargers by id. The same command id within ten minutes is executed once and answered each time."""

    def __init__(self, bus: Bus, topics: Topics, clock: Clock) -> None:
        self._bus, self._topics, self._clock = bus, topics, clock
        self._chargers: dict[str, ChargerRuntime] = {}
        self._others: dict[str, Mapping[str, Operation]] = {}
        """What isn't a charger and takes commands."""
        self._past: dict[tuple[str, str], _Past] = {}

    def add(self, runtime: ChargerRuntime) -> None:
        self._chargers[runtime.id] = runtime
        for op, operation in own_operations(runtime).items():
            runtime.operations.setdefault(op, operation)

    def remove(self, charger: str) -> None:
        self._chargers.pop(charger, None)

    def serve(self, owner: str, operations: Mapping[str, Operation]) -> None:
        """Something else takes commands under this name, which is no charger's id."""
        self._others[owner] = operations

    def withdraw(self, owner: str) -> None:
        self._others.pop(owner, None)

    def get(self, charger: str) -> ChargerRuntime | None:
        return self._chargers.get(charger)

    def all(self) -> list[ChargerRuntime]:
        return list(self._chargers.values())

    async def execute(self, command: Command) -> CommandResult:
        """Never raises but CancelledError; the result is also on `cmd_result`."""
        started = self._clock.now().mono
        result = await self._once(command)
        self.report(command, result, round((self._clock.now().mono - started) * 1000))
        return result

    def report(self, command: Command, result: CommandResult, duration_ms: int = 0) -> None:
        body = {
            "id": command.id,
            "op": command.op,
            "status": result.outcome.value,
            "result": dict(result.result),
            "error": None if result.code is None else {"code": result.code, "message": result.text or ""},
            "duration_ms": duration_ms,
            "ts": rfc3339(self._clock.now().wall),
        }
        self._bus.publish(self._topics.charger(command.charger, "cmd_result"), body)

    async def _once(self, command: Command) -> CommandResult:
        if command.id is None:
            return await self._run(command)
        self._forget_old()
        key = (command.charger, command.id)
        past = self._past.get(key)
        if past is not None:
            return await asyncio.shield(past.result)
        loop = asyncio.get_running_loop()
        past = self._past[key] = _Past(self._clock.now().mono + REMEMBER_S, loop.create_future())
        result = CommandResult(Outcome.ERROR, code="cancelled", text="the command was cancelled")
        try:
            result = await self._run(command)
        finally:
            past.result.set_result(result)
        return result

    def _forget_old(self) -> None:
        now = self._clock.now().mono
        for key, past in list(self._past.items()):
            if past.until > now and len(self._past) < REMEMBERED:
                return
            del self._past[key]

    async def _run(self, command: Command) -> CommandResult:
        runtime = self._chargers.get(command.charger)
        operations = self._others.get(command.charger) if runtime is None else runtime.operations
        if operations is None:
            close = suggestion(command.charger, (*self._chargers, *self._others))
            return CommandResult(
                Outcome.ERROR, code="unknown_charger", text=f"no charger {command.charger!r}{close}"
            )
        operation = operations.get(command.op)
        if operation is None:
            close = suggestion(command.op, operations)
            return CommandResult(
                Outcome.UNSUPPORTED, code="unknown_op", text=f"no operation {command.op!r}{close}"
            )
        return await contained(f"{command.op} of {command.charger}", _answer(operation, command), BROKEN)

    def listing(self) -> list[dict[str, object]]:
        """As `bridge/chargers` wants it."""
        return [
            {
                "id": runtime.id,
                "name": runtime.name,
                "protocol": runtime.protocol,
                "blueprint": runtime.blueprint,
                "online": runtime.available,
            }
            for runtime in self._chargers.values()
        ]

    def ages(self) -> Mapping[str, object]:
        """For `evhub status`: seconds since each value was read."""
        now = asyncio.get_running_loop().time()
        return {runtime.id: ages(runtime.device, now) for runtime in self._chargers.values()}

    def absences(self) -> Mapping[str, str]:
        """For `evhub status`: why a charger isn't there."""
        return {runtime.id: runtime.away for runtime in self._chargers.values() if runtime.away}

    def states(self) -> Mapping[str, object]:
        """For `evhub status`."""
        return {
            runtime.id: {str(number): dict(runtime.state(number)) for number in range(1, runtime.evses + 1)}
            for runtime in self._chargers.values()
        }


async def _answer(operation: Operation, command: Command) -> CommandResult:
    try:
        return await asyncio.wait_for(operation(command), command.timeout_s)
    except TimeoutError:
        return CommandResult(Outcome.TIMEOUT, code="timeout", text=f"not done within {command.timeout_s:g} s")
    except HubError as error:
        return CommandResult(Outcome.ERROR, code="failed", text=str(error))
