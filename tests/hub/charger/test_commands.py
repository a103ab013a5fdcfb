"""The hub's own operations: checked first, then told, kept, confirmed, and only then answered."""

import asyncio

import pytest

from hub.charger.memory import Forgetful
from hub.errors import DeviceError, DeviceOffline, DeviceRefused, StoreError, Unsupported
from hub.model.command import Command, CommandResult, Outcome
from tests.hub.charger.world import Broken, World


class Slow(Forgetful):
    """A disk that takes its time."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def written(self) -> None:
        await self.gate.wait()


async def test_a_limit_is_answered_when_the_device_has_confirmed_it() -> None:
    world = World()
    await world.charging()
    world.device.gate.clear()
    setting = world.command("set_limit", current=10)
    await world.calm()
    assert not setting.done()
    world.device.gate.set()
    result = await setting
    assert result.outcome is Outcome.ACCEPTED
    holding = {"evse": 1, "current_limit": 10.0, "limit_source": "ems", "charging": True, "confirmed": True}
    assert result.result == {"evses": (holding,)}
    assert world.told("set_limit") == [10.0]


async def test_a_refusal_that_is_faster_than_the_disk_is_the_answer() -> None:
    memory = Slow()
    world = World(memory=memory)
    await world.charging()
    world.device.refuse = DeviceRefused("no")
    setting = world.command("set_limit", current=10)
    await world.calm()
    memory.gate.set()
    result = await setting
    assert (result.outcome, result.code) == (Outcome.REJECTED, "device")


async def test_a_limit_before_anybody_charges_is_accepted_and_not_confirmed() -> None:
    world = World()
    world.see()
    world.runtime.wishes.permit(1, False)
    await world.calm()
    result = await world.command("set_limit", current=10)
    assert result.outcome is Outcome.ACCEPTED
    assert [item["confirmed"] for item in result.result["evses"]] == [False]  # type: ignore[attr-defined]


async def test_a_higher_limit_than_another_one_changes_nothing_and_says_which_holds() -> None:
    world = World()
    await world.charging()
    world.runtime.wishes.limit(1, "csms", 8.0)
    await world.calm()
    result = await world.command("set_limit", current=20)
    (holding,) = result.result["evses"]  # type: ignore[misc]
    assert (holding["current_limit"], holding["limit_source"], holding["confirmed"]) == (8.0, "csms", True)


@pytest.mark.parametrize(
    ("refusal", "outcome", "code"),
    [
        (DeviceRefused("no"), Outcome.REJECTED, "device"),
        (DeviceOffline("gone"), Outcome.ERROR, "offline"),
        (Unsupported("never"), Outcome.UNSUPPORTED, "unsupported"),
        (DeviceError("odd"), Outcome.ERROR, "failed"),
        (RuntimeError("a bug"), Outcome.ERROR, "failed"),
    ],
)
async def test_what_the_device_refuses_is_said_and_tried_again(
    refusal: Exception, outcome: Outcome, code: str
) -> None:
    world = World()
    await world.charging()
    world.device.refuse = refusal
    result = await world.command("set_limit", current=10)
    assert (result.outcome, result.code) == (outcome, code)
    assert world.runtime.state(1)["current_limit"] == 32.0
    assert world.runtime.state(1)["pending"] is True
    world.device.refuse = None
    world.pass_time(3)
    await world.calm()
    assert world.runtime.state(1)["current_limit"] == 10.0


async def test_a_newer_wish_is_not_blamed_for_an_older_ones_failure() -> None:
    world = World()
    await world.charging()
    world.device.gate.clear()
    world.device.refuse = DeviceRefused("no")
    first = world.command("set_limit", current=10)
    await world.calm()
    second = world.command("set_limit", current=8)
    await world.calm()
    world.device.gate.set()
    world.device.gate.clear()
    await world.calm()
    assert not second.done()
    world.device.refuse = None
    world.device.gate.set()
    assert (await second).outcome is Outcome.ACCEPTED
    assert (await first).outcome is Outcome.ACCEPTED


async def test_a_charger_that_is_away_takes_the_limit_when_it_is_back() -> None:
    world = World()
    await world.charging()
    world.runtime.offline("no answer")
    result = await world.command("set_limit", current=10)
    assert (result.outcome, result.code) == (Outcome.ERROR, "offline")
    world.charge()
    await world.calm()
    assert world.device.told[-1] == ("start", 1, {"limit": 10.0})


async def test_a_limit_that_cannot_be_kept_is_in_force_but_said() -> None:
    world = World()
    await world.charging()

    async def written() -> None:
        raise StoreError("disk full")

    world.runtime._memory.written = written  # type: ignore[method-assign]
    result = await world.command("set_limit", current=10)
    assert (result.outcome, result.code) == (Outcome.ERROR, "not_kept")
    await world.calm()
    assert world.told("set_limit") == [10.0]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"current": -1},
        {"current": "nan"},
        {"current": float("inf")},
        {"current": True},
        {"current": [10]},
        {"current": "ten"},
        {"power": 1e9},
        {"current": 10, "clear": True},
        {"clear": "yes"},
        {"clear": False},
        {"clear": True, "expires_in": 5},
        {"current": 10, "expires_in": -5},
        {"current": 10, "evse": 2},
        {"current": 10, "evse": "1"},
        {"current": 10, "evse": True},
    ],
)
async def test_what_is_no_limit_is_rejected_and_changes_nothing(message: dict[str, object]) -> None:
    world = World()
    world.see()
    result = await world.command("set_limit", **message)
    assert (result.outcome, result.code) == (Outcome.REJECTED, "bad_value")
    assert world.runtime.state(1)["limit_source"] == "charger"


@pytest.mark.parametrize("source", ["csms", "charger", ""])
async def test_nobody_sets_limits_in_the_hubs_own_name(source: str) -> None:
    world = World()
    world.see()
    assert (await world.command("set_limit", source, current=6)).code == "bad_value"


async def test_a_charger_without_limits_takes_none() -> None:
    world = World(actions=frozenset({"start", "pause"}))
    assert (await world.command("set_limit", current=10)).code == "bad_value"


async def test_watts_and_texts_are_taken_and_a_limit_is_withdrawn() -> None:
    world = World()
    world.see()
    await world.command("set_limit", power="6900")
    assert world.runtime.state(1)["power_limit"] == 6900.0
    assert world.runtime.state(1)["current_limit"] == 10.0
    await world.command("set_limit", clear=True)
    assert world.runtime.state(1)["limit_source"] == "charger"


async def test_pause_and_resume() -> None:
    world = World()
    await world.charging()
    assert (await world.command("pause")).outcome is Outcome.ACCEPTED
    assert world.device.told[-1][0] == "pause"
    assert (await world.command("resume")).outcome is Outcome.ACCEPTED
    assert world.device.told[-1][0] == "start"
    assert (await world.command("pause", evse=3)).code == "bad_value"


async def test_set_changes_limit_and_charging_together() -> None:
    world = World()
    await world.charging()
    result = await world.command("set", values={"current_limit": 9, "charging": "off"})
    assert result.outcome is Outcome.ACCEPTED
    assert world.device.told[-1][0] == "pause"
    assert world.runtime.state(1)["current_limit"] == 9.0
    await world.command("set", values={"charging_enabled": 1})
    assert world.device.told[-1] == ("start", 1, {"limit": 9.0})
    withdrawing = world.command("set", values={"current_limit": None})
    await world.calm()
    assert not withdrawing.done(), "more is told a second later"
    world.pass_time(2)
    assert (await withdrawing).outcome is Outcome.ACCEPTED
    assert world.runtime.state(1)["limit_source"] == "charger"


@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        {"colour": "red"},
        {"charging": "maybe"},
        {"charging": None},
        {"current_limit": -3, "charging": False},
    ],
)
async def test_a_set_with_one_bad_value_changes_nothing(values: object) -> None:
    world = World()
    await world.charging()
    before = list(world.device.told)
    assert (await world.command("set", values=values)).code == "bad_value"
    await world.calm()
    assert world.device.told == before


async def test_refresh_reads_the_device_and_says_when_it_cannot() -> None:
    world = World()
    assert (await world.command("refresh")).outcome is Outcome.ACCEPTED
    assert world.device.refreshed == 1
    world.device.refuse = Broken("no wire")
    assert (await world.command("refresh")).outcome is Outcome.ERROR


PHASED = frozenset({"start", "pause", "set_limit", "set_phases"})


async def test_phases_are_set_where_they_can_be_switched() -> None:
    world = World(actions=PHASED)
    await world.charging()
    assert (
        await world.command("set", values={"phases": "1", "current_limit": 10})
    ).outcome is Outcome.ACCEPTED
    assert world.device.told[-2:] == [("set_limit", 1, {"limit": 10.0}), ("set_phases", 1, {"phases": 1})]
    world.device.refuse = DeviceRefused("not while charging")
    assert (await world.command("set", values={"phases": 3})).outcome is Outcome.REJECTED


@pytest.mark.parametrize("phases", [2, None, "three", True])
async def test_other_phases_are_refused_before_anything_is_done(phases: object) -> None:
    world = World(actions=PHASED)
    await world.charging()
    done = len(world.device.told)
    assert (await world.command("set", values={"phases": phases, "current_limit": 10})).code == "bad_value"
    assert len(world.device.told) == done
    assert world.runtime.state(1)["current_limit"] == 32.0


async def test_a_charger_that_cannot_switch_phases_says_so() -> None:
    world = World()
    await world.charging()
    assert "can't be switched" in str((await world.command("set", values={"phases": 1})).text)


async def test_operative_is_asked_of_the_station() -> None:
    world, asked = World(evses=2), list[Command]()
    world.see()

    async def change(command: Command) -> CommandResult:
        asked.append(command)
        return CommandResult(Outcome.ACCEPTED, {"status": "Scheduled"})

    world.runtime.operations["change_availability"] = change
    assert (await world.command("set", evse=2, values={"operative": "off"})).outcome is Outcome.ACCEPTED
    assert (await world.command("set", evse=2, values={"operative": True})).outcome is Outcome.ACCEPTED
    assert [dict(command.message) for command in asked] == [
        {"connectorId": 2, "type": "Inoperative"},
        {"connectorId": 2, "type": "Operative"},
    ]
    assert (await world.command("set", evse=2, values={"operative": "maybe"})).code == "bad_value"


async def test_without_a_station_nothing_is_operative() -> None:
    world = World()
    world.see()
    assert (await world.command("set", values={"operative": False})).outcome is Outcome.UNSUPPORTED


async def test_ever_new_sources_of_limits_are_refused() -> None:
    world = World()
    await world.charging()
    for number in range(32):
        assert (await world.command("set_limit", f"ems-{number}", current=20)).outcome is Outcome.ACCEPTED
    assert (await world.command("set_limit", "one-more", current=10)).code == "bad_value"
    assert world.runtime.state(1)["current_limit"] == 20.0
    assert (await world.command("set_limit", "ems-7", current=12)).outcome is Outcome.ACCEPTED
    assert (await world.command("set_limit", "ems-8", clear=True)).outcome is Outcome.ACCEPTED
    assert (await world.command("set_limit", "one-more", current=10)).outcome is Outcome.ACCEPTED
    world.runtime.wishes.limit(1, "csms", 8.0)
    assert world.runtime.wishes.holding(1)["limit_source"] == "csms"


@pytest.mark.parametrize(
    ("op", "message", "words"),
    [
        ("set_limit", {"current": 8, "exipres_in": 60}, "'exipres_in'; did you mean 'expires_in'?"),
        ("set_limit", {"clear": True, "xyz": 1}, "'xyz'; known are evse, evse_id, current, "),
        ("set", {"values": {"current_limit": 8}, "expires": 60}, "did you mean 'expires_in'?"),
        ("set", {"values": {"current_limit": 8, "expiers_in": 6}}, "did you mean 'expires_in'?"),
        ("pause", {"evze": 1}, "'evze'; did you mean 'evse'?"),
    ],
)
async def test_a_mistyped_key_is_refused_and_changes_nothing(
    op: str, message: dict[str, object], words: str
) -> None:
    world = World()
    await world.charging()
    before = world.runtime.wishes.holding(1)
    result = await world.command(op, **message)
    assert result.outcome is Outcome.REJECTED
    assert words in (result.text or "")
    assert world.runtime.wishes.holding(1) == before
