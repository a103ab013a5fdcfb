"""Read-only settings whose value follows from what the charger is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


def told(station: "Station", name: str) -> str:
    """A setting as the CSMS is told it; what the hub says of the charger (`facts`) goes first."""
    fact = None if name in station.setup.facts else FACTS.get(name)
    return station.variables.text(name) if fact is None else fact(station)


def _connectors(station: "Station") -> str:
    return str(station.setup.evses)


def _feature_profiles(station: "Station") -> str:
    smart = ["SmartCharging"] if _limitable(station) else []
    return ",".join(
        ["Core", "FirmwareManagement", "LocalAuthListManagement", "Reservation", *smart, "RemoteTrigger"]
    )


def _authorizing(station: "Station") -> str:
    return str(not station.free).lower()


def _rotation(station: "Station") -> str:
    """What was written down; of a connector of one phase there is nothing to say."""
    unwritten = "Unknown" if station.variables.int("SupplyPhases") > 1 else "NotApplicable"
    connectors = range(1, station.setup.evses + 1)
    return station.variables.text("PhaseRotation") or ",".join(f"{it}.{unwritten}" for it in connectors)


def _phases_switch(station: "Station") -> str:
    return str("set_phases" in station.setup.abilities.actions).lower()


def _limits(station: "Station") -> str:
    """Of one transaction; a cost is what the CSMS says that it is."""
    soc = ["maxSoC"] if "soc" in station.setup.abilities.readings else []
    return ",".join(["maxCost", "maxEnergy", *soc, "maxTime"])


def _smart_charging(station: "Station") -> str:
    return str(_limitable(station)).lower()


def _limited(station: "Station") -> str:
    return str(_limitable(station) and station.variables.bool("SmartChargingEnabled")).lower()


def _limitable(station: "Station") -> bool:
    return "set_limit" in station.setup.abilities.actions


FACTS: dict[str, Callable[["Station"], str]] = {
    "AuthEnabled": _authorizing,
    "ConnectorCount": _connectors,
    "FeatureProfiles": _feature_profiles,
    "PhaseRotation": _rotation,
    "Phases3to1": _phases_switch,
    "SmartChargingAvailable": _smart_charging,
    "SmartChargingEnabled": _limited,
    "SupportedLimits": _limits,
}
