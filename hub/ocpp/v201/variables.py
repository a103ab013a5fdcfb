"""OCPP 2.0.1 B05 to B08: getting, setting and reporting variables."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.variables import SetResult, members
from hub.ocpp.v201.device_model import VALUE_CHARS, Item, component_place, items, place

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

REPORT_BYTES = 24_000
"""Of one NotifyReport's items: well under what CSMSs take in one frame."""
SET_RESULTS = {
    SetResult.REJECTED: "InvalidValue",
    SetResult.TOO_LOW: "ValueTooLow",
    SetResult.TOO_HIGH: "ValueTooHigh",
    SetResult.READ_ONLY: "ReadOnly",
}
"""The reason codes of what is Rejected (B05.FR.07 to 09)."""
Find = Callable[[Mapping[str, Any]], tuple[str, None] | tuple[None, Item]]


def _lookup(station: "Station", now: Moment) -> Find:
    """(why not, the item) for a component and variable."""
    model = {item.place: item for item in items(station, now)}
    components = {key[:4] for key in model}

    def find(asked: Mapping[str, Any]) -> tuple[str, None] | tuple[None, Item]:
        key = place(asked["component"], asked["variable"])
        if key in model:
            # Only Actual exists here (B05.FR.06, B06.FR.08).
            good = asked.get("attributeType", "Actual") == "Actual"
            return (None, model[key]) if good else ("NotSupportedAttributeType", None)
        return ("UnknownVariable" if key[:4] in components else "UnknownComponent"), None

    return find


def _echo(asked: Mapping[str, Any]) -> dict[str, object]:
    """Every result says what it is the result of (B05.FR.02/03/12)."""
    return {
        "attributeType": asked.get("attributeType", "Actual"),
        "component": asked["component"],
        "variable": asked["variable"],
    }


def check_size(station: "Station", call: "Call", asked: list[Any], message: str) -> None:
    most = station.variables.int(f"ItemsPer{message}")
    if len(asked) > most:  # B06.FR.16, B08.FR.17
        raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT, f"at most {most} items in one message")
    if len(orjson.dumps(call.payload)) > station.variables.int(f"BytesPer{message}"):
        raise CallError(ErrorCode.FORMAT_VIOLATION, "more bytes than BytesPerMessage")


def get_variables(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload["getVariableData"]
    check_size(station, call, asked, "GetVariables")
    find = _lookup(station, now)
    return {"getVariableResult": [_echo(item) | _got(*find(item)) for item in asked]}


def _got(problem: str | None, item: Item | None) -> dict[str, object]:
    if item is None:
        return {"attributeStatus": problem}
    if item.secret:  # B06.FR.09
        return _rejected("WriteOnly")
    return {"attributeStatus": "Accepted", "attributeValue": item.value[:VALUE_CHARS]}


def _rejected(reason: str) -> dict[str, object]:
    return {"attributeStatus": "Rejected", "attributeStatusInfo": {"reasonCode": reason}}


def set_variables(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload["setVariableData"]
    check_size(station, call, asked, "SetVariables")
    find = _lookup(station, now)
    return {
        "setVariableResult": [
            _echo(item) | _set(station, item["attributeValue"], now, *find(item)) for item in asked
        ]
    }


def _set(
    station: "Station", text: str, now: Moment, problem: str | None, item: Item | None
) -> dict[str, object]:
    if item is None:
        return {"attributeStatus": problem}
    if item.setting is None:
        return _rejected("ReadOnly")
    if item.writable and item.type == "list" and not set(members(text)) <= set(item.allowed):
        return _rejected("InvalidValue")  # what this charger can't be metered for
    result = station.control.set_variable(item.setting.name, text, now)
    return _rejected(SET_RESULTS[result]) if result in SET_RESULTS else {"attributeStatus": "Accepted"}


# Reports


def get_base_report(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    chosen = [item for item in items(station, now) if BASES[call.payload["reportBase"]](item)]
    return _report(station, call.payload["requestId"], chosen, now)


BASES: dict[str, Callable[[Item], bool]] = {
    "FullInventory": lambda item: True,
    "ConfigurationInventory": lambda item: item.writable,
    "SummaryInventory": lambda item: (
        item.variable["name"] == "AvailabilityState"
        or (item.variable["name"] == "Problem" and item.value == "true")
    ),
}


def get_report(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload.get("componentVariable", [])
    criteria = call.payload.get("componentCriteria", [])
    check_size(station, call, asked, "GetReport")
    chosen = list(items(station, now))
    if criteria:
        good = _components(chosen, criteria)
        chosen = [item for item in chosen if component_place(item.component) in good]
    if asked:
        chosen = [
            item for item in chosen if any(fits(item.component, item.variable, wanted) for wanted in asked)
        ]
    if not chosen:
        return {"status": "EmptyResultSet"}  # B08.FR.15
    return _report(station, call.payload["requestId"], chosen, now)


def _components(model: Iterable[Item], criteria: list[str]) -> set[tuple[object, ...]]:
    """B08.FR.07 to 10 and 13: a variable of that name that is true; Problem apart, or none of that name."""
    values: dict[tuple[object, ...], dict[str, str]] = {}
    for item in model:
        values.setdefault(component_place(item.component), {})[item.variable["name"]] = item.value
    return {
        component
        for component, known in values.items()
        if any(known.get(name, "false" if name == "Problem" else "true") == "true" for name in criteria)
    }


def fits(named: Mapping[str, Any], told: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """A component and a variable; what the criterion leaves out fits everything (B08.FR.20 to 25)."""
    component, variable = wanted["component"], wanted.get("variable")
    evse = component.get("evse", {})
    here = named.get("evse", {})
    return (
        _same(named, component)
        and (variable is None or _same(told, variable))
        and evse.get("id", here.get("id")) == here.get("id")
        and evse.get("connectorId", here.get("connectorId")) == here.get("connectorId")
    )


def _same(named: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    instance = wanted.get("instance") or named.get("instance", "")  # an empty one is none
    return bool(
        named["name"].lower() == wanted["name"].lower()
        and named.get("instance", "").lower() == instance.lower()
    )


def _report(station: "Station", request_id: int, chosen: list[Item], now: Moment) -> Mapping[str, object]:
    shared = {"requestId": request_id, "generatedAt": station.stamp(now)}
    in_parts(station, "NotifyReport", shared, "reportData", [item.report() for item in chosen])
    return {"status": "Accepted"}


def in_parts(
    station: "Station",
    action: str,
    shared: Mapping[str, object],
    name: str,
    reports: Iterable[object],
    *,
    numbered: bool = True,
) -> None:
    """In parts, mostly numbered, told after the answer (B07.FR.03/04/10, N02.FR.09)."""
    parts: list[list[object]] = [[]]
    size = 0
    for report in reports:
        length = len(orjson.dumps(report))
        if parts[-1] and size + length > REPORT_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(report)
        size += length
    for number, part in enumerate(parts):
        body = {**shared, "tbc": number < len(parts) - 1, name: part}
        if numbered:
            body["seqNo"] = number
        station.say(Raw("2.0.1", action, body), unregistered=action == "NotifyReport", held=True)


CALLS = {
    "GetVariables": get_variables,
    "SetVariables": set_variables,
    "GetBaseReport": get_base_report,
    "GetReport": get_report,
}
