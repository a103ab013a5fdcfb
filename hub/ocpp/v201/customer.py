"""OCPP 2.0.1 N09, N10: what the station has stored of a customer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.messages import Raw, Token

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

DATA_CHARS = 512
CLEARED = "Cleared, except from the local list and what is going on."
REFERENCES = ("idToken", "customerCertificate", "customerIdentifier")


def customer_information(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    """A customer is known here by his token alone: neither certificates nor other names are stored."""
    payload = call.payload
    if sum(name in payload for name in REFERENCES) != 1:
        return {"status": "Invalid"}  # N09.FR.09
    if not payload["report"] and not payload["clear"]:
        return {"status": "Rejected"}  # N09.FR.07
    _tell(station, payload["requestId"], _text(station, payload, now), now)
    return {"status": "Accepted"}


def _text(station: "Station", payload: Mapping[str, Any], now: Moment) -> str:
    known: list[str] = []
    if "idToken" in payload:
        token = Token(payload["idToken"]["idToken"], payload["idToken"]["type"])
        known = [*station.authorization.known_of(token), *_going_on(station, token)]
        if payload["clear"]:
            for change in station.authorization.forget(token):
                station.emit(change)
    if not known:
        return "No data found."
    return "\n".join(known) if payload["report"] else CLEARED


def _going_on(station: "Station", token: Token) -> list[str]:
    """What he has begun himself, and what ends by itself: nobody clears that."""
    reserved = [
        f"reservation {reservation.id}: EVSE {reservation.evse or 'any'}, until {reservation.expires}"
        for reservation in station.reservations.of(token)
    ]
    running = [
        f"transaction {flow.transaction.id}: EVSE {flow.evse}"
        for flow in station.evses.flows.values()
        if flow.transaction and flow.transaction.token and Token(*flow.transaction.token).key == token.key
    ]
    return [*reserved, *running]


def _tell(station: "Station", request_id: int, text: str, now: Moment) -> None:
    parts = [text[start : start + DATA_CHARS] for start in range(0, len(text), DATA_CHARS)]
    for number, part in enumerate(parts):
        body = {
            "requestId": request_id,
            "generatedAt": station.stamp(now),
            "seqNo": number,
            "tbc": number < len(parts) - 1,
            "data": part,
        }
        # What has been cleared is nowhere else any more: it outlives a lost connection.
        station.upkeep.notices.add(Raw("2.0.1", "NotifyCustomerInformation", body))


CALLS = {"CustomerInformation": customer_information}
