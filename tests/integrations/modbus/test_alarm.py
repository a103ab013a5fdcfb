"""Pauses of a serial line are never cut short (`make interop` tells that they aren't too long, either)."""

import asyncio
import time

import pytest

from integrations.modbus.alarm import Alarm, LoopAlarm, TimerAlarm, exact_alarm

pytestmark = pytest.mark.real_time
T35_S = 0.00175


async def slept(alarm: Alarm, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        began = time.monotonic()
        await alarm.sleep(T35_S)
        taken.append(time.monotonic() - began)
    alarm.close()
    return taken


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_a_pause_is_as_long_as_asked_for(loops: str) -> None:
    runner = asyncio.Runner(loop_factory=pytest.importorskip(loops).new_event_loop)
    with runner:
        assert min(runner.run(slept(TimerAlarm(), 100))) >= T35_S


async def test_a_pause_can_be_given_up_and_the_next_is_whole() -> None:
    alarm = TimerAlarm()
    given_up = asyncio.create_task(alarm.sleep(0.001))
    await asyncio.sleep(0)
    given_up.cancel()
    time.sleep(0.002)  # noqa: ASYNC251 - it rings while nobody listens
    assert min(await slept(alarm, 10)) >= T35_S


async def test_a_machine_without_such_timers_waits_with_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.modbus.alarm.LIBC", object())
    alarm = exact_alarm()
    assert isinstance(alarm, LoopAlarm)
    assert abs(alarm.now() - asyncio.get_running_loop().time()) < 0.1
    assert min(await slept(alarm, 3)) >= T35_S
