"""OCPP 2.0.1 N01: logs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.logs import LogRequest
from hub.ocpp.station.reports import LogStatus

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Words = tuple[str, Mapping[str, object]]


def get_log(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    status, filename = station.upkeep.logs.start(LogRequest.read(call.payload), now)
    return {"status": status} | ({"filename": filename} if filename else {})


def log_status(message: LogStatus) -> Words | None:
    if message.diagnostics:
        return None  # 1.6 asked for it
    said: dict[str, object] = {"status": message.status}
    if message.request_id is not None:
        said["requestId"] = message.request_id
    return "LogStatusNotification", said


CALLS = {"GetLog": get_log}
ENCODERS: dict[type, Callable[[Any], Words | None]] = {LogStatus: log_status}
