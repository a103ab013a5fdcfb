"""Every well-known value of an EVSE: the one table behind MQTT, OCPP metering, discovery and the docs."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["enum", "bool", "number", "text", "time"]


@dataclass(frozen=True, slots=True)
class Entity:
    key: str
    kind: Kind
    unit: str | None = None
    digits: int = 3
    """Decimals kept when published."""
    point: str | None = None
    """The blueprint's point name that feeds it; `current` with three phases feeds current_l1..3."""
    scale: float = 1.0
    """From the point's unit to this unit (Wh -> kWh: 0.001)."""
    writable: bool = False


ENTITIES: tuple[Entity, ...] = (
    Entity("status", "enum"),
    Entity("iec_status", "enum"),
    Entity("plugged", "bool"),
    Entity("charging_enabled", "bool", writable=True),
    Entity("operative", "bool", writable=True),
    Entity("power", "number", "W", digits=1, point="power"),
    Entity("energy_total", "number", "kWh", point="energy", scale=0.001),
    Entity("energy_export", "number", "kWh", point="energy_export", scale=0.001),
    Entity("session_energy", "number", "kWh"),
    Entity("session_start", "time"),
    Entity("session_duration", "number", "s", digits=0),
    *(Entity(f"current_l{n}", "number", "A", digits=2, point=f"current_l{n}") for n in (1, 2, 3)),
    *(Entity(f"voltage_l{n}", "number", "V", digits=1, point=f"voltage_l{n}") for n in (1, 2, 3)),
    Entity("frequency", "number", "Hz", digits=2, point="frequency"),
    Entity("phases_active", "number", digits=0, point="phases_now"),
    Entity("phases", "number", digits=0, writable=True),
    Entity("current_limit", "number", "A", digits=2, writable=True),
    Entity("power_limit", "number", "W", digits=0, writable=True),
    Entity("limit_source", "text"),
    Entity("limit_until", "time"),
    Entity("pending", "bool"),
    Entity("offered_current", "number", "A", digits=2),
    Entity("soc", "number", "%", digits=1, point="soc"),
    Entity("temperature", "number", "°C", digits=1, point="temperature"),
    Entity("error_code", "text"),
    Entity("vendor_error", "text"),
    Entity("id_tag", "text"),
    Entity("transaction_id", "text"),
    Entity("display_message", "text"),
    Entity("charging_priority", "number", digits=0),
    Entity("tariff", "text"),
    Entity("total_cost", "number", digits=2),
    Entity("locked", "bool", point="locked"),
    Entity("age_s", "number", "s", digits=1),
    Entity("stale", "text"),
)

BY_KEY = {entity.key: entity for entity in ENTITIES}
BY_POINT = {entity.point: entity for entity in ENTITIES if entity.point}
