"""No single bad read becomes energy; the total only grows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.charger.meter import NOISE_KWH, SLACK_KWH, By, Epoch, Meter
from hub.model.moment import Moment

START = datetime(2026, 1, 1, tzinfo=UTC)
MOST_W = 22_000.0


def meter(*reads: float, by: By = By.REGISTER) -> Meter:
    """One read a second."""
    made = Meter(MOST_W)
    for second, read in enumerate(reads):
        made.take(read, float(second), by=by)
    return made


def test_the_first_read_is_where_it_stands() -> None:
    assert meter(1234.5).total == 1234.5


def test_a_register_that_grows_is_followed() -> None:
    assert meter(10.0, 10.006, 10.012).total == 10.012


@pytest.mark.parametrize("bad", [75.5, 0.0, 5.0, 4_294_967.295])
def test_a_single_bad_read_changes_nothing(bad: float) -> None:
    read = meter(10.0, bad, 10.006)
    assert read.total == 10.006
    assert read.epoch is None


@pytest.mark.parametrize("bad", [75.5, 0.0])
def test_two_bad_reads_that_contradict_each_other_change_nothing(bad: float) -> None:
    assert meter(10.0, bad, bad + 40.0, 10.006).total == 10.006


def test_a_register_that_was_reset_opens_a_new_epoch_on_top() -> None:
    read = meter(10.0, 0.0, 0.0)
    assert read.total == 10.0
    assert read.epoch == Epoch(10.0, 0.0)
    assert read.take(0.5, 60.0) == 10.5
    assert read.epoch is None


def test_what_a_reset_register_has_counted_since_was_delivered() -> None:
    assert meter(10.0, 0.4, 0.41).total == 10.41


def test_a_new_meter_brings_no_energy_of_its_past() -> None:
    for past in (3000.0, 3.0e-3):
        read = meter(100.0, past, past)
        assert read.total is not None
        assert 100.0 <= read.total <= 100.003
        assert read.epoch == Epoch(100.0, past)


def test_a_meter_that_reports_late_is_believed_when_it_says_so_twice() -> None:
    """Nothing for an hour, then everything at once: it can have been delivered since the register moved."""
    read = meter(10.0)
    for second in range(1, 3600):
        read.take(10.0, float(second))
    assert read.take(21.0, 3600.0) == 10.0
    assert read.take(21.0, 3601.0) == 21.0
    assert read.epoch is None


def test_an_hour_of_the_same_value_makes_no_jump_credible() -> None:
    read = meter(10.0)
    for second in range(1, 36_000):
        read.unchanged(float(second))
    assert read.take(75.5, 36_000.0) == 10.0


def test_a_charger_that_was_away_may_have_delivered_meanwhile() -> None:
    read = meter(10.0)
    assert read.take(30.0, 3600.0) == 30.0


def test_rounding_back_is_no_reset() -> None:
    read = meter(10.0, 10.0 - NOISE_KWH / 2, 10.0 - NOISE_KWH / 2)
    assert read.total == 10.0
    assert read.epoch is None


def test_counts_of_sessions_are_summed_up() -> None:
    read = meter(0.0, 1.0, 2.0, 0.0, 0.0, 0.5, by=By.SESSION)
    assert read.total == 2.5


def test_even_a_small_session_is_counted() -> None:
    assert meter(0.0, 0.05, 0.0, 0.0, 0.02, by=By.SESSION).total == pytest.approx(0.07)


def test_a_register_that_appears_later_goes_on_from_the_count() -> None:
    read = meter(0.0, 2.0, by=By.SESSION)
    assert read.take(500.0, 3.0) == 2.0
    assert read.by is By.REGISTER
    assert read.take(501.0, 4.0) == 3.0


def test_a_restart_goes_on_where_it_was() -> None:
    before = meter(10.0, 0.0, 0.0, 0.5)
    kept = before.body(Moment(4.0, START))
    assert kept is not None
    after = Meter(MOST_W)
    after.restore(kept, Moment(9000.0, START + timedelta(seconds=10)))
    assert after.total == 10.5
    assert after.take(65.0, 9000.0) == 10.5, "nobody delivers so much in ten seconds"
    assert after.take(0.51, 9001.0) == 10.51


def test_a_wall_clock_in_the_past_says_nothing_of_how_long_the_hub_was_away() -> None:
    after = Meter(MOST_W)
    kept = {"base": 0.0, "register": 10.0, "by": "register", "at": "2026-01-01T00:00:00.000Z"}
    after.restore(kept, Moment(1.0, datetime(1970, 1, 1, tzinfo=UTC)))
    assert after.take(200.0, 1.0) == 200.0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"base": 1.0},
        {"base": 1, "register": 2, "by": "register", "at": "yesterday"},
        {"base": 1, "register": 2, "by": "magic", "at": "2026-01-01T00:00:00.000Z"},
    ],
)
def test_what_is_no_meter_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no meter|isoformat|valid By"):
        Meter(MOST_W).restore(body, Moment(0.0, START))


def test_a_meter_that_has_read_nothing_keeps_nothing() -> None:
    assert meter().body(Moment(0.0, START)) is None
    assert meter().by is None


@given(st.lists(st.floats(0, 10_000), max_size=40), st.sampled_from(By))
def test_the_total_never_runs_backwards(reads: list[float], by: By) -> None:
    made, before = Meter(MOST_W), 0.0
    for second, read in enumerate(reads):
        total = made.take(round(read, 3), float(second), by=by)
        assert total >= before
        before = total


@given(st.lists(st.tuples(st.floats(0, 0.006), st.one_of(st.none(), st.floats(0, 1e6))), max_size=60))
def test_bad_reads_between_good_ones_add_at_most_the_slack(steps: list[tuple[float, float | None]]) -> None:
    """Each good read is followed by at most one bad one; what is bad lies beyond what is let through."""
    made, register, second = Meter(MOST_W), 100.0, 0.0
    made.take(register, second)
    for grown, bad in steps:
        register = round(register + grown, 3)
        made.take(register, second := second + 1)
        if bad is not None and not -NOISE_KWH <= bad - register <= SLACK_KWH + 1:
            made.take(round(bad, 3), second := second + 1)
    made.take(register, second := second + 1)
    assert made.total == pytest.approx(register, abs=0.002)


@given(st.lists(st.floats(0, 0.006), min_size=1, max_size=30), st.integers(0, 30))
def test_a_reset_at_any_point_loses_nothing_that_was_delivered(grown: list[float], at: int) -> None:
    made, register, second, delivered = Meter(MOST_W), 50.0, 0.0, 0.0
    made.take(register, second)
    for index, step in enumerate(grown):
        if index == at:
            register = 0.0
            made.take(register, second := second + 1)
        register = round(register + step, 3)
        delivered += round(step, 3)
        made.take(register, second := second + 1)
    made.take(register, second := second + 1)
    assert made.total == pytest.approx(50.0 + delivered, abs=0.02 * len(grown))
