"""OCPP 2.0.1: the components and variables of a station, with the values that they have now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station import lock
from hub.ocpp.station.facts import told
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.measurands import METERED
from hub.ocpp.station.variable import Variable
from hub.ocpp.station.variable_table import VARIABLES

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

VALUE_CHARS = 2500
DATA_TYPES = {"list": "MemberList", "sequence": "SequenceList", "option": "OptionList"}
"""Ours and 2.0.1's, where they differ."""
STATES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
STATE_WORDS = {
    Status.AVAILABLE: "Available",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.UNKNOWN: "Unavailable",
    Status.FAULTED: "Faulted",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One variable of one component."""

    component: Mapping[str, Any]
    variable: Mapping[str, Any]
    value: str
    type: str = "string"
    setting: Variable | None = None
    unit: str | None = None
    most: int | None = None
    allowed: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[object, ...]:
        return place(self.component, self.variable)

    fixed: bool = False
    """A setting that this charger leaves no choice of."""

    @property
    def writable(self) -> bool:
        return self.setting is not None and self.setting.writable and not self.fixed

    @property
    def secret(self) -> bool:
        return self.setting is not None and self.setting.secret

    def in_range(self, number: float) -> bool:
        """N04.FR.06: between what is told as minLimit and maxLimit."""
        least = self.setting.low if self.setting and self.type == "integer" else 0 if self.most else None
        return (least is None or number >= least) and (self.most is None or number <= self.most)

    def report(self) -> dict[str, object]:
        """As NotifyReport has it; every attribute that there is, set or not (B07.FR.11)."""
        mutability = "WriteOnly" if self.secret else "ReadWrite" if self.writable else "ReadOnly"
        attribute: dict[str, object] = {
            "type": "Actual",
            "mutability": mutability,
            "persistent": self.setting is not None,
        }
        if not self.secret:
            attribute["value"] = self.value[:VALUE_CHARS]
        return {
            "component": self.component,
            "variable": self.variable,
            "variableAttribute": [attribute],
            "variableCharacteristics": self._characteristics(),
        }

    def _characteristics(self) -> dict[str, object]:
        said: dict[str, object] = {
            "dataType": DATA_TYPES.get(self.type, self.type),
            "supportsMonitoring": True,
        }
        if self.unit:
            said["unit"] = self.unit
        if self.most is not None:
            said["maxLimit"] = self.most
        if self.setting and self.writable and self.type == "integer":
            said["minLimit"] = self.setting.low
        if self.allowed:
            said["valuesList"] = ",".join(self.allowed)
        return said


def place(component: Mapping[str, Any], variable: Mapping[str, Any]) -> tuple[object, ...]:
    """Names compare without case; an empty instance is none (B06.FR.15)."""
    return (*component_place(component), variable["name"].lower(), variable.get("instance", "").lower())


def component_place(component: Mapping[str, Any]) -> tuple[object, ...]:
    evse = component.get("evse", {})
    return (
        component["name"].lower(),
        component.get("instance", "").lower(),
        evse.get("id"),
        evse.get("connectorId"),
    )


def items(station: "Station", now: Moment, *, settings: Collection[object] | None = None) -> Iterator[Item]:
    """The whole device model; of the settings perhaps only those at these places."""
    for setting in VARIABLES:
        if not setting.place or setting.only not in (None, _version(station)):
            continue
        if settings is None or SETTING_PLACES[setting.place] in settings:
            yield _setting(station, setting)
    yield Item({"name": "ClockCtrlr"}, {"name": "DateTime"}, station.stamp(now), "dateTime")
    yield _entries(
        station, "LocalAuthListCtrlr", len(station.authorization.local_list), "LocalAuthListEntries"
    )
    yield _entries(
        station, "SmartChargingCtrlr", len(station.profiles), "ChargingProfileEntries", "ChargingProfiles"
    )
    yield from _station(station)
    for flow in station.evses.flows.values():
        yield from _evse(station, flow)


def _entries(station: "Station", component: str, number: int, most: str, instance: str = "") -> Item:
    """How many there are; the most that there may be is told as maxLimit."""
    variable = {"name": "Entries", **({"instance": instance} if instance else {})}
    return Item({"name": component}, variable, str(number), "integer", most=station.variables.int(most))


def _version(station: "Station") -> str:
    """Whose model it is: who asks from here, by the command door, is told 2.0.1's unless 2.1 is spoken."""
    return "2.1" if station.dialect is not None and station.dialect.version == "2.1" else "2.0.1"


def _names(spot: Sequence[str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Component and variable of a setting."""
    component, name, *instance = spot
    return {"name": component}, {"name": name, **({"instance": instance[0]} if instance else {})}


SETTING_PLACES = {setting.place: place(*_names(setting.place)) for setting in VARIABLES if setting.place}


def _setting(station: "Station", setting: Variable) -> Item:
    assert setting.place
    return Item(
        *_names(setting.place),
        told(station, setting.name),
        setting.type,
        setting,
        setting.unit,
        setting.high,
        station.setup.measurands if setting.allowed == METERED else setting.allowed,
        fixed=not station.control.can_set(setting.name),
    )


def _station(station: "Station") -> Iterator[Item]:
    component, identity = {"name": "ChargingStation"}, station.device.identity
    state = "Unavailable" if station.availability.inoperative(0) else "Available"
    yield Item(component, {"name": "Available"}, "true", "boolean")
    yield Item(component, {"name": "AvailabilityState"}, state, "option", allowed=STATES)
    yield Item(component, {"name": "SupplyPhases"}, told(station, "SupplyPhases"), "integer")
    yield Item(component, {"name": "Model"}, identity.model)
    yield Item(component, {"name": "VendorName"}, identity.vendor)
    yield Item(component, {"name": "SerialNumber"}, identity.serial)
    yield Item(component, {"name": "FirmwareVersion"}, identity.firmware)


def _evse(station: "Station", flow: Flow) -> Iterator[Item]:
    evse = {"name": "EVSE", "evse": {"id": flow.evse}}
    connector = {"name": "Connector", "evse": {"id": flow.evse, "connectorId": 1}}
    status = station.statuses.plug(flow)
    phases = told(station, "SupplyPhases")
    power = flow.state.get("power")
    for component in (evse, connector):
        yield Item(component, {"name": "Available"}, "true", "boolean")
        state = STATE_WORDS.get(status, "Occupied")
        yield Item(component, {"name": "AvailabilityState"}, state, "option", allowed=STATES)
        yield Item(component, {"name": "SupplyPhases"}, phases, "integer")
    resettable = str("reset_evse" in station.setup.abilities.actions).lower()
    yield Item(evse, {"name": "AllowReset"}, resettable, "boolean")  # B11.FR.10
    problem = str(status is Status.FAULTED).lower()
    yield Item(evse, {"name": "Problem"}, problem, "boolean")
    yield Item(
        evse,
        {"name": "Power"},
        "" if power is None else str(round(float(power), 1)),
        "decimal",
        unit="W",
        most=round(station.setup.ratings.max_current * int(phases) * station.setup.voltage),
    )
    yield Item(connector, {"name": "ConnectorType"}, told(station, "ConnectorType"))
    broken = lock.failed(flow.state)
    if broken or "unlock" in station.setup.abilities.actions:
        yield Item({**connector, "name": lock.COMPONENT}, {"name": "Problem"}, str(broken).lower(), "boolean")
