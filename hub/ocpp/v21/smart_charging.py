"""OCPP 2.1 K: what its profiles say beyond 2.0.1's is refused, but for dynamic ones (K28, K29)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, rfc3339
from hub.ocpp.station.charging_profile import DYNAMIC, Profile
from hub.ocpp.station.profiles import phases
from hub.ocpp.station.smart_charging import CHARGING_ONLY, EXTERNAL_LIMITS
from hub.ocpp.v201 import core, smart_charging
from hub.ocpp.v201.smart_charging import rejected

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Wrong = tuple[str, str]
"""A reason code, and words."""
PROFILE = frozenset(
    {
        *("id", "stackLevel", "chargingProfilePurpose", "chargingProfileKind", "recurrencyKind"),
        *("validFrom", "validTo", "transactionId", "chargingSchedule", "customData"),
        *("dynUpdateInterval", "dynUpdateTime"),
    }
)
SCHEDULE = frozenset(
    {
        *("id", "startSchedule", "duration", "chargingRateUnit", "minChargingRate", "chargingSchedulePeriod"),
        *("powerTolerance", "salesTariff", "customData"),
    }
)
OFF = frozenset({"useLocalTime", "randomizedDelay", "limitAtSoC", "evseSleep"})
"""What this station doesn't follow, and what is nothing where it is said to be off (K01.FR.123 to 126)."""
PERIOD = frozenset({"startPeriod", "limit", "numberPhases", "phaseToUse", "operationMode", "customData"})
UPDATE = frozenset({"limit", "customData"})
ADDITIONAL = frozenset({"PriorityCharging", "LocalGeneration"})


def unsupported(profile: Mapping[str, Any]) -> Wrong | None:
    """What of a profile this station couldn't follow; it is refused rather than half obeyed."""
    if profile["chargingProfilePurpose"] in ADDITIONAL:  # K01.FR.120
        return "UnsupportedPurpose", profile["chargingProfilePurpose"]
    schedules = profile["chargingSchedule"]
    periods = [period for schedule in schedules for period in schedule["chargingSchedulePeriod"]]
    return _strange(profile, schedules, periods) or _not_dynamic(profile, periods) or _mode(profile, periods)


def _strange(profile: Mapping[str, Any], schedules: list[Any], periods: list[Any]) -> Wrong | None:
    for known, parts in ((PROFILE, [profile]), (SCHEDULE, schedules), (PERIOD, periods)):
        for part in parts:
            strange = sorted(name for name in set(part) - known if name not in OFF or part[name])
            if strange:
                code = "InvalidSchedule" if OFF.intersection(strange) else "UnsupportedParam"
                phased = any(name.endswith(("_L2", "_L3")) for name in strange)
                return "PhaseConflict" if phased else code, ", ".join(strange)
    return None


def _not_dynamic(profile: Mapping[str, Any], periods: list[Any]) -> Wrong | None:
    """K28.FR.01 to 04."""
    if profile["chargingProfileKind"] != DYNAMIC:
        updated = [name for name in ("dynUpdateInterval", "dynUpdateTime") if name in profile]
        return ("InvalidProfile", f"{updated[0]} is for dynamic profiles") if updated else None
    if profile.get("dynUpdateInterval", 0) < 0:  # 2.1's schema has no minimum
        return "InvalidProfile", "dynUpdateInterval"
    if len(periods) != 1 or periods[0]["startPeriod"] != 0:
        return "InvalidSchedule", "a dynamic profile has one period, from 0"
    return None


def _mode(profile: Mapping[str, Any], periods: list[Any]) -> Wrong | None:
    """K01.FR.111 and 115, K29.FR.03."""
    dynamic = profile["chargingProfileKind"] == DYNAMIC
    mine = profile["chargingProfilePurpose"] in ("TxProfile", "TxDefaultProfile")
    for period in periods:
        mode = period.get("operationMode", CHARGING_ONLY)
        if mode != CHARGING_ONLY and not (mode == EXTERNAL_LIMITS and dynamic and mine):
            return "InvalidOperationMode", mode
        if "limit" not in period and mode == CHARGING_ONLY:
            return "InvalidSchedule", "a period without limit"
    return None


def _filled(station: "Station", call: "Call") -> "Call":
    """Where others set the limit the CSMS needs none: until they do, the charger's own holds."""
    profile = call.payload["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    (period,) = schedule["chargingSchedulePeriod"]
    most = station.setup.ratings.max_current
    if schedule["chargingRateUnit"] == "W":
        most *= phases(station) * station.setup.voltage
    whole = {**schedule, "chargingSchedulePeriod": [{"limit": most, **period}]}
    return call._replace(
        payload={**call.payload, "chargingProfile": {**profile, "chargingSchedule": [whole]}}
    )


def _readable(station: "Station", call: "Call") -> "Call":
    dynamic = call.payload["chargingProfile"]["chargingProfileKind"] == DYNAMIC
    return _filled(station, call) if dynamic else call


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    wrong = unsupported(call.payload["chargingProfile"])
    if wrong:
        return rejected(*wrong)
    return smart_charging.set_profile(station, _readable(station, call), now)


def start(station: "Station", call: "Call", now: Moment) -> Mapping[str, object] | None:
    """RequestStartTransaction: a profile that can't be followed starts nothing (F01.FR.26)."""
    profile = call.payload.get("chargingProfile")
    wrong = unsupported(profile) if profile else None
    if wrong:
        return rejected(*wrong)
    readable = _readable(station, call) if profile else call
    return core.CALLS["RequestStartTransaction"](station, readable, now)


def update(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    """K28: the CSMS says what the dynamic profile's limit is by now."""
    said, number = call.payload["scheduleUpdate"], call.payload["chargingProfileId"]
    strange = sorted(set(said) - UPDATE)
    if strange or "limit" not in said:
        return rejected("UnsupportedParam", ", ".join(strange) or "limit is missing")
    if station.dynamic.one(number) is None:
        if number in station.profiles:  # K28.FR.11
            return rejected("InvalidProfile", "no dynamic one")
        return rejected("InvalidProfileId", "no such profile")
    if not station.dynamic.update(number, said["limit"], now):
        return rejected("InvalidValue", "no limit")
    return {"status": "Accepted"}


def get_profiles(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    return smart_charging.report_profiles(station, call, lambda profile: written(station, profile))


def written(station: "Station", profile: Profile) -> dict[str, Any]:
    """As it came; of a dynamic one what holds by now, and since when."""
    said: dict[str, Any] = smart_charging.written(profile)
    if profile.kind != DYNAMIC:
        return said
    said["chargingProfileKind"] = DYNAMIC
    told = station.external.since(profile.evse) if profile.by_others else None
    updated = max((moment for moment in (profile.updated, told) if moment), default=None)
    if updated is not None:
        said["dynUpdateTime"] = rfc3339(updated)
    if profile.pull_s is not None:
        said["dynUpdateInterval"] = profile.pull_s
    if profile.by_others:
        said["chargingSchedule"][0]["chargingSchedulePeriod"][0] |= _by_others(station, profile)
    return said


def _by_others(station: "Station", profile: Profile) -> dict[str, object]:
    allowed = station.external.limit_a(profile.evse)
    factor = 1.0 if profile.unit == "A" else phases(station) * station.setup.voltage
    limit = {} if allowed is None else {"limit": round(allowed * factor, 1)}
    return {"operationMode": EXTERNAL_LIMITS, **limit}


CALLS = {
    "SetChargingProfile": set_profile,
    "RequestStartTransaction": start,
    "UpdateDynamicSchedule": update,
    "GetChargingProfiles": get_profiles,
}
