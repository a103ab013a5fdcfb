"""OCPP 1.6: prices and costs, by DataTransfer as the Open Charge Alliance has described it for California."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from hub.model.moment import Moment, parse_time
from hub.ocpp.station.costs import Text
from hub.ocpp.station.messages import Token
from hub.ocpp.station.meter_triggers import MeterTrigger
from hub.ocpp.v16.words import MEANT

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

VENDOR = "org.openchargealliance.costmsg"


def take(station: "Station", message: str | None, data: object, now: Moment) -> str:
    """The status of the answer to a DataTransfer."""
    handler, enabled = MESSAGES.get(message or "", (None, ""))
    if handler is None:
        return "UnknownMessageId"
    try:
        body = orjson.loads(data) if isinstance(data, str) else None
        good = station.variables.bool(enabled) and isinstance(body, dict) and handler(station, body, now)
    except (ValueError, KeyError, TypeError, OverflowError):  # no JSON, or not as described
        good = False
    return "Accepted" if good else "Rejected"


def set_user_price(station: "Station", body: Mapping[str, Any], now: Moment) -> bool:
    token, texts = Token(str(body["idToken"])), _texts(body)
    station.costs.priced(token, texts)
    return True


def running_cost(station: "Station", body: Mapping[str, Any], now: Moment) -> bool:
    transaction = station.control.transaction_of(int(body["transactionId"])) or ""
    flow = station.evses.with_transaction(transaction)
    if flow is None:
        return False
    total, trigger = float(body["cost"]), _trigger(station, body.get("triggerMeterValue"), now)
    station.costs.updated(transaction, total)
    station.meter_triggers.set(flow, trigger)
    return True


def final_cost(station: "Station", body: Mapping[str, Any], now: Moment) -> bool:
    total, texts = float(body["cost"]), _texts(body) if "priceText" in body else []
    code = body.get("qrCodeText")
    return station.costs.final(int(body["transactionId"]), total, texts, None if code is None else str(code))


def _texts(body: Mapping[str, Any]) -> list[Text]:
    """The text for everybody, then those of languages."""
    more = [
        Text(str(said["content"]), said.get("language"), str(said["format"]))
        for said in body.get("priceTextExtra", ())
    ]
    return [Text(str(body["priceText"])), *more]


def _trigger(station: "Station", wanted: Mapping[str, Any] | None, now: Moment) -> MeterTrigger:
    if wanted is None:
        return MeterTrigger()
    if not isinstance(wanted, Mapping):
        raise TypeError("triggerMeterValue is no object")
    at, energy, power = (wanted.get(name) for name in ("atTime", "atEnergykWh", "atPowerkW"))
    wait = None if at is None else (parse_time(str(at)) - parse_time(station.stamp(now))).total_seconds()
    return MeterTrigger(
        None if wait is None else now.mono + max(0.0, wait),
        None if energy is None else float(energy) * 1000,
        None if power is None else float(power) * 1000,
        tuple(MEANT[status] for status in wanted.get("atCPStatus", ())),
    )


MESSAGES: Mapping[str, tuple[Callable[["Station", Mapping[str, Any], Moment], bool], str]] = {
    "SetUserPrice": (set_user_price, "TariffEnabled"),
    "RunningCost": (running_cost, "CostEnabled"),
    "FinalCost": (final_cost, "CostEnabled"),
}
"""With the setting that switches it off."""
