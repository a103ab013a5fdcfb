"""OCPP 2.0.1 H: reservations."""

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
    evse = asked.get("evseId")
    if evse is not None and evse not in station.evses.flows:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    said = asked["idToken"]
    try:
        wanted = reservation(
            asked["id"],
            evse,
            Token(said["idToken"], said["type"]),
            asked.get("groupIdToken", {}).get("idToken"),
            asked["expiryDateTime"],
        )
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "expiryDateTime is no date-time") from error
    return {"status": station.reservations.reserve(wanted, asked.get("connectorType"), now)}


def cancel(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    found = station.reservations.cancel(call.payload["reservationId"], now)
    return {"status": "Accepted" if found else "Rejected"}


CALLS = {"ReserveNow": reserve_now, "CancelReservation": cancel}
