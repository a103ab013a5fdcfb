"""The best counter counts, none counts twice, and the total goes on whatever counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.charger.energy import LONGEST_S, PATIENCE_S, Energy
from hub.charger.meter import By

MOST_W = 22_000.0


def energy(*declared: By) -> Energy:
    return Energy(MOST_W, frozenset(declared))


def minutes(counted: Energy, count: int, power_w: float, start: float = 0.0) -> float | None:
    """A reading each minute, with power alone."""
    total = None
    for minute in range(count):
        total = counted.take({}, power_w, start + minute * 60.0)
    return total


def test_without_any_counter_power_and_time_are_counted() -> None:
    assert minutes(energy(), 61, 6000.0) == pytest.approx(6.0)


def test_a_power_is_not_believed_for_longer_than_a_minute() -> None:
    counted = energy()
    counted.take({}, 6000.0, 0.0)
    assert counted.take({}, 6000.0, 7200.0) == pytest.approx(6.0 * LONGEST_S / 3600)


def test_a_device_that_was_away_is_not_counted_for() -> None:
    counted = energy()
    counted.take({}, 6000.0, 0.0)
    counted.lost()
    assert counted.take({}, 6000.0, 30.0) == 0.0


def test_no_counter_and_no_power_is_no_energy() -> None:
    counted = energy()
    assert counted.take({}, None, 0.0) is None
    assert counted.meter.total is None


def test_a_register_that_is_declared_is_waited_for() -> None:
    counted = energy(By.REGISTER)
    assert counted.take({}, 6000.0, 0.0) is None
    assert counted.take({}, 6000.0, 60.0) is None
    assert counted.take({By.REGISTER: 500.0}, 6000.0, 90.0) == 500.0


def test_a_register_that_is_declared_and_never_comes_is_counted_by_power_from_the_start() -> None:
    counted = energy(By.REGISTER)
    minutes(counted, round(PATIENCE_S // 60), 6000.0)
    assert counted.take({}, 6000.0, PATIENCE_S) == pytest.approx(0.2)


def test_a_register_that_is_silent_for_once_leaves_the_total_unknown() -> None:
    counted = energy()
    counted.take({By.REGISTER: 10.0}, 6000.0, 0.0)
    assert minutes(counted, 10, 6000.0, start=60.0) is None
    assert counted.take({By.REGISTER: 11.0}, 6000.0, 700.0) == 11.0


def test_the_devices_own_register_goes_before_all_else() -> None:
    every = {By.METER: 3.0, By.SESSION: 2.0, By.REGISTER: 1.0}
    assert energy().take(every, 6000.0, 0.0) == 1.0
    del every[By.REGISTER]
    assert energy().take(every, 6000.0, 0.0) == 2.0
    del every[By.SESSION]
    assert energy().take(every, 6000.0, 0.0) == 3.0


def test_a_better_counter_goes_on_from_the_total() -> None:
    counted = energy()
    minutes(counted, 61, 6000.0)
    assert counted.take({By.METER: 700.0}, 6000.0, 3601.0) == pytest.approx(6.0)
    assert counted.take({By.METER: 701.0}, 6000.0, 3700.0) == pytest.approx(7.0)


def test_a_counter_that_is_gone_since_the_start_gives_way() -> None:
    counted = energy()
    counted.meter.take(100.0, 0.0, by=By.METER)
    assert counted.take({}, 6000.0, 10.0) is None
    assert counted.take({}, 6000.0, 70.0) is None
    assert counted.take({}, 6000.0, 130.0) == pytest.approx(100.2)


def test_what_power_counted_is_gone_on_with_after_a_restart() -> None:
    counted = energy()
    counted.meter.take(4.0, 0.0, by=By.POWER)
    counted.take({}, 6000.0, 10.0)
    assert counted.take({}, 6000.0, 70.0) == pytest.approx(4.1)


STEPS = st.tuples(
    st.dictionaries(st.sampled_from(By), st.floats(0, 1000), max_size=3).map(
        lambda counters: {by: kwh for by, kwh in counters.items() if by is not By.POWER}
    ),
    st.none() | st.floats(-1000, 22_000),
)


@given(st.lists(STEPS, max_size=60), st.sets(st.sampled_from(By)))
def test_the_total_never_runs_backwards_whatever_counts(
    steps: list[tuple[dict[By, float], float | None]], declared: set[By]
) -> None:
    counted, before = Energy(MOST_W, frozenset(declared)), 0.0
    for second, (counters, power_w) in enumerate(steps):
        total = counted.take(counters, power_w, second * 10.0)
        if total is not None:
            assert total >= before
            before = total
