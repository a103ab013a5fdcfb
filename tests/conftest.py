"""The suite is the same at each run; `make fuzz` is where chance belongs."""

from asyncio import AbstractEventLoop, new_event_loop
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from hub.clock import SystemClock
from hub.store.database import Database
from integrations.modbus.alarm import LoopAlarm
from tests import contract, hurry

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=3000, deadline=None)
settings.load_profile("suite")

BESIDES = ("real_time", "crash", "interop", "netns", "blackbox")
"""What has to do with other processes lives in their time."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], AbstractEventLoop]]:
    real = any(item.get_closest_marker(name) for name in BESIDES)
    return {"real": new_event_loop} if real else {"hurried": hurry.HurriedLoop}


@pytest.fixture(autouse=True)
def the_clock_of_the_hub_is_the_loop_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", hurry.now)
    monkeypatch.setattr(Database, "write", hurry.patient(Database.write))


@pytest.fixture(autouse=True)
def pauses_of_serial_lines_are_the_loop_s(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not any(request.node.get_closest_marker(name) for name in BESIDES):
        monkeypatch.setattr("integrations.modbus.conversation.exact_alarm", LoopAlarm)


@pytest.fixture(autouse=True)
def every_message_keeps_to_the_contract() -> Iterator[None]:
    """Of the buses that a test has watched (`contract.watch`)."""
    contract.COMPLAINTS.clear()
    yield
    assert contract.COMPLAINTS == []
