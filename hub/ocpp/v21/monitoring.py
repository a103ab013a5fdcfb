"""OCPP 2.1 N: variable monitors, and the event streams that they may report by (N11 to N15)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.messages import OpenEventStream
from hub.ocpp.station.monitor import STREAMED, Monitor
from hub.ocpp.v201 import monitoring
from hub.ocpp.v201.device_model import Item

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Answer = Mapping[str, object]


def read_monitor(wanted: Mapping[str, Any], item: Item) -> Monitor | None:
    monitor = monitoring.read_monitor(wanted, item)
    asked = wanted.get("periodicEventStream")
    if asked is None:
        return monitor
    stream = asked.get("interval", 0), asked.get("values", 0)
    # N11.FR.09: a stream that is never sent is none.
    return replace(monitor, stream=stream) if any(stream) and monitor.type in STREAMED else None


def set_monitoring(station: "Station", call: "Call", now: Moment) -> Answer:
    return monitoring.set_monitors(station, call, now, read_monitor)


def get_streams(station: "Station", _call: "Call", _now: Moment) -> Answer:
    """N12: a list of none is left out."""
    opened = [
        stream_data(stream.id, stream.monitor, stream.interval_s, stream.values)
        for stream in station.upkeep.monitors.streams.opened()
    ]
    return {"constantStreamData": opened} if opened else {}


def adjust_stream(station: "Station", call: "Call", now: Moment) -> Answer:
    wanted = call.payload["params"]
    adjusted = station.upkeep.monitors.adjust(
        call.payload["id"], now, wanted.get("interval"), wanted.get("values")
    )
    return {"status": "Accepted" if adjusted else "Rejected"}


def open_stream(message: OpenEventStream) -> tuple[str, Answer]:
    said = stream_data(message.id, message.monitor, message.interval_s, message.values)
    return "OpenPeriodicEventStream", {"constantStreamData": said}


def stream_data(number: int, monitor: int, interval_s: int, values: int) -> dict[str, object]:
    """ConstantStreamDataType; what the stream isn't sent for isn't named."""
    params = {name: value for name, value in (("interval", interval_s), ("values", values)) if value}
    return {"id": number, "variableMonitoringId": monitor, "params": params}


def with_severity(station: "Station", payload: Mapping[str, Any]) -> Answer:
    """NotifyEvent: N07.FR.20, as far as the monitor is still there."""
    severities = {monitor.id: monitor.severity for monitor in station.upkeep.monitors.all()}
    events = [
        {**event, "severity": severities[event["variableMonitoringId"]]}
        if event.get("variableMonitoringId") in severities
        else event
        for event in payload["eventData"]
    ]
    return {**payload, "eventData": events}


def with_origin(_station: "Station", payload: Mapping[str, Any]) -> Answer:
    """NotifyMonitoringReport: who set a monitor; here always the CSMS."""
    if "monitor" not in payload:
        return payload
    monitored = [
        {
            **one,
            "variableMonitoring": [
                {**monitor, "eventNotificationType": "CustomMonitor"} for monitor in one["variableMonitoring"]
            ],
        }
        for one in payload["monitor"]
    ]
    return {**payload, "monitor": monitored}


ADAPTED = {"NotifyEvent": with_severity, "NotifyMonitoringReport": with_origin}
"""What 2.1 spells otherwise than 2.0.1."""
CALLS = {
    "SetVariableMonitoring": set_monitoring,
    "GetPeriodicEventStream": get_streams,
    "AdjustPeriodicEventStream": adjust_stream,
}
