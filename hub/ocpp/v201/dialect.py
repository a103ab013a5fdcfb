"""OCPP 2.0.1: what the station says, as 2.0.1 spells it, and who answers which CALL."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.authorization import Verdict
from hub.ocpp.station.costs import Told
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
    TransactionEvent,
)
from hub.ocpp.station.monitor import Place, Reading
from hub.ocpp.station.station import Call, Station
from hub.ocpp.station.transaction_limits import Allowance
from hub.ocpp.v201 import (
    certificates,
    core,
    costs,
    customer,
    display,
    firmware,
    local_list,
    logs,
    monitoring,
    network,
    reservation,
    security,
    smart_charging,
    variables,
)
from hub.ocpp.v201.costs import read_told
from hub.ocpp.v201.tokens import id_token, read_verdict

Words = tuple[str, Mapping[str, object]]

STATUS = {
    Status.AVAILABLE: "Available",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.UNKNOWN: "Unavailable",
    Status.FAULTED: "Faulted",
}
"""Everything else is Occupied: what happens there is told by the transaction's chargingState."""
TRIGGERS = {
    "TxResumed": "ChargingStateChanged",
    "LimitSet": "ChargingRateChanged",
    "OperationModeChanged": "ChargingRateChanged",
    "SoCLimitReached": "ChargingStateChanged",
    "CostLimitReached": "ChargingStateChanged",
}
"""What is owed since the CSMS spoke 2.1."""
STOPPED = {"HardReset": "ImmediateReset", "SoftReset": "ImmediateReset", "UnlockCommand": "Other"}


REPORTS: Mapping[type, Callable[[Any], Words | None]] = {
    PullDynamicSchedule: lambda _message: None,  # 2.1 has these two
    OpenEventStream: lambda _message: None,
    **security.ENCODERS,
    **firmware.ENCODERS,
    **logs.ENCODERS,
}


class Dialect201:
    version = "2.0.1"
    subprotocol = "ocpp2.0.1"
    manners = Manners()
    triggered_measurands = "AlignedMeasurands"
    tells_of_drivers = False
    tells_of_faults = False
    streams = False
    triggers: frozenset[str] = frozenset()
    tells_each_try = False
    calls: Mapping[str, Callable[[Station, Call, Moment], Mapping[str, object] | None]] = {
        **core.CALLS,
        **variables.CALLS,
        **smart_charging.CALLS,
        **local_list.CALLS,
        **costs.CALLS,
        **reservation.CALLS,
        **security.CALLS,
        **firmware.CALLS,
        **logs.CALLS,
        **monitoring.CALLS,
        **customer.CALLS,
        **display.CALLS,
        **certificates.CALLS,
        **network.CALLS,
    }

    def connector_status(self, status: Status) -> str:
        return STATUS.get(status, "Occupied")

    def encode(self, station: Station, message: Message) -> Words | None:
        match message:
            case BootNotification(reason=reason):
                return "BootNotification", {"reason": reason, "chargingStation": self._station(station)}
            case Heartbeat():
                return "Heartbeat", {}
            case StatusNotification():
                return self._status(message)
            case Authorize(token=token):
                return "Authorize", {"idToken": id_token(token)}
            case MeterReport(evse=evse, value=value):
                return "MeterValues", {"evseId": evse, "meterValue": [meter_value(value)]}
            case ReservationEnded(id=number, status=status):
                return "ReservationStatusUpdate", {
                    "reservationId": number,
                    "reservationUpdateStatus": status,
                }
            case ExternalLimit():
                return smart_charging.external_limit(station, message)
            case TransactionEvent():
                return "TransactionEvent", self._transaction(message)
            case Raw():
                return (message.action, message.payload) if message.version == "2.0.1" else None
            case _:
                return REPORTS[type(message)](message)

    def verdict(self, payload: Mapping[str, Any]) -> Verdict | None:
        said = payload.get("idTokenInfo")
        return read_verdict(said) if said else None

    def readings(self, station: Station, now: Moment, places: Collection[Place]) -> Mapping[Place, Reading]:
        return monitoring.readings(station, now, places)

    def told(self, payload: Mapping[str, Any]) -> Told | None:
        return read_told(payload)

    def allowance(self, payload: Mapping[str, Any]) -> Allowance | None:
        return None

    def priority(self, payload: Mapping[str, Any]) -> int | None:
        return payload.get("chargingPriority")

    def _station(self, station: Station) -> dict[str, object]:
        identity = station.device.identity
        said = {
            "vendorName": identity.vendor[:50] or "evhub",
            "model": identity.model[:20] or "charger",
            "serialNumber": identity.serial[:25],
            "firmwareVersion": identity.firmware[:50],
        }
        return {name: text for name, text in said.items() if text}

    def _status(self, message: StatusNotification) -> Words | None:
        if message.evse == 0:
            return None  # only 1.6 has a connector 0
        return "StatusNotification", {
            "timestamp": message.at,
            "connectorStatus": self.connector_status(message.status),
            "evseId": message.evse,
            "connectorId": 1,
        }

    def _transaction(self, event: TransactionEvent) -> dict[str, object]:
        transaction: dict[str, object] = {
            "transactionId": event.transaction,
            "chargingState": event.charging_state,
        }
        if event.stopped_reason:
            transaction["stoppedReason"] = STOPPED.get(event.stopped_reason, event.stopped_reason)
        if event.remote_start_id is not None:
            transaction["remoteStartId"] = event.remote_start_id
        said: dict[str, object] = {
            "eventType": event.event,
            "timestamp": event.at,
            "triggerReason": event.trigger
            if event.trigger in self.triggers
            else TRIGGERS.get(event.trigger, event.trigger),
            "seqNo": event.seq_no,
            "offline": event.offline,
            "transactionInfo": transaction,
        }
        if event.token:
            said["idToken"] = id_token(event.token)
        if event.phases is not None:
            said["numberOfPhasesUsed"] = event.phases
        if event.reservation_id is not None:
            said["reservationId"] = event.reservation_id
        if event.evse_known:
            said["evse"] = {"id": event.evse, "connectorId": 1}
        if event.meter:
            said["meterValue"] = [meter_value(value) for value in event.meter]
        return said


def meter_value(value: MeterValue) -> dict[str, object]:
    return {"timestamp": value.at, "sampledValue": [sampled(sample) for sample in value.samples]}


def sampled(sample: Sample) -> dict[str, object]:
    said: dict[str, object] = {
        "value": sample.value,
        "context": sample.context,
        "measurand": sample.measurand,
        "unitOfMeasure": {"unit": sample.unit},
    }
    if sample.phase:
        said["phase"] = sample.phase
    return said


DIALECT = Dialect201()
