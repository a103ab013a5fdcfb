"""OCPP 1.6 configuration keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.facts import told
from hub.ocpp.station.variable import Variable
from hub.ocpp.station.variable_table import BY_KEY, VARIABLES
from hub.ocpp.station.variables import SetResult

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

VALUE_CHARS = 500


def get_configuration(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    wanted = call.payload.get("key") or []
    if len(wanted) > station.variables.int("GetConfigurationMaxKeys"):
        raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT, "more keys than GetConfigurationMaxKeys")
    if not wanted:
        return {"configurationKey": [_key(station, variable) for variable in VARIABLES if variable.key]}
    # A key that is asked for twice is told once.
    known = {key.lower(): BY_KEY[key.lower()] for key in wanted if key.lower() in BY_KEY}
    answer = {
        "configurationKey": [_key(station, variable) for variable in known.values()],
        "unknownKey": [key for key in dict.fromkeys(wanted) if key.lower() not in BY_KEY],
    }
    return {name: keys for name, keys in answer.items() if keys}


def _key(station: "Station", variable: Variable) -> dict[str, object]:
    said: dict[str, object] = {"key": variable.key, "readonly": not variable.writable}
    if not variable.secret:
        said["value"] = told(station, variable.name)[:VALUE_CHARS]
    return said


def change_configuration(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    variable = BY_KEY.get(call.payload["key"].lower())
    if variable is None:
        return {"status": "NotSupported"}
    if len(call.payload["value"]) > VALUE_CHARS:
        return {"status": "Rejected"}
    result = station.control.set_variable(variable.name, call.payload["value"], now)
    return {"status": "Accepted" if result is SetResult.ACCEPTED else "Rejected"}


CALLS = {"GetConfiguration": get_configuration, "ChangeConfiguration": change_configuration}
