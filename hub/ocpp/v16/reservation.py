"""OCPP 1.6 Reservation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.messages import Token
from hub.ocpp.station.reservations import reservation

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station


def reserve_now(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload
    connector = asked["connectorId"]
    if connector != 0 and connector not in station.evses.flows:
        return {"status": "Rejected"}
    try:
        wanted = reservation(
            asked["reservationId"],
            connector or None,
            Token(asked["idTag"]),
            asked.get("parentIdTag"),
            asked["expiryDate"],
        )
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "expiryDate is no date-time") from error
    return {"status": station.reservations.reserve(wanted, None, now)}


def cancel(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    found = station.reservations.cancel(call.payload["reservationId"], now)
    return {"status": "Accepted" if found else "Rejected"}


CALLS = {"ReserveNow": reserve_now, "CancelReservation": cancel}
