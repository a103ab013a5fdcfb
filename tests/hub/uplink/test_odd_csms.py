"""A CSMS that misbehaves, frame by frame: each time a line in the log, no answer lost, and the link goes on."""

import logging
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.ocpp.rpc import MAX_BYTES
from tests.hub.uplink.world import CHARGING, PLUGGED, Link, World

HEARTBEAT = {"requestedMessage": "Heartbeat"}
READ = {"getVariableData": [{"component": {"name": "TxCtrlr"}, "variable": {"name": "StopTxOnInvalidId"}}]}
FLOOD = 1000
NUMBERS = count()


def say(world: World, *frame: Any) -> None:
    world.uplink.received(orjson.dumps(list(frame)).decode())


async def heartbeat(world: World, link: Link) -> str:
    """The station is asked for one; the id of its CALL."""
    asked = f"trigger-{next(NUMBERS)}"
    assert (await world.ask("TriggerMessage", HEARTBEAT, asked))["status"] == "Accepted"
    kind, message_id, action, _ = await link.next()
    assert (kind, action) == (2, "Heartbeat")
    return str(message_id)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([3, "{id}", {}], "OccurrenceConstraintViolation|required"),
        ([3, "{id}", {"currentTime": 7}], "type"),
        ([3, "{id}", {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}], "required"),
        ([3, "{id}", []], "expected"),
        ([3, "{id}"], "expected"),
        ([3, "{id}", {"currentTime": "2026-01-01T00:00:00Z"}, {}], "expected"),
        ([4, "{id}"], "GenericError"),
        ([4, "{id}", "Made-Up", "words", {}], "Made-Up words"),
    ],
    ids=[
        "nothing in it",
        "wrong type",
        "of another action",
        "a list",
        "too short",
        "too long",
        "bare error",
        "own code",
    ],
)
async def test_an_answer_that_is_none_is_told_and_the_next_call_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: list[Any], words: str
) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        number = await heartbeat(world, link)
        say(world, *(number if part == "{id}" else part for part in answer))
        said = [line for line in lines(caplog) if "the CSMS answered Heartbeat with" in line]
        assert len(said) == 1
        assert any(word in said[0] for word in words.split("|"))
        say(world, 3, await heartbeat(world, link), {"currentTime": "2026-01-01T00:00:00.000Z"})


@pytest.mark.parametrize("frame", [[3, "{id}", {}], [4, "{id}", "InternalError", "", {}], [3, "other", {}]])
async def test_answers_that_nobody_waits_for_are_told_once_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, frame: list[Any]
) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        number = await heartbeat(world, link)
        say(world, 3, number, {"currentTime": "2026-01-01T00:00:00.000Z"})
        for _ in range(3):  # twice, late, or of another's
            say(world, *(number if part == "{id}" else part for part in frame))
        assert [line for line in lines(caplog) if "of no use" in line] == [
            "garage: the CSMS sent what is of no use: an answer that nothing waits for"
        ]
        world.disconnect()
        assert lines(caplog)[-1] == "garage: 3 frames of the CSMS were of no use"


async def test_an_answer_that_comes_too_late_settles_nothing_and_the_event_comes_again(
    tmp_path: Path,
) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        await world.ask("TriggerMessage", HEARTBEAT)
        late = (await link.next())[1]
        world.clock.advance(31)
        world.uplink._tick()
        say(world, 3, late, {"currentTime": "2026-01-01T00:00:00.000Z"})
        number = await heartbeat(world, link)
        say(world, 3, late, {"currentTime": "2026-01-01T00:00:00.000Z"})
        assert not world.uplink._rpc.idle  # type: ignore[union-attr]
        say(world, 3, number, {"currentTime": "2026-01-01T00:00:00.000Z"})
        assert world.uplink._rpc.idle  # type: ignore[union-attr]


@pytest.mark.parametrize("text", [b"\x00" * 1000, "[" * 100_000, "x" * (MAX_BYTES + 1), '[2,"1"]', "\ud83d"])
async def test_a_frame_that_is_none_is_told_and_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | bytes
) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        world.uplink.received(text)
        kind, *_ = await link.next()
        assert kind == 4
        (line,) = [line for line in lines(caplog) if "of no use" in line]
        assert len(line) < 300
        assert (await world.ask("GetVariables", READ, "after"))["getVariableResult"]


