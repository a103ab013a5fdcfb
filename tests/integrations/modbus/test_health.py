"""How long a unit is waited for, and when it is left alone."""

import pytest

from integrations.modbus.health import Units


def test_patience_follows_the_usual_time_within_its_bounds() -> None:
    units = Units(0.05)
    assert units.patience(1, 2.0, again=False) == 0.5
    units.heard(1, 0.1, 0.0)
    assert units.patience(1, 2.0, again=False) == pytest.approx(0.4)
    assert units.patience(1, 2.0, again=True) == 2.0
    assert units.patience(2, 2.0, again=False) == 1.0
    units.heard(3, 0.001, 0.0)
    assert units.patience(3, 2.0, again=False) == 0.05


def test_a_silent_unit_is_probed_after_growing_times() -> None:
    units, probes, now = Units(0.05), [], 0.0
    units.heard(1, 0.1, now)
    for _ in range(3):
        units.missed(1, 0.4, now)
    for _ in range(8):
        probes.append(units.shut_until(1, now) - now)
        now = units.shut_until(1, now)
        units.missed(1, 0.4, now)
    assert probes[:4] == pytest.approx([1, 3.6, 4, 8])
    assert probes[-1] == 60
    assert units.heard(1, 0.1, now)
    assert units.shut_until(1, now) == now


def test_probes_of_many_silent_units_take_at_most_a_tenth_of_a_wire_that_others_use() -> None:
    units = Units(0.05)
    for _ in range(2):
        units.missed(9, 0.5, 0.0)
    units.heard(1, 0.1, 0.0)
    units.missed(9, 0.5, 1.0)
    units.missed(8, 0.5, 1.0)
    units.missed(8, 0.5, 1.0)
    assert units.shut_until(8, 2.0) == pytest.approx(1.0 + 9 * 0.5)


def test_a_late_reply_tells_how_long_a_slow_unit_takes() -> None:
    units = Units(0.05)
    units.missed(1, 0.5, 0.0)
    units.missed(1, 0.5, 1.0)
    assert not units.hopeful(1)
    units.late(1, 0.8)
    assert units.shut_until(1, 1.5) <= 1.5
    assert units.patience(1, 5.0, again=False) == pytest.approx(3.2)
    units.heard(1, 0.8, 2.0)
    units.late(1, 3.0)
    assert units.of(1).usual_s == pytest.approx(0.8)
