"""OCPP 2.0.1 B05 to B07: the device model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.variable_table import VARIABLES, Variable
from hub.ocpp.station.variables import SetResult

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

REPORT_BYTES = 24_000
"""Of one NotifyReport's items: well under what CSMSs take in one frame."""
DATA_TYPES = {"integer": "integer", "boolean": "boolean", "string": "string", "list": "MemberList"}
SET_STATUS = {SetResult.ACCEPTED: "Accepted", SetResult.REJECTED: "Rejected", SetResult.READ_ONLY: "Rejected"}


@dataclass(frozen=True, slots=True)
class Item:
    """One variable of one component."""

    component: Mapping[str, Any]
    variable: Mapping[str, Any]
    value: str
    type: str = "string"
    setting: Variable | None = None
    unit: str | None = None

    @property
    def place(self) -> tuple[object, ...]:
        return place(self.component, self.variable)


def place(component: Mapping[str, Any], variable: Mapping[str, Any]) -> tuple[object, ...]:
    """Names compare without case (B05/B06)."""
    evse = component.get("evse", {})
    return (
        component["name"].lower(),
        component.get("instance", "").lower(),
        evse.get("id"),
        evse.get("connectorId"),
        variable["name"].lower(),
        variable.get("instance", "").lower(),
    )


def items(station: "Station", now: Moment) -> Iterator[Item]:
    """The whole device model, live values included."""
    for setting in VARIABLES:
        if setting.place:
            name, variable, *instance = setting.place
            spelled = {"name": variable, **({"instance": instance[0]} if instance else {})}
            yield Item(
                {"name": name},
                spelled,
                station.variables.text(setting.name),
                setting.type,
                setting,
                setting.unit,
            )
    yield Item({"name": "ClockCtrlr"}, {"name": "DateTime"}, station.stamp(now), "dateTime")
    yield from _station_items(station)
    for flow in station.evses.flows.values():
        evse = {"name": "EVSE", "evse": {"id": flow.evse}}
        connector = {"name": "Connector", "evse": {"id": flow.evse, "connectorId": 1}}
        status = _status_word(station, flow.evse)
        power = round(station.setup.ratings.max_current * 3 * 230)
        for component in (evse, connector):
            yield Item(component, {"name": "Available"}, "true", "boolean")
            yield Item(component, {"name": "AvailabilityState"}, status, "OptionList")
            yield Item(component, {"name": "SupplyPhases"}, "3", "integer")
        yield Item(
            evse, {"name": "Power"}, str(round(float(flow.state.get("power") or 0))), "decimal", unit="W"
        )
        yield Item(evse, {"name": "Power", "instance": "MaxLimit"}, str(power), "decimal", unit="W")
        yield Item(connector, {"name": "ConnectorType"}, "cType2", "OptionList")


def _station_items(station: "Station") -> Iterator[Item]:
    component, identity = {"name": "ChargingStation"}, station.setup.identity
    yield Item(component, {"name": "Available"}, "true", "boolean")
    yield Item(
        component,
        {"name": "AvailabilityState"},
        "Available" if station.evses.operative(0) else "Unavailable",
        "OptionList",
    )
    yield Item(component, {"name": "SupplyPhases"}, "3", "integer")
    yield Item(component, {"name": "Model"}, identity.model)
    yield Item(component, {"name": "VendorName"}, identity.vendor)
    yield Item(component, {"name": "SerialNumber"}, identity.serial)
    yield Item(component, {"name": "FirmwareVersion"}, identity.firmware)


def _status_word(station: "Station", evse: int) -> str:
    status = station.evses.status(station.evses.flows[evse])
    return {
        "available": "Available",
        "unavailable": "Unavailable",
        "unknown": "Unavailable",
        "faulted": "Faulted",
    }.get(status.value, "Occupied")


def _lookup(station: "Station", now: Moment) -> Callable[[Mapping[str, Any]], tuple[str | None, Item | None]]:
    """(why not, the item) for a component and variable."""
    model = {item.place: item for item in items(station, now)}
    components = {key[:4] for key in model}

    def find(asked: Mapping[str, Any]) -> tuple[str | None, Item | None]:
        key = place(asked["component"], asked["variable"])
        if key in model:
            return None, model[key]
        return ("UnknownVariable" if key[:4] in components else "UnknownComponent"), None

    return find