async def test_calls_before_the_boot_is_answered_start_nothing_and_the_boot_goes_on(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        link = world.connect()
        _, boot, action, _ = await link.next()
        assert action == "BootNotification"
        start = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
        for turn in range(50):
            assert "getVariableResult" in await world.ask("GetVariables", READ, f"early-{turn}")
            answer = await world.ask("RequestStartTransaction", start, f"start-{turn}")
            assert answer["status"] == "Rejected"
        now = world._usual("BootNotification")
        say(world, 3, boot, now)
        world.runtime.show(PLUGGED)
        assert await world.serve() == "StatusNotification"


async def test_a_thousand_calls_at_once_are_all_answered_and_cost_no_transaction_s_event(
    tmp_path: Path,
) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        world.runtime.show(PLUGGED)
        for turn in range(FLOOD):
            world.call("GetVariables", READ, f"flood-{turn}")
        world.runtime.show(CHARGING)
        answered: set[str] = set()
        said: list[str] = []
        while len(answered) < FLOOD:
            kind, message_id, *rest = await link.next()
            if kind == 2:
                said.append(rest[0])
                say(world, 3, message_id, {})
            else:
                answered.add(message_id)
        while "StatusNotification" not in said:
            said.append(await world.serve())


@pytest.mark.parametrize(
    ("status", "interval", "wait"),
    [("Rejected", 0, 60), ("Pending", -5, 60), ("Rejected", 3600, 3600), ("Pending", 2**40, 2**40)],
)
async def test_a_refused_registration_is_told_with_the_time_of_the_next_try(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: str, interval: int, wait: int
) -> None:
    async with World(tmp_path) as world:
        link = world.connect()
        told = {"status": status, "interval": interval, "currentTime": "2026-01-01T00:00:00.000Z"}
        say(world, 3, (await link.next())[1], told)
        assert lines(caplog) == [f"garage: the CSMS says {status}; it is asked again in {wait} s"]


async def test_hours_of_rejection_lose_no_transaction(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with World(tmp_path) as world:
        link = world.connect()
        rejected = {"status": "Rejected", "interval": 60, "currentTime": "2026-01-01T00:00:00.000Z"}
        world.runtime.show(PLUGGED)
        for _ in range(200):
            message = await link.next()
            assert message[2] == "BootNotification"
            say(world, 3, message[1], rejected)
            world.runtime.show(CHARGING)
            world.clock.advance(60)
            world.uplink._tick()
        assert len(lines(caplog)) == 1
        accepted = {**rejected, "status": "Accepted", "interval": 300}
        say(world, 3, (await link.next())[1], accepted)
        assert await world.serve() == "StatusNotification"


async def test_a_csms_whose_clock_is_far_off_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hub")
    async with World(tmp_path) as world:
        link = await world.boot()
        for said in ("2031-01-01T00:00:00.000Z", "2199-12-31T23:59:59.000Z", "1969-01-01T00:00:00Z", "soon"):
            say(world, 3, await heartbeat(world, link), {"currentTime": said})
        await world.quiet()
        words = [
            record.getMessage() for record in caplog.records if "SettingSystemTime" in record.getMessage()
        ]
        assert words == [
            "garage: security event: SettingSystemTime +157766400 s",
            "garage: security event: SettingSystemTime +5333126399 s",
        ]


async def test_what_is_no_valid_message_and_what_comes_again_is_in_the_security_log(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.boot()
        say(world, 2, "1", "NoSuchAction", {})
        log = world.uplink.station.upkeep.security
        assert not any("InvalidMessages" in line for line in log.lines())
        for _ in range(30):
            say(world, 2, "2", "Reset", {"type": "Now"})
            say(world, 3, "nobody", {})
        assert sum("InvalidMessages" in line for line in log.lines()) == 1
        assert sum("AttemptedReplayAttacks" in line for line in log.lines()) == 1
        await world.quiet()
