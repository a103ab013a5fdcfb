"""OCPP 2.0.1 N02 to N06: variable monitors."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.monitor import DELTA, PERIODS, THRESHOLDS, Monitor, Place, Reading, supported
from hub.ocpp.v201.device_model import VALUE_CHARS, Item, component_place, items, place
from hub.ocpp.v201.variables import check_size, fits, in_parts

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

CRITERIA = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": (DELTA,),
    "PeriodicMonitoring": PERIODS,
}
Answer = Mapping[str, object]
Read = Callable[[Mapping[str, Any], Item], Monitor | None]
"""What is asked for as a monitor; None: it can't be had."""


def readings(station: "Station", now: Moment, places: Collection[Place]) -> dict[Place, Reading]:
    """What monitors watch at these places."""
    found = ((item.place, item) for item in items(station, now, settings=places))
    return {place: _reading(item) for place, item in found if place in places}


def _reading(item: Item) -> Reading:
    evse = item.component.get("evse", {}).get("id")
    told = "" if item.secret else item.value[:VALUE_CHARS]  # N07.FR.10
    return Reading(item.value, item.type, evse, told)


def read_monitor(wanted: Mapping[str, Any], item: Item) -> Monitor:
    return Monitor(
        wanted.get("id", 0),
        item.place,
        wanted["component"],
        wanted["variable"],
        wanted["type"],
        wanted["value"],
        wanted["severity"],
        wanted.get("transaction", False),
    )


def set_monitoring(station: "Station", call: "Call", now: Moment) -> Answer:
    return set_monitors(station, call, now, read_monitor)


def set_monitors(station: "Station", call: "Call", now: Moment, read: Read) -> Answer:
    asked = call.payload["setMonitoringData"]
    check_size(station, call, asked, "SetMonitoring")
    model = {item.place: item for item in items(station, now)}
    components = {key[:4] for key in model}
    results = []
    for wanted in asked:
        item = model.get(place(wanted["component"], wanted["variable"]))
        if item is None:
            known = component_place(wanted["component"]) in components
            status, number = ("UnknownVariable" if known else "UnknownComponent"), None
        else:
            status, number = _set(station, wanted, item, now, read)
        echo = {name: wanted[name] for name in ("type", "severity", "component", "variable")}
        results.append({**echo, "status": status} | ({} if number is None else {"id": number}))
    return {"setMonitoringResult": results}


def _set(
    station: "Station", wanted: Mapping[str, Any], item: Item, now: Moment, read: Read
) -> tuple[str, int | None]:
    if not supported(wanted["type"], item.type):
        return "UnsupportedMonitorType", None
    if wanted["type"] in THRESHOLDS and not item.in_range(wanted["value"]):
        return "Rejected", None  # N04.FR.06
    monitor = read(wanted, item)
    if monitor is None:
        return "Rejected", None
    return station.upkeep.monitors.set(monitor, _reading(item), now, replaces="id" in wanted)


def clear_monitoring(station: "Station", call: "Call", _now: Moment) -> Answer:
    asked = call.payload["id"]
    check_size(station, call, asked, "ClearMonitoring")
    monitors = station.upkeep.monitors
    return {"clearMonitoringResult": [{"id": number, "status": monitors.clear(number)} for number in asked]}


def set_base(station: "Station", call: "Call", _now: Moment) -> Answer:
    station.upkeep.monitors.set_base(call.payload["monitoringBase"])
    return {"status": "Accepted"}


def set_level(station: "Station", call: "Call", _now: Moment) -> Answer:
    good = station.upkeep.monitors.set_level(call.payload["severity"])
    return {"status": "Accepted" if good else "Rejected"}


def get_report(station: "Station", call: "Call", now: Moment) -> Answer:
    """What fits a criterion and a component, as far as any is given (N02.FR.05 to 11)."""
    asked = call.payload.get("componentVariable", [])
    check_size(station, call, asked, "GetReport")
    criteria = call.payload.get("monitoringCriteria", [])
    types = {kind for name in criteria for kind in CRITERIA[name]}
    found = [
        monitor
        for monitor in station.upkeep.monitors.all()
        if (not types or monitor.type in types)
        and (not asked or any(fits(monitor.component, monitor.variable, wanted) for wanted in asked))
    ]
    if not found:
        return {"status": "EmptyResultSet"}
    shared = {"requestId": call.payload["requestId"], "generatedAt": station.stamp(now)}
    in_parts(station, "NotifyMonitoringReport", shared, "monitor", list(_reports(found)))
    return {"status": "Accepted"}


def _reports(monitors: list[Monitor]) -> Iterable[dict[str, object]]:
    """Those of one variable together."""
    by_place: dict[tuple[object, ...], list[Monitor]] = {}
    for monitor in monitors:
        by_place.setdefault(monitor.place, []).append(monitor)
    for group in by_place.values():
        yield {
            "component": group[0].component,
            "variable": group[0].variable,
            "variableMonitoring": [
                {
                    "id": monitor.id,
                    "transaction": monitor.transaction,
                    "value": monitor.value,
                    "type": monitor.type,
                    "severity": monitor.severity,
                }
                for monitor in group
            ],
        }


CALLS = {
    "SetVariableMonitoring": set_monitoring,
    "ClearVariableMonitoring": clear_monitoring,
    "SetMonitoringBase": set_base,
    "SetMonitoringLevel": set_level,
    "GetMonitoringReport": get_report,
}
