"""OCPP 1.6 configuration keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.variable_table import BY_KEY, VARIABLES, Variable
from hub.ocpp.station.variables import SetResult

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

STATUS = {SetResult.ACCEPTED: "Accepted", SetResult.REJECTED: "Rejected", SetResult.READ_ONLY: "Rejected"}


def get_configuration(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    wanted = call.payload.get("key") or []
    if len(wanted) > station.variables.int("GetConfigurationMaxKeys"):
        raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT, "more keys than GetConfigurationMaxKeys")
    if not wanted:
        return {"configurationKey": [_told(station, variable) for variable in VARIABLES if variable.key]}
    known = [BY_KEY[key.lower()] for key in wanted if key.lower() in BY_KEY]
    unknown = [key for key in wanted if key.lower() not in BY_KEY]
    said: dict[str, object] = {"configurationKey": [_told(station, variable) for variable in known]}
    if unknown:
        said["unknownKey"] = unknown
    return said


def _told(station: "Station", variable: Variable) -> dict[str, object]:
    said: dict[str, object] = {"key": variable.key, "readonly": not variable.writable}
    if not variable.secret:
        said["value"] = station.variables.text(variable.name)[:500]
    return said


def change_configuration(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    variable = BY_KEY.get(call.payload["key"].lower())
    if variable is None:
        return {"status": "NotSupported"}
    return {"status": STATUS[station.control.set_variable(variable.name, call.payload["value"], now)]}


CALLS = {"GetConfiguration": get_configuration, "ChangeConfiguration": change_configuration}
