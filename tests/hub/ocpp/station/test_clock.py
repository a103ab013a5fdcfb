"""Clocks that are set: order and duration stay, and what nobody had set is written anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.clock import ManualClock
from hub.model.moment import parse_time, rfc3339
from hub.ocpp.station.effects import Happened
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

DAY = 86_400.0
STEPS = [3.0, -3.0, 60.0, -60.0, 3600.0, -3600.0, DAY, -DAY, 30 * DAY, -30 * DAY, 400 * DAY, -3650 * DAY]


def world_at(start: datetime, **more: Any) -> tuple[World, ManualClock]:
    world, clock = World(boot=False, **more), ManualClock(start)
    world.clock = clock
    world.restart()
    return world, clock


def steps(world: World) -> list[str]:
    happened = [effect for effect in world.effects if isinstance(effect, Happened)]
    return [
        str(effect.details["info"])
        for effect in happened
        if effect.details.get("security_event") == "SettingSystemTime"
    ]


def times(world: World) -> list[datetime]:
    """Of a transaction's events and their values, as they were sent."""
    told = []
    for action, payload in world.sent:
        if action == "TransactionEvent":
            told.append(payload["timestamp"])
            told += [value["timestamp"] for value in payload.get("meterValue", ())]
    return [parse_time(at) for at in told]


@pytest.mark.parametrize("step", STEPS)
def test_who_sets_the_machines_clock_disturbs_no_transaction(step: float) -> None:
    csms = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC), free=True)
    answer = {"status": "Accepted", "interval": 300}
    world.answers["BootNotification"] = lambda _a, _p: {**answer, "currentTime": rfc3339(csms.now().wall)}
    world.answers["Heartbeat"] = lambda _a, _p: {"currentTime": rfc3339(csms.now().wall)}
    world.connect()
    world.state(PLUGGED)
    world.state(CHARGING)
    for _ in range(5):
        world.advance(60)
        csms.advance(60)
        clock.jump(step / 5)
    world.state({**IDLE, "energy_total": 12.0})
    told = times(world)
    assert told == sorted(told)
    assert told[-1] - told[0] == timedelta(minutes=5)
    samples = [
        payload for action, payload in world.sent if payload.get("triggerReason") == "MeterValuePeriodic"
    ]
    assert len(samples) == 5
    assert steps(world) == []


@pytest.mark.parametrize("step", STEPS)
def test_without_a_csms_the_station_follows_and_no_transaction_runs_backwards(step: float) -> None:
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC), free=True)
    world.state(PLUGGED)
    world.state(CHARGING)
    world.advance(60)
    clock.jump(step)
    world.advance(60)
    world.state({**IDLE, "energy_total": 12.0})
    world.connect()
    told = times(world)
    assert len(told) >= 4
    assert told == sorted(told)
    assert steps(world) == [f"{step:+.0f} s"]


@pytest.mark.parametrize("step", [-3 * DAY, 400 * DAY])
def test_a_csms_of_another_day_is_followed_but_no_transaction_runs_backwards(step: float) -> None:
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC), free=True, defaults={"TxUpdatedInterval": "0"})
    world.answers["Heartbeat"] = lambda _a, _p: {
        "currentTime": rfc3339(clock.now().wall + timedelta(seconds=step))
    }
    world.connect()
    world.state(PLUGGED)
    world.state(CHARGING)
    world.advance(400)
    world.state({**IDLE, "energy_total": 12.0})
    told = times(world)
    assert told == sorted(told)
    assert steps(world) == [f"{step:+.0f} s"]


def test_a_machine_that_began_in_1970_tells_when_it_really_was() -> None:
    world, clock = world_at(datetime(1970, 1, 1, tzinfo=UTC), free=True)
    world.state(PLUGGED)
    world.state(CHARGING)
    world.advance(120)
    now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    clock.jump((now - clock.now().wall).total_seconds())
    world.advance(30)
    world.connect()
    world.state({**IDLE, "energy_total": 12.0})
    told = times(world)
    assert told == sorted(told)
    assert abs((told[0] - now).total_seconds() + 120) < 1
    assert abs((told[-1] - now).total_seconds() - 30) < 1
    assert not world.journal


def test_a_machine_without_a_clock_takes_the_csms_time_for_what_it_owes() -> None:
    now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    world, _ = world_at(datetime(1970, 1, 1, tzinfo=UTC), free=True)
    world.answers["BootNotification"] = {"status": "Accepted", "currentTime": rfc3339(now), "interval": 300}
    world.state(PLUGGED)
    world.state(CHARGING)
    world.advance(120)
    world.connect()
    told = times(world)
    assert told == sorted(told)
    assert abs((told[0] - now).total_seconds() + 120) < 1


def test_what_an_older_hub_wrote_without_a_clock_stays_as_it_was() -> None:
    """How long ago that was nobody knows."""
    world, clock = world_at(datetime(1970, 1, 1, tzinfo=UTC), free=True)
    world.state(PLUGGED)
    world.restart()
    clock.jump(DAY * 20_000)
    world.advance(1)
    world.connect()
    assert times(world)[0].year == 1970


def test_an_answer_without_a_time_changes_nothing() -> None:
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC))
    world.answers["BootNotification"] = {"status": "Accepted", "currentTime": "soon", "interval": 300}
    before = world.station.clock.at(clock.now())
    world.station.clock.heard("soon", clock.now())
    assert world.station.clock.at(clock.now()) == before
    assert steps(world) == []


@pytest.mark.parametrize("told", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
def test_a_csms_whose_time_is_none_is_not_followed(told: str) -> None:
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC), free=True)
    world.answers["BootNotification"] = {"status": "Accepted", "interval": 300, "currentTime": told}
    world.answers["Heartbeat"] = {"currentTime": told}
    world.connect()
    world.advance(301)
    world.state(PLUGGED)
    assert steps(world) == []
    assert times(world)[0] == clock.now().wall


def test_a_csms_may_leave_the_time_to_the_machine() -> None:
    """B01.FR.06: TimeSource without Heartbeat."""
    world, clock = world_at(datetime(2026, 6, 1, tzinfo=UTC))
    now = rfc3339(clock.now().wall + timedelta(hours=1))
    world.answers["BootNotification"] = {"status": "Accepted", "interval": 300, "currentTime": now}
    world.answers["Heartbeat"] = {"currentTime": now}
    world.connect()
    assert steps(world) == ["+3600 s"]
    variable = {"component": {"name": "ClockCtrlr"}, "variable": {"name": "TimeSource"}}
    world.ask("SetVariables", {"setVariableData": [{**variable, "attributeValue": "RealTimeClock"}]})
    world.advance(301)
    assert steps(world) == ["+3600 s", "-3600 s"]
    clock.jump(60)
    world.advance(1)
    assert world.station.clock.at(clock.now()) == clock.now().wall
