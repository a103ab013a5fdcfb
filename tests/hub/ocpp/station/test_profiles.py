"""Profiles at a station: when they are taken, how EVSEs share, what the schedules say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import ManualClock
from hub.model.charger import Abilities, Ratings
from hub.model.moment import Moment
from hub.ocpp.station import profiles
from hub.ocpp.station.charging_profile import MAX, TX, TX_DEFAULT, Period, Profile, Refusal
from hub.ocpp.station.effects import Keep, Limit
from hub.ocpp.station.profiles import STARTING, Site
from hub.ocpp.station.smart_charging import Context, Limitation, Profiles
from tests.hub.ocpp.world import CHARGING, PLUGGED, World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def profile(purpose: str = TX_DEFAULT, limit: float = 10.0, **more: Any) -> Profile:
    fields: dict[str, Any] = {
        "id": 1,
        "evse": 0 if purpose == MAX else 1,
        "stack_level": 0,
        "purpose": purpose,
        "kind": "Relative",
        "unit": "A",
        "periods": (Period(0, limit),),
    }
    return Profile(**(fields | more))


def now(world: World) -> Moment:
    return world.clock.now()


def install(world: World, *some: Profile, strict: bool = False) -> list[Refusal | None]:
    found = [profiles.install(world.station, one, now(world), strict=strict) for one in some]
    world.pump()
    return found


@pytest.mark.parametrize(
    ("one", "strictly", "loosely"),
    [
        (profile(), None, None),
        (profile(unit="V"), Refusal.UNIT, Refusal.UNIT),  # K01.FR.26
        (profile(evse=2), Refusal.UNKNOWN_EVSE, Refusal.UNKNOWN_EVSE),  # K01.FR.28
        (profile(TX), Refusal.NO_TRANSACTION, Refusal.NO_TRANSACTION),  # K01.FR.09
        (profile(kind="Absolute"), Refusal.START, None),  # K01.FR.40
        (profile(schedule_start=NOON), Refusal.START, None),  # K01.FR.41
        (profile(kind="Absolute", schedule_start=NOON), None, None),
        (profile(MAX), None, None),  # Home Assistant's, whatever K01.FR.38 says
        (profile(periods=(Period(0, 9, 1),)), Refusal.PHASES, None),  # K01.FR.43
        (profile(periods=(Period(0, 9, 1, 2),)), Refusal.PHASES, None),  # K01.FR.48
        (profile(periods=(Period(0, 9, 3),)), None, None),
    ],
)
def test_2_0_1_is_stricter_than_1_6(one: Profile, strictly: Refusal | None, loosely: Refusal | None) -> None:
    assert install(World(), one, strict=True) == [strictly]
    assert install(World(), one) == [loosely]


@pytest.mark.parametrize(
    ("one", "other", "duplicate"),
    [
        (profile(), profile(id=2), True),  # K01.FR.06
        (profile(), profile(), False),  # K01.FR.05
        (profile(), profile(id=2, stack_level=1), False),
        (profile(valid_to=NOON), profile(id=2, valid_from=NOON), False),
        (profile(evse=0), profile(id=2), True),  # K01.FR.53
        (profile(), profile(id=2, evse=0), True),  # K01.FR.52
        (profile(valid_to=NOON), profile(id=2, evse=0, valid_from=NOON), True),
        (profile(evse=0, valid_to=NOON), profile(id=2, valid_from=NOON), True),
        (profile(evse=0), profile(evse=1), False),
        (profile(evse=1), profile(id=2, evse=2), False),
        (profile(MAX), profile(id=2, evse=0), False),
    ],
)
def test_two_profiles_for_the_same_are_one_too_many(one: Profile, other: Profile, duplicate: bool) -> None:
    found = install(World(evses=2), one, other, strict=True)
    assert found == [None, Refusal.DUPLICATE if duplicate else None]


def test_a_transaction_has_one_profile_of_a_level_whenever_it_is_valid() -> None:
    """K01.FR.39 says nothing of times."""
    world = World()
    world.state(PLUGGED)
    world.swipe()
    running = world.station.evses.flows[1].transaction
    assert running is not None
    windows = (
        {"valid_to": NOON},
        {"valid_from": NOON, "id": 2},
        {"valid_from": NOON, "id": 2, "stack_level": 1},
    )
    found = [install(world, profile(TX, transaction=running.id, **more), strict=True)[0] for more in windows]
    assert found == [None, Refusal.DUPLICATE, None]


def test_a_single_phase_charger_takes_profiles_for_more() -> None:
    world = World(defaults={"SupplyPhases": "1"})
    assert install(world, profile(periods=(Period(0, 9, 3),)), strict=True) == [None]  # K01.FR.45
    assert install(world, profile(periods=(Period(0, 9, 1),)), strict=True) == [None]


def test_in_1_6_the_newer_profile_ousts_the_older() -> None:
    world = World("1.6")
    assert install(world, profile(), profile(id=2)) == [None, None]
    assert [key for key in world.memory if key[0] == "profile"] == [("profile", "2")]
    # 3.13.2: also when it is valid only later: until then nothing holds.
    assert install(world, profile(id=3, valid_from=now(world).wall + HOUR)) == [None]
    assert [key for key in world.memory if key[0] == "profile"] == [("profile", "3")]
    assert world.last(Limit) == Limit(1, None)


def test_a_full_store_still_replaces() -> None:
    world = World()
    some = [profile(id=n, stack_level=n % 10, evse=n // 10) for n in range(20)]
    assert set(install(world, *some)) == {None}
    assert install(world, profile(id=30, purpose=MAX, evse=0)) == [Refusal.FULL]
    assert install(world, profile(id=3, stack_level=3, evse=0)) == [None]
    assert install(world, profile(id=30, stack_level=3, evse=0)) == [None]


def test_a_charger_that_takes_no_limit_takes_no_profile() -> None:
    world = World(abilities=Abilities())
    assert install(world, profile()) == [Refusal.NO_LIMIT]
    assert profiles.composite(world.station, 1, 60, None, now(world)) is None


def test_a_profile_can_be_judged_before_its_transaction_begins() -> None:
    world = World()
    assert profiles.refusal(world.station, profile(TX), strict=True, transaction=STARTING) is None
    assert (
        profiles.refusal(world.station, profile(TX, -1), strict=True, transaction=STARTING) is Refusal.VALUE
    )


def test_installing_and_clearing_are_kept_and_have_effect_at_once() -> None:
    world = World()
    install(world, profile(limit=12.0))
    assert world.memory["profile", "1"]["periods"][0]["limit"] == 12.0
    assert world.last(Limit) == Limit(1, 12.0)
    criteria = {"evse": None, "purpose": None, "stack_level": None}
    assert not profiles.clear(world.station, now(world), profile_id=7, **criteria)
    assert profiles.clear(world.station, now(world), profile_id=1, **criteria)
    world.pump()
    assert world.last(Keep) == Keep("profile", "1", None)
    assert world.last(Limit) == Limit(1, None)


# Sharing


def site(some: list[Profile], *contexts: Context) -> Site:
    return Site(Profiles(some), dict(enumerate(contexts, 1)), 32.0, 6.0)


IDLE = Context()
FIRST, SECOND = Context("a", NOON), Context("b", NOON + HOUR)
LATER = NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("contexts", "limit", "expected"),
    [
        ((IDLE, IDLE), 20, (20, 20)),  # who begins has it all
        ((FIRST, IDLE), 20, (20, 10)),  # and who comes second will share
        ((FIRST, SECOND), 20, (10, 10)),  # K04.FR.05
        ((SECOND, FIRST), 9, (0, 9)),  # not enough for both: the first one goes on
        ((FIRST, SECOND), 200, (32, 32)),  # nobody wants more than the charger can
    ],
)
def test_evses_share_what_the_station_may_draw(
    contexts: tuple[Context, ...], limit: float, expected: tuple[float, ...]
) -> None:
    here = site([profile(MAX, limit, installed=NOON)], *contexts)
    assert tuple(here.at(evse, LATER).limit_a for evse in (1, 2)) == expected


def test_what_one_evse_may_not_use_is_left_to_the_other() -> None:
    some = [profile(MAX, 30, installed=NOON), profile(TX, 8, id=2, transaction="a")]
    here = site(some, FIRST, SECOND)
    assert [here.at(evse, LATER).limit_a for evse in (1, 2)] == [8, 22]


def test_without_a_limit_of_the_station_nothing_is_shared() -> None:
    here = site([profile(TX_DEFAULT, 25, evse=0)], FIRST, SECOND)
    assert [here.at(evse, LATER) for evse in (1, 2)] == [Limitation(25), Limitation(25)]


def test_the_station_draws_the_sum_but_never_more_than_it_may() -> None:
    default = profile(TX_DEFAULT, 10, evse=0)
    assert site([default], FIRST, IDLE).total(LATER).limit_a == 20  # K08.FR.03
    assert site([], FIRST, IDLE).total(LATER).limit_a == 64
    capped = site([default, profile(MAX, 15, id=2, installed=NOON)], FIRST, IDLE)
    assert capped.total(LATER).limit_a == 15
    assert capped.next_change(LATER) is None


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 100),
    st.lists(st.floats(0, 40), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_together_the_evses_never_draw_more_than_the_station_may(
    most: float, own: list[float], idle: int
) -> None:
    some = [profile(MAX, most, installed=NOON)]
    some += [profile(TX_DEFAULT, limit, id=evse + 1, evse=evse) for evse, limit in enumerate(own, 1)]
    busy = [Context(f"tx{evse}", NOON + evse * HOUR / 60) for evse, _ in enumerate(own, 1)]
    here = site(some, *busy, *([IDLE] * idle))
    drawn = [here.at(evse, LATER).limit_a or 0.0 for evse, _ in enumerate(own, 1)]
    assert sum(drawn) <= most + 1e-6
    assert all(current <= limit for current, limit in zip(drawn, own, strict=True))
    assert (here.total(LATER).limit_a or 0.0) <= most


# Composite schedules


def composite(world: World, evse: int, duration: int = 3600, unit: str | None = None) -> Any:
    found = profiles.composite(world.station, evse, duration, unit, now(world))
    return found and (found.unit, found.periods)


def test_without_profiles_the_chargers_own_limit_is_told() -> None:
    world = World(evses=2, ratings=Ratings(max_current=16.0))
    assert composite(world, 1) == ("A", [{"startPeriod": 0, "limit": 16.0}])
    assert composite(world, 1, unit="W") == ("W", [{"startPeriod": 0, "limit": 11040.0}])
    assert composite(world, 0) == ("A", [{"startPeriod": 0, "limit": 32.0}])


@pytest.mark.parametrize(
    ("evse", "duration", "unit"), [(2, 60, None), (-1, 60, None), (1, -1, None), (1, 1, "V")]
)
def test_what_cannot_be_told_is_refused(evse: int, duration: int, unit: str | None) -> None:
    assert composite(World(), evse, duration, unit) is None  # K08.FR.05/07


def test_a_schedule_is_told_in_the_unit_it_came_in() -> None:
    world = World()
    install(world, profile(unit="W", limit=5000.0))
    assert composite(world, 1) == ("W", [{"startPeriod": 0, "limit": 5000.0}])
    unit, periods = composite(world, 1, unit="A")
    assert (unit, periods) == ("A", [{"startPeriod": 0, "limit": 7.2}])  # rounded down, 7.246 A
    assert composite(world, 0) == ("W", [{"startPeriod": 0, "limit": 5000.0}])


def test_a_period_that_changes_nothing_is_not_told() -> None:
    world = World()
    install(world, profile(periods=(Period(0, 40), Period(60, 50), Period(120, 8))))
    assert profiles.composite(world.station, 1, 600, "A", now(world)) == (
        "A",
        [{"startPeriod": 0, "limit": 32.0}, {"startPeriod": 120, "limit": 8.0}],
        600,
    )


def test_phases_are_told_where_a_profile_names_them() -> None:
    world = World()
    install(world, profile(periods=(Period(0, 10.0, 1), Period(60, 10.0))))
    assert composite(world, 1, unit="W")[1] == [
        {"startPeriod": 0, "limit": 2300.0, "numberPhases": 1},
        {"startPeriod": 60, "limit": 6900.0},
    ]


def test_the_first_period_is_what_the_charger_is_told() -> None:
    world = World()
    install(world, profile(MAX, 20.0, id=2), profile(periods=(Period(0, 16.0), Period(600, 8.0))))
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    for seconds in (0, 599, 2):
        world.advance(seconds)
        _, periods = composite(world, 1)
        assert world.last(Limit).current_a == periods[0]["limit"]
    found, again = profiles.holding(world.station, world.station.evses.flows[1], now(world))
    assert (found.limit_a, again) == (8.0, None)


def test_the_next_change_is_known_in_monotonic_time() -> None:
    world = World()
    wall = now(world).wall
    later = profile(kind="Absolute", schedule_start=wall + timedelta(seconds=90), limit=9.0004)
    install(world, later)
    flow = world.station.evses.flows[1]
    found, again = profiles.holding(world.station, flow, now(world))
    assert found == Limitation(None)
    assert again == pytest.approx(now(world).mono + 90, abs=0.01)
    world.advance(91)
    assert profiles.holding(world.station, flow, now(world))[0].limit_a == 9.0


def test_schedules_follow_the_clock_of_the_csms() -> None:
    world = World(boot=False)
    world.clock = ManualClock()
    world.restart()
    world.answers["BootNotification"] = {
        "status": "Accepted",
        "currentTime": "2030-01-01T00:00:00Z",
        "interval": 60,
    }
    world.connect()
    begin = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=30)
    install(world, profile(kind="Absolute", schedule_start=begin))
    assert composite(world, 1)[1] == [
        {"startPeriod": 0, "limit": 32.0},
        {"startPeriod": 30, "limit": 10.0},
    ]


def test_a_relative_profile_counts_from_the_moment_that_energy_may_flow() -> None:
    """K01.FR.42: not from when the car came, where a transaction begins with that."""
    world = World(defaults={"TxStartPoint": "EVConnected"})
    install(world, profile(periods=(Period(0, 16.0), Period(60, 8.0))))
    world.state(PLUGGED)
    assert world.events() == [("Started", "CablePluggedIn")]
    world.advance(600)
    waiting = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 60, "limit": 8.0}]
    assert composite(world, 1) == ("A", waiting)
    world.swipe()
    world.state(CHARGING)
    assert world.last(Limit) == Limit(1, 16.0)
    world.advance(30)
    assert composite(world, 1)[1][1] == {"startPeriod": 30, "limit": 8.0}
    world.restart()
    world.connect()
    world.state(CHARGING)
    assert world.last(Limit) == Limit(1, 16.0)
    world.advance(31)
    assert world.last(Limit) == Limit(1, 8.0)


def test_a_transaction_of_an_older_hub_counts_from_its_start() -> None:
    world = World()
    install(world, profile(periods=(Period(0, 16.0), Period(60, 8.0))))
    world.state(PLUGGED)
    world.swipe()
    del world.memory["transaction", "1"]["transaction"]["powered_at"]
    world.clock.advance(90)
    world.restart()
    world.connect()
    world.state(CHARGING)
    assert world.last(Limit) == Limit(1, 8.0)
