"""OCPP 1.6 configuration keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.facts import told
from hub.ocpp.station.measurands import METERED, SINGLE
from hub.ocpp.station.upkeep_variables import ROTATIONS
from hub.ocpp.station.variable import Variable
from hub.ocpp.station.variable_table import BY_KEY, VARIABLES
from hub.ocpp.station.variables import SetResult, members

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
    value = call.payload["value"]
    if len(value) > VALUE_CHARS or not _can_follow(station, variable, value):
        return {"status": "Rejected"}
    result = station.control.set_variable(variable.name, value, now)
    return {"status": "Accepted" if result is SetResult.ACCEPTED else "Rejected"}


def _can_follow(station: "Station", variable: Variable, value: str) -> bool:
    """What only this charger can say: has it such a connector, and can it be metered for that?"""
    if variable.name == "PhaseRotation":
        return _rotations(value, station.setup.evses)
    return variable.allowed != METERED or {
        SINGLE[member][0] if member in SINGLE else member for member in members(value)
    } <= set(station.setup.measurands)


def _rotations(value: str, connectors: int) -> bool:
    """Of each connector at most one, as in `0.RST,1.RTS` (9.1.7); 0 is the way to the main meter."""
    said = [member.partition(".") for member in members(value)]
    numbers = [number for number, _, _ in said]
    return (
        bool(said)
        and len(set(numbers)) == len(numbers)
        and set(numbers) <= {str(number) for number in range(connectors + 1)}
        and {rotation for _, _, rotation in said} <= set(ROTATIONS)
    )


CALLS = {"GetConfiguration": get_configuration, "ChangeConfiguration": change_configuration}
