"""OCPP 2.0.1 I: tariff and cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.costs import Text, Told

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station


def read_told(payload: Mapping[str, Any]) -> Told:
    """Of the answer to Authorize or TransactionEvent."""
    said = payload.get("updatedPersonalMessage") or payload.get("idTokenInfo", {}).get("personalMessage")
    text = Text(said["content"], said.get("language"), said["format"]) if said else None
    return Told(payload.get("totalCost"), text)


def cost_updated(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    transaction, total = call.payload["transactionId"], call.payload["totalCost"]
    station.costs.updated(transaction, total)
    station.transaction_limits.spent(transaction, total, now)
    return {}


CALLS = {"CostUpdated": cost_updated}
