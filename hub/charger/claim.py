"""What an EVSE has to do with a circuit that it shares: what it would like, and what it may be drawing.

Theory: what an EVSE may draw is the highest of what it was told last, what it is being told, and what it shows. So a
cut counts when the charger has confirmed it and its register and its meter agree; until then the old limit does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.charger.limits import CIRCUIT, VOLTAGE
from hub.model.charger import Status
from hub.model.entity import Scalar

if TYPE_CHECKING:
    from hub.charger.evse import Evse

NOTHING_WANTED = (Status.FAULTED, Status.UNAVAILABLE)
LEAST_A = 4.0
"""Less says nothing of the phases."""
ABOVE_A, ABOVE_RATIO = 1.0, 1.1
"""A meter may show so much more than the limit that the car keeps to."""
SAFE = ("safe_current", "safe_current_set")
"""What some chargers say they fall back to without the hub, by point name."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Amperes per phase. `most_a`: the lowest of its other limits. `held_a`: what it may draw now, None: nobody
    knows. `floor_a`: it can't be cut below. `known` False: nothing of it can be changed now, as it doesn't answer or
    its station hasn't spoken yet. `safe_a`: what it may have fallen back to, cut off as it is."""

    wants: bool
    known: bool
    least_a: float
    most_a: float
    rated_a: float
    step_a: float
    floor_a: float
    held_a: float | None
    safe_a: float
    draw_a: float | None
    priority: int = 0
    """The CSMS's chargingPriority of whoever charges."""
    currents: tuple[float, ...] | None = None
    """What flows by its own phases, as far as that is known."""


def claim(evse: "Evse", actions: frozenset[str], *, available: bool, safe_a: float) -> Claim:
    """`actions`: what its device can do. `safe_a`: what it is taken to fall back to when it is cut off."""
    ratings, most = evse.limits.ratings, evse.offer(but=CIRCUIT).current_a
    limited = "set_limit" in actions
    # A charger without limits charges with all it has, or not at all.
    least = ratings.min_current if limited else ratings.max_current
    floor = 0.0 if "pause" in actions else least
    known = available and evse.control.permitted is not None
    return Claim(
        wants(evse) and known and most > 0,
        known,
        least,
        most if limited else ratings.max_current,
        ratings.max_current,
        ratings.step if limited else ratings.max_current,
        floor,
        held(evse, available=available),
        0.0 if available else max(safe_a, _falls_back_to(evse)),
        drawn(evse.device) if available else None,
        _priority(evse),
        currents(evse.device) if available else None,
    )


def wants(evse: "Evse") -> bool:
    """A car is there (as far as the charger can tell), somebody may charge it, and nobody has paused that."""
    return (
        evse.control.permitted is True
        and not evse.control.paused
        and evse.device.get("plugged") is not False
        and evse.device.get("status") not in NOTHING_WANTED
    )


def drawn(state: Mapping[str, Scalar]) -> float | None:
    """The most that flows in a phase; None: the charger doesn't say."""
    told = _told(state)
    if told:
        return max(told)
    power, phases = state.get("power"), state.get("phases_active")
    if not isinstance(power, int | float):
        return None
    if not power:
        return 0.0
    if not isinstance(phases, int) or phases < 1:
        return None
    return abs(power) / (phases * VOLTAGE)


def currents(state: Mapping[str, Scalar]) -> tuple[float, ...] | None:
    """What flows in each of its three phases; None: that can't be said."""
    told, power = _told(state), state.get("power")
    if len(told) == 3:
        return tuple(told)
    if not isinstance(power, int | float):
        return None
    first = told[0] if len(told) == 1 else 0.0
    if first < LEAST_A:
        return None if power else (0.0, 0.0, 0.0)
    # One register for all phases: the power tells how many there are.
    return {1: (first, 0.0, 0.0), 3: (first,) * 3}.get(round(abs(power) / (first * VOLTAGE)))


def _told(state: Mapping[str, Scalar]) -> list[float]:
    told = [state.get(f"current_l{phase}") for phase in (1, 2, 3)]
    return [abs(value) for value in told if isinstance(value, int | float)]


def _priority(evse: "Evse") -> int:
    told = evse.notes.get("charging_priority")
    return told if isinstance(told, int) else 0


def held(evse: "Evse", *, available: bool) -> float | None:
    """What it may draw now; None: nobody knows."""
    control = evse.control
    told = None if control.last_a is None else max(control.last_a, control.tried_a)
    if not available:
        return told if evse.left_a is None else max(told or 0.0, evse.left_a)
    shown = _shown(evse)
    if told is None:
        return None if shown is None else max(shown, control.tried_a)
    draw = drawn(evse.device)
    followed = draw is None or draw <= max(told * ABOVE_RATIO, told + ABOVE_A)
    return max(told, shown or 0.0, 0.0 if followed or draw is None else math.ceil(draw))


def _shown(evse: "Evse") -> float | None:
    """What the device says it offers, as far as that means anything."""
    if evse.enabled is False:
        return 0.0
    if evse.enabled is None and evse.control.last_a == 0:
        return 0.0  # a limit register stays as it is while another one pauses
    if evse.read_back is None and evse.enabled and evse.control.last_a == 0:
        return evse.limits.ratings.max_current
    return evse.read_back


def _falls_back_to(evse: "Evse") -> float:
    """As it has said itself while it answered."""
    told = [evse.last_known.get(name) for name in SAFE]
    return max([0.0, *(float(value) for value in told if isinstance(value, int | float))])
