"""Who may draw what from now on: cuts at once, raises when there is room for certain."""

import pytest

from hub.circuits.balance import Pace
from tests.hub.circuits.site import Box, Site


def site(room: float = 32.0, count: int = 3, **pace: float) -> Site:
    return Site(room, [Box() for _ in range(count)], Pace(**pace))


def test_a_car_that_comes_and_fits_begins_at_once() -> None:
    here = site()
    assert here.plug(0) == [32, 0, 0]


def test_the_second_one_begins_when_the_first_ones_cut_is_proven() -> None:
    here = site()
    here.plug(0)
    here.boxes[0].quick = False
    assert here.plug(1) == [16, 0, 0]
    here.boxes[0].obey()
    assert here.settle() == [16, 0, 0]
    here.boxes[0].confirm()
    assert here.settle() == [16, 16, 0]


def test_what_becomes_free_is_given_after_some_seconds() -> None:
    here = site()
    here.plug(0, 1)
    here.boxes[1].plugged = False
    assert here.settle() == [16, 0, 0]
    assert here.pass_time(4.9) == [16, 0, 0]
    assert here.pass_time(0.2) == [32, 0, 0]


def test_a_charger_that_falls_silent_counts_with_what_it_was_told_last() -> None:
    here = site()
    here.plug(0, 1)
    here.boxes[1].online = False
    assert here.pass_time(600) == [16, 16, 0]
    here.plug(2)
    assert here.pass_time(600) == [8, 16, 8]
    here.boxes[1].online = True
    assert here.pass_time(600) == [11, 11, 10] or sum(here.given()) == 32


def test_a_silent_charger_counts_with_its_fail_safe_current_if_that_is_more() -> None:
    here = site()
    here.plug(0)
    here.boxes[1].safe_a = 10
    here.boxes[1].online = False
    assert here.settle() == [22, 0, 0]


def test_who_comes_last_waits_when_not_all_get_their_least() -> None:
    here = site(room=13)
    here.plug(1)
    here.plug(0)
    here.plug(2)
    assert here.given()[2] == 0
    assert here.last is not None
    assert here.last.given[here.leaf(2)].waits
    assert sum(here.given()) <= 13


def test_they_take_turns() -> None:
    here = site(room=8)
    here.plug(0, 1, 2)
    assert here.given() == [8, 0, 0]
    seen = []
    for _ in range(4):
        here.pass_time(910)
        seen.append([amperes > 0 for amperes in here.given()].index(True))
    assert seen == [1, 2, 0, 1]


def test_without_turns_the_first_one_keeps_what_it_has() -> None:
    here = site(room=8, rotate_s=0)
    here.plug(0, 1)
    assert here.pass_time(10_000) == [8, 0, 0]


def test_a_car_that_draws_nothing_makes_place_for_one_that_waits() -> None:
    here = site(room=8, count=2, rotate_s=0)
    here.boxes[0].measured, here.boxes[0].takes_a = True, 0
    here.plug(0, 1)
    assert here.pass_time(59) == [8, 0]
    assert here.pass_time(2) == [0, 8]


def test_for_one_that_does_not_follow_the_others_make_up() -> None:
    here = site(count=2)
    here.plug(0)
    here.boxes[0].quick = False
    here.plug(1)
    here.plug(1)
    here.boxes[1].takes_a = 6
    assert here.pass_time(100) == [16, 0]
    here.boxes[0].confirm()
    assert here.pass_time(10) == [16, 16]


def test_one_that_stays_at_what_it_had_is_made_up_for() -> None:
    here = site(count=2)
    here.plug(0, 1)
    here.boxes[0].proven_a, here.boxes[0].quick = 32, False
    assert here.pass_time(10) == [16, 16]
    assert here.pass_time(10) == [16, 0]
    here.boxes[0].proven_a = 16
    assert here.pass_time(100) == [16, 16]


def test_one_that_takes_a_little_more_leaves_the_others_less() -> None:
    here = site(count=2)
    here.plug(0, 1)
    here.boxes[0].quick = False
    here.boxes[0].proven_a = 18
    here.boxes[0].told_a = None
    assert here.pass_time(10) == [16, 16]
    given = here.pass_time(10)
    assert given[0] <= 16
    assert given[1] + 18 <= 32


def test_priority_goes_before_turn() -> None:
    here = site(room=20, count=2)
    here.priorities = {1: 1}
    here.plug(0)
    here.plug(1)
    assert here.pass_time(10) == [6, 14]


def test_a_car_that_stopped_for_want_of_room_rests_for_a_minute() -> None:
    here = site(room=8)
    here.plug(0)
    here.room_a = 5
    assert here.settle() == [0, 0, 0]
    here.room_a = 8
    assert here.pass_time(59) == [0, 0, 0]
    assert here.pass_time(2) == [8, 0, 0]


def test_a_small_raise_is_not_worth_it() -> None:
    here = site(room=20)
    here.plug(0)
    here.room_a = 20.6
    assert here.pass_time(100) == [20, 0, 0]


def test_what_a_car_does_not_use_goes_to_the_others() -> None:
    here = site(count=2)
    for box in here.boxes:
        box.measured = True
    here.boxes[0].takes_a = 7
    here.plug(0, 1)
    assert here.given() == [16, 16]
    assert here.pass_time(70) == [9, 23]
    here.boxes[0].takes_a = 32
    assert here.pass_time(10) == [16, 16]


def test_a_car_that_leaves_some_keeps_it_when_nobody_else_wants_it() -> None:
    here = site(count=2)
    here.boxes[0].measured, here.boxes[0].takes_a = True, 7
    here.plug(0)
    assert here.pass_time(1000) == [32, 0]


def test_a_full_car_keeps_the_least() -> None:
    here = site(count=2)
    here.boxes[0].measured, here.boxes[0].takes_a = True, 0
    here.plug(0, 1)
    assert here.pass_time(100) == [6, 26]


def test_somebody_elses_higher_limit_needs_no_waiting() -> None:
    here = site()
    here.boxes[0].most_a = 10
    assert here.plug(0) == [10, 0, 0]
    here.boxes[0].most_a = 20
    assert here.settle() == [20, 0, 0]
    assert here.last is not None
    assert not here.last.given[here.leaf(0)].restrained


def test_what_was_given_before_a_restart_counts_until_the_charger_answers() -> None:
    here = site(count=2)
    here.balance.begin(here.leaf(0), 16)
    here.boxes[0].online, here.boxes[0].proven_a = False, 16
    assert here.plug(1) == [16, 16]


@pytest.mark.parametrize("room", [0.0, -10.0, 5.9])
def test_with_too_little_for_anybody_all_wait(room: float) -> None:
    here = site(room=room)
    assert here.plug(0, 1) == [0, 0, 0]


def test_who_comes_back_goes_on_with_no_more_than_there_is_then() -> None:
    site = Site(32, [Box(), Box()])
    assert site.plug(0, 1) == [16, 16]
    for box in site.boxes:
        box.online = False
    site.room_a = 20
    assert site.settle() == [16, 4]
    site.room_a = -3
    assert site.settle() == [0, 0]
