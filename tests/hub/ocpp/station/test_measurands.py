"""The register that a CSMS is told of."""

import pytest

from hub.clock import ManualClock
from hub.ocpp.station.measurands import ENERGY, MEASURANDS, Register, samples


def test_a_register_is_told_as_the_charger_has_it() -> None:
    register, clock = Register(), ManualClock()
    register.read({"energy_total": 10.0}, clock.now())
    assert register.wh == 10_000


def test_without_a_register_power_and_time_are_counted() -> None:
    register, clock = Register(), ManualClock()
    for _ in range(61):
        register.read({"power": 6000.0}, clock.advance(60.0))
    assert register.wh == 6000


def test_a_register_that_appears_in_a_transaction_is_no_energy() -> None:
    register, clock = Register(), ManualClock()
    register.read({"energy_total": None}, clock.now(), in_transaction=True)
    register.read({"energy_total": 10.0}, clock.now(), in_transaction=True)
    register.read({"energy_total": 10.5}, clock.now(), in_transaction=True)
    assert register.wh == 500


def test_a_register_that_appears_after_an_integral_goes_on_from_it() -> None:
    register, clock = Register(), ManualClock()
    for _ in range(2):
        register.read({"power": 6000.0}, clock.advance(60.0))
    register.read({"energy_total": 10.0}, clock.advance(60.0))
    register.read({"energy_total": 10.5}, clock.advance(60.0))
    assert register.wh == 600


def test_a_register_that_is_silent_for_a_while_is_not_helped_by_power() -> None:
    register, clock = Register(), ManualClock()
    register.read({"energy_total": 10.0}, clock.advance(60.0))
    for _ in range(3):
        register.read({"power": 6000.0}, clock.advance(60.0))
    assert register.wh == 10_000


def test_a_restart_knows_what_was_counted_with() -> None:
    register, clock = Register(), ManualClock()
    register.read({"energy_total": 10.0}, clock.now())
    after = Register(*register.document())
    after.read({"energy_total": 10.4}, clock.now(), in_transaction=True)
    assert after.wh == 10_400


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"power": 3000.0}, {"Power.Active.Import": 3000.0}),
        (
            {"power": 3000.0, "energy_export": 1.5},
            {
                "Power.Active.Import": 3000.0,
                "Power.Active.Export": 0,
                "Energy.Active.Export.Register": 1500.0,
            },
        ),
        (
            {"power": -3000.0, "current_l1": -15.0, "energy_export": 1.5},
            {
                "Power.Active.Import": 0,
                "Power.Active.Export": 3000.0,
                "Energy.Active.Export.Register": 1500.0,
                "Current.Import": 0,
                "Current.Export": 15.0,
            },
        ),
        ({"power": None, "energy_export": None}, {}),
    ],
)
def test_what_a_car_gives_is_export_and_never_a_negative_import(
    state: dict[str, float], told: dict[str, float]
) -> None:
    names = [name for name in MEASURANDS if name != ENERGY]
    assert {sample.measurand: sample.value for sample in samples(names, state, 0, "Sample.Periodic")} == told


def test_the_power_that_is_offered_is_the_current_s_at_the_voltages() -> None:
    state = {"offered_current": 10.0, "voltage_l1": 230.0, "voltage_l2": 231.0, "voltage_l3": 229.0}
    (sample,) = samples(["Power.Offered"], state, 0, "Sample.Periodic")
    assert (sample.measurand, sample.value, sample.unit) == ("Power.Offered", 6900.0, "W")
    assert samples(["Power.Offered"], {"offered_current": 10.0}, 0, "Sample.Periodic") == ()
