"""OCPP 2.0.1 D: the local authorization list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from hub.model.moment import Moment
from hub.ocpp.station.local_list import Entry
from hub.ocpp.station.messages import Token
from hub.ocpp.v201.tokens import read_verdict

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station


def get_version(station: "Station", _call: "Call", _now: Moment) -> Mapping[str, object]:
    return {"versionNumber": station.authorization.local_list.version}


def send_list(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    local_list, asked = station.authorization.local_list, call.payload
    if not local_list.enabled:
        return {"status": "Failed", "statusInfo": {"reasonCode": "NotEnabled"}}
    if len(orjson.dumps(asked)) > station.variables.int("BytesPerSendLocalList"):  # D01.FR.11
        return {"status": "Failed", "statusInfo": {"reasonCode": "TooLargeElement"}}
    entries = [_entry(body) for body in asked.get("localAuthorizationList", ())]
    full = asked["updateType"] == "Full"
    status, changes = local_list.update(asked["versionNumber"], entries, full=full)
    for change in changes:
        station.emit(change)
    return {"status": status}


def _entry(body: Mapping[str, Any]) -> Entry:
    said = body["idToken"]
    info = body.get("idTokenInfo")
    return Entry(Token(said["idToken"], said["type"]), read_verdict(info) if info else None)


CALLS = {"GetLocalListVersion": get_version, "SendLocalList": send_list}
