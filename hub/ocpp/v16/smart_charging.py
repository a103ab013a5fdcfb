"""OCPP 1.6 Smart Charging."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.smart_charging import MAX, TX, TX_DEFAULT, Period, Profile

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

PURPOSES = {"ChargePointMaxProfile": MAX, "TxDefaultProfile": TX_DEFAULT, "TxProfile": TX}


def read_profile(body: Mapping[str, Any], evse: int, transaction: str | None = None) -> Profile:
    """`csChargingProfiles` -> a profile. Raises CallError for times that are none."""
    schedule = body["chargingSchedule"]
    try:
        times = [_time(holder, name) for holder, name in _times(body, schedule)]
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "a date-time that is none") from error
    return Profile(
        body["chargingProfileId"],
        evse,
        body["stackLevel"],
        PURPOSES[body["chargingProfilePurpose"]],
        body["chargingProfileKind"],
        schedule["chargingRateUnit"],
        tuple(
            Period(period["startPeriod"], float(period["limit"]), period.get("numberPhases"))
            for period in schedule["chargingSchedulePeriod"]
        ),
        times[0],
        schedule.get("duration"),
        body.get("recurrencyKind"),
        times[1],
        times[2],
        transaction,
    )


def _times(body: Mapping[str, Any], schedule: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
    return [(schedule, "startSchedule"), (body, "validFrom"), (body, "validTo")]


def _time(holder: Mapping[str, Any], name: str) -> Any:
    return parse_time(holder[name]) if name in holder else None


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    evse, body = call.payload["connectorId"], call.payload["csChargingProfiles"]
    number = body.get("transactionId")
    transaction = None if number is None else (station.control.transaction_of(number) or "unknown")
    if evse != 0 and evse not in station.evses.flows:
        return {"status": "Rejected"}
    if "set_limit" not in station.setup.abilities.actions:
        return {"status": "NotSupported"}
    words = station.control.install(read_profile(body, evse, transaction), now)
    return {"status": "Rejected" if words else "Accepted"}


def clear_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload
    purpose = PURPOSES.get(asked.get("chargingProfilePurpose", ""))
    found = station.control.clear_profiles(
        asked.get("id"), asked.get("connectorId"), purpose, asked.get("stackLevel"), now
    )
    return {"status": "Accepted" if found else "Unknown"}


def composite(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload
    evse = asked["connectorId"]
    if evse != 0 and evse not in station.evses.flows:
        return {"status": "Rejected"}
    unit = asked.get("chargingRateUnit", "A")
    periods = station.control.composite(evse, asked["duration"], unit, now)
    at = station.stamp(now)
    schedule = {
        "duration": asked["duration"],
        "startSchedule": at,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return {"status": "Accepted", "connectorId": evse, "scheduleStart": at, "chargingSchedule": schedule}


CALLS = {
    "SetChargingProfile": set_profile,
    "ClearChargingProfile": clear_profile,
    "GetCompositeSchedule": composite,
}
