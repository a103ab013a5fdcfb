"""OCPP 2.0.1 K: charging profiles."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station import profiles
from hub.ocpp.station.charging_profile import DYNAMIC, MAX, TX, TX_DEFAULT, Period, Profile, Refusal
from hub.ocpp.station.external_limits import EXTERNAL
from hub.ocpp.station.messages import ExternalLimit, Raw
from hub.ocpp.station.smart_charging import EXTERNAL_LIMITS

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

PURPOSES = {"ChargingStationMaxProfile": MAX, "TxDefaultProfile": TX_DEFAULT, "TxProfile": TX}
NAMES = {neutral: name for name, neutral in PURPOSES.items()} | {
    EXTERNAL: "ChargingStationExternalConstraints"
}
SOURCE = "CSO"
"""Of what came from the CSMS."""
REASONS = {
    Refusal.UNKNOWN_EVSE: "UnknownEvse",
    Refusal.STACK_LEVEL: "InvalidStackLevel",
    Refusal.PERIODS: "InvalidSchedule",
    Refusal.ORDER: "InvalidSchedule",
    Refusal.VALUE: "InvalidValue",
    Refusal.STATION_ONLY: "InvalidProfile",
    Refusal.EVSE_ONLY: "InvalidProfile",
    Refusal.NO_TRANSACTION: "TxNotFound",
    Refusal.OTHER_TRANSACTION: "UnknownTxId",
    Refusal.RECURRENCY: "InvalidProfile",
    Refusal.START: "InvalidSchedule",
    Refusal.UNIT: "UnsupportedRateUnit",
    Refusal.PHASES: "InvalidSchedule",
    Refusal.TAKEN: "InvalidProfile",
    Refusal.DUPLICATE: "DuplicateProfile",
    Refusal.FULL: "OutOfStorage",
    Refusal.NO_LIMIT: "NotEnabled",
}


def read_profile(body: Mapping[str, Any], evse: int) -> Profile:
    """A ChargingProfile of one schedule (K01.FR.34). Raises CallError for what can't be read."""
    if len(body["chargingSchedule"]) != 1 or body["chargingProfilePurpose"] not in PURPOSES:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "one schedule, of a purpose that a CSMS may set")
    (schedule,) = body["chargingSchedule"]
    try:
        start, valid_from, valid_to, updated = (
            parse_time(holder[name]) if name in holder else None
            for holder, name in (
                (schedule, "startSchedule"),
                *((body, name) for name in ("validFrom", "validTo", "dynUpdateTime")),
            )
        )
    except ValueError as error:
        raise CallError(ErrorCode.PROPERTY_CONSTRAINT, "a date-time that is none") from error
    return Profile(
        id=body["id"],
        evse=evse,
        stack_level=body["stackLevel"],
        purpose=PURPOSES[body["chargingProfilePurpose"]],
        kind=body["chargingProfileKind"],
        unit=schedule["chargingRateUnit"],
        periods=tuple(_read_period(period) for period in schedule["chargingSchedulePeriod"]),
        schedule_start=start,
        duration_s=schedule.get("duration"),
        recurrency=body.get("recurrencyKind"),
        valid_from=valid_from,
        valid_to=valid_to,
        transaction=body.get("transactionId"),
        schedule_id=schedule["id"],
        min_rate=schedule.get("minChargingRate"),
        pull_s=body.get("dynUpdateInterval"),
        updated=updated,
        by_others=schedule["chargingSchedulePeriod"][0].get("operationMode") == EXTERNAL_LIMITS,
    )


def _read_period(period: Mapping[str, Any]) -> Period:
    return Period(
        period["startPeriod"], float(period["limit"]), period.get("numberPhases"), period.get("phaseToUse")
    )


def startable(station: "Station", body: Mapping[str, Any], evse: int | None) -> bool:
    """May a remote start bring this profile? (F01.FR.26, K05.FR.02/05)"""
    # F01.FR.23: it can't name a transaction yet.
    if body["chargingProfilePurpose"] != "TxProfile" or "transactionId" in body:
        return False
    try:
        profile = read_profile(body, evse or 1)
    except CallError:
        return False
    # K05.FR.04: without smart charging it is ignored.
    return not profiles.enabled(station) or not profiles.refusal(
        station, profile, strict=True, transaction=profiles.STARTING
    )


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    if not profiles.supported(station):  # K01.FR.29
        raise CallError(ErrorCode.NOT_SUPPORTED, "the charger takes no limit")
    body = call.payload["chargingProfile"]
    purpose = body["chargingProfilePurpose"]
    if purpose not in PURPOSES:  # K01.FR.22
        return rejected("InvalidProfile", f"{purpose} isn't for a CSMS to set")
    # K01.FR.03: a TxProfile names its transaction.
    if purpose == "TxProfile" and "transactionId" not in body:
        return rejected("MissingParam", "transactionId")
    try:
        profile = read_profile(body, call.payload["evseId"])
    except CallError as error:
        return rejected("InvalidSchedule", error.description)
    refused = profiles.install(station, profile, now, strict=True)
    return rejected(REASONS[refused], refused) if refused else {"status": "Accepted"}


def rejected(code: str, words: str) -> dict[str, object]:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": words}}


