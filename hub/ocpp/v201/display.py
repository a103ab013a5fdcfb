"""OCPP 2.0.1 O: messages for drivers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.display import DisplayMessage
from hub.ocpp.station.times import asked
from hub.ocpp.v201.variables import in_parts

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Answer = Mapping[str, object]


def set_message(station: "Station", call: "Call", now: Moment) -> Answer:
    said = call.payload["message"]
    asked(said.get("startDateTime")), asked(said.get("endDateTime"))
    message = DisplayMessage(
        said["id"],
        said["priority"],
        said["message"]["format"],
        said["message"]["content"],
        said["message"].get("language"),
        said.get("state"),
        said.get("startDateTime"),
        said.get("endDateTime"),
        said.get("transactionId"),
        said.get("display"),
    )
    return {"status": station.upkeep.display.set(message, now)}


def get_messages(station: "Station", call: "Call", now: Moment) -> Answer:
    payload = call.payload
    ids = tuple(payload["id"]) if "id" in payload else None
    found = station.upkeep.display.find(ids, payload.get("priority"), payload.get("state"))
    if not found:
        return {"status": "Unknown"}  # O03.FR.06, O04.FR.02
    told = [_words(message) for message in found]
    in_parts(
        station,
        "NotifyDisplayMessages",
        {"requestId": payload["requestId"]},
        "messageInfo",
        told,
        numbered=False,
    )
    return {"status": "Accepted"}


def _words(message: DisplayMessage) -> dict[str, object]:
    content = {"format": message.format, "content": message.content, "language": message.language}
    said = {
        "id": message.id,
        "priority": message.priority,
        "state": message.state,
        "startDateTime": message.start,
        "endDateTime": message.end,
        "transactionId": message.transaction,
        "display": message.display,
        "message": {name: text for name, text in content.items() if text is not None},
    }
    return {name: value for name, value in said.items() if value is not None}


def clear_message(station: "Station", call: "Call", now: Moment) -> Answer:
    return {"status": "Accepted" if station.upkeep.display.clear(call.payload["id"], now) else "Unknown"}


CALLS = {
    "SetDisplayMessage": set_message,
    "GetDisplayMessages": get_messages,
    "ClearDisplayMessage": clear_message,
}