def get_variables(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload["getVariableData"]
    _check_count(asked, station.variables.int("ItemsPerGetVariables"))
    find = _lookup(station, now)
    return {"getVariableResult": [_got(item, *find(item)) for item in asked]}


def _got(asked: Mapping[str, Any], problem: str | None, item: Item | None) -> dict[str, object]:
    attribute = asked.get("attributeType", "Actual")
    said: dict[str, object] = {
        "attributeType": attribute,
        "component": asked["component"],
        "variable": asked["variable"],
    }
    if item is None:
        return {**said, "attributeStatus": problem}
    if attribute != "Actual":
        return {**said, "attributeStatus": "NotSupportedAttributeType"}
    if item.setting and item.setting.secret:
        return {**said, "attributeStatus": "Rejected"}
    return {**said, "attributeStatus": "Accepted", "attributeValue": item.value[:2500]}


def set_variables(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload["setVariableData"]
    _check_count(asked, station.variables.int("ItemsPerSetVariables"))
    find = _lookup(station, now)
    return {"setVariableResult": [_set(station, item, now, *find(item)) for item in asked]}


def _set(
    station: "Station", asked: Mapping[str, Any], now: Moment, problem: str | None, item: Item | None
) -> dict[str, object]:
    attribute = asked.get("attributeType", "Actual")
    said: dict[str, object] = {
        "attributeType": attribute,
        "component": asked["component"],
        "variable": asked["variable"],
    }
    if item is None:
        return {**said, "attributeStatus": problem}
    if attribute != "Actual":
        return {**said, "attributeStatus": "NotSupportedAttributeType"}
    if item.setting is None:
        return {**said, "attributeStatus": "Rejected"}
    result = station.control.set_variable(item.setting.name, asked["attributeValue"], now)
    return {**said, "attributeStatus": SET_STATUS[result]}


def _check_count(asked: list[Any], most: int) -> None:
    if len(asked) > most:
        raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT, f"at most {most} items in one message")


def get_base_report(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    base = call.payload["reportBase"]
    if base == "SummaryInventory":
        chosen = [item for item in items(station, now) if item.variable["name"] == "AvailabilityState"]
    elif base == "ConfigurationInventory":
        chosen = [item for item in items(station, now) if item.setting and item.setting.writable]
    else:
        chosen = list(items(station, now))
    _report(station, call.payload["requestId"], chosen, now)
    return {"status": "Accepted"}


def _report(station: "Station", request_id: int, chosen: list[Item], now: Moment) -> None:
    chunks: list[list[dict[str, object]]] = [[]]
    size = 0
    for item in chosen:
        written = _reported(item)
        length = len(orjson.dumps(written))
        if size + length > REPORT_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(written)
        size += length
    for number, chunk in enumerate(chunks):
        body: dict[str, object] = {
            "requestId": request_id,
            "generatedAt": station.stamp(now),
            "seqNo": number,
            "tbc": number < len(chunks) - 1,
        }
        station.say(
            Raw("2.0.1", "NotifyReport", body | ({"reportData": chunk} if chunk else {})), unregistered=True
        )


def _reported(item: Item) -> dict[str, object]:
    setting = item.setting
    writable, secret = bool(setting and setting.writable), bool(setting and setting.secret)
    attribute: dict[str, object] = {
        "mutability": "WriteOnly" if secret else "ReadWrite" if writable else "ReadOnly",
        "persistent": setting is not None,
    }
    if not secret:
        attribute["value"] = item.value[:2500]
    about: dict[str, object] = {"dataType": DATA_TYPES.get(item.type, item.type), "supportsMonitoring": False}
    if item.unit:
        about["unit"] = item.unit
    if setting and setting.type == "integer" and setting.high is not None:
        about["maxLimit"] = setting.high
    if setting and setting.allowed:
        about["valuesList"] = ",".join(setting.allowed)
    return {
        "component": item.component,
        "variable": item.variable,
        "variableAttribute": [attribute],
        "variableCharacteristics": about,
    }


CALLS = {
    "GetVariables": get_variables,
    "SetVariables": set_variables,
    "GetBaseReport": get_base_report,
}
