"""Every shipped blueprint through a whole session: its own registers on Modbus TCP, the real device, the runtime."""

import asyncio

import pytest

from hub.blueprint.load import available, read_source
from hub.simulate.ev import Car
from tests.blueprints.garage import SEARCH, Garage, load
from tests.blueprints.warped import warped

PATHS = [name for name, _ in available(SEARCH) if read_source(name, SEARCH).value["protocol"] == "modbus"]
HELD = ("preparing", "suspended_evse", "suspended_ev", "finishing")


@pytest.mark.parametrize("path", PATHS)
def test_a_car_comes_is_charged_as_it_is_told_and_leaves(path: str) -> None:
    warped(_session(path))


async def _session(path: str) -> None:
    async with Garage(path, **({"sockets": 1} if "input.sockets" in load(path, {}).inputs else {})) as garage:
        await garage.until_status("available")
        actions = garage.runtime.abilities.actions
        garage.runtime.permit(1, True)
        garage.runtime.limit(1, "ems", 12.0)
        car = Car(needs_wh=1_000_000)
        garage.charger.plug(car)
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
        _sessions(garage, car)


async def _limits(garage: Garage) -> None:
    for limit in (12.0, 8.0, 14.0):
        garage.runtime.limit(1, "ems", limit)
        await garage.until(lambda wanted=limit: abs(garage.outlet.current_a - wanted) < 0.5, f"limit {limit}")
        await garage.until(lambda: _power_is_right(garage), f"power at {limit} A")


def _power_is_right(garage: Garage) -> bool:
    power = garage.state("power")
    return power is None or abs(float(power) - garage.outlet.power_w) < 150


async def _pauses(garage: Garage) -> None:
    garage.runtime.pause(1, True)
    await garage.until(lambda: garage.outlet.current_a == 0, "paused")
    await garage.until_status(*HELD)
    garage.runtime.pause(1, False)
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
    assert garage.state("error_code") is None


async def _energy(garage: Garage, car: Car) -> None:
    """What the charger counts, or what its power adds up to, is what the car takes."""
    if garage.state("power") is None and "energy" not in garage.runtime.abilities.readings:
        return
    counters = [name for name in ("energy_total", "session_energy") if garage.state(name) is not None]
    before, begin = {name: garage.state(name) for name in counters}, car.taken_wh
    await asyncio.sleep(200)
    taken = (car.taken_wh - begin) / 1000
    for name in counters:
        counted = float(garage.state(name)) - float(before[name])
        assert abs(counted - taken) < 0.15, f"{name} counted {counted}, the car took {taken}"


async def _full(garage: Garage, car: Car) -> None:
    car.needs_wh = car.taken_wh
    garage.charger.update()
    await garage.until_status(*HELD)


def _sessions(garage: Garage, car: Car) -> None:
    told = [event["event_type"] for event in garage.events]
    assert told.count("session_started") == 1, told
    assert told.count("session_ended") == 1, told
