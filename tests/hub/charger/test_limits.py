"""The lowest limit wins, the charger's rating beats them all, and time ends what was said to end."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.charger.limits import RATING, Fallback, Limits, Offer, Outside
from hub.model.charger import Ratings
from hub.model.moment import Moment

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = Moment(1000.0, START)
SOURCES = st.sampled_from(["csms", "ems", "cli", "home"])
CURRENTS = st.one_of(st.none(), st.floats(0, 100))
POWERS = st.one_of(st.none(), st.floats(0, 50_000))


def limits(ratings: Ratings | None = None, fallback: Fallback | None = None) -> Limits:
    return Limits(ratings or Ratings(), fallback or Fallback())


def later(seconds: float, *, wall_jump: float = 0.0) -> Moment:
    return Moment(NOW.mono + seconds, START + timedelta(seconds=seconds + wall_jump))


def test_nobody_has_asked_so_the_rating_holds() -> None:
    assert limits().offer() == Offer(32.0, RATING, 32.0)


def test_the_lowest_wins_whoever_came_last() -> None:
    made = limits()
    made.set("ems", 10.0)
    made.set("csms", 16.0)
    assert (made.offer().current_a, made.offer().source) == (10.0, "ems")


def test_the_lowest_of_all_but_the_csms_is_told_apart() -> None:
    made = limits()
    made.set("csms", 7.0)
    assert made.outside() is None
    made.set("ems", 10.0)
    made.set("dso", None, power_w=4200.0)
    assert made.outside() == Outside("dso", None, 4200.0)
    made.set("dso", None)
    assert made.outside() == Outside("ems", 10.0, None)


def test_a_withdrawn_limit_holds_no_more() -> None:
    made = limits()
    made.set("ems", 10.0)
    made.set("ems", None)
    made.set("nobody", None)
    assert made.offer().source == RATING


@pytest.mark.parametrize(
    ("asked", "offered"), [(5.99, 0.0), (6.0, 6.0), (6.99, 6.0), (0.0, 0.0), (40.0, 32.0)]
)
def test_below_the_minimum_is_a_pause_and_steps_round_down(asked: float, offered: float) -> None:
    made = limits()
    made.set("ems", asked)
    assert made.offer().current_a == offered


def test_a_step_of_a_tenth_takes_its_own_multiples() -> None:
    made = limits(Ratings(step=0.1))
    for tenth in range(60, 320):
        made.set("ems", tenth / 10)
        assert made.offer().current_a == pytest.approx(tenth / 10)


def test_watts_are_shared_by_the_phases() -> None:
    made = limits(Ratings(step=0.001))
    made.set("ems", None, power_w=4600.0)
    assert made.offer(1, 230.0).current_a == 20.0
    assert made.offer(2, 230.0).current_a == 10.0
    assert made.offer(3, 230.0).power_w == 4600.0


def test_of_amperes_and_watts_the_lower_holds() -> None:
    made = limits()
    made.set("ems", 10.0, power_w=11_040.0)
    assert made.offer(3).current_a == 10.0
    made.set("ems", 20.0, power_w=11_040.0)
    assert made.offer(3).current_a == 16.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.1, -32.0])
def test_what_is_no_limit_is_refused_and_changes_nothing(bad: float) -> None:
    made = limits()
    made.set("ems", 10.0)
    with pytest.raises(ValueError, match="no limit"):
        made.set("ems", bad)
    with pytest.raises(ValueError, match="no limit"):
        made.set("ems", 8.0, power_w=bad)
    assert made.offer().current_a == 10.0


@pytest.mark.parametrize(
    ("fallback", "then"),
    [(Fallback("hold"), 16.0), (Fallback("fallback_current", 8.0), 8.0), (Fallback("stop"), 0.0)],
)
def test_what_holds_after_the_time_is_over(fallback: Fallback, then: float) -> None:
    made = limits(fallback=fallback)
    made.set("ems", 16.0, until=later(60))
    assert made.expire(later(59.9)) == []
    assert made.offer().until == later(60)
    assert made.expire(later(60)) == ["ems"]
    assert made.offer().current_a == then
    assert made.offer().until is None
    assert made.expire(later(9999)) == []


@pytest.mark.parametrize("jump", [-86_400.0, -3600.0, 3600.0, 86_400.0, 315_360_000.0])
def test_a_wall_clock_that_is_set_ends_nothing_early_or_late(jump: float) -> None:
    made = limits()
    made.set("ems", 16.0, until=later(60))
    assert made.expire(later(59, wall_jump=jump)) == []
    assert made.follow_clock(later(59, wall_jump=jump)) == ["ems"]
    assert made.follow_clock(later(59, wall_jump=jump)) == []
    ends = made.offer().until
    assert ends is not None
    assert ends.wall == START + timedelta(seconds=60 + jump)
    assert made.expire(later(60, wall_jump=jump)) == ["ems"]


def test_a_clock_that_drifts_is_not_followed() -> None:
    made = limits()
    made.set("ems", 16.0)
    made.set("home", 16.0, until=later(600))
    assert made.follow_clock(later(300, wall_jump=0.5)) == []


def test_a_limit_survives_on_disk() -> None:
    made, after = limits(), limits()
    made.set("ems", 10.0, power_w=5000.0)
    body = made.body("ems", NOW)
    assert body is not None
    after.restore("ems", body, later(5))
    assert after.offer() == made.offer()
    assert made.body("cli", NOW) is None


@pytest.mark.parametrize(("away", "over"), [(10.0, False), (61.0, True), (1e7, True)])
def test_a_limit_that_ended_while_the_hub_was_away_is_over(away: float, over: bool) -> None:
    made, after = limits(), limits(fallback=Fallback("stop"))
    made.set("ems", 10.0, until=later(60))
    restart = Moment(5.0, START + timedelta(seconds=away))
    after.restore("ems", made.body("ems", NOW) or {}, restart)
    assert bool(after.expire(restart)) is over
    assert after.offer().current_a == (0.0 if over else 10.0)


def test_a_clock_in_the_past_makes_no_limit_last_longer() -> None:
    made, after = limits(), limits()
    made.set("ems", 10.0, until=later(60))
    restart = Moment(5.0, datetime(1970, 1, 1, tzinfo=UTC))
    after.restore("ems", made.body("ems", later(20)) or {}, restart)
    assert after.expire(Moment(44.9, restart.wall)) == []
    assert after.expire(Moment(45.1, restart.wall)) == ["ems"]


@pytest.mark.parametrize("body", [{"current_a": -1.0}, {"current_a": 8.0, "until": "soon"}])
def test_a_body_that_was_not_made_here_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no limit|isoformat"):
        limits().restore("ems", body, NOW)


@given(
    st.lists(st.tuples(SOURCES, CURRENTS, POWERS)),
    st.floats(0, 10),
    st.floats(0, 80),
    st.sampled_from([1.0, 0.1, 0.001, 2.0, 0.0]),
    st.integers(1, 3),
)
def test_the_offer_is_never_more_than_any_source_or_the_rating_allows(
    asked: list[tuple[str, float | None, float | None]], least: float, most: float, step: float, phases: int
) -> None:
    made = limits(Ratings(least, most, step))
    held: dict[str, tuple[float | None, float | None]] = {}
    for source, current, power in asked:
        made.set(source, current, power_w=power)
        held[source] = (current, power)
    offer = made.offer(phases)
    assert 0 <= offer.current_a <= most
    assert offer.current_a == 0 or offer.current_a >= least
    for current, power in held.values():
        assert current is None or offer.current_a <= current
        assert power is None or offer.current_a * phases * 230 <= power * (1 + 1e-9)
