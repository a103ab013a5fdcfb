"""OCPP 2.1 B13: a reset that transactions outlive."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.v201 import core

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station


def reset(station: "Station", call: "Call", now: Moment) -> Mapping[str, object] | None:
    evse = call.payload.get("evseId")
    if call.payload["type"] != "ImmediateAndResume" or evse not in (None, *station.evses.flows):
        return core.reset(station, call, now)
    return {"status": station.resets.reset_and_resume(evse, now)}


CALLS = {"Reset": reset}
