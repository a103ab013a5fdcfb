"""The circuits while they run: chargers that join and leave, limits, meters, restarts and reloads."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.charger.limits import MOST
from hub.config.settings import CircuitSettings, MemberSettings
from hub.errors import StoreError
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Status
from hub.model.command import Command
from hub.store.database import Database
from tests.hub.circuits.yard import SHED, Yard, two

METERED = CircuitSettings("shed", "Shed", 32.0, SHED.members, meter=(("panel", "current_l1"),))


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    database = await Database.open(tmp_path / "hub.db")
    yield Yard(database)
    await database.close()


async def test_two_cars_share(yard: Yard) -> None:
    await two(yard)
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)
    await yard.wait(1)
    assert [seat["state"] for seat in yard.shown()["members"]] == ["charging", "charging"]


async def test_whom_the_csms_prefers_goes_first(yard: Yard) -> None:
    await two(yard)
    yard.chargers["b"].annotate(1, {"charging_priority": 1})
    await yard.calm()
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (6.0, 26.0)
    assert [seat["priority"] for seat in yard.shown()["members"]] == [0, 1]


async def test_a_station_with_two_evses_is_two_members(yard: Yard) -> None:
    await yard.open(SHED)
    yard.add("a", evses=2)
    yard.add("b")
    await yard.see("b", car=False)
    for evse in (1, 2):
        await yard.see("a", evse=evse)
    told = {(evse, arguments.get("limit")) for _, evse, arguments in yard.devices["a"].told[-2:]}
    assert told == {(1, 16.0), (2, 16.0)}


async def test_an_evse_that_is_not_there_is_said(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    await yard.open(CircuitSettings("shed", "Shed", 32.0, (MemberSettings("a", 2, where="f:1:1"),)))
    yard.add("a")
    assert "f:1:1: circuits.shed.members: a has no EVSE 2, only 1" in caplog.text
    await yard.calm()
    assert not list(yard.site.listing()["shed"]["members"])  # type: ignore[index]


async def test_a_charger_that_is_on_no_circuit_is_left_alone(yard: Yard) -> None:
    await yard.open(SHED)
    yard.add("lonely")
    await yard.see("lonely")
    assert yard.told("lonely") == 32.0


async def test_a_circuit_in_a_circuit_keeps_to_both(yard: Yard) -> None:
    main = CircuitSettings("main", "Main", 30.0, (MemberSettings("a"), MemberSettings("shed")))
    shed = CircuitSettings("shed", "Shed", 16.0, (MemberSettings("b"), MemberSettings("c")))
    await yard.open(shed, main)
    for charger in "abc":
        yard.add(charger)
        await yard.see(charger, car=False)
    await yard.see("b")
    assert yard.told("b") == 16.0
    await yard.see("a")
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (15.0, 15.0)
    await yard.see("c")
    await yard.wait(6)
    assert [yard.told(charger) for charger in "abc"] == [14.0, 8.0, 8.0]
    await yard.ask(current=6)
    await yard.wait(6)
    assert [yard.told(charger) for charger in "abc"] == [24.0, 6.0, 0.0]


async def test_a_charger_that_leaves_counts_with_what_it_had(yard: Yard) -> None:
    await two(yard)
    await yard.leave()
    await yard.see("a", car=False)
    await yard.see("a")
    await yard.wait(100)
    assert yard.told("a") == 16.0
    assert yard.shown()["members"][1]["state"] == "offline"


async def test_nothing_is_told_to_a_charger_before_its_share_is_known(yard: Yard) -> None:
    await yard.open(SHED)
    yard.add("a")
    yard.add("b")
    await yard.see("a")
    assert yard.told("a") == 0.0
    await yard.wait(11)
    assert yard.told("a") == 0.0  # b may draw all it can: nobody has ever heard of it
    await yard.wait(11)
    assert yard.events == [{"event_type": "unheard", "chargers": ("b",), "ts": yard.events[0]["ts"]}]
    await yard.see("b", car=False)
    await yard.wait(61)
    assert yard.told("a") == 32.0


async def test_the_next_hub_goes_on_with_the_shares_that_there_were(yard: Yard) -> None:
    await two(yard)
    await yard.calm()
    yard.begin()
    await yard.open(SHED)
    yard.add("a")
    yard.add("b")
    await yard.see("a", limit_applied=16.0)
    assert yard.told("a") == 16.0
    await yard.wait(100)
    assert yard.told("a") == 16.0  # b wasn't heard yet
    await yard.see("b", limit_applied=16.0)
    assert yard.told("b") == 16.0


async def test_an_ems_lowers_the_circuit_and_its_time_ends(yard: Yard) -> None:
    await two(
        yard,
        CircuitSettings("shed", "Shed", 32.0, SHED.members, fallback="fallback_current", fallback_current=14),
    )
    result = await yard.ask(current=20, expires_in=60)
    assert (result.result["limit"], result.result["limit_source"]) == (20.0, "ems")
    assert (yard.told("a"), yard.told("b")) == (10.0, 10.0)
    await yard.wait(61)
    assert (yard.told("a"), yard.told("b")) == (7.0, 7.0)
    assert [event["event_type"] for event in yard.events] == ["limit_expired"]


async def test_a_limit_outlives_the_hub_until_it_is_withdrawn(yard: Yard) -> None:
    await two(yard)
    await yard.ask(power=13_800)
    yard.begin()
    await two(yard)
    assert (yard.told("a"), yard.told("b")) == (10.0, 10.0)
    await yard.ask(clear=True)
    yard.begin()
    await two(yard)
    await yard.wait(61)
    assert yard.told("a") == 16.0


@pytest.mark.parametrize(
    "message",
    [{}, {"current": -1}, {"current": 5, "clear": True}, {"clear": True, "expires_in": 5}, {"power": "x"}],
)
async def test_what_is_no_limit_is_rejected(yard: Yard, message: dict[str, object]) -> None:
    await yard.open(SHED)
    result = await yard.ask(**message)
    assert (result.outcome, result.code) == ("rejected", "bad_value")


async def test_ever_new_names_fill_no_memory(yard: Yard) -> None:
    await yard.open(SHED)
    said = [
        await yard.registry.execute(
            Command("circuit/shed", "set_limit", {"current": 30}, source=f"ems{number}")
        )
        for number in range(MOST + 1)
    ]
    assert [result.outcome for result in said] == ["accepted"] * MOST + ["rejected"]
    withdrawn = Command("circuit/shed", "set_limit", {"clear": True}, source="somebody")
    assert (await yard.registry.execute(withdrawn)).outcome == "accepted"


async def test_what_is_mistyped_is_told(yard: Yard) -> None:
    await yard.open(SHED)
    result = await yard.ask(current=10, expires=5)
    assert (result.code, result.text) == ("unknown_key", "unknown key 'expires'; did you mean 'expires_in'?")


async def test_the_house_goes_before_the_cars(yard: Yard) -> None:
    await two(yard, METERED)
    assert (yard.told("a"), yard.told("b")) == (0.0, 0.0)
    await yard.wait(61)
    assert (yard.told("a"), yard.told("b")) == (6.0, 0.0)  # the meter has said nothing
    yard.measure(12.0)
    await yard.wait(6)
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (10.0, 10.0)
    yard.measure(18.0)
    await yard.wait(16)
    assert (yard.told("a"), yard.told("b")) == (7.0, 7.0)
    yard.measure(None)
    await yard.wait(1)
    await yard.wait(11)
    assert yard.told("b") == 0.0
    assert yard.events[-1]["event_type"] == "meter_silent"


async def test_circuits_come_and_go_while_cars_charge(yard: Yard) -> None:
    await two(yard)
    await yard.site.use({})
    await yard.wait(2)
    assert (yard.told("a"), yard.told("b")) == (32.0, 32.0)
    assert not list(yard.bus.retained("evhub/circuit/#"))
    assert (await yard.ask(current=10)).code == "unknown_charger"
    await yard.site.use({"shed": SHED})
    await yard.calm()
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)
    assert all(action != "pause" for _, device in yard.devices.items() for action, _, _ in device.told[2:])


async def test_the_same_circuit_with_less_keeps_its_limits(yard: Yard) -> None:
    await two(yard)
    await yard.ask(current=30)
    await yard.site.use({"shed": CircuitSettings("shed", "Shed", 24.0, SHED.members)})
    await yard.calm()
    assert (yard.told("a"), yard.told("b")) == (12.0, 12.0)
    await yard.site.use({"shed": CircuitSettings("shed", "Shed", 40.0, SHED.members)})
    await yard.wait(6)
    assert (yard.told("a"), yard.told("b")) == (15.0, 15.0)


async def test_what_fits_no_more_waits_for_nobody(yard: Yard) -> None:
    await two(yard)
    yard.begin()
    await yard.open(CircuitSettings("shed", "Shed", 20.0, SHED.members))
    yard.add("a")
    yard.add("b")
    await yard.see("a", limit_applied=16.0)
    assert yard.told("a") == 0.0  # b may be drawing its 16 A still


async def test_a_limit_of_an_ems_waits_for_no_meter(yard: Yard) -> None:
    await two(yard)
    yard.begin()
    await yard.open(METERED)
    for charger in ("a", "b"):
        yard.add(charger)
        await yard.see(charger, limit_applied=16.0)
    assert (yard.told("a"), yard.told("b")) == (16.0, 16.0)
    await yard.ask(current=0)
    assert (yard.told("a"), yard.told("b")) == (0.0, 0.0)


async def test_both_evses_of_a_charger_that_is_away_count(yard: Yard) -> None:
    members = (MemberSettings("a"), MemberSettings("b"))
    await yard.open(CircuitSettings("shed", "Shed", 48.0, members))
    yard.add("b")
    yard.add("a", evses=2)
    await yard.see("b", car=False)
    await yard.see("a")
    await yard.see("a", evse=2)
    await yard.wait(6)
    assert yard.told("a") == 24.0
    await yard.leave()  # its blueprint is edited, or can't be read any more
    await yard.see("b")
    await yard.wait(100)
    assert yard.told("b") in (None, 0.0)


async def test_what_a_charger_had_on_a_circuit_is_forgotten_when_it_is_on_none(yard: Yard) -> None:
    await two(yard)
    await yard.see("b", car=False)
    await yard.wait(6)
    await yard.site.use({})
    await yard.see("b")
    await yard.wait(2)
    assert yard.told("b") == 32.0
    yard.begin()
    await yard.open(SHED)
    yard.add("a")
    yard.add("b")  # where it is, nobody knows
    await yard.see("a")
    await yard.wait(100)
    assert yard.told("a") == 0.0


async def test_a_reload_needs_no_disk(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    await two(yard)

    async def full(_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(yard.database, "write", full)
    await yard.site.use({"hut": CircuitSettings("hut", "Hut", 20.0, SHED.members)})
    await yard.calm()
    assert (yard.told("a"), yard.told("b")) == (10.0, 10.0)


async def test_a_charger_that_comes_anew_has_what_it_had_also_with_a_full_disk(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two(yard)

    async def full(_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(yard.database, "write", full)
    await yard.ask(current=12)
    await yard.leave()  # its settings were changed
    yard.add("b")
    yard.chargers["b"].wishes.permit(1, True)
    yard.chargers["b"].reading(Reading({1: EvseReading({"plugged": True}, Status.CHARGING)}))
    await yard.calm()
    assert [arguments for _, _, arguments in yard.devices["b"].told] == [{"limit": 6.0}]


async def test_a_meter_that_is_heard_before_the_chargers_stops_no_car(yard: Yard) -> None:
    yard.measure(5.0)
    await two(yard, METERED)
    yard.begin()
    await yard.open(METERED)
    yard.measure(32.0)
    for charger in ("a", "b"):
        yard.add(charger)
    await yard.see("a", limit_applied=14.0, current_l1=14.0)
    await yard.see("b", limit_applied=13.0, current_l1=13.0)
    await yard.wait(1)
    assert (yard.told("a"), yard.told("b")) == (14.0, 13.0)
    assert yard.shown()["other"] == 5.0


async def test_who_falls_silent_counts_with_what_it_showed_last(yard: Yard) -> None:
    await two(yard)
    await yard.see("b", limit_applied=20.0)  # somebody has set it at the box
    yard.chargers["b"].offline("no answer")
    await yard.calm()
    await yard.wait(30)
    assert yard.told("a") == 12.0
