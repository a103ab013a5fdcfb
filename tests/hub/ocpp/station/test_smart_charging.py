"""Which profile's limit holds when; the spec's rules, one by one, and as properties."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ocpp.station.charging_profile import (
    MAX,
    TX,
    TX_DEFAULT,
    Period,
    Profile,
    Refusal,
    bound,
    collide,
    document,
    overlap,
    problem,
    restored,
)
from hub.ocpp.station.smart_charging import (
    DAY,
    FAR_S,
    MOST_LOOKS,
    NOTHING,
    UNLIMITED_A,
    Context,
    Limitation,
    Profiles,
    lowest,
    shares,
    timeline,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
RUNNING = Context("tx", NOON)


def profile(purpose: str = TX_DEFAULT, *limits: tuple[int, float], **more: Any) -> Profile:
    evse = 0 if purpose == MAX else 1
    periods = tuple(Period(*limit) for limit in limits or ((0, 10.0),))
    fields = {"transaction": "tx" if purpose == TX else None, "installed": NOON} | more
    return Profile(
        fields.pop("id", 1),
        fields.pop("evse", evse),
        fields.pop("stack_level", 0),
        purpose,
        fields.pop("kind", "Relative"),
        fields.pop("unit", "A"),
        fields.pop("periods", periods),
        **fields,
    )


def absolute(*limits: tuple[int, float], start: datetime = NOON, **more: Any) -> Profile:
    return profile(more.pop("purpose", TX_DEFAULT), *limits, kind="Absolute", schedule_start=start, **more)


def schedule(
    profiles: Profiles, context: Context, wall: datetime, duration: float
) -> list[tuple[int, Limitation]]:
    running = context if context.started else replace(context, started=wall)
    found, _ = timeline(
        lambda moment: profiles.at(1, running, moment),
        lambda moment: profiles.next_change(1, running, moment),
        wall,
        duration,
    )
    return found


def limits(
    profiles: list[Profile], context: Context = RUNNING, duration: float = 7200, wall: datetime = NOON
) -> list[tuple[int, float | None]]:
    return [
        (second, limitation.limit_a)
        for second, limitation in schedule(Profiles(profiles), context, wall, duration)
    ]


def test_without_profiles_nothing_holds_for_ever() -> None:
    assert schedule(Profiles(), RUNNING, NOON, 100) == [(0, NOTHING)]
    assert Profiles().next_change(1, RUNNING, NOON) is None


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        # K01.FR.12: a period holds until the next one.
        ([absolute((0, 10), (1800, 16), (3600, 6))], [(0, 10), (1800, 16), (3600, 6)]),
        # K01.FR.11: a period past the duration isn't executed.
        ([absolute((0, 10), (1800, 16), (3600, 6), duration_s=3600)], [(0, 10), (1800, 16), (3600, None)]),
        # K01.FR.30: nothing before startSchedule.
        ([absolute((0, 10), start=NOON + HOUR)], [(0, None), (3600, 10)]),
        # K01.FR.36/37: valid from (included) to (excluded).
        (
            [absolute((0, 10), valid_from=NOON + HOUR / 2, valid_to=NOON + HOUR)],
            [(0, None), (1800, 10), (3600, None)],
        ),
        # K01.FR.17: the higher stack level rules, and in its gaps the lower one.
        (
            [
                absolute((0, 10), id=1),
                absolute((0, 20), start=NOON + HOUR / 2, duration_s=1800, id=2, stack_level=1),
            ],
            [(0, 10), (1800, 20), (3600, 10)],
        ),
        # K02.FR.04: the transaction's own goes before the default, even where it is higher.
        ([absolute((0, 10), id=1), profile(TX, (0, 20), id=2)], [(0, 20)]),
        # K02.FR.08: and after it, the default.
        (
            [absolute((0, 10), id=1), profile(TX, (0, 20), id=2, duration_s=600)],
            [(0, 20), (600, 10)],
        ),
        # K08.FR.04: the lower of the station's and the EVSE's.
        (
            [absolute((0, 10), (3600, 30), id=1), profile(MAX, (0, 16), id=2)],
            [(0, 10), (3600, 16)],
        ),
        # A TxProfile of another transaction means nothing here.
        ([profile(TX, (0, 20), transaction="other")], [(0, None)]),
        # A profile of another EVSE neither.
        ([absolute((0, 20), evse=2)], [(0, None)]),
        # K01.FR.14: a default at EVSE 0 is for all of them, the EVSE's own goes before it.
        ([absolute((0, 20), evse=0)], [(0, 20)]),
        ([absolute((0, 20), evse=0, id=1), absolute((0, 9), id=2)], [(0, 9)]),
    ],
)
def test_what_holds_follows_the_rules(
    installed: list[Profile], expected: list[tuple[int, float | None]]
) -> None:
    assert limits(installed) == expected
    assert limits(installed[::-1]) == expected


def test_a_daily_schedule_comes_back_every_day() -> None:
    night = profile(
        TX_DEFAULT,
        (0, 16),
        (6 * 3600, 8),
        kind="Recurring",
        recurrency="Daily",
        schedule_start=NOON - timedelta(days=3, hours=12),
        duration_s=8 * 3600,
    )
    # K01.FR.13: after the duration nothing holds until the next day.
    assert limits([night], duration=2 * DAY) == [
        (0, None),
        (12 * 3600, 16),
        (18 * 3600, 8),
        (20 * 3600, None),
        (36 * 3600, 16),
        (42 * 3600, 8),
        (44 * 3600, None),
    ]


def test_a_weekly_schedule_comes_back_every_week() -> None:
    weekly = profile(
        TX_DEFAULT,
        (0, 16),
        (5 * DAY, 8),
        kind="Recurring",
        recurrency="Weekly",
        schedule_start=NOON - timedelta(days=14),
    )
    assert limits([weekly], duration=8 * DAY) == [(0, 16), (5 * DAY, 8), (7 * DAY, 16)]


def test_a_relative_schedule_counts_from_the_transaction() -> None:
    relative = profile(TX, (0, 16), (600, 8))
    assert limits([relative], Context("tx", NOON - timedelta(seconds=300))) == [(0, 16), (300, 8)]
    # K08.FR.06: without one, as if it began now; but then no change is waited for.
    default = profile(TX_DEFAULT, (0, 16), (600, 8))
    assert limits([default], Context()) == [(0, 16), (600, 8)]
    assert Profiles([default]).next_change(1, Context(), NOON) is None
    assert Profiles([default]).at(1, Context(), NOON + HOUR) == Limitation(16)


def test_a_stations_relative_schedule_counts_from_its_installation() -> None:
    station = profile(MAX, (0, 16), (600, 8))
    assert limits([station], Context(), wall=NOON + timedelta(seconds=60)) == [(0, 16), (540, 8)]


def test_an_absolute_schedule_without_a_start_counts_from_the_transaction() -> None:
    assert limits([profile(TX_DEFAULT, (0, 16), (600, 8), kind="Absolute")]) == [(0, 16), (600, 8)]


@pytest.mark.parametrize(
    ("phases", "there", "expected"),
    [(None, 3, 16.0), (3, 3, 16.0), (1, 3, 48.0), (3, 1, 48.0), (None, 1, 48.0), (2, 3, 24.0)],
)
def test_watts_become_amperes_by_the_phases(phases: int | None, there: int, expected: float) -> None:
    # K01.FR.45/49/50: nominal voltage; three phases unless said otherwise, but no more than there are.
    watts = profile(TX, unit="W", periods=(Period(0, 11040.0, phases),))
    found = Profiles([watts]).at(1, replace(RUNNING, phases=there), NOON)
    assert found == Limitation(pytest.approx(expected), phases, "W")


def test_the_fewest_phases_and_the_lowest_current_hold_together() -> None:
    assert lowest(NOTHING, NOTHING) == NOTHING
    assert lowest(NOTHING, Limitation(10, 3), Limitation(16, 1, "W")) == Limitation(10, 1)


def test_changes_too_far_away_are_none() -> None:
    far = absolute((0, 10), (FAR_S + 1, 5), duration_s=10 * FAR_S, valid_to=datetime.max.replace(tzinfo=UTC))
    assert limits([far], duration=10**30) == [(0, 10)]
    late = replace(absolute(start=datetime.max.replace(tzinfo=UTC)), kind="Recurring", recurrency="Daily")
    assert limits([late]) == [(0, None)]


def test_a_schedule_has_an_end_however_long_it_is_asked_for() -> None:
    single = absolute((0, 10), (3600, 5))
    daily = replace(single, kind="Recurring", recurrency="Daily")
    assert len(limits([daily], duration=10**9)) == MOST_LOOKS + 1
    assert limits([single], duration=0) == [(0, 10)]


def test_what_was_not_looked_at_is_not_told() -> None:
    """Hourly periods that are all the same: months later something else may come."""
    hourly = [(3600 * hour, 10) for hour in range(24)]
    daily = replace(absolute(*hourly), kind="Recurring", recurrency="Daily")
    profiles = Profiles([daily, absolute((0, 6), id=2, stack_level=1, start=NOON + timedelta(days=300))])
    found = timeline(
        lambda moment: profiles.at(1, RUNNING, moment),
        lambda moment: profiles.next_change(1, RUNNING, moment),
        NOON,
        365 * DAY,
    )
    assert found == ([(0, Limitation(10))], (MOST_LOOKS + 1) * 3600)


def test_a_change_between_two_seconds_counts_from_the_later_one() -> None:
    found = timeline(
        lambda moment: Limitation(1 if moment == NOON else 2),
        lambda moment: NOON + timedelta(seconds=1.2) if moment == NOON else None,
        NOON,
        10,
    )
    assert found == ([(0, Limitation(1)), (2, Limitation(2))], 10)


def test_two_changes_in_one_second_are_one_period() -> None:
    moments = [NOON + timedelta(seconds=tenths / 10) for tenths in (12, 18, 30, 99)]
    found = timeline(
        lambda moment: Limitation((moment - NOON).total_seconds()),
        lambda moment: next((later for later in moments if later > moment), None),
        NOON,
        9.9,
    )
    assert found == ([(0, Limitation(0)), (2, Limitation(1.8)), (3, Limitation(3))], 9.9)


FIRST_DAY, LAST_DAY = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("recurrency", [None, "Daily", "Weekly"])
def test_the_first_and_the_last_time_that_there_is_are_times(recurrency: str | None) -> None:
    # .NET's DateTime.MinValue and MaxValue, which some CSMSs send for "always".
    always = absolute((0, 10), start=FIRST_DAY, valid_from=FIRST_DAY, valid_to=LAST_DAY)
    found = replace(always, kind="Recurring", recurrency=recurrency) if recurrency else always
    assert limits([found], duration=2 * DAY) == [(0, 10)]


@pytest.mark.parametrize("unit", ["A", "W"])
def test_a_limit_may_be_any_number_that_means_none(unit: str) -> None:
    boundless = Profiles([profile(TX, (0, 1.7e308), unit=unit)])
    assert boundless.at(1, RUNNING, NOON) == Limitation(UNLIMITED_A, None, unit)


# The store


def test_the_same_id_is_replaced_wherever_it_was() -> None:
    profiles = Profiles([profile(MAX)])
    assert profiles.install(profile(TX_DEFAULT)) == []  # K01.FR.05
    assert [one.purpose for one in profiles.all()] == [TX_DEFAULT]
    assert 1 in profiles
    assert len(profiles) == 1


@pytest.mark.parametrize(
    ("other", "ousted"),
    [
        ({}, True),
        ({"stack_level": 1}, False),
        ({"evse": 2}, False),
        ({"valid_from": NOON, "valid_to": NOON + HOUR}, True),
        # 1.6, 3.13.2: whenever they are valid.
        ({"valid_to": NOON - HOUR}, True),
    ],
)
def test_a_newer_profile_ousts_its_rival(other: dict[str, Any], ousted: bool) -> None:
    old = profile(TX_DEFAULT, id=2, **other)
    profiles = Profiles([old])
    assert profiles.install(profile(TX_DEFAULT, valid_from=NOON - HOUR)) == ([old] if ousted else [])
    assert len(profiles) == (1 if ousted else 2)


def test_in_2_0_1_a_level_is_shared_by_those_of_different_times() -> None:
    old = profile(TX_DEFAULT, id=2, valid_to=NOON - HOUR)
    profiles = Profiles([old])
    assert profiles.install(profile(TX_DEFAULT, valid_from=NOON - HOUR), ousts=False) == []
    assert len(profiles) == 2


def test_profiles_of_two_transactions_do_not_collide() -> None:
    assert not collide(profile(TX), profile(TX, id=2, transaction="other"))
    assert collide(profile(TX), profile(TX, id=2))
    assert not overlap(profile(valid_to=NOON), profile(valid_from=NOON))


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ((1, None, None, None), [2, 3]),
        ((1, 2, TX, 7), [2, 3]),  # K10.FR.03: an id alone decides
        ((9, None, None, None), [1, 2, 3]),
        ((None, None, TX_DEFAULT, None), [3]),
        ((None, None, TX_DEFAULT, 1), [1, 3]),  # K10.FR.04: all of them must fit
        ((None, 0, None, None), [1, 2]),
        ((None, None, None, None), []),
    ],
)
def test_clearing_goes_by_the_criteria(criteria: tuple[Any, Any, Any, Any], left: list[int]) -> None:
    profiles = Profiles([profile(TX_DEFAULT), profile(TX_DEFAULT, id=2, stack_level=1), profile(MAX, id=3)])
    cleared = profiles.clear(*criteria)
    assert [one.id for one in profiles.all()] == left
    assert len(cleared) == 3 - len(left)


def test_a_transactions_profiles_end_with_it() -> None:
    profiles = Profiles([profile(TX), profile(TX, id=2, transaction="other"), profile(TX_DEFAULT, id=3)])
    assert [one.id for one in profiles.ended("tx")] == [1]  # K02.FR.05
    assert [one.id for one in profiles.all()] == [2, 3]


def test_a_profile_survives_being_kept() -> None:
    full = absolute(
        (0, 10),
        recurrency="Daily",
        duration_s=60,
        valid_from=NOON,
        valid_to=NOON + HOUR,
        schedule_id=4,
        min_rate=6.5,
        periods=(Period(0, 10.5, 1, 2),),
    )
    for one in (full, profile(TX)):
        assert restored(orjson.loads(orjson.dumps(document(one)))) == one


def test_it_is_bound_to_its_transaction_and_time() -> None:
    assert bound(profile(TX, transaction=None), "tx", NOON).transaction == "tx"
    assert bound(profile(TX_DEFAULT), "tx", NOON + HOUR).transaction is None
    assert bound(profile(TX_DEFAULT), None, NOON + HOUR).installed == NOON + HOUR


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({}, None),
        ({"evse": 3}, Refusal.UNKNOWN_EVSE),
        ({"evse": -1}, Refusal.UNKNOWN_EVSE),
        ({"stack_level": 10}, Refusal.STACK_LEVEL),
        ({"stack_level": -1}, Refusal.STACK_LEVEL),
        ({"periods": ()}, Refusal.PERIODS),
        ({"periods": tuple(Period(n, 1) for n in range(4))}, Refusal.PERIODS),
        ({"periods": (Period(1, 1),)}, Refusal.ORDER),
        ({"periods": (Period(0, 1), Period(20, 1), Period(10, 1))}, Refusal.ORDER),
        ({"periods": (Period(0, 1), Period(0, 2))}, Refusal.ORDER),
        ({"periods": (Period(0, -1),)}, Refusal.VALUE),
        ({"periods": (Period(0, float("inf")),)}, Refusal.VALUE),
        ({"duration_s": 0}, Refusal.VALUE),
        ({"purpose": MAX, "evse": 1}, Refusal.STATION_ONLY),
        ({"purpose": TX, "evse": 0}, Refusal.EVSE_ONLY),
        ({"purpose": TX, "transaction": "other"}, Refusal.OTHER_TRANSACTION),
        ({"purpose": TX}, None),
        ({"kind": "Recurring", "schedule_start": NOON}, Refusal.RECURRENCY),
        ({"kind": "Recurring", "recurrency": "Daily"}, Refusal.START),
    ],
)
def test_profiles_that_make_no_sense_have_a_problem(wrong: dict[str, Any], refusal: Refusal | None) -> None:
    one = replace(profile(TX_DEFAULT), **wrong)
    assert problem(one, evses=2, max_stack=9, max_periods=3, transaction="tx") == refusal


def test_a_transactions_profile_needs_a_transaction() -> None:
    found = problem(profile(TX), evses=1, max_stack=9, max_periods=3, transaction=None)
    assert found == Refusal.NO_TRANSACTION


# Sharing


@pytest.mark.parametrize(
    ("total", "wants", "given"),
    [
        (32, {1: 32}, {1: 32}),
        (32, {1: 32, 2: 32}, {1: 16, 2: 16}),
        (32, {1: 8, 2: 32}, {1: 8, 2: 24}),
        (32, {1: 32, 2: 6, 3: 32}, {1: 13, 2: 6, 3: 13}),
        (10, {1: 32, 2: 32}, {1: 10, 2: 0}),  # the one that began first goes on
        (10, {2: 32, 1: 32}, {2: 10, 1: 0}),
        (4, {1: 32}, {1: 4}),
        (0, {1: 32, 2: 32}, {1: 0, 2: 0}),
        (64, {1: 16, 2: 16}, {1: 16, 2: 16}),
    ],
)
def test_a_stations_limit_is_shared(total: float, wants: dict[int, float], given: dict[int, float]) -> None:
    assert shares(total, wants, 6.0) == given


# Properties

PERIODS = st.lists(
    st.tuples(st.integers(1, 5000), st.floats(0, 40), st.sampled_from([None, 1, 3])), max_size=3
).map(lambda some: ((0, 12.0, None), *sorted(some, key=lambda period: period[0])))


@st.composite
def any_profile(draw: st.DrawFn) -> Profile:
    kind = draw(st.sampled_from(["Relative", "Absolute", "Recurring"]))
    seconds = st.integers(-5000, 5000).map(lambda second: NOON + timedelta(seconds=second))
    purpose = draw(st.sampled_from([MAX, TX, TX_DEFAULT]))
    return profile(
        purpose,
        *draw(PERIODS),
        id=draw(st.integers(1, 9)),
        stack_level=draw(st.integers(0, 2)),
        evse=0 if purpose == MAX else 1,
        kind=kind,
        unit=draw(st.sampled_from("AW")),
        schedule_start=None if kind == "Relative" else draw(seconds),
        duration_s=draw(st.none() | st.integers(1, 9000)),
        recurrency=draw(st.sampled_from(["Daily", "Weekly"])),
        valid_from=draw(st.none() | seconds),
        valid_to=draw(st.none() | seconds),
    )


def installed(some: list[Profile]) -> Profiles:
    profiles = Profiles()
    for one in some:
        profiles.install(one)
    return profiles


@settings(max_examples=60, deadline=None)
@given(st.lists(any_profile(), max_size=5), st.integers(0, 7000))
def test_the_composite_says_at_every_moment_what_holds_then(some: list[Profile], second: int) -> None:
    profiles = installed(some)
    composite = schedule(profiles, RUNNING, NOON, 7200)
    assert composite[0][1] == profiles.at(1, RUNNING, NOON)
    said = [limitation for start, limitation in composite if start <= second][-1]
    assert said == profiles.at(1, RUNNING, NOON + timedelta(seconds=second))
    assert [start for start, _ in composite] == sorted({start for start, _ in composite})


@settings(max_examples=60, deadline=None)
@given(st.lists(any_profile(), max_size=5), st.integers(0, 7000))
def test_nothing_is_ever_above_the_station_or_the_transaction(some: list[Profile], second: int) -> None:
    profiles, wall = installed(some), NOON + timedelta(seconds=second)
    found = profiles.at(1, RUNNING, wall).limit_a
    for bounding in (profiles.ceiling(RUNNING, wall), profiles.own(1, RUNNING, wall)):
        assert bounding.limit_a is None or (found is not None and found <= bounding.limit_a)


@settings(deadline=None)
@given(st.floats(0, 100), st.lists(st.floats(0, 63), min_size=1, max_size=5), st.sampled_from([0.0, 6.0]))
def test_shares_never_exceed_the_whole_nor_what_is_wanted(
    total: float, wants: list[float], least: float
) -> None:
    named = dict(enumerate(wants))
    given_out = shares(total, named, least)
    assert given_out.keys() == named.keys()
    assert sum(given_out.values()) <= total + 1e-6
    assert all(given_out[evse] <= want + 1e-9 for evse, want in named.items())
