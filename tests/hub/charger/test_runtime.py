"""A charger while it runs: its device's readings, the hub's wishes, the clock's steps."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.clock import ManualClock
from hub.errors import DeviceRefused, Unsupported
from hub.model.charger import Identity, Ratings, Status
from hub.model.command import Command, CommandResult, Outcome
from hub.model.entity import State
from tests.hub.charger.world import ACTIONS, BUSY, IDLE, READINGS, World


def retained(world: World, topic: str) -> Any:
    (message,) = world.bus.retained(topic)
    return message.payload


async def test_the_first_reading_makes_a_charger_available() -> None:
    world = World()
    world.see()
    assert world.runtime.available
    assert retained(world, "evhub/garage/availability") == "online"
    assert world.shown("status") == "available"
    assert world.shown("energy_total") == 10.0
    assert world.runtime.state(1)["power"] == 0.0


async def test_a_device_that_is_away_is_faulted_and_its_values_unknown() -> None:
    world = World()
    world.charge()
    world.clock.advance(1)
    world.runtime.offline("no answer")
    assert retained(world, "evhub/garage/availability") == "offline"
    assert world.shown("status") == "faulted"
    assert world.shown("power") is None
    assert world.shown("energy_total") is None
    assert retained(world, "evhub/garage/evse/1/state/power") == "null"
    assert world.events("fault", "session_ended") == [world.events("fault")[0]]
    world.clock.advance(1)
    world.charge()
    assert world.shown("status") == "charging"
    assert world.events("fault_cleared")


async def test_a_loss_is_logged_once_and_so_is_a_device_that_never_was_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    for reason in ("Connection refused", "Connection refused", "no answer"):
        world.runtime.offline(reason)
    assert caplog.messages == ["charger garage is away: Connection refused"]
    world.see()
    world.runtime.offline("no answer")
    world.runtime.offline("no answer")
    assert caplog.messages[-1:] == ["charger garage is away: no answer"]
    assert len([line for line in caplog.messages if "away" in line]) == 2


async def test_watchers_get_the_device_view_at_once_and_again() -> None:
    world, seen = World(), list[tuple[int, State]]()
    world.see()
    end = world.runtime.watch(lambda evse, state: seen.append((evse, state)))
    world.charge()
    end()
    world.see()
    assert [(evse, state["status"]) for evse, state in seen] == [(1, "available"), (1, "charging")]


async def test_the_same_reading_again_tells_nobody_for_half_a_minute() -> None:
    world, seen = World(), list[State]()
    world.see()
    world.runtime.watch(lambda _, state: seen.append(state))
    for _ in range(29):
        world.clock.advance(1)
        world.see()
    assert len(seen) == 1
    world.clock.advance(1)
    world.see()
    assert len(seen) == 2


async def test_a_reading_of_an_evse_that_does_not_exist_is_passed_over() -> None:
    world = World()
    world.see(evse=7)
    assert world.runtime.state(1) == {}


async def test_the_configuration_lowers_the_rating_and_a_device_cannot_raise_it() -> None:
    world = World(max_current=16.0)
    world.see(ratings=Ratings(6.0, 63.0))
    assert world.shown("current_limit") == 16.0
    assert world.runtime.info()["limits"] == {"min_current": 6.0, "max_current": 16.0, "step": 1.0}
    world.see({**IDLE, "power": 1.0}, ratings=Ratings(6.0, 10.0))
    assert world.runtime.ratings.max_current == 10.0
    assert retained(world, "evhub/garage/info")["limits"]["max_current"] == 10.0
    world.see({**IDLE, "power": 2.0}, ratings=Ratings(6.0, float("nan")))
    assert world.runtime.ratings.max_current == 10.0


async def test_a_device_says_who_it_is_and_when_its_firmware_changes() -> None:
    world = World()
    world.see(identity=Identity(firmware="1.0"))
    assert retained(world, "evhub/garage/info")["vendor"] == "Acme"
    assert retained(world, "evhub/garage/info")["firmware"] == "1.0"
    world.see(identity=Identity(firmware="1.1"))
    assert [(e["before"], e["now"]) for e in world.events("firmware")] == [("1.0", "1.1")]


async def test_a_session_is_from_plug_to_plug() -> None:
    world = World()
    world.see()
    world.charge()
    world.clock.advance(60)
    world.charge(energy=10_200)
    assert world.shown("session_energy") == 0.2
    assert world.shown("session_duration") == 60
    world.runtime.annotate(1, {"transaction_id": "T1", "id_tag": "CARD"})
    assert retained(world, "evhub/garage/session")["transaction_id"] == "T1"
    world.clock.advance(5)
    world.see({**IDLE, "energy": 10_300})
    closed = [m.payload for m in world.published if m.topic == "evhub/garage/sessions"]
    assert len(closed) == 1
    assert isinstance(closed[0], dict) or closed[0] is not None
    assert retained(world, "evhub/garage/session")["energy_kwh"] == 0.3
    assert retained(world, "evhub/garage/session")["duration_s"] == 65
    assert [e["event_type"] for e in world.events()] == [
        "plugged",
        "session_started",
        "unplugged",
        "session_ended",
    ]


@pytest.mark.parametrize("jump", [-315_360_000.0, -3600.0, 3600.0, 86_400.0])
async def test_a_clock_that_is_set_breaks_no_session(jump: float) -> None:
    clock = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    world = World(clock=clock)
    world.charge()
    clock.jump(jump)
    world.pass_time(30)
    world.charge(energy=10_100)
    assert world.shown("session_duration") == 30
    world.see({**IDLE, "energy": 10_100})
    body = retained(world, "evhub/garage/session")
    assert body["duration_s"] == 30
    assert body["started"] <= body["ended"]


async def test_a_register_that_was_reset_is_an_event_and_no_energy() -> None:
    world = World()
    world.charge(energy=50_000)
    for _ in range(2):
        world.clock.advance(1)
        world.charge(energy=0)
    assert world.shown("energy_total") == 50.0
    assert [(e["left"], e["begins"]) for e in world.events("register_reset")] == [(50.0, 0.0)]
    world.clock.advance(1)
    world.charge(energy=500)
    assert world.shown("session_energy") == 0.5


COUNTS_SESSIONS = frozenset({"power", "energy_session"})
NOTHING: frozenset[str] = frozenset()


async def test_a_charger_that_counts_its_sessions_gets_a_register() -> None:
    world = World(readings=COUNTS_SESSIONS)
    for counter in (0, 500, 500, 0, 0, 200):
        world.see({"power": 11_000.0, "energy_session": counter, "plugged": True}, Status.CHARGING)
        world.clock.advance(1)
    assert world.shown("energy_total") == 0.7
    assert world.shown("session_energy") == 0.7
    assert world.events("register_reset") == []


async def test_a_charger_that_only_knows_its_power_gets_a_register() -> None:
    world = World(readings=frozenset({"power"}))
    for _ in range(61):
        world.see({"power": 6000.0, "plugged": True}, Status.CHARGING)
        world.pass_time(30)
    assert world.shown("energy_total") == pytest.approx(3.0)
    assert world.shown("session_energy") == pytest.approx(3.0)


async def test_a_meter_beside_the_charger_stands_in_for_what_it_does_not_say() -> None:
    world, seen = World(readings=NOTHING), list[State]()
    world.see({"plugged": True, "voltage_l1": 231.0}, Status.CHARGING)
    assert world.shown("energy_total") is None
    world.runtime.watch(lambda _, state: seen.append(state))
    world.clock.advance(1)
    world.runtime.supply(1, {"power": 3600.0, "energy": 7_000_000, "voltage_l1": 100.0, "status": "faulted"})
    assert (world.shown("power"), world.shown("energy_total")) == (3600.0, 7000.0)
    assert (world.shown("voltage_l1"), world.shown("status")) == (231.0, "charging")
    assert seen[-1]["energy_total"] == 7000.0
    world.clock.advance(60)
    world.runtime.supply(1, {"power": 3600.0, "energy": 7_000_060})
    assert world.shown("session_energy") == 0.06
    world.clock.advance(1)
    world.runtime.supply(1, {})
    assert (world.shown("power"), world.shown("energy_total")) == (None, None)
    world.clock.advance(1)
    world.runtime.supply(1, {"energy": 7_000_100})
    assert world.shown("session_energy") == 0.1


async def test_what_a_charger_says_itself_goes_before_a_meter_beside_it() -> None:
    world = World()
    world.charge()
    world.clock.advance(1)
    world.runtime.supply(1, {"power": 1.0, "energy": 1.0})
    assert (world.shown("power"), world.shown("energy_total")) == (11_000.0, 10.0)


async def test_a_meter_beside_a_charger_that_is_away_says_nothing_for_it() -> None:
    world = World()
    world.charge()
    world.runtime.offline("no answer")
    world.clock.advance(1)
    world.runtime.supply(1, {"power": 1.0})
    assert world.runtime.state(1)["power"] is None


async def test_the_register_of_a_meter_that_was_replaced_is_an_event() -> None:
    world = World(readings=NOTHING)
    world.see({"plugged": True}, Status.CHARGING)
    for energy in (50_000, 3_000_000, 3_000_000):
        world.clock.advance(1)
        world.runtime.supply(1, {"energy": energy})
    assert world.shown("energy_total") == 50.0
    assert [(e["left"], e["begins"]) for e in world.events("register_reset")] == [(50.0, 3000.0)]


async def test_info_tells_the_keys_of_the_state() -> None:
    world = World(readings=frozenset({"energy_session", "rfid", "current_l1", "limit_applied", "mode"}))
    exposed = set(world.runtime.info()["exposes"])  # type: ignore[call-overload]
    assert {"energy_total", "session_energy", "power", "current_l1", "offered_current", "mode"} <= exposed
    assert not {"energy", "energy_session", "rfid"} & exposed
    world.see({"energy_session": 1, "current_l1": 1.0, "mode": "eco", "limit_applied": 6.0})
    assert set(world.runtime.state(1)) <= exposed


async def test_a_card_is_an_event_and_asks_for_authorization() -> None:
    world, asked = World(), list[Command]()

    async def authorize(command: Command) -> CommandResult:
        asked.append(command)
        return CommandResult(Outcome.ACCEPTED)

    world.runtime.operations["authorize"] = authorize
    world.see({**IDLE, "rfid": ""})
    world.see({**IDLE, "rfid": "04A2"})
    world.see({**IDLE, "rfid": "04A2", "power": 1.0})
    await world.calm()
    assert [command.message["id_token"] for command in asked] == ["04A2"]
    assert [event["id_tag"] for event in world.events("id_tag")] == ["04A2"]


async def test_a_card_that_a_fault_has_hidden_is_not_presented_again() -> None:
    world = World()
    world.see({**IDLE, "rfid": ""})
    world.see({**BUSY, "rfid": "04A2"}, Status.CHARGING)
    world.see({**BUSY, "rfid": None}, Status.FAULTED)
    world.see({**BUSY, "rfid": "04A2"}, Status.CHARGING)
    assert len(world.events("id_tag")) == 1


async def test_a_card_without_a_station_is_only_an_event() -> None:
    world = World()
    world.see({**IDLE, "rfid": "0000"})
    world.see({**IDLE, "rfid": "04A2"})
    await world.calm()
    assert len(world.events("id_tag")) == 1


async def test_what_the_station_knows_is_laid_over() -> None:
    world = World()
    world.see()
    world.clock.advance(1)
    world.runtime.annotate(1, {"status": "unavailable", "transaction_id": "T1", "operative": False})
    assert world.shown("status") == "unavailable"
    assert world.shown("operative") is False
    assert world.device.context == {1: True}
    world.runtime.annotate(1, {"status": None, "transaction_id": None})
    world.pass_time(1)
    assert world.shown("status") == "available"
    assert world.device.context == {1: False}


async def test_an_action_is_answered() -> None:
    world = World()
    assert (await world.runtime.act(1, "unlock", {})).outcome is Outcome.ACCEPTED
    world.device.refuse = Unsupported("no lock")
    assert (await world.runtime.act(1, "unlock", {})).outcome is Outcome.UNSUPPORTED
    world.device.refuse = DeviceRefused("jammed")
    assert (await world.runtime.act(1, "unlock", {})).text == "jammed"


async def test_everything_is_said_again_each_minute() -> None:
    world = World()
    world.charge()
    world.pass_time(60)
    for _ in range(3):
        world.published.clear()
        world.pass_time(60)
        topics = [message.topic for message in world.published]
        for topic in ("evse/1/state", "evse/1/state/power", "session"):
            assert topics.count(f"evhub/garage/{topic}") == 1


async def test_a_device_that_breaks_is_away_and_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.device.breaks = RuntimeError("a bug")
    monkeypatch.setattr("hub.tasks.random.uniform", lambda _a, _b: 0.0)
    running = asyncio.create_task(world.runtime.run())
    await world.calm()
    assert world.device.runs > 1
    assert world.shown("status") == "faulted"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_charger_that_is_stopped_is_offline_and_not_faulted() -> None:
    world = World()
    running = asyncio.create_task(world.runtime.run())
    await world.calm()
    await world.charging()
    world.device.gate.clear()
    setting = world.command("set_limit", current=10)
    await world.calm()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert retained(world, "evhub/garage/availability") == "offline"
    assert world.shown("status") == "charging"
    assert (await setting).code == "offline"


async def test_a_charger_that_was_removed_leaves_nothing_behind() -> None:
    world = World()
    world.charge()
    await world.runtime.clear()
    assert list(world.bus.retained("evhub/garage/#")) == []


async def test_a_device_whose_blueprint_was_edited_is_swapped_and_nobody_else_notices() -> None:
    world = World()
    running = asyncio.create_task(world.runtime.run())
    await world.charging()
    world.runtime.annotate(1, {"transaction_id": "t1"})
    other = type(world.device)(1, ACTIONS, READINGS)
    assert world.runtime.fits(other)
    assert not world.runtime.fits(type(world.device)(1, frozenset({"pause"}), READINGS))
    assert not world.runtime.fits(type(world.device)(2, ACTIONS, READINGS))
    told = len(world.published)
    world.runtime.swap(other)
    await world.calm()
    assert (world.device.runs, other.runs, other.context) == (1, 1, {1: True})
    assert world.runtime.available
    assert len(world.published) == told
    world.runtime.wishes.limit(1, "ems", 10.0)
    await world.calm()
    assert other.told == [("set_limit", 1, {"limit": 10.0})]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
