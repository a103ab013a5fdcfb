"""Read-only settings whose value follows from what the charger is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


def _limits(station: "Station") -> bool:
    return "set_limit" in station.setup.abilities.actions


FACTS: dict[str, Callable[["Station"], str]] = {
    "ConnectorCount": lambda station: str(station.setup.evses),
    "FeatureProfiles": lambda station: (
        "Core,SmartCharging,RemoteTrigger" if _limits(station) else "Core,RemoteTrigger"
    ),
    "SmartChargingAvailable": lambda station: str(_limits(station)).lower(),
    "SmartChargingEnabled": lambda station: str(_limits(station)).lower(),
}


def told(station: "Station", name: str) -> str:
    """A setting as the CSMS is told it; what the hub says of the charger (`facts`) goes first."""
    fact = None if name in station.setup.facts else FACTS.get(name)
    return station.variables.text(name) if fact is None else fact(station)
