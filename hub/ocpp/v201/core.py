"""OCPP 2.0.1 remote control, availability, reset, transactions' status, cache, data transfer: the CALLs of a CSMS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.boot import Registration
from hub.ocpp.station.messages import Token
from hub.ocpp.v201.smart_charging import read_profile, startable

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Answer = Mapping[str, object] | None


def _status(good: bool) -> Answer:
    return {"status": "Accepted" if good else "Rejected"}


def request_start(station: "Station", call: "Call", now: Moment) -> Answer:
    payload = call.payload
    profile = payload.get("chargingProfile")
    if station.pends(call):
        return _status(False)
    if profile and not startable(station, profile, payload.get("evseId")):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfile"}}
    said, group = payload["idToken"], payload.get("groupIdToken", {}).get("idToken")
    token = Token(said["idToken"], said["type"])
    flow = station.control.remote_start(
        payload.get("evseId"), token, payload["remoteStartId"], now, group=group
    )
    if flow is None:
        return _status(False)
    if profile:
        station.evses.remember_profile(flow, read_profile(profile, flow.evse), now)
    if flow.transaction:
        return {"status": "Accepted", "transactionId": flow.transaction.id}
    return _status(True)


def request_stop(station: "Station", call: "Call", now: Moment) -> Answer:
    good = not station.pends(call) and station.control.remote_stop(call.payload["transactionId"], now)
    return _status(good)


def change_availability(station: "Station", call: "Call", now: Moment) -> Answer:
    evse = call.payload.get("evse", {}).get("id", 0)
    connector = call.payload.get("evse", {}).get("connectorId")
    if (evse != 0 and evse not in station.evses.flows) or connector not in (None, 1):
        return _status(False)
    operative = call.payload["operationalStatus"] == "Operative"
    return {"status": station.availability.change(evse, operative, now, connector=connector)}


def reset(station: "Station", call: "Call", now: Moment) -> Answer:
    evse = call.payload.get("evseId")
    if evse is not None and evse not in station.evses.flows:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    immediate = call.payload["type"] == "Immediate"
    return {"status": station.resets.reset(evse, immediate, "ImmediateReset", now, local=call.local)}


def unlock(station: "Station", call: "Call", now: Moment) -> Answer:
    flow = station.evses.flows.get(call.payload["evseId"])
    if flow is None or call.payload["connectorId"] != 1:
        return {"status": "UnknownConnector"}
    if "unlock" not in station.setup.abilities.actions:
        # F05: the answer's words have no "not supported"; this charger's cable can't be unlocked by anybody.
        return {"status": "UnlockFailed", "statusInfo": {"reasonCode": "UnsupportedRequest"}}
    if flow.transaction and flow.grant:
        return {"status": "OngoingAuthorizedTransaction"}
    station.control.unlock(call.id, flow.evse, {True: "Unlocked", False: "UnlockFailed"}, now)
    return None


def trigger(station: "Station", call: "Call", now: Moment) -> Answer:
    wanted, evse = call.payload["requestedMessage"], call.payload.get("evse", {}).get("id")
    if not station.triggers.has(wanted):
        return {"status": "NotImplemented"}
    # F06.FR.17: an accepted station doesn't boot again because somebody asks.
    if wanted == "BootNotification" and station.boot.registration is Registration.ACCEPTED:
        return _status(False)
    unfit = _no_connector(station, call) if wanted == "StatusNotification" else None
    if unfit is not None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": unfit}}
    return _status(station.triggers.trigger(wanted, evse or None, now))


def _no_connector(station: "Station", call: "Call") -> str | None:
    """F06.FR.12: a status is told of one connector, which has to be named."""
    evse = call.payload.get("evse", {})
    if "connectorId" not in evse:
        return "MissingParam"
    return None if evse["id"] in station.evses.flows and evse["connectorId"] == 1 else "UnknownConnectorId"


def data_transfer(station: "Station", call: "Call", now: Moment) -> Answer:
    asked = call.payload
    status = station.control.data_transfer(asked["vendorId"], asked.get("messageId"), asked.get("data"), now)
    return {"status": status}


def clear_cache(station: "Station", _call: "Call", _now: Moment) -> Answer:
    if not station.variables.bool("AuthCacheEnabled"):
        return _status(False)
    for change in station.authorization.clear():
        station.emit(change)
    return _status(True)


def transaction_status(station: "Station", call: "Call", _now: Moment) -> Answer:
    wanted = call.payload.get("transactionId")
    said: dict[str, object] = {"messagesInQueue": station.outbox.pending(wanted)}
    if wanted is not None:
        flows = station.evses.flows.values()
        said["ongoingIndicator"] = any(flow.transaction and flow.transaction.id == wanted for flow in flows)
    return said


CALLS = {
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "ChangeAvailability": change_availability,
    "Reset": reset,
    "UnlockConnector": unlock,
    "TriggerMessage": trigger,
    "DataTransfer": data_transfer,
    "ClearCache": clear_cache,
    "GetTransactionStatus": transaction_status,
}
