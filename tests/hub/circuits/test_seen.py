"""On which phases a car has shown that it draws."""

import pytest

from hub.circuits.seen import LEARNS_S, Seen

BOX = ("box", 1)


def watched(*readings: tuple[float, tuple[float, ...] | None]) -> Seen:
    seen = Seen()
    for now, currents in readings:
        seen.look(BOX, currents, now)
    return seen


@pytest.mark.parametrize(
    ("currents", "used"),
    [
        ((16.0, 0.2, 0.0), {1}),
        ((0.0, 16.0, 0.0), {2}),
        ((16.0, 16.0, 0.0), {1, 2}),
        ((16.0, 15.0, 16.0), {1, 2, 3}),
        ((3.0, 0.0, 0.0), None),  # too little to say so
    ],
)
def test_a_minute_of_it_is_enough(currents: tuple[float, ...], used: set[int] | None) -> None:
    seen = watched((0.0, currents), (59.0, currents))
    assert seen.used(BOX) is None
    seen.look(BOX, currents, LEARNS_S)
    assert seen.used(BOX) == used
    assert seen.deadline() is None


def test_what_changes_meanwhile_is_watched_anew() -> None:
    one, three = (16.0, 0.0, 0.0), (16.0, 16.0, 16.0)
    assert watched((0.0, three), (30.0, one), (60.0, one)).used(BOX) is None
    assert watched((0.0, one), (30.0, None), (60.0, one)).used(BOX) is None
    assert watched((0.0, one), (30.0, (0.0, 0.0, 0.0)), (60.0, one)).used(BOX) is None
    seen = watched((0.0, three), (30.0, one))
    assert (seen.deadline(), seen.due(89.0), seen.due(90.0)) == (90.0, [], [BOX])


def test_a_pause_changes_nothing_another_phase_and_another_car_everything() -> None:
    one = (16.0, 0.0, 0.0)
    seen = watched((0.0, one), (60.0, one), (61.0, (0.0, 0.0, 0.0)), (62.0, one))
    assert seen.used(BOX) == {1}
    seen.look(BOX, (16.0, 2.0, 0.0), 63.0)
    assert seen.used(BOX) is None
    seen = watched((0.0, one), (60.0, one))
    seen.forget(BOX)
    assert seen.used(BOX) is None
