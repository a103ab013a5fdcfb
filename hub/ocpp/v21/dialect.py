"""OCPP 2.1: 2.0.1's words, and what this hub has of what 2.1 adds."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.model.moment import Moment
from hub.ocpp.station.messages import Message, OpenEventStream, PullDynamicSchedule, Raw, TransactionEvent
from hub.ocpp.station.station import Call, Station
from hub.ocpp.station.transaction_limits import SOC, TIME, Allowance
from hub.ocpp.v21 import core, monitoring, refused, smart_charging
from hub.ocpp.v201.dialect import Dialect201, Words

ADAPTED: Mapping[str, Callable[[Station, Mapping[str, Any]], Mapping[str, object]]] = {**monitoring.ADAPTED}
"""What 2.1 spells otherwise than 2.0.1."""


class Dialect21(Dialect201):
    version = "2.1"
    subprotocol = "ocpp2.1"
    streams = True
    triggers = frozenset(
        {"TxResumed", "LimitSet", "SoCLimitReached", "CostLimitReached", "OperationModeChanged"}
    )
    calls: Mapping[str, Callable[[Station, Call, Moment], Mapping[str, object] | None]] = {
        **Dialect201.calls,
        **smart_charging.CALLS,
        **core.CALLS,
        **monitoring.CALLS,
        **refused.CALLS,
    }

    def encode(self, station: Station, message: Message) -> Words | None:
        match message:
            case PullDynamicSchedule(profile=profile):
                return "PullDynamicScheduleUpdate", {"chargingProfileId": profile}
            case OpenEventStream():
                return monitoring.open_stream(message)
            case Raw(version=self.version):
                return message.action, message.payload
        words = super().encode(station, message)
        if words is None or words[0] not in ADAPTED:
            return words
        action, payload = words
        return action, ADAPTED[action](station, payload)

    def allowance(self, payload: Mapping[str, Any]) -> Allowance | None:
        said = payload.get("transactionLimit")
        return said and {name: value for name, value in said.items() if name != "customData"}

    def _transaction(self, event: TransactionEvent) -> dict[str, object]:
        said: dict[str, Any] = super()._transaction(event)
        if event.mode:
            said["transactionInfo"]["operationMode"] = event.mode
        if event.limits:
            said["transactionInfo"]["transactionLimit"] = limits(event.limits)
        return said


def limits(said: Mapping[str, float]) -> dict[str, float]:
    """TransactionLimitType: seconds and percent are whole numbers."""
    return {name: int(value) if name in (TIME, SOC) else value for name, value in said.items()}


DIALECT = Dialect21()
