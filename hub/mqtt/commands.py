"""What clients write on the command topics becomes commands at the one door, and answers find their way back.

The same code serves the embedded broker and a mirrored one: both put what clients publish on the bus, with
`retained` and the MQTT 5 properties beside it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson

from hub.bus import Bus, Message
from hub.charger.keys import stray
from hub.clock import Clock
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import Moment, parse_time
from hub.mqtt.access import COMMANDS
from hub.topics import Topics

log = logging.getLogger(__name__)

LARGEST = 4096
"""Bytes of a command; nothing in the contract needs more but a local list, which is sent in parts."""
LONGEST_S = 600.0


COMMON = ("id", "timeout", "expires_at", "source")
"""Keys beside any command."""
NAMING = ("op", "message", "action", "args")
"""The other ones of `cmd`."""


class Door(Protocol):
    """`charger.registry.Registry`: runs a command, publishes its `cmd_result`, knows ids it has seen."""

    async def execute(self, command: Command) -> CommandResult: ...

    def report(self, command: Command, result: CommandResult) -> None:
        """Publish a `cmd_result` for a command that was refused before it could run."""


class Refusal(Exception):
    """A message that is no command: code and words for its sender."""

    def __init__(self, code: str, words: str, *, op: str = "", message_id: str | None = None) -> None:
        super().__init__(words)
        self.code, self.op, self.message_id = code, op, message_id


@dataclass(frozen=True, slots=True)
class Letter:
    """A command and where its answer goes beside `cmd_result` (MQTT 5 request/response)."""

    command: Command
    response_topic: str | None = None
    correlation: bytes | None = None


def read(topics: Topics, message: Message, now: Moment) -> Letter:
    """The command in a message on one of `access.COMMANDS`. Raises Refusal."""
    address = topics.parse(message.topic)
    assert address is not None
    assert address.charger is not None
    properties = message.properties or {}
    body = _body(message, address.parts)
    message_id = body.get("id")
    if message_id is not None and not (isinstance(message_id, str | int) and len(str(message_id)) <= 128):
        raise Refusal("bad_id", "id must be a text of at most 128 characters")
    identity = None if message_id is None else str(message_id)
    op, content = _content(address.parts, body, identity)
    if address.evse is not None:
        content = {**content, "evse": address.evse}
    if properties.get("retained"):
        raise Refusal("retained_command", "a retained command is never executed", op=op, message_id=identity)
    timeout = _timeout(body, properties, now, op, identity)
    command = Command(address.charger, op, content, identity, _source(body, properties), timeout)
    response = properties.get("response_topic")
    correlation = properties.get("correlation_data")
    return Letter(
        command,
        response if isinstance(response, str) else None,
        correlation if isinstance(correlation, bytes) else None,
    )


def _body(message: Message, parts: tuple[str, ...]) -> Mapping[str, object]:
    payload = message.payload
    raw = payload if isinstance(payload, bytes) else b""
    if len(raw) > LARGEST:
        raise Refusal("too_large", f"a command has at most {LARGEST} bytes")
    try:
        value = orjson.loads(raw or (b"{}" if parts == ("get",) else b""))
    except orjson.JSONDecodeError as error:
        if _takes_a_value(parts) and raw:
            try:
                return {"value": raw.decode()}  # `set/charging on`: a bare word is a value
            except UnicodeDecodeError:
                pass
        raise Refusal("not_json", f"the payload is no JSON: {error}") from error
    if isinstance(value, dict):
        return value
    if _takes_a_value(parts):
        return {"value": value}
    raise Refusal("bad_shape", 'expected an object such as {"op": "...", "message": {...}, "id": "..."}')


def _takes_a_value(parts: tuple[str, ...]) -> bool:
    """`set/<key>`, and Home Assistant's `install` on `update/set`."""
    return len(parts) == 2 and "set" in parts


def _content(
    parts: tuple[str, ...], body: Mapping[str, object], identity: str | None
) -> tuple[str, Mapping[str, object]]:
    """(op, message): `cmd` names both, `set` and `get` are operations of their own."""
    rest = {name: value for name, value in body.items() if name not in COMMON}
    if parts == ("cmd",):
        op = body.get("op", body.get("action"))
        content = body.get("message", body.get("args", {}))
        if not isinstance(op, str) or not op or len(op) > 64:
            raise Refusal("bad_shape", 'expected "op": the operation\'s name', message_id=identity)
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise Refusal("bad_shape", '"message" must be an object', op=op, message_id=identity)
        words = stray(body, (*NAMING, *COMMON))
        if words is not None:
            words += '; what is about the operation goes into "message"'
            raise Refusal("unknown_key", words, op=op, message_id=identity)
        return op, content
    if parts == ("get",):
        return "refresh", rest
    if parts == ("update", "set"):
        rest.pop("value", None)
        return "update_firmware", rest
    if len(parts) == 2:
        value = rest.pop("value", None)
        return "set", {**rest, "values": {parts[1]: value}}
    expires = {name: rest.pop(name) for name in ("expires_in",) if name in rest}
    return "set", {**expires, "values": rest}


