"""OCPP 2.1: 2.0.1's words, limits of a transaction that the CSMS sets (E16), dynamic profiles (K28, K29)."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.model.moment import Moment
from hub.ocpp.station.messages import Message, PullDynamicSchedule
from hub.ocpp.station.station import Call, Station
from hub.ocpp.station.transaction_limits import Allowance
from hub.ocpp.v21 import refused, smart_charging
from hub.ocpp.v201.dialect import Dialect201, Words


def _monitoring_report(words: Words) -> Words:
    """2.1 wants to know who set a monitor: here always the CSMS."""
    action, payload = words
    said: Any = payload
    monitored = [
        {
            **one,
            "variableMonitoring": [
                {**monitor, "eventNotificationType": "CustomMonitor"} for monitor in one["variableMonitoring"]
            ],
        }
        for one in said.get("monitor", ())
    ]
    return action, {**payload, "monitor": monitored} if monitored else payload


ADAPTED = {"NotifyMonitoringReport": _monitoring_report}
"""What 2.1 spells otherwise than 2.0.1."""


class Dialect21(Dialect201):
    version = "2.1"
    subprotocol = "ocpp2.1"
    calls: Mapping[str, Callable[[Station, Call, Moment], Mapping[str, object] | None]] = {
        **Dialect201.calls,
        **smart_charging.CALLS,
        **refused.CALLS,
    }

    def encode(self, station: Station, message: Message) -> Words | None:
        if isinstance(message, PullDynamicSchedule):
            return "PullDynamicScheduleUpdate", {"chargingProfileId": message.profile}
        words = super().encode(station, message)
        return ADAPTED[words[0]](words) if words and words[0] in ADAPTED else words

    def allowance(self, payload: Mapping[str, Any]) -> Allowance | None:
        said = payload.get("transactionLimit")
        return None if said is None else Allowance(said.get("maxEnergy"), said.get("maxTime"))


DIALECT = Dialect21()
