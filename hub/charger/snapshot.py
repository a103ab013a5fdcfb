"""A device's reading as an EVSE's state: catalog keys, contract units, sensible digits."""

import math
from collections.abc import Mapping

from hub.integration.api import EvseReading, Reading
from hub.model.catalog import BY_POINT, Entity
from hub.model.charger import PLUGGED, Status
from hub.model.entity import Scalar

IEC = {
    Status.AVAILABLE: "A",
    Status.PREPARING: "B",
    Status.CHARGING: "C",
    Status.SUSPENDED_EV: "B",
    Status.SUSPENDED_EVSE: "B",
    Status.FINISHING: "B",
    Status.FAULTED: "F",
    Status.UNAVAILABLE: "F",
}
COUNTED = ("energy", "energy_session", "power", "current_l1")
"""With any of these there is energy to count."""
LIMITED = ("limit_applied", "current_limit")
ALWAYS = frozenset(
    {
        *("status", "iec_status", "plugged", "charging_enabled", "operative", "error_code", "age_s", "stale"),
        *("current_limit", "power_limit", "limit_source", "limit_until", "pending"),
        *("session_start", "session_duration", "id_tag", "transaction_id"),
    }
)
UNPUBLISHED = frozenset({"current_limit", "energy_session", "serial", "model", "firmware", "rfid"})


def snapshot(reading: Reading, evse: int) -> dict[str, Scalar]:
    """The device's own view of an EVSE; what the station and the limits know is laid over it later."""
    seen = reading.evses[evse]
    state: dict[str, Scalar] = {
        "status": _status(seen).value,
        "iec_status": IEC.get(seen.status),
        "plugged": _plugged(seen),
        "charging_enabled": seen.enabled,
        "error_code": seen.error,
        "stale": ", ".join(sorted(seen.stale)) or None,
    }
    for name, value in (*reading.shared.items(), *seen.values.items()):
        entity = BY_POINT.get(name)
        if entity is not None:
            state[entity.key] = _converted(entity, value)
        elif name not in UNPUBLISHED and name not in state:
            state[name] = _sound(value)
    state["offered_current"] = read_back(seen.values)
    if "power" not in state:
        state["power"] = _power(state)
    counted = session_counter(seen.values)
    if counted is not None:
        state["session_energy"] = counted
    return state


def _status(seen: EvseReading) -> Status:
    """Many devices tell only that a car is there and doesn't charge: with nothing offered, that isn't its doing."""
    if seen.status is Status.SUSPENDED_EV and seen.enabled is False:
        return Status.SUSPENDED_EVSE
    return seen.status


def exposed(readings: frozenset[str]) -> list[str]:
    """The keys of a state, by the points that a device can be read for."""
    points = readings - UNPUBLISHED
    keys = ALWAYS | {BY_POINT[name].key if name in BY_POINT else name for name in points}
    if readings & set(COUNTED):
        keys |= {"power", "energy_total", "session_energy"}
    if readings & set(LIMITED):
        keys |= {"offered_current"}
    return sorted(keys)


def read_back(values: Mapping[str, Scalar]) -> float | None:
    """The limit that the device says it follows, in A."""
    for name in LIMITED:
        value = values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return round(float(value), 2)
    return None


def _plugged(seen: EvseReading) -> bool | None:
    plugged = seen.values.get("plugged")
    if isinstance(plugged, bool):
        return plugged
    if seen.status in PLUGGED:
        return True
    return False if seen.status is Status.AVAILABLE else None


def _converted(entity: Entity, value: Scalar) -> Scalar:
    value = _sound(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return round(value * entity.scale, entity.digits) if entity.digits else round(value * entity.scale)


def _sound(value: Scalar) -> Scalar:
    """Neither JSON nor a person can do anything with NaN, and an empty payload would delete a topic."""
    if value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _power(state: Mapping[str, Scalar]) -> Scalar:
    """Of currents and voltages, where the charger has no power register."""
    total = 0.0
    found = False
    for phase in (1, 2, 3):
        current, voltage = state.get(f"current_l{phase}"), state.get(f"voltage_l{phase}")
        if isinstance(current, int | float):
            found = True
            total += current * (voltage if isinstance(voltage, int | float) else 230.0)
    return round(total, 1) if found else None


def session_counter(values: Mapping[str, Scalar]) -> float | None:
    """What the charger counts for its session by itself, in kWh."""
    value = values.get("energy_session")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value * 0.001, 3) if value >= 0 else None
