"""One variable monitor: what it watches for, and whether that has come (N04, N07, N08)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEAST_URGENT = 9
UPPER, LOWER, DELTA = "UpperThreshold", "LowerThreshold", "Delta"
PERIODIC, ALIGNED = "Periodic", "PeriodicClockAligned"
THRESHOLDS, PERIODS = (UPPER, LOWER), (PERIODIC, ALIGNED)
STREAMED = (DELTA, *PERIODS)
"""What may come as a stream: its values don't say whether a threshold was crossed, or is so no more."""
NUMERIC = frozenset({"integer", "decimal"})
Place = tuple[object, ...]
"""Names a variable of the device model."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A variable's value now. `evse`: where it is; `told`: what may be said of the value."""

    value: str
    type: str
    evse: int | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """`component` and `variable` as the CSMS named them; `place` finds them in the model."""

    id: int
    place: Place
    component: Mapping[str, Any]
    variable: Mapping[str, Any]
    type: str
    value: float
    severity: int
    transaction: bool = False
    exceeded: bool = False
    base: str | None = None
    stream: tuple[int, int] | None = None
    """2.1: its events come as a stream, sent after so many seconds and so many values (0: not for that)."""


def supported(kind: str, data_type: str) -> bool:
    """May a variable of this type have such a monitor (N04.FR.05)?"""
    if kind in THRESHOLDS:
        return data_type in NUMERIC
    return kind in PERIODS or (kind == "Delta" and data_type != "dateTime")


def crossed(monitor: Monitor, reading: Reading) -> bool | None:
    """Is the value beyond the threshold? None: there is no value."""
    number = _number(reading.value)
    if number is None:
        return None
    return number > monitor.value if monitor.type == UPPER else number < monitor.value


def changed(monitor: Monitor, reading: Reading) -> bool:
    """By more than the monitor's value, where it is a number; at all, where it is none (N07.FR.18/19)."""
    if monitor.base is None:
        return False
    before, now = _number(monitor.base), _number(reading.value)
    if reading.type not in NUMERIC or before is None or now is None:
        return reading.value != monitor.base
    return abs(now - before) > monitor.value


def next_due(monitor: Monitor, at: datetime) -> float:
    """Seconds until a periodic one is due (N08.FR.06/07)."""
    if monitor.type == PERIODIC:
        return max(1.0, monitor.value)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    step = max(1.0, monitor.value)
    since = (at - midnight).total_seconds()
    return step - since % step


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