def _timeout(
    body: Mapping[str, object], properties: Mapping[str, object], now: Moment, op: str, identity: str | None
) -> float:
    """Seconds left for the command; a command whose time is over is refused."""
    left = 30.0
    asked = body.get("timeout")
    if asked is not None:
        if isinstance(asked, bool) or not isinstance(asked, int | float) or not 0 < asked <= LONGEST_S:
            raise Refusal(
                "bad_timeout", f"timeout must be 0 to {LONGEST_S:.0f} seconds", op=op, message_id=identity
            )
        left = float(asked)
    expiry = properties.get("message_expiry_interval")
    if isinstance(expiry, int):
        left = min(left, float(expiry))
    at = body.get("expires_at")
    if at is not None:
        try:
            left = min(left, (parse_time(str(at)) - now.wall).total_seconds())
        except ValueError as error:
            raise Refusal(
                "bad_expires_at", "expires_at must be a time (RFC 3339)", op=op, message_id=identity
            ) from error
    if left <= 0:
        raise Refusal("expired", "the command came after its time", op=op, message_id=identity)
    return left


def _source(body: Mapping[str, object], properties: Mapping[str, object]) -> str:
    named = body.get("source")
    if isinstance(named, str) and 0 < len(named) <= 32:
        return named
    user = properties.get("user")
    return user if isinstance(user, str) and user != "anonymous" else "mqtt"


class CommandDoor:
    """Listens on the bus for commands; at most `most` run at once, the others are refused as busy."""

    def __init__(self, bus: Bus, topics: Topics, door: Door, clock: Clock, *, most: int = 500) -> None:
        self._bus, self._topics, self._door, self._clock, self._most = bus, topics, door, clock, most
        self._running: set[asyncio.Task[None]] = set()
        self._ends: list[Callable[[], None]] = []

    def start(self) -> None:
        for pattern in COMMANDS:
            if "bridge" not in pattern:
                self._ends.append(self._bus.subscribe(pattern.format(base=self._topics.base), self._receive))

    async def close(self) -> None:
        for end in self._ends:
            end()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _receive(self, message: Message) -> None:
        if message.payload in (None, b"") and (message.properties or {}).get("retained"):
            return  # somebody clears a retained command
        try:
            if len(self._running) >= self._most:
                raise Refusal("busy", "too many commands at once")
            letter = read(self._topics, message, self._clock.now())
        except Refusal as refusal:
            self._refuse(message, refusal)
            return
        task = asyncio.get_running_loop().create_task(self._run(letter))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, letter: Letter) -> None:
        self._respond(letter, await self._door.execute(letter.command))

    def _respond(self, letter: Letter, result: CommandResult) -> None:
        if letter.response_topic is None:
            return
        if self._topics.parse(letter.response_topic) is not None:
            log.warning("%r: an answer is never written on the hub's own topics", letter.response_topic[:80])
            return
        properties = {} if letter.correlation is None else {"correlation_data": letter.correlation}
        try:
            self._bus.publish(letter.response_topic, answer(letter.command, result), properties=properties)
        except ValueError:
            log.warning("%r is no response topic", letter.response_topic[:80])

    def _refuse(self, message: Message, refusal: Refusal) -> None:
        address = self._topics.parse(message.topic)
        assert address is not None
        outcome = Outcome.EXPIRED if refusal.code == "expired" else Outcome.ERROR
        command = Command(address.charger or "", refusal.op, id=refusal.message_id)
        result = CommandResult(outcome, code=refusal.code, text=str(refusal))
        log.warning("command on %s refused: %s", message.topic, refusal)
        self._door.report(command, result)
        properties = message.properties or {}
        response, correlation = properties.get("response_topic"), properties.get("correlation_data")
        if isinstance(response, str):
            self._respond(
                Letter(command, response, correlation if isinstance(correlation, bytes) else None), result
            )


def answer(command: Command, result: CommandResult) -> dict[str, object]:
    """The answer's body on a response topic: as `cmd_result`, without times."""
    error = None if result.code is None else {"code": result.code, "message": result.text or ""}
    return {
        "id": command.id,
        "op": command.op,
        "status": result.outcome.value,
        "result": dict(result.result),
        "error": error,
    }
