"""Messages on the command topics become commands, or answers that say why not."""

import asyncio
from datetime import timedelta

import pytest

from hub.bus import Bus, Message
from hub.clock import ManualClock
from hub.model.command import Command, CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.mqtt.commands import CommandDoor, Refusal, read
from hub.topics import Topics

CLOCK = ManualClock()
TOPICS = Topics("evhub")


class Door:
    """Accepts everything, and remembers it."""

    def __init__(self) -> None:
        self.executed: list[Command] = []
        self.reported: list[tuple[Command, CommandResult]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def execute(self, command: Command) -> CommandResult:
        self.executed.append(command)
        await self.gate.wait()
        return CommandResult(Outcome.ACCEPTED, {"status": "Accepted"})

    def report(self, command: Command, result: CommandResult) -> None:
        self.reported.append((command, result))


def message(topic: str, payload: bytes, **properties: object) -> Message:
    return Message(topic, payload, properties={"origin": "c", "user": "anonymous", **properties})


@pytest.mark.parametrize(
    ("topic", "payload", "op", "content"),
    [
        ("evhub/a/cmd", b'{"op":"reset","message":{"type":"Soft"}}', "reset", {"type": "Soft"}),
        ("evhub/a/cmd", b'{"action":"reset","args":{"type":"Soft"}}', "reset", {"type": "Soft"}),
        ("evhub/a/cmd", b'{"op":"refresh"}', "refresh", {}),
        ("evhub/a/cmd", b'{"op":"refresh","message":null}', "refresh", {}),
        ("evhub/a/evse/2/set/current_limit", b"10", "set", {"evse": 2, "values": {"current_limit": 10}}),
        ("evhub/a/evse/2/set/charging", b"on", "set", {"evse": 2, "values": {"charging": "on"}}),
        (
            "evhub/a/evse/1/set/current_limit",
            b'{"value":10,"expires_in":60}',
            "set",
            {"evse": 1, "expires_in": 60, "values": {"current_limit": 10}},
        ),
        (
            "evhub/a/evse/1/set",
            b'{"current_limit":10,"charging":true,"expires_in":5}',
            "set",
            {"evse": 1, "expires_in": 5, "values": {"current_limit": 10, "charging": True}},
        ),
        ("evhub/a/update/set", b"install", "update_firmware", {}),
        ("evhub/a/update/set", b'{"location":"https://x/y"}', "update_firmware", {"location": "https://x/y"}),
        ("evhub/a/evse/1/get", b"", "refresh", {"evse": 1}),
        ("evhub/a/evse/1/get", b'{"keys":["power"]}', "refresh", {"evse": 1, "keys": ["power"]}),
    ],
)
def test_every_form_of_a_command_is_understood(topic: str, payload: bytes, op: str, content: object) -> None:
    command = read(TOPICS, message(topic, payload), CLOCK.now()).command
    assert (command.charger, command.op, command.message) == ("a", op, content)
    assert (command.source, command.timeout_s) == ("mqtt", 30.0)


def test_who_asks_and_how_long_it_may_take_are_read() -> None:
    letter = read(
        TOPICS,
        message(
            "evhub/a/cmd",
            b'{"op":"x","id":7,"timeout":12,"source":"pv"}',
            response_topic="r",
            correlation_data=b"1",
            message_expiry_interval=60,
        ),
        CLOCK.now(),
    )
    assert letter.command == Command("a", "x", {}, "7", "pv", 12.0)
    assert (letter.response_topic, letter.correlation) == ("r", b"1")
    named = read(
        TOPICS, message("evhub/a/cmd", b'{"op":"x"}', user="ems", message_expiry_interval=3), CLOCK.now()
    )
    assert (named.command.source, named.command.timeout_s) == ("ems", 3.0)


@pytest.mark.parametrize(
    ("payload", "properties", "code"),
    [
        (b"{", {}, "not_json"),
        (b"\xff", {}, "not_json"),
        (b"[1]", {}, "bad_shape"),
        (b'{"message":{}}', {}, "bad_shape"),
        (b'{"op":"x","message":[]}', {}, "bad_shape"),
        (b'{"op":"x","id":{}}', {}, "bad_id"),
        (b'{"op":"x","exipres_at":"2020-01-01T00:00:00Z"}', {}, "unknown_key"),
        (b'{"op":"x","timeout":-1}', {}, "bad_timeout"),
        (b'{"op":"x","timeout":true}', {}, "bad_timeout"),
        (b'{"op":"x","expires_at":"soon"}', {}, "bad_expires_at"),
        (b'{"op":"x","expires_at":"2020-01-01T00:00:00Z"}', {}, "expired"),
        (b'{"op":"x"}', {"message_expiry_interval": 0}, "expired"),
        (b'{"op":"x"}', {"retained": True}, "retained_command"),
        (b" " * 4097, {}, "too_large"),
    ],
)
def test_what_is_no_command_is_refused_with_a_code(
    payload: bytes, properties: dict[str, object], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        read(TOPICS, message("evhub/a/cmd", payload, **properties), CLOCK.now())
    assert refusal.value.code == code


def test_what_stands_beside_the_message_and_belongs_into_it_is_refused() -> None:
    payload = b'{"op":"set_limit","message":{"current":8},"expires_in":60,"id":"7"}'
    with pytest.raises(Refusal, match=r"'expires_in'.*goes into \"message\"") as refusal:
        read(TOPICS, message("evhub/a/cmd", payload), CLOCK.now())
    assert (refusal.value.message_id, refusal.value.op) == ("7", "set_limit")


@pytest.mark.parametrize("payload", [b'{"id":"7"}', b'{"op":"x","message":[],"id":"7"}'])
def test_a_command_of_a_wrong_shape_is_refused_under_its_own_id(payload: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        read(TOPICS, message("evhub/a/cmd", payload), CLOCK.now())
    assert refusal.value.message_id == "7"


def test_a_bad_word_on_set_is_refused() -> None:
    with pytest.raises(Refusal):
        read(TOPICS, message("evhub/a/evse/1/set/x", b"\xff"), CLOCK.now())


def test_a_time_to_come_leaves_the_rest_of_it() -> None:
    at = rfc3339(CLOCK.now().wall + timedelta(seconds=5))
    letter = read(TOPICS, message("evhub/a/cmd", f'{{"op":"x","expires_at":"{at}"}}'.encode()), CLOCK.now())
    assert letter.command.timeout_s == 5.0


async def test_a_command_runs_and_its_answer_goes_to_the_response_topic() -> None:
    bus, door = Bus(), Door()
    heard: list[Message] = []
    bus.subscribe("ems/answers", heard.append)
    commands = CommandDoor(bus, TOPICS, door, CLOCK)
    commands.start()
    properties = {"origin": "c", "response_topic": "ems/answers", "correlation_data": b"7"}
    bus.publish("evhub/a/cmd", b'{"op":"x","id":"1"}', properties=properties)
    while not heard:
        await asyncio.sleep(0)
    assert heard[0].payload == {
        "id": "1",
        "op": "x",
        "status": "accepted",
        "result": {"status": "Accepted"},
        "error": None,
    }
    assert heard[0].properties == {"correlation_data": b"7"}
    await commands.close()
    bus.publish("evhub/a/cmd", b'{"op":"x"}')
    assert len(door.executed) == 1


@pytest.mark.parametrize("topic", ["evhub/a/state", "bad/#"])
async def test_an_answer_never_goes_to_the_hubs_own_topics(topic: str) -> None:
    bus, door = Bus(), Door()
    heard: list[Message] = []
    bus.subscribe("evhub/a/state", heard.append)
    commands = CommandDoor(bus, TOPICS, door, CLOCK)
    commands.start()
    bus.publish("evhub/a/cmd", b"nonsense", properties={"response_topic": topic})
    assert door.reported[0][1].code == "not_json"
    assert not heard
    await commands.close()


async def test_a_refusal_is_reported_and_answered() -> None:
    bus, door = Bus(), Door()
    heard: list[Message] = []
    bus.subscribe("r", heard.append)
    commands = CommandDoor(bus, TOPICS, door, CLOCK)
    commands.start()
    bus.publish(
        "evhub/a/cmd",
        b'{"op":"x","id":"9"}',
        properties={"retained": True, "response_topic": "r", "origin": "c"},
    )
    (command, result), *_ = door.reported
    assert (command.charger, command.op, command.id) == ("a", "x", "9")
    assert (result.outcome, result.code) == (Outcome.ERROR, "retained_command")
    assert heard[0].payload["error"]["code"] == "retained_command"  # type: ignore[index,call-overload]
    bus.publish("evhub/a/cmd", b"", properties={"retained": True})
    assert len(door.reported) == 1
    await commands.close()


async def test_too_many_at_once_are_refused_as_busy() -> None:
    bus, door = Bus(), Door()
    door.gate.clear()
    commands = CommandDoor(bus, TOPICS, door, CLOCK, most=1)
    commands.start()
    bus.publish("evhub/a/cmd", b'{"op":"x"}')
    bus.publish("evhub/a/cmd", b'{"op":"y"}')
    assert [result.code for _, result in door.reported] == ["busy"]
    await asyncio.sleep(0)
    await commands.close()
