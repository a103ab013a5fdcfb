"""The register that a CSMS is told of."""

from hub.clock import ManualClock
from hub.ocpp.station.measurands import Register


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
