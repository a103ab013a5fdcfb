"""OCPP 1.6 Core and Remote Trigger: the CALLs of a CSMS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.availability import WHEN_FREE
from hub.ocpp.station.messages import Token
from hub.ocpp.v16 import costs
from hub.ocpp.v16.smart_charging import read_profile, startable

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Answer = Mapping[str, object] | None


def _status(good: bool) -> Answer:
    return {"status": "Accepted" if good else "Rejected"}


def remote_start(station: "Station", call: "Call", now: Moment) -> Answer:
    payload = call.payload
    connector = payload.get("connectorId")
    profile = payload.get("chargingProfile")
    if station.pends(call) or connector == 0 or (profile and not startable(station, profile, connector)):
        return _status(False)
    token = Token(payload["idTag"])
    flow = station.control.remote_start(connector, token, None, now)
    if flow is None:
        return _status(False)
    if profile:
        station.evses.remember_profile(flow, read_profile(profile, flow.evse), now)
    return _status(True)


def remote_stop(station: "Station", call: "Call", now: Moment) -> Answer:
    transaction = (
        None if station.pends(call) else station.control.transaction_of(call.payload["transactionId"])
    )
    return _status(transaction is not None and station.control.remote_stop(transaction, now))


def change_availability(station: "Station", call: "Call", now: Moment) -> Answer:
    connector = call.payload["connectorId"]
    if connector != 0 and connector not in station.evses.flows:
        return _status(False)
    operative = call.payload["type"] == "Operative"
    # 5.2: 0 is the charge point and all its connectors, however they were set one by one. And what 2.0.1 may have
    # said of a connector alone: here it is one with its EVSE.
    status = station.availability.change(connector, operative, now, waits=WHEN_FREE, throughout=operative)
    return {"status": status}


def reset(station: "Station", call: "Call", now: Moment) -> Answer:
    reason = "SoftReset" if call.payload["type"] == "Soft" else "HardReset"
    # 5.14: a soft reset ends transactions as well, so neither of them waits for the driver.
    return {"status": station.resets.reset(None, True, reason, now, local=call.local)}


def unlock(station: "Station", call: "Call", now: Moment) -> Answer:
    flow = station.evses.flows.get(call.payload["connectorId"])
    if flow is None or "unlock" not in station.setup.abilities.actions:
        return {"status": "NotSupported"}
    if flow.transaction:
        station.tokens.revoke(flow, now, "UnlockCommand", "UnlockCommand", ends=True)
    station.control.unlock(call.id, flow.evse, {True: "Unlocked", False: "UnlockFailed"}, now)
    return None


def trigger(station: "Station", call: "Call", now: Moment) -> Answer:
    wanted, connector = call.payload["requestedMessage"], call.payload.get("connectorId")
    wanted = TRIGGERS.get(wanted, wanted)
    if not station.triggers.has(wanted):
        return {"status": "NotImplemented"}
    return _status(station.triggers.trigger(wanted, connector, now))


def data_transfer(station: "Station", call: "Call", now: Moment) -> Answer:
    asked = call.payload
    if asked["vendorId"] == costs.VENDOR and costs.VENDOR not in station.setup.vendors:
        return {"status": costs.take(station, asked.get("messageId"), asked.get("data"), now)}
    status = station.control.data_transfer(asked["vendorId"], asked.get("messageId"), asked.get("data"), now)
    return {"status": status}


def clear_cache(station: "Station", _call: "Call", _now: Moment) -> Answer:
    if not station.variables.bool("AuthCacheEnabled"):
        return _status(False)
    for change in station.authorization.clear():
        station.emit(change)
    return _status(True)


TRIGGERS = {"FirmwareStatusNotification": "UnsignedFirmwareStatusNotification"}
"""What signed firmware does is asked for by the security extension's ExtendedTriggerMessage."""
CALLS = {
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "ChangeAvailability": change_availability,
    "Reset": reset,
    "UnlockConnector": unlock,
    "TriggerMessage": trigger,
    "DataTransfer": data_transfer,
    "ClearCache": clear_cache,
}
