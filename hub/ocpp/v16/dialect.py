"""OCPP 1.6: what the station says, as 1.6 spells it, and who answers which CALL."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.authorization import Verdict
from hub.ocpp.station.costs import Told
from hub.ocpp.station.facts import told
from hub.ocpp.station.manners import Manners
from hub.ocpp.station.messages import (
    Authorize,
    BootNotification,
    ExternalLimit,
    Heartbeat,
    Message,
    MeterReport,
    MeterValue,
    OpenEventStream,
    PullDynamicSchedule,
    Raw,
    ReservationEnded,
    Sample,
    StatusNotification,
    Token,
    TransactionEvent,
)
from hub.ocpp.station.monitor import Place, Reading
from hub.ocpp.station.station import Call, Station
from hub.ocpp.station.transaction_limits import Allowance
from hub.ocpp.v16 import configuration, core, firmware, local_list, reservation, security, smart_charging
from hub.ocpp.v16.words import STATUS, error_code

Words = tuple[str, Mapping[str, object]]

REASONS = frozenset(
    [
        "DeAuthorized",
        "EmergencyStop",
        "EVDisconnected",
        "HardReset",
        "Local",
        "Other",
        "PowerLoss",
        "Reboot",
        "Remote",
        "SoftReset",
        "UnlockCommand",
    ]
)
NO_NUMBER = -1
"""Of a transaction whose StartTransaction was refused so often that it was given up (3.7.1): what it used is told."""
REASON_WORDS = {
    "ImmediateReset": "HardReset",
    "MasterPass": "Local",
    "StoppedByEV": "EVDisconnected",
    "Timeout": "Other",
}


def id_tag(token: Token | None) -> str:
    """At most 20 characters; a charger that is free for all says so."""
    return (token.text if token and token.text else "NoAuthorization")[:20]


REPORTS: Mapping[type, Callable[[Any], Words | None]] = {
    PullDynamicSchedule: lambda _message: None,  # 2.1 has these two
    OpenEventStream: lambda _message: None,
    **security.ENCODERS,
    **firmware.ENCODERS,
}


class Dialect16:
    version = "1.6"
    subprotocol = "ocpp1.6"
    manners = Manners(ends_with_samples=True, outlasts_the_cable=True)
    triggered_measurands = "TxUpdatedMeasurands"
    tells_of_drivers = True
    tells_of_faults = True
    streams = False
    triggers: frozenset[str] = frozenset()
    tells_each_try = True
    calls: Mapping[str, Callable[[Station, Call, Moment], Mapping[str, object] | None]] = {
        **core.CALLS,
        **configuration.CALLS,
        **smart_charging.CALLS,
        **local_list.CALLS,
        **reservation.CALLS,
        **security.CALLS,
        **firmware.CALLS,
    }

    def connector_status(self, status: Status) -> str:
        return STATUS[status]

    def encode(self, station: Station, message: Message) -> Words | None:
        match message:
            case BootNotification():
                return "BootNotification", self._boot(station)
            case Heartbeat():
                return "Heartbeat", {}
            case StatusNotification():
                return "StatusNotification", self._status(station, message)
            case Authorize(token=token):
                return "Authorize", {"idTag": id_tag(token)}
            case MeterReport(evse=evse, value=value):
                return "MeterValues", {**_place(station, evse), "meterValue": [meter_value(value)]}
            case ReservationEnded() | ExternalLimit():
                return None  # 1.6 tells a reservation's end by the connector's status, a limit not at all
            case TransactionEvent():
                return self._transaction(station, message)
            case Raw():
                return (message.action, message.payload) if message.version == self.version else None
            case _:
                return REPORTS[type(message)](message)

    def verdict(self, payload: Mapping[str, Any]) -> Verdict | None:
        said = payload.get("idTagInfo")
        return Verdict(said["status"], said.get("parentIdTag"), said.get("expiryDate")) if said else None

    def readings(self, station: Station, now: Moment, places: Collection[Place]) -> Mapping[Place, Reading]:
        return {}

    def told(self, payload: Mapping[str, Any]) -> Told | None:
        return None  # 1.6 knows no money

    def allowance(self, payload: Mapping[str, Any]) -> Allowance | None:
        return None

    def priority(self, payload: Mapping[str, Any]) -> int | None:
        return None

    def _boot(self, station: Station) -> dict[str, object]:
        identity = station.device.identity
        said = {
            "chargePointVendor": identity.vendor[:20] or "evhub",
            "chargePointModel": identity.model[:20] or "charger",
            "chargePointSerialNumber": identity.serial[:25],
            # Deprecated, and yet what many a central system knows the box by: its name on the connection.
            "chargeBoxSerialNumber": told(station, "Identity")[:25],
            "firmwareVersion": identity.firmware[:50],
        }
        return {name: text for name, text in said.items() if text}

    def _status(self, station: Station, message: StatusNotification) -> dict[str, object]:
        said: dict[str, object] = {
            "connectorId": message.evse,
            "errorCode": "OtherError" if message.status is Status.FAULTED else "NoError",
            "status": STATUS[message.status],
            "timestamp": message.at,
        }
        if message.error:
            said["errorCode"] = error_code(message.error)
            if said["errorCode"] != message.error:
                said["info"] = message.error[:50]
        if message.vendor_error:
            said["vendorErrorCode"] = message.vendor_error[:50]
            said["vendorId"] = station.device.identity.vendor[:255] or "evhub"  # whose code that is
        return said

    def _transaction(self, station: Station, event: TransactionEvent) -> Words | None:
        if event.event == "Started":
            said: dict[str, object] = {
                "connectorId": event.evse,
                "idTag": id_tag(event.token or event.owner),
                "meterStart": event.meter_wh,
                "timestamp": event.at,
            }
            if event.reservation_id is not None:
                said["reservationId"] = event.reservation_id
            return "StartTransaction", said
        number = station.csms_ids.get(event.transaction, NO_NUMBER)
        if event.event == "Ended":
            return "StopTransaction", self._stop(event, number)
        if not event.meter:
            return None
        where = {"connectorId": event.evse} | ({} if number == NO_NUMBER else {"transactionId": number})
        return "MeterValues", {**where, "meterValue": [meter_value(value) for value in event.meter]}

    def _stop(self, event: TransactionEvent, number: int) -> dict[str, object]:
        reason = event.stopped_reason or "Local"
        reason = REASON_WORDS.get(reason, reason)
        said: dict[str, object] = {
            "transactionId": number,
            "meterStop": event.meter_wh,
            "timestamp": event.at,
            "reason": reason if reason in REASONS else "Other",
        }
        if event.token:  # who stopped it, where somebody has
            said["idTag"] = id_tag(event.token)
        if event.meter:
            said["transactionData"] = [meter_value(value) for value in event.meter]
        return said


def _place(station: Station, evse: int) -> dict[str, object]:
    """With the transaction there, as soon as the CSMS has given it a number."""
    flow = station.evses.flows[evse]
    number = station.csms_ids.get(flow.transaction.id) if flow.transaction else None
    return {"connectorId": evse} if number is None else {"connectorId": evse, "transactionId": number}


def meter_value(value: MeterValue) -> dict[str, object]:
    return {"timestamp": value.at, "sampledValue": [sampled(sample) for sample in value.samples]}


def sampled(sample: Sample) -> dict[str, object]:
    said: dict[str, object] = {
        "value": f"{sample.value:.10g}",
        "context": sample.context,
        "measurand": sample.measurand,
        "unit": sample.unit,
    }
    if sample.unit == "Hz":  # not among 1.6's units
        del said["unit"]
    if sample.phase:
        said["phase"] = sample.phase
    return said


DIALECT = Dialect16()
