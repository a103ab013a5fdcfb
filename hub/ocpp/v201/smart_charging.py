"""OCPP 2.0.1 K: charging profiles."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.smart_charging import MAX, TX, TX_DEFAULT, Period, Profile

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

PURPOSES = {"ChargingStationMaxProfile": MAX, "TxDefaultProfile": TX_DEFAULT, "TxProfile": TX}
NAMES = {neutral: name for name, neutral in PURPOSES.items()}


def read_profile(body: Mapping[str, Any], evse: int) -> Profile:
    """A ChargingProfile of one schedule. Raises CallError for what can't be read."""
    if len(body["chargingSchedule"]) != 1 or body["chargingProfilePurpose"] not in PURPOSES:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "one schedule, of a purpose that a CSMS may set")
    (schedule,) = body["chargingSchedule"]
    try:
        start, valid_from, valid_to = (
            parse_time(holder[name]) if name in holder else None
            for holder, name in ((schedule, "startSchedule"), (body, "validFrom"), (body, "validTo"))
        )
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "a date-time that is none") from error
    return Profile(
        body["id"],
        evse,
        body["stackLevel"],
        PURPOSES[body["chargingProfilePurpose"]],
        body["chargingProfileKind"],
        schedule["chargingRateUnit"],
        tuple(
            Period(period["startPeriod"], float(period["limit"]), period.get("numberPhases"))
            for period in schedule["chargingSchedulePeriod"]
        ),
        start,
        schedule.get("duration"),
        body.get("recurrencyKind"),
        valid_from,
        valid_to,
        body.get("transactionId"),
    )


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    evse, body = call.payload["evseId"], call.payload["chargingProfile"]
    if body["chargingProfilePurpose"] not in PURPOSES:
        return _rejected("InvalidProfile")
    # K01.FR.03: a TxProfile names its transaction.
    if body["chargingProfilePurpose"] == "TxProfile" and "transactionId" not in body:
        return _rejected("MissingParam")
    words = station.control.install(read_profile(body, evse), now)
    return _rejected("InvalidValue", words) if words else {"status": "Accepted"}


def _rejected(code: str, words: str = "") -> dict[str, object]:
    info = {"reasonCode": code, "additionalInfo": words[:512]} if words else {"reasonCode": code}
    return {"status": "Rejected", "statusInfo": info}


def clear_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    criteria = call.payload.get("chargingProfileCriteria", {})
    purpose = PURPOSES.get(criteria.get("chargingProfilePurpose", ""))
    found = station.control.clear_profiles(
        call.payload.get("chargingProfileId"),
        criteria.get("evseId"),
        purpose,
        criteria.get("stackLevel"),
        now,
    )
    return {"status": "Accepted" if found else "Unknown"}


def composite(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    asked = call.payload
    evse = asked["evseId"]
    if evse != 0 and evse not in station.evses.flows:
        return _rejected("UnknownEvse")
    unit = asked.get("chargingRateUnit", "A")
    schedule = {
        "evseId": evse,
        "duration": asked["duration"],
        "scheduleStart": station.stamp(now),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": station.control.composite(evse, asked["duration"], unit, now),
    }
    return {"status": "Accepted", "schedule": schedule}


def get_profiles(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    evse, wanted = call.payload.get("evseId"), call.payload["chargingProfile"]
    found = [
        profile
        for profile in station.profiles.all()
        if evse in (None, profile.evse)
        and profile.id in wanted.get("chargingProfileId", [profile.id])
        and wanted.get("stackLevel", profile.stack_level) == profile.stack_level
        and PURPOSES.get(wanted.get("chargingProfilePurpose", ""), profile.purpose) == profile.purpose
    ]
    for index, profile in enumerate(found):
        report = {
            "requestId": call.payload["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": profile.evse,
            "chargingProfile": [written(profile)],
            "tbc": index < len(found) - 1,
        }
        station.say(Raw("2.0.1", "ReportChargingProfiles", report))
    return {"status": "Accepted" if found else "NoProfiles"}


def written(profile: Profile) -> dict[str, object]:
    schedule: dict[str, object] = {
        "id": profile.id,
        "chargingRateUnit": profile.unit,
        "chargingSchedulePeriod": [
            {"startPeriod": period.start_s, "limit": period.limit}
            | ({"numberPhases": period.phases} if period.phases else {})
            for period in profile.periods
        ],
    }
    said: dict[str, object] = {
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": NAMES[profile.purpose],
        "chargingProfileKind": profile.kind,
        "chargingSchedule": [schedule],
    }
    optional = {
        "recurrencyKind": profile.recurrency,
        "validFrom": profile.valid_from and rfc3339(profile.valid_from),
        "validTo": profile.valid_to and rfc3339(profile.valid_to),
        "transactionId": profile.transaction,
    }
    if profile.schedule_start:
        schedule["startSchedule"] = rfc3339(profile.schedule_start)
    if profile.duration_s is not None:
        schedule["duration"] = profile.duration_s
    return said | {name: value for name, value in optional.items() if value}


CALLS = {
    "SetChargingProfile": set_profile,
    "ClearChargingProfile": clear_profile,
    "GetCompositeSchedule": composite,
    "GetChargingProfiles": get_profiles,
}
