"""Pauses before a wire is opened again."""

import pytest

from integrations.modbus.reconnect import Reconnect


@pytest.mark.parametrize(
    ("least_s", "pauses"),
    [(0.0, [0.5, 1, 2, 4, 8, 16, 30, 30]), (20.0, [20, 30, 30]), (60.0, [60, 60])],
)
def test_pauses_double_up_to_half_a_minute_and_are_never_shorter_than_a_device_needs(
    least_s: float, pauses: list[float]
) -> None:
    reconnect = Reconnect(least_s)
    assert reconnect.held_off == (least_s > 0)
    for pause in pauses:
        reconnect.lost(100.0)
        assert pause <= reconnect.at - 100.0 <= 1.3 * pause


def test_only_an_answer_makes_them_short_again() -> None:
    reconnect = Reconnect()
    for _ in range(5):
        reconnect.lost(0.0)
    assert reconnect.at > 5
    reconnect.answered()
    reconnect.lost(0.0)
    assert reconnect.at < 1
