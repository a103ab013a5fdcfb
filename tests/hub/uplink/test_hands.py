"""What a station's effects do, and what it is told of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.model.command import CommandResult, Outcome
from hub.ocpp.station.effects import (
    Abandon,
    Act,
    Annotate,
    Begin,
    Happened,
    Limit,
    Permit,
    StoreKey,
    Upload,
)
from hub.ocpp.station.urls import Reach
from hub.uplink.hands import Hands
from hub.uplink.jobs import Desk, Jobs
from hub.uplink.keyfiles import KeyFiles
from tests.hub.uplink.fileserver import http_server

SECURITY = {"security_event": "InvalidMessages", "info": ""}


class Runtime:
    """Remembers what it was asked for."""

    id = "garage"

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.gate = asyncio.Event()

    @property
    def wishes(self) -> "Runtime":
        return self

    def permit(self, *asked: Any) -> None:
        self.asked.append(asked)

    def limit(self, *asked: Any, power_w: float | None) -> None:
        self.asked.append((*asked, power_w))

    def annotate(self, *asked: Any) -> None:
        self.asked.append(asked)

    def event(self, event: str, **details: Any) -> None:
        self.asked.append((event, details))

    async def act(self, *asked: Any) -> CommandResult:
        await self.gate.wait()
        return CommandResult(Outcome.ACCEPTED)


def hands(runtime: Runtime, told: list[Any], keys: KeyFiles | None = None) -> Hands:
    return Hands(runtime, told.append, keys, None)  # type: ignore[arg-type]


def test_the_charger_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    runtime = Runtime()
    for effect in (Permit(1, True), Limit(1, 8.0, None), Annotate(1, {"id_tag": "A"})):
        hands(runtime, []).do(effect)
    with caplog.at_level("INFO"):
        hands(runtime, []).do(Happened("security", SECURITY))
    assert runtime.asked == [(1, True), (1, "csms", 8.0, None), (1, {"id_tag": "A"}), ("security", SECURITY)]
    assert caplog.messages == ["garage: security event: InvalidMessages"]


async def test_what_takes_its_time_is_told_when_it_is_done_and_given_up_at_the_end() -> None:
    runtime, told = Runtime(), list[Any]()
    made = hands(runtime, told)
    runtime.gate.set()
    made.do(Act("unlock:1", 1, "unlock"))
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    runtime.gate.clear()
    made.do(Act("unlock:1", 1, "unlock"))
    await made.rest()
    assert len(told) == 1


def test_a_key_that_cannot_be_stored_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "keys").write_text("in the way")
    hands(Runtime(), [], KeyFiles(tmp_path / "keys")).do(StoreKey("a", "pem"))
    assert "the station's key can't be stored" in caplog.text


async def test_a_job_that_is_abandoned_before_it_has_begun_is_not_done(tmp_path: Path) -> None:
    told = list[Any]()
    jobs = Jobs("garage", Reach(frozenset({"127.0.0.1"})), Desk(tmp_path))
    made = Hands(Runtime(), told.append, None, jobs)  # type: ignore[arg-type]
    with http_server() as server:
        made.do(Begin("log:1", Upload(f"http://127.0.0.1:{server.port}/", "a.log", "text")))
        made.do(Abandon("log:1"))
        async with asyncio.timeout(5):
            while not told:
                await asyncio.sleep(0.01)
        assert server.stored == []
