"""A device's reading as an EVSE's state: catalog keys, contract units, sensible digits."""

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
UNPUBLISHED = frozenset({"current_limit", "energy_session", "serial", "model", "firmware", "rfid"})


def snapshot(reading: Reading, evse: int) -> dict[str, Scalar]:
    """The device's own view of an EVSE; what the station and the limits know is laid over it later."""
    seen = reading.evses[evse]
    state: dict[str, Scalar] = {
        "status": seen.status.value,
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
            state[name] = value
    if "power" not in state:
        state["power"] = _power(state)
    _session_energy(state, seen.values)
    return state


def read_back(values: Mapping[str, Scalar]) -> float | None:
    """The limit that the device says it follows, in A."""
    for name in ("limit_applied", "current_limit"):
        value = values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _plugged(seen: EvseReading) -> bool | None:
    plugged = seen.values.get("plugged")
    if isinstance(plugged, bool):
        return plugged
    if seen.status in PLUGGED:
        return True
    return False if seen.status is Status.AVAILABLE else None


def _converted(entity: Entity, value: Scalar) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return round(value * entity.scale, entity.digits) if entity.digits else round(value * entity.scale)


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


def _session_energy(state: dict[str, Scalar], values: Mapping[str, Scalar]) -> None:
    """A charger that only counts its session gives no register; its count serves until there is one."""
    session = values.get("energy_session")
    if "energy_total" not in state and isinstance(session, int | float):
        state["session_energy"] = round(session * 0.001, 3)
