"""A serial bus with many units: its silences, its order, its silent units, and replies that come too late."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, STOP, WRITE, BusLink, Manner, NoAnswer
from integrations.modbus.timing import line_of
from tests.integrations.modbus.virtual import Bus, in_virtual_time, sweep_for_ever, truth

LIVE_S = 0.03


@contextlib.asynccontextmanager
async def linked(bus: Bus) -> AsyncIterator[BusLink]:
    with bus.in_place_of_wires():
        link = BusLink(bus.address)
        running = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def swept(
    bus: Bus, units: range, *, seconds: float, words: int = 14, every_s: float = 0.0
) -> list[int]:
    """How many reads each unit got through."""
    async with linked(bus) as link:
        seen: dict[int, list[float]] = {unit: [] for unit in units}
        tasks = [
            asyncio.create_task(sweep_for_ever(link, unit, words, seen[unit], every_s=every_s))
            for unit in units
        ]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result
    return [len(times) for times in seen.values()]


@pytest.mark.parametrize("baudrate", [9600, 19200, 38400, 115200])
def test_no_frame_begins_before_the_silence_is_over_and_hardly_later(baudrate: int) -> None:
    bus = Bus(dict.fromkeys(range(1, 26), 0.005), baudrate)
    reads = sum(in_virtual_time(swept(bus, range(1, 26), seconds=10)))
    possible = 10 / line_of(bus.address).transaction_s(Request(1, 3, 100, 14), 0.005)
    assert bus.early == 0
    assert reads >= 0.95 * possible


@pytest.mark.parametrize(("baudrate", "within_s"), [(9600, 0.11), (19200, 0.06), (115200, 0.04)])
def test_a_stop_starts_within_one_transaction_behind_25_reads(baudrate: int, within_s: float) -> None:
    bus = Bus(dict.fromkeys(range(1, 26), 0.005), baudrate)

    async def measured() -> float:
        async with linked(bus) as link:
            loop, manner = asyncio.get_running_loop(), Manner()
            reads = [
                asyncio.create_task(link.ask(Request(unit, 3, 100, 14), POLL, manner=manner))
                for unit in range(1, 26)
            ]
            await asyncio.sleep(0.2)
            asked = loop.time()
            await link.ask(Request(7, 6, 9, 1, (0,)), STOP, manner=manner)
            await asyncio.gather(*reads)
            return next(at for at, message in bus.requests if message[1] == 6) - asked

    assert in_virtual_time(measured()) <= within_s


@pytest.mark.parametrize("every_s", [0.0, 2.0])
def test_five_dead_units_of_25_slow_the_others_by_less_than_a_fifth(every_s: float) -> None:
    def reads(dead: range) -> list[int]:
        units: dict[int, float | None] = {unit: None if unit in dead else LIVE_S for unit in range(1, 26)}
        return in_virtual_time(swept(Bus(units), range(1, 26), seconds=60, every_s=every_s))

    before, after = reads(range(0)), reads(range(1, 6))
    assert sum(after[:5]) == 0
    for live in range(5, 25):
        assert after[live] > before[live] / 1.2


MORE = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 60)]


@pytest.mark.parametrize("seed", [0, 1, *MORE])
def test_a_few_minutes_of_disturbed_replies_brings_no_wrong_value(seed: int) -> None:
    bus = Bus(dict.fromkeys(range(1, 9), 0.02), disturbed=0.2)
    bus.dice.seed(seed)

    async def a_while() -> int:
        async with linked(bus) as link:
            tasks = [asyncio.create_task(_read_all(link, unit)) for unit in range(1, 9)]
            await asyncio.sleep(300)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results), results
            return link.discarded + link.damaged

    assert in_virtual_time(a_while()) > 100
    assert len(bus.requests) > 2_000


async def _read_all(link: BusLink, unit: int) -> None:
    """Several blocks of equal and of different shape, and a write now and then."""
    manner, turn = Manner(timeout_s=1.0), 0
    while True:
        turn += 1
        for start, words in ((100, 4), (200, 4), (300, 4), (400, 2)):
            with contextlib.suppress(NoAnswer, ModbusException):
                got = await link.ask(Request(unit, 3, start, words), POLL, tries=2, manner=manner)
                assert got == [truth(unit, start + offset) for offset in range(words)]
        with contextlib.suppress(NoAnswer, ModbusException):
            await link.ask(Request(unit, 6, 9, 1, (turn & 0xFFFF,)), WRITE, manner=manner)
        await asyncio.sleep(0.5)


def test_a_unit_that_comes_back_is_found_within_its_probe_time() -> None:
    bus = Bus({1: LIVE_S, 2: None})

    async def comes_back() -> float:
        async with linked(bus) as link:
            seen: dict[int, list[float]] = {1: [], 2: []}
            tasks = [
                asyncio.create_task(sweep_for_ever(link, unit, 4, seen[unit], every_s=1.0)) for unit in (1, 2)
            ]
            await asyncio.sleep(300)
            bus.units[2] = LIVE_S
            await asyncio.sleep(61)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return seen[2][0] - 300

    assert 0 < in_virtual_time(comes_back()) < 61


def test_a_stop_does_not_wait_for_a_unit_that_never_answered() -> None:
    bus = Bus({1: LIVE_S, 9: None})

    async def waited() -> float:
        async with linked(bus) as link:
            loop, manner = asyncio.get_running_loop(), Manner(timeout_s=3.0)
            await link.ask(Request(1, 3, 100, 4), POLL, manner=manner)
            dead = asyncio.create_task(link.ask(Request(9, 3, 100, 4), POLL, tries=2, manner=manner))
            await asyncio.sleep(0.1)
            asked = loop.time()
            await link.ask(Request(1, 6, 9, 1, (0,)), STOP, manner=manner)
            await asyncio.gather(dead, return_exceptions=True)
            return next(at for at, message in bus.requests if message[1] == 6) - asked

    assert in_virtual_time(waited()) <= 0.06


def test_a_unit_that_is_slow_now_and_then_loses_no_frame_once_that_is_known() -> None:
    bus = Bus({1: 0.005, 2: 0.005})

    async def early() -> list[int]:
        async with linked(bus) as link:
            seen: dict[int, list[float]] = {1: [], 2: []}
            tasks = [asyncio.create_task(sweep_for_ever(link, unit, 4, seen[unit])) for unit in (1, 2)]
            found = []
            for _ in range(20):
                await asyncio.sleep(1)
                bus.units[1] = 0.09
                await asyncio.sleep(0.1)
                bus.units[1] = 0.005
                found.append(bus.early)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return found

    first, *_, last = in_virtual_time(early())
    assert last == first


def test_a_slow_unit_is_known_by_its_late_reply() -> None:
    bus = Bus({1: 0.8})

    async def reads() -> int:
        async with linked(bus) as link:
            seen: list[float] = []
            task = asyncio.create_task(sweep_for_ever(link, 1, 4, seen, every_s=2.0))
            await asyncio.sleep(20)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return len(seen)

    assert in_virtual_time(reads()) >= 8
