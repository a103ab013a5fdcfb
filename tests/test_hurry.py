"""The loop of the suite: what its clock promises."""

import asyncio
import threading
import time

from hub.clock import SystemClock


async def test_ten_seconds_are_half_a_one_and_the_hub_s_clock_goes_with_it() -> None:
    loop, clock = asyncio.get_running_loop(), SystemClock()
    real, before, began = time.monotonic(), clock.now(), loop.time()
    await asyncio.sleep(10)
    after = clock.now()
    assert time.monotonic() - real < 5
    assert 10 <= loop.time() - began < 10.1
    assert after.mono == loop.time()
    assert abs((after.wall - before.wall).total_seconds() - (after.mono - before.mono)) < 0.001


async def test_work_takes_no_time_so_that_a_busy_machine_makes_no_time_out() -> None:
    async with asyncio.timeout(0.01):
        busy_until = time.monotonic() + 0.05
        while time.monotonic() < busy_until:
            pass
        await asyncio.sleep(0)


async def test_who_turns_until_a_time_has_come_sees_it_come() -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.0005
    while loop.time() < until:
        await asyncio.sleep(0)


async def test_timers_come_in_their_order_and_at_their_time() -> None:
    loop, came = asyncio.get_running_loop(), list[float]()
    began = loop.time()
    for due in (3.0, 1.0, 2.0):
        loop.call_later(due, lambda: came.append(round(loop.time() - began, 2)))
    await asyncio.sleep(4)
    assert came == [1.0, 2.0, 3.0]


async def test_a_thread_is_not_hurried_while_it_works_for_the_loop() -> None:
    go_on = threading.Event()
    threading.Timer(0.1, go_on.set).start()
    async with asyncio.timeout(1.5):
        assert await asyncio.to_thread(go_on.wait, 10)
