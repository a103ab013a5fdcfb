"""OCPP 2.1 K: what its profiles say beyond 2.0.1's is refused, but for dynamic ones (K28, K29)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.v201 import core, smart_charging

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

PROFILE = frozenset(
    {
        *(
            "id",
            "stackLevel",
            "chargingProfilePurpose",
            "chargingProfileKind",
            "recurrencyKind",
            "validFrom",
            "validTo",
        ),
        *("transactionId", "chargingSchedule", "dynUpdateInterval", "dynUpdateTime", "customData"),
    }
)
SCHEDULE = frozenset(
    {
        *("id", "startSchedule", "duration", "chargingRateUnit", "minChargingRate", "chargingSchedulePeriod"),
        *("powerTolerance", "salesTariff", "customData"),
    }
)
PERIOD = frozenset({"startPeriod", "limit", "numberPhases", "phaseToUse", "operationMode", "customData"})
UPDATE = frozenset({"limit", "customData"})


def unsupported(profile: Mapping[str, Any]) -> str | None:
    """What of a profile this station couldn't follow; it is refused rather than half obeyed."""
    schedules = profile["chargingSchedule"]
    periods = [period for schedule in schedules for period in schedule["chargingSchedulePeriod"]]
    for known, parts in ((PROFILE, [profile]), (SCHEDULE, schedules), (PERIOD, periods)):
        for part in parts:
            strange = sorted(set(part) - known)
            if strange:
                return ", ".join(strange)
    if any("limit" not in period for period in periods):
        return "a period without limit"
    if any(period.get("operationMode", "ChargingOnly") != "ChargingOnly" for period in periods):
        return "operationMode"
    dynamic = profile["chargingProfileKind"] == "Dynamic"
    return "a dynamic profile has one period" if dynamic and len(periods) != 1 else None


def set_profile(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    wrong = unsupported(call.payload["chargingProfile"])
    return rejected("UnsupportedParam", wrong) if wrong else smart_charging.set_profile(station, call, now)


def start(station: "Station", call: "Call", now: Moment) -> Mapping[str, object] | None:
    """RequestStartTransaction: a profile that can't be followed starts nothing (F01.FR.26)."""
    profile = call.payload.get("chargingProfile")
    wrong = unsupported(profile) if profile else None
    if wrong:
        return rejected("UnsupportedParam", wrong)
    return core.CALLS["RequestStartTransaction"](station, call, now)


def update(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    """K28: the CSMS says what the dynamic profile's limit is by now."""
    said = call.payload["scheduleUpdate"]
    strange = sorted(set(said) - UPDATE)
    if strange or "limit" not in said:
        return rejected("UnsupportedParam", ", ".join(strange) or "limit is missing")
    if not station.dynamic.update(call.payload["chargingProfileId"], said["limit"], now):
        return rejected("InvalidProfileId", "no such dynamic profile")
    return {"status": "Accepted"}


def rejected(code: str, words: str) -> dict[str, object]:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": words[:1024]}}


CALLS = {
    "SetChargingProfile": set_profile,
    "RequestStartTransaction": start,
    "UpdateDynamicSchedule": update,
}