def clear_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    criteria = call.payload.get("chargingProfileCriteria", {})
    purpose = criteria.get("chargingProfilePurpose")
    if "chargingProfileId" not in call.payload and purpose not in (None, *PURPOSES):
        return {"status": "Unknown"}  # K10.FR.06/08: no such profile is ever here
    found = profiles.clear(
        station,
        now,
        profile_id=call.payload.get("chargingProfileId"),
        evse=criteria.get("evseId"),
        purpose=PURPOSES.get(purpose),
        stack_level=criteria.get("stackLevel"),
    )
    return {"status": "Accepted" if found else "Unknown"}


def composite(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    evse, duration = call.payload["evseId"], call.payload["duration"]
    wanted = call.payload.get("chargingRateUnit")
    found = profiles.composite(station, evse, duration, wanted, now)
    if found is None:
        known = evse == 0 or evse in station.evses.flows
        return rejected(
            "UnsupportedRequest" if known else "UnknownEvse", "no schedule can be told for this EVSE and unit"
        )
    schedule = {
        "evseId": evse,
        "duration": found.duration_s,
        "scheduleStart": station.stamp(now),
        "chargingRateUnit": found.unit,
        "chargingSchedulePeriod": found.periods,
    }
    return {"status": "Accepted", "schedule": schedule}


def get_profiles(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    return report_profiles(station, call, written)


def report_profiles(
    station: "Station", call: "Call", write: Callable[[Profile], Mapping[str, object]]
) -> Mapping[str, object]:
    """One profile in each report, told after the answer (K09.FR.01/02)."""
    evse, wanted = call.payload.get("evseId"), call.payload["chargingProfile"]
    # K09.FR.04 to 06: 0 is the station itself, none is everything.
    known = [(SOURCE, profile) for profile in station.profiles.all()] + station.external.profiles()
    found = [
        (source, profile)
        for source, profile in known
        if evse in (None, profile.evse) and _wanted(profile, source, wanted)
    ]
    for index, (source, profile) in enumerate(found):
        report = {
            "requestId": call.payload["requestId"],
            "chargingLimitSource": source,
            "evseId": profile.evse,
            "chargingProfile": [write(profile)],
            "tbc": index < len(found) - 1,
        }
        station.say(Raw("2.0.1", "ReportChargingProfiles", report), held=True)
    return {"status": "Accepted" if found else "NoProfiles"}


def _wanted(profile: Profile, source: str, wanted: Mapping[str, Any]) -> bool:
    purpose = NAMES[profile.purpose]
    return (
        profile.id in wanted.get("chargingProfileId", [profile.id])
        and wanted.get("stackLevel", profile.stack_level) == profile.stack_level
        and wanted.get("chargingProfilePurpose", purpose) == purpose
        and source in wanted.get("chargingLimitSource", [source])
    )


def external_limit(station: "Station", message: ExternalLimit) -> tuple[str, Mapping[str, object]]:
    """NotifyChargingLimit or ClearedChargingLimit (K11.FR.02/03, K13.FR.02)."""
    if message.limit is None:
        return "ClearedChargingLimit", {"chargingLimitSource": message.source, "evseId": message.evse}
    said: dict[str, object] = {
        "evseId": message.evse,
        "chargingLimit": {"chargingLimitSource": message.source},
    }
    if station.variables.bool("NotifyLimitWithSchedules"):
        said["chargingSchedule"] = [_schedule(message.limit)]
    return "NotifyChargingLimit", said


def written(profile: Profile) -> dict[str, object]:
    """As it came."""
    said = {
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": NAMES[profile.purpose],
        # What 2.1's CSMS has set counts from its last update: nothing is nearer to that.
        "chargingProfileKind": "Relative" if profile.kind == DYNAMIC else profile.kind,
        "recurrencyKind": profile.recurrency,
        "validFrom": profile.valid_from and rfc3339(profile.valid_from),
        "validTo": profile.valid_to and rfc3339(profile.valid_to),
        "transactionId": profile.transaction,
        "chargingSchedule": [_schedule(profile)],
    }
    return _present(said)


def _schedule(profile: Profile) -> dict[str, object]:
    return _present(
        {
            # 1.6's schedules have no id of their own.
            "id": profile.id if profile.schedule_id is None else profile.schedule_id,
            "startSchedule": profile.schedule_start and rfc3339(profile.schedule_start),
            "duration": profile.duration_s,
            "chargingRateUnit": profile.unit,
            "minChargingRate": profile.min_rate,
            "chargingSchedulePeriod": [_period(period) for period in profile.periods],
        }
    )


def _period(period: Period) -> dict[str, object]:
    return _present(
        {
            "startPeriod": period.start_s,
            "limit": period.limit,
            "numberPhases": period.phases,
            "phaseToUse": period.phase_to_use,
        }
    )


def _present(said: Mapping[str, object]) -> dict[str, object]:
    """What is absent is left out, never null."""
    return {name: value for name, value in said.items() if value is not None}


CALLS = {
    "SetChargingProfile": set_profile,
    "ClearChargingProfile": clear_profile,
    "GetCompositeSchedule": composite,
    "GetChargingProfiles": get_profiles,
}
