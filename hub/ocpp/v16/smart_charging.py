"""OCPP 1.6 Smart Charging."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station import profiles
from hub.ocpp.station.charging_profile import MAX, TX, TX_DEFAULT, Period, Profile

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

PURPOSES = {"ChargePointMaxProfile": MAX, "TxDefaultProfile": TX_DEFAULT, "TxProfile": TX}
UNKNOWN = "(unknown)"
"""Stands for a transactionId that no transaction here has."""


def read_profile(body: Mapping[str, Any], evse: int, transaction: str | None = None) -> Profile:
    """`csChargingProfiles` -> a profile. Raises CallError for times that are none."""
    schedule = body["chargingSchedule"]
    try:
        start, valid_from, valid_to = (
            parse_time(holder[name]) if name in holder else None
            for holder, name in ((schedule, "startSchedule"), (body, "validFrom"), (body, "validTo"))
        )
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "a date-time that is none") from error
    return Profile(
        id=body["chargingProfileId"],
        evse=evse,
        stack_level=body["stackLevel"],
        purpose=PURPOSES[body["chargingProfilePurpose"]],
        kind=body["chargingProfileKind"],
        unit=schedule["chargingRateUnit"],
        periods=tuple(
            Period(period["startPeriod"], float(period["limit"]), period.get("numberPhases"))
            for period in schedule["chargingSchedulePeriod"]
        ),
        schedule_start=start,
        duration_s=schedule.get("duration"),
        recurrency=body.get("recurrencyKind"),
        valid_from=valid_from,
        valid_to=valid_to,
        transaction=transaction,
        min_rate=schedule.get("minChargingRate"),
    )


def startable(station: "Station", body: Mapping[str, Any], connector: int | None) -> bool:
    """May a remote start bring this profile? Without smart charging it is ignored."""
    if body["chargingProfilePurpose"] != "TxProfile":
        return False
    profile = read_profile(body, connector or 1)
    return not profiles.enabled(station) or not profiles.refusal(
        station, profile, strict=False, transaction=profiles.STARTING
    )


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    if not profiles.supported(station):
        return {"status": "NotSupported"}
    body = call.payload["csChargingProfiles"]
    number = body.get("transactionId")
    transaction = None if number is None else (station.control.transaction_of(number) or UNKNOWN)
    profile = read_profile(body, call.payload["connectorId"], transaction)
    refused = profiles.install(station, profile, now, strict=False)
    return {"status": "Rejected" if refused else "Accepted"}


def clear_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload
    purpose = asked.get("chargingProfilePurpose")
    found = profiles.clear(
        station,
        now,
        profile_id=asked.get("id"),
        evse=asked.get("connectorId"),
        purpose=purpose and PURPOSES[purpose],
        stack_level=asked.get("stackLevel"),
    )
    return {"status": "Accepted" if found else "Unknown"}


def composite(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    connector, duration = call.payload["connectorId"], call.payload["duration"]
    unit = call.payload.get("chargingRateUnit")
    found = profiles.composite(station, connector, duration, unit, now, shared=False)
    if found is None:
        return {"status": "Rejected"}
    periods = _phased(found.periods, profiles.phases(station))
    begin = station.stamp(now)
    schedule = {
        "duration": found.duration_s,
        "startSchedule": begin,
        "chargingRateUnit": found.unit,
        "chargingSchedulePeriod": periods,
    }
    return {
        "status": "Accepted",
        "connectorId": connector,
        "scheduleStart": begin,
        "chargingSchedule": schedule,
    }


def _phased(periods: list[dict[str, object]], supply: int) -> list[dict[str, object]]:
    """Each with its phases, which a central system takes to be three where nothing is said (7.14); none twice."""
    return profiles.merged([{"numberPhases": supply, **period} for period in periods])


CALLS = {
    "SetChargingProfile": set_profile,
    "ClearChargingProfile": clear_profile,
    "GetCompositeSchedule": composite,
}
