"""OCPP 1.6 Local Auth List Management."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.local_list import Entry
from hub.ocpp.station.messages import Token
from hub.ocpp.station.verdict import Verdict

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

OFF, EMPTY = -1, 0
"""The versions of a list that isn't there, and of one without entries (5.10)."""


def get_version(station: "Station", _call: "Call", _now: Moment) -> Mapping[str, object]:
    local_list = station.authorization.local_list
    if not local_list.enabled:
        return {"listVersion": OFF}
    return {"listVersion": local_list.version if len(local_list) else EMPTY}


def send_list(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    local_list = station.authorization.local_list
    if not local_list.enabled:
        return {"status": "NotSupported"}
    asked = call.payload
    entries = [_entry(body) for body in asked.get("localAuthorizationList", ())]
    full = asked["updateType"] == "Full"
    # 5.10: version 0 is the empty list's, so that one may be sent.
    status, changes = local_list.update(
        asked["listVersion"], entries, full=full, least=EMPTY if full and not entries else EMPTY + 1
    )
    for change in changes:
        station.emit(change)
    return {"status": status}


def _entry(body: Mapping[str, Any]) -> Entry:
    said = body.get("idTagInfo")
    verdict = Verdict(said["status"], said.get("parentIdTag"), said.get("expiryDate")) if said else None
    return Entry(Token(body["idTag"]), verdict)


CALLS = {"GetLocalListVersion": get_version, "SendLocalList": send_list}
