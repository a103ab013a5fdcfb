"""Turns on the grid: spread over chargers, steady for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.modbus.grid import GRID_S, Grid


@given(st.integers(0, 500), st.floats(0, 1e6), st.sampled_from([0.05, 0.25, 0.33, 1.0, 5.0, 300.0]))
def test_the_next_turn_is_at_most_a_period_away_and_the_turns_are_steady(
    line: int, now: float, every: float
) -> None:
    grid, period = Grid(line), max(1, round(every / GRID_S)) * GRID_S
    turn = grid.next(now, every)
    assert now + GRID_S / 2 - 1e-6 <= turn <= now + period + GRID_S / 2 + 1e-6
    assert grid.next(turn, every) == pytest.approx(turn + period)


def test_a_late_round_shifts_nothing() -> None:
    grid = Grid(3)
    assert grid.next(10.15, 1.0) == pytest.approx(11.15)
    assert grid.next(10.99, 1.0) == pytest.approx(11.15)
    assert grid.next(13.3, 1.0) == pytest.approx(14.15)


def test_twenty_chargers_have_twenty_lines_in_a_second() -> None:
    turns = {round(Grid().next(100.0, 1.0), 3) for _ in range(20)}
    assert len(turns) == 20
