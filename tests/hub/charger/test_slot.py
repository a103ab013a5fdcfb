"""A device runs in its place; another one may take it."""

import asyncio

import pytest

from hub.charger.slot import Slot
from hub.integration.api import Tracer
from tests.hub.charger.world import ACTIONS, READINGS, Device


class Listener:
    def __init__(self) -> None:
        self.lost: list[str] = []

    def reading(self, reading: object) -> None: ...

    def offline(self, reason: str) -> None:
        self.lost.append(reason)


class Traced(Device):
    tracer: Tracer | None = None

    def trace(self, tracer: Tracer | None) -> None:
        self.tracer = tracer


def device() -> Traced:
    return Traced(1, ACTIONS, READINGS)


async def test_a_device_that_is_swapped_goes_quietly() -> None:
    first, second, sink = device(), device(), Listener()
    slot = Slot(first, None)
    running = asyncio.create_task(slot.run(sink))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    slot.swap(second)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (first.runs, second.runs, sink.lost) == (1, 1, [])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_device_that_breaks_is_away_and_says_why() -> None:
    broken, sink = device(), Listener()
    broken.breaks = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        await Slot(broken, None).run(sink)
    assert sink.lost == ["its integration has stopped"]


def test_who_wants_frames_gets_those_of_every_device_in_the_slot() -> None:
    first, second, plain = device(), device(), Device(1, ACTIONS, READINGS)
    frames: list[tuple[str, bytes | str]] = []

    def tracer(direction: str, frame: bytes | str) -> None:
        frames.append((direction, frame))

    slot = Slot(first, tracer)
    slot.swap(second)
    slot.swap(plain)
    assert (first.tracer, second.tracer) == (tracer, tracer)
    assert slot.device is plain


def test_only_a_device_with_the_same_abilities_fits() -> None:
    slot = Slot(device(), None)
    assert slot.fits(device())
    assert not slot.fits(Device(2, ACTIONS, READINGS))
    assert not slot.fits(Device(1, frozenset({"pause"}), READINGS))
