"""One charging profile: what it says, what may be wrong with it, which others it collides with (K01)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.model.moment import parse_time, rfc3339

MAX, TX_DEFAULT, TX = "Max", "TxDefault", "Tx"
DYNAMIC = "Dynamic"


@dataclass(frozen=True, slots=True)
class Period:
    start_s: int
    limit: float
    phases: int | None = None
    phase_to_use: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """`schedule_start` None: counts from the transaction's begin; a station's (Max), from when it was installed."""

    id: int
    evse: int
    stack_level: int
    purpose: str
    kind: str
    unit: str
    periods: tuple[Period, ...]
    schedule_start: datetime | None = None
    duration_s: int | None = None
    recurrency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction: str | None = None
    installed: datetime | None = None
    schedule_id: int | None = None
    min_rate: float | None = None
    """minChargingRate: kept for who asks for the profile; this station optimizes nothing with it (K02.FR.06)."""
    pull_s: int | None = None
    """2.1: so often the CSMS wants to be asked for the limit of a dynamic profile."""
    updated: datetime | None = None
    """2.1: when the limit of a dynamic profile was said last (dynUpdateTime)."""
    by_others: bool = False
    """2.1: whoever limits the charger besides the CSMS sets its limit (operationMode ExternalLimits)."""


def rivals(profile: Profile, other: Profile) -> bool:
    """Another id with the same purpose, stack level and place: only one of them can mean something."""
    return (
        other.id != profile.id
        and (other.purpose, other.stack_level, other.evse)
        == (profile.purpose, profile.stack_level, profile.evse)
        and (profile.purpose != TX or other.transaction == profile.transaction)
    )


def collide(profile: Profile, other: Profile) -> bool:
    """Rivals at the same time."""
    return rivals(profile, other) and overlap(profile, other)


def overlap(profile: Profile, other: Profile) -> bool:
    """Is there a moment at which both are valid? From includes, to excludes (K01.FR.36/37)."""
    return all(
        one.valid_to is None or two.valid_from is None or two.valid_from < one.valid_to
        for one, two in ((profile, other), (other, profile))
    )


TIMES = ("schedule_start", "valid_from", "valid_to", "installed", "updated")


def document(profile: Profile) -> dict[str, object]:
    body = asdict(profile)
    for name in TIMES:
        body[name] = rfc3339(body[name]) if body[name] else None
    return body


def restored(body: Mapping[str, Any]) -> Profile:
    fields = dict(body)
    for name in TIMES:
        fields[name] = parse_time(fields[name]) if fields.get(name) else None
    fields["periods"] = tuple(Period(**period) for period in fields["periods"])
    return Profile(**fields)


class Refusal(StrEnum):
    """Why a profile can't be installed."""

    UNKNOWN_EVSE = "unknown EVSE"
    STACK_LEVEL = "stack level too high"
    PERIODS = "number of periods"
    ORDER = "periods must start at 0 and rise"
    VALUE = "a limit or a time that is none"
    STATION_ONLY = "a station's profile is for EVSE 0"
    EVSE_ONLY = "a TxProfile is for one EVSE"
    NO_TRANSACTION = "no transaction"
    OTHER_TRANSACTION = "another transaction"
    RECURRENCY = "recurrencyKind"
    START = "startSchedule"
    UNIT = "chargingRateUnit"
    PHASES = "numberPhases"
    TAKEN = "the number of a limit that isn't the CSMS's"
    DUPLICATE = "the same purpose and stack level as another profile"
    FULL = "too many profiles"
    NO_LIMIT = "the charger takes no limit, or not now"


def problem(
    profile: Profile, *, evses: int, max_stack: int, max_periods: int, transaction: str | None
) -> Refusal | None:
    """What is wrong with a profile in any version; None: nothing."""
    starts = [period.start_s for period in profile.periods]
    rules = (
        (not 0 <= profile.evse <= evses, Refusal.UNKNOWN_EVSE),  # K01.FR.28
        (not 0 <= profile.stack_level <= max_stack, Refusal.STACK_LEVEL),
        (not 0 < len(starts) <= max_periods, Refusal.PERIODS),
        (starts[:1] != [0] or starts != sorted(set(starts)), Refusal.ORDER),  # K01.FR.31/35
        (not _sane(profile), Refusal.VALUE),
        (profile.purpose == MAX and profile.evse != 0, Refusal.STATION_ONLY),  # K04.FR.03
        (profile.purpose == TX and profile.evse == 0, Refusal.EVSE_ONLY),  # K01.FR.16
        (profile.purpose == TX and transaction is None, Refusal.NO_TRANSACTION),  # K01.FR.09
        (
            profile.purpose == TX and profile.transaction not in (None, transaction),
            Refusal.OTHER_TRANSACTION,  # K01.FR.33
        ),
        (profile.kind == "Recurring" and profile.recurrency is None, Refusal.RECURRENCY),
        (profile.kind == "Recurring" and profile.schedule_start is None, Refusal.START),
    )
    return next((refusal for broken, refusal in rules if broken), None)


def _sane(profile: Profile) -> bool:
    limits_good = all(math.isfinite(period.limit) and period.limit >= 0 for period in profile.periods)
    return limits_good and (profile.duration_s is None or profile.duration_s > 0)


def bound(profile: Profile, transaction: str | None, wall: datetime) -> Profile:
    """As it is installed: with its transaction and the moment it came."""
    updated = (profile.updated or wall) if profile.kind == DYNAMIC else None  # K28.FR.05
    own = transaction if profile.purpose == TX else None
    return replace(profile, transaction=own, installed=wall, updated=updated)
