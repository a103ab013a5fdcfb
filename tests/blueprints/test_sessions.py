"""Every shipped blueprint through a whole session: its own registers on Modbus TCP, the real device, the runtime."""

import asyncio
from itertools import pairwise

import pytest

from hub.simulate.ev import Car
from tests.blueprints.garage import PATHS, Garage, load, several, single, sockets
from tests.blueprints.warped import warped

CARD = "04a2b3c4"
HELD = ("preparing", "suspended_evse", "suspended_ev", "finishing")


CONTROLLED = [path for path in PATHS if "start" in load(path, {}).actions]


@pytest.mark.parametrize("path", sorted({*PATHS} - {*CONTROLLED}))
def test_a_charger_that_takes_no_orders_is_read(path: str) -> None:
    warped(_read(path))


async def _read(path: str) -> None:
    async with Garage(path) as garage:
        await garage.until(lambda: garage.runtime.available, "it is there")
        garage.charger.plug(Car(needs_wh=1_000_000))
        await garage.until_status("charging")
        await garage.until(lambda: abs(float(garage.state("power") or 0) - 11_040) < 1_500, "its power")
        garage.charger.unplug()
        await garage.until(lambda: garage.state("power") == 0, "no power")
        assert garage.charger.refused == []


@pytest.mark.parametrize("path", CONTROLLED)
def test_a_car_comes_is_charged_as_it_is_told_and_leaves(path: str) -> None:
    warped(_session(path))


@pytest.mark.parametrize("path", [path for path in PATHS if sockets(path) > 1])
def test_the_second_socket_is_its_own(path: str) -> None:
    warped(_second(path))


async def _second(path: str) -> None:
    async with Garage(path, **several(path)) as garage:
        for evse in (1, 2):
            await garage.until_status("available", evse=evse)
        garage.runtime.wishes.permit(2, True)
        garage.runtime.wishes.limit(2, "ems", 10.0)
        garage.charger.plug(Car(needs_wh=1_000_000), 2)
        await garage.until_status("charging", evse=2)
        outlet = garage.charger.outlets[2]
        await garage.until(lambda: abs(outlet.current_a - 10) < 0.5, "the second is limited")
        garage.runtime.wishes.pause(2, True)
        await garage.until(lambda: outlet.current_a == 0, "the second is paused")
        await garage.until_status(*HELD, evse=2)
        assert garage.state() == "available"
        assert garage.charger.refused == []


@pytest.mark.parametrize("path", CONTROLLED)
def test_a_charger_that_forgot_is_told_again(path: str) -> None:
    warped(_forgetful(path))


async def _forgetful(path: str) -> None:
    async with Garage(path, **single(path)) as garage:
        await garage.until_status("available")
        garage.runtime.wishes.permit(1, True)
        garage.runtime.wishes.limit(1, "ems", 12.0)
        garage.charger.plug(Car(needs_wh=1_000_000))
        await garage.until(lambda: abs(garage.outlet.current_a - 12) < 0.5, "12 A")
        await garage.restart(away_s=90)
        assert garage.state() == "faulted"
        await garage.until_status("charging")
        await garage.until(lambda: abs(garage.outlet.current_a - 12) < 0.5, "12 A again")
        assert garage.state() == "charging"
        assert [event["event_type"] for event in garage.events].count("session_started") == 1


async def _session(path: str) -> None:
    async with Garage(path, **single(path)) as garage:
        await garage.until_status("available")
        actions = garage.runtime.abilities.actions
        car = Car(needs_wh=1_000_000)
        garage.charger.plug(car)
        if "rfid" in garage.runtime.abilities.readings:
            await _card(garage)
        garage.runtime.wishes.limit(1, "ems", 12.0)
        garage.runtime.wishes.permit(1, True)
        await garage.until_status("charging")
        if "set_limit" in actions:
            await _limits(garage)
        if "pause" in actions:
            await _pauses(garage)
        if "set_phases" in actions:
            await _phases(garage)
        if "faulted" in garage.charger.mapping.simulate["states"]:
            await _faults(garage)
        await _energy(garage, car)
        await _full(garage, car)
        garage.charger.unplug()
        await garage.until_status("available")
        assert garage.charger.refused == []
        _sessions(garage)
        _kept_alive(garage)


async def _card(garage: Garage) -> None:
    garage.runtime.wishes.permit(1, False)
    await garage.until_status(*HELD)
    garage.charger.swipe(CARD)
    await garage.until(
        lambda: any(str(event.get("id_tag")).casefold() == CARD for event in garage.events), "a card is shown"
    )


async def _limits(garage: Garage) -> None:
    for limit in (12.0, 8.0, 14.0):
        garage.runtime.wishes.limit(1, "ems", limit)
        await garage.until(lambda wanted=limit: abs(garage.outlet.current_a - wanted) < 0.5, f"limit {limit}")
        await garage.until(lambda: _power_is_right(garage), f"power at {limit} A")


def _power_is_right(garage: Garage) -> bool:
    power = garage.state("power")
    return power is None or abs(float(power) - garage.outlet.power_w) < 150


async def _pauses(garage: Garage) -> None:
    garage.runtime.wishes.pause(1, True)
    await garage.until(lambda: garage.outlet.current_a == 0, "paused")
    await garage.until_status(*HELD)
    garage.runtime.wishes.pause(1, False)
    await garage.until(lambda: garage.outlet.current_a > 6, "goes on")
    await garage.until_status("charging")


async def _phases(garage: Garage) -> None:
    for phases in (1, 3):
        result = await garage.runtime.act(1, "set_phases", {"phases": phases})
        assert result.text is None or result.text == "", result
        await garage.until(lambda wanted=phases: garage.outlet.phases == wanted, f"{phases} phases")
    await garage.until_status("charging")


async def _faults(garage: Garage) -> None:
    garage.charger.fault(True)
    await garage.until(
        lambda: garage.state() in ("faulted", "unavailable") or garage.state("error_code"), "a fault"
    )
    garage.charger.fault(False)
    await garage.until_status("charging")
    await garage.until(lambda: garage.state("error_code") is None, "no error any more")


async def _energy(garage: Garage, car: Car) -> None:
    """What the charger counts, or what its power adds up to, is what the car takes."""
    if garage.state("power") is None and "energy" not in garage.runtime.abilities.readings:
        return
    counters = [name for name in ("energy_total", "session_energy") if garage.state(name) is not None]
    before, begin = {name: garage.state(name) for name in counters}, car.taken_wh
    await asyncio.sleep(120)
    taken = (car.taken_wh - begin) / 1000
    for name in counters:
        counted = float(garage.state(name)) - float(before[name])
        assert abs(counted - taken) < 0.15, f"{name} counted {counted}, the car took {taken}"


async def _full(garage: Garage, car: Car) -> None:
    car.needs_wh = car.taken_wh
    garage.charger.update()
    await garage.until_status(*HELD)


def _kept_alive(garage: Garage) -> None:
    """What is written to keep it alive comes before its time-out, as long as its condition holds."""
    mapping, env = garage.charger.mapping, garage.charger.registers.values(1)
    keep = mapping.keep_alive
    if keep is None or not keep.steps or (keep.when is not None and not keep.when(env)):
        return
    longest = env.get("timeout") or 2 * float(keep.every(env))
    for name in {plan.point.name for plan in keep.steps if plan.point}:
        times = garage.written_at[name]
        assert max(after - before for before, after in pairwise(times)) < longest


def _sessions(garage: Garage) -> None:
    told = [event["event_type"] for event in garage.events]
    assert told.count("session_started") == 1, told
    assert told.count("session_ended") == 1, told
