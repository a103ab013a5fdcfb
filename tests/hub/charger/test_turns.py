"""Chargers take turns."""

from collections import Counter

import pytest

from hub.charger.turns import LINE_S, TICK_S, rest, share

HUNDRED = [f"charger-{number}" for number in range(100)]


def test_a_hundred_chargers_meet_on_few_lines_and_never_all_on_one() -> None:
    lines = Counter(round(rest(charger, 1000.0) / LINE_S, 3) for charger in HUNDRED)
    assert all(line == int(line) for line in lines)
    assert len(lines) <= TICK_S / LINE_S
    assert max(lines.values()) <= 12


@pytest.mark.parametrize("charger", HUNDRED[:20])
@pytest.mark.parametrize("off", [-0.001, 0.0, 0.001])
def test_a_tick_follows_the_other_after_a_second_however_exact_the_timer_is(charger: str, off: float) -> None:
    now = 12345.678
    now += rest(charger, now) + off
    for _ in range(5):
        assert rest(charger, now) == pytest.approx(TICK_S - off)
        now += TICK_S


def test_a_late_tick_moves_no_later_one() -> None:
    due = 1000.0 + rest("garage", 1000.0)
    assert due + 0.4 + rest("garage", due + 0.4) == pytest.approx(due + 1.0)
    assert due + 2.3 + rest("garage", due + 2.3) == pytest.approx(due + 3.0)


def test_a_share_is_the_same_in_each_run() -> None:
    assert share("garage") == pytest.approx(0.6216793681960553)
