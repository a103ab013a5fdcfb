"""When a monitor speaks."""

from datetime import UTC, datetime

import pytest

from hub.ocpp.station.monitor import Monitor, Reading, changed, crossed, next_due, supported


def monitor(kind: str, value: float = 10.0, base: str | None = None) -> Monitor:
    return Monitor(1, ("place",), {}, {}, kind, value, 5, base=base)


@pytest.mark.parametrize(
    ("kind", "value", "beyond"),
    [
        ("UpperThreshold", "10", False),
        ("UpperThreshold", "10.1", True),
        ("LowerThreshold", "10", False),
        ("LowerThreshold", "9.9", True),
        ("UpperThreshold", "", None),
    ],
)
def test_a_threshold_is_crossed_by_what_lies_beyond_it(kind: str, value: str, beyond: bool | None) -> None:
    assert crossed(monitor(kind), Reading(value, "decimal")) is beyond


@pytest.mark.parametrize(
    ("kind", "base", "value", "different"),
    [
        ("decimal", "5", "15", False),
        ("decimal", "5", "15.1", True),
        ("decimal", "5", "-5.1", True),
        ("decimal", "", "1", True),
        ("decimal", None, "100", False),
        ("option", "Available", "Available", False),
        ("option", "Available", "Faulted", True),
    ],
)
def test_a_change_counts_from_beyond_delta_on(
    kind: str, base: str | None, value: str, different: bool
) -> None:
    assert changed(monitor("Delta", base=base), Reading(value, kind)) is different


def test_aligned_ones_keep_to_the_clock_and_others_to_their_beginning() -> None:
    at = datetime(2026, 1, 1, 0, 20, tzinfo=UTC)
    assert next_due(monitor("Periodic", 900), at) == 900
    assert next_due(monitor("PeriodicClockAligned", 900), at) == 600
    assert next_due(monitor("PeriodicClockAligned", 0), at) == 1
    assert next_due(monitor("Periodic", 0), at) == 1


def test_words_have_no_thresholds_and_clocks_no_deltas() -> None:
    assert not supported("UpperThreshold", "string")
    assert not supported("Delta", "dateTime")
    assert supported("Periodic", "dateTime")
    assert supported("LowerThreshold", "integer")
