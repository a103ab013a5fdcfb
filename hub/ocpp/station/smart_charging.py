"""Charging profiles: what is installed, which limit holds when, and the composite schedule (K01 to K08).

Neutral words: purposes Max, TxDefault and Tx; limits in A or W for each phase set; the composite of a moment is
the lowest of Max and of (Tx, or else TxDefault), each from its highest stack level that says something then.
One function answers both GetCompositeSchedule and the limit that is written to the charger.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hub.model.moment import parse_time, rfc3339

MAX, TX_DEFAULT, TX = "Max", "TxDefault", "Tx"
DAY, WEEK = 86400, 604800
VOLTAGE = 230.0


@dataclass(frozen=True, slots=True)
class Period:
    start_s: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """`schedule_start` None: relative to the transaction (Relative), or to when it was installed."""

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


@dataclass(frozen=True, slots=True)
class Limitation:
    """What holds from a moment on; `limit` None: no profile says anything."""

    limit_a: float | None
    phases: int | None = None
    unit: str = "A"
    """The unit the winning profile spoke in."""


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction at an EVSE: its id and start, None where none runs. `phases` and `voltage` convert W and A."""

    transaction: str | None = None
    started: datetime | None = None
    phases: int = 3
    voltage: float = VOLTAGE


class Profiles:
    """All profiles of a station. The caller keeps them (`document`, `restored`)."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._profiles: dict[int, Profile] = {profile.id: profile for profile in profiles}

    def __len__(self) -> int:
        return len(self._profiles)

    def all(self) -> list[Profile]:
        return sorted(self._profiles.values(), key=lambda profile: profile.id)

    def install(self, profile: Profile) -> list[Profile]:
        """Takes the place of the same id and of the same purpose and stack level (K01.FR.05/06). Returns the ousted."""
        ousted = [
            other
            for other in self._profiles.values()
            if other.id == profile.id
            or (
                (other.purpose, other.stack_level, other.evse)
                == (profile.purpose, profile.stack_level, profile.evse)
                and (profile.purpose != TX or other.transaction == profile.transaction)
            )
        ]
        for other in ousted:
            del self._profiles[other.id]
        self._profiles[profile.id] = profile
        return [other for other in ousted if other.id != profile.id]

    def clear(
        self, profile_id: int | None, evse: int | None, purpose: str | None, stack_level: int | None
    ) -> list[Profile]:
        """An id alone decides; else all given criteria must fit (K10.FR.03/04)."""
        chosen = [
            profile
            for profile in self._profiles.values()
            if (
                profile.id == profile_id
                if profile_id is not None
                else evse in (None, profile.evse)
                and purpose in (None, profile.purpose)
                and stack_level in (None, profile.stack_level)
            )
        ]
        for profile in chosen:
            del self._profiles[profile.id]
        return chosen

    def ended(self, transaction: str) -> list[Profile]:
        """TxProfiles live as long as their transaction (K02.FR.05)."""
        over = [
            profile
            for profile in self._profiles.values()
            if profile.purpose == TX and profile.transaction == transaction
        ]
        for profile in over:
            del self._profiles[profile.id]
        return over

    def at(self, evse: int, context: Context, wall: datetime) -> Limitation:
        """What holds at a moment."""
        candidates = [self._of(MAX, 0, context, wall)]
        tx = self._of(TX, evse, context, wall) if context.transaction else None
        candidates.append(tx or self._of(TX_DEFAULT, evse, context, wall))
        found = [limitation for limitation in candidates if limitation and limitation.limit_a is not None]
        return min(found, key=lambda limitation: limitation.limit_a or 0.0) if found else Limitation(None)

    def next_change(self, evse: int, context: Context, wall: datetime) -> datetime | None:
        """The next moment at which `at` may give something else."""
        moments = (
            moment
            for profile in self._profiles.values()
            for moment in _edges(profile, context, wall)
            if moment > wall
        )
        return min(moments, default=None)

    def composite(
        self, evse: int, context: Context, wall: datetime, duration_s: int
    ) -> list[tuple[int, Limitation]]:
        """(second, what holds from it on), from now; neighbours that are alike are one."""
        end, moment = wall + timedelta(seconds=duration_s), wall
        schedule: list[tuple[int, Limitation]] = []
        while moment < end and len(schedule) < 1000:
            limitation = self.at(evse, context, moment)
            if not schedule or schedule[-1][1] != limitation:
                schedule.append((round((moment - wall).total_seconds()), limitation))
            following = self.next_change(evse, context, moment)
            if following is None:
                break
            moment = following
        return schedule

    def _of(self, purpose: str, evse: int, context: Context, wall: datetime) -> Limitation | None:
        """The highest stack level that says something now; an EVSE's own profiles go before the station's."""
        fitting = sorted(
            (
                profile
                for profile in self._profiles.values()
                if profile.purpose == purpose
                and profile.evse in (0, evse)
                and (purpose != TX or profile.transaction == context.transaction)
            ),
            key=lambda profile: (profile.stack_level, profile.evse != 0),
            reverse=True,
        )
        for profile in fitting:
            period = _period(profile, context, wall)
            if period is not None:
                return _limitation(profile, period, context)
        return None


def _limitation(profile: Profile, period: Period, context: Context) -> Limitation:
    if profile.unit == "A":
        return Limitation(period.limit, period.phases)
    phases = period.phases or context.phases
    return Limitation(period.limit / (phases * context.voltage), period.phases, "W")


def _begin(profile: Profile, context: Context, wall: datetime) -> datetime | None:
    """When the schedule that is running now began; None: none runs."""
    if profile.kind == "Relative":
        return context.started or (profile.installed if profile.purpose != TX else None)
    begin = profile.schedule_start or profile.installed
    if begin is None or wall < begin:
        return None
    if profile.kind == "Recurring":
        cycle = DAY if profile.recurrency == "Daily" else WEEK
        begin += timedelta(seconds=cycle * ((wall - begin).total_seconds() // cycle))
    return begin


def _period(profile: Profile, context: Context, wall: datetime) -> Period | None:
    if (profile.valid_from and wall < profile.valid_from) or (profile.valid_to and wall >= profile.valid_to):
        return None
    begin = _begin(profile, context, wall)
    if begin is None:
        return None
    second = (wall - begin).total_seconds()
    if second < 0 or (profile.duration_s is not None and second >= profile.duration_s):
        return None
    running = [period for period in profile.periods if period.start_s <= second]
    return running[-1] if running else None


def _edges(profile: Profile, context: Context, wall: datetime) -> list[datetime]:
    edges = [moment for moment in (profile.valid_from, profile.valid_to, profile.schedule_start) if moment]
    begin = _begin(profile, context, wall)
    if begin is not None:
        edges += [begin + timedelta(seconds=period.start_s) for period in profile.periods]
        if profile.duration_s is not None:
            edges.append(begin + timedelta(seconds=profile.duration_s))
        if profile.kind == "Recurring":
            edges.append(begin + timedelta(seconds=DAY if profile.recurrency == "Daily" else WEEK))
    return edges


TIMES = ("schedule_start", "valid_from", "valid_to", "installed")


def document(profile: Profile) -> dict[str, object]:
    body = asdict(profile)
    for name in TIMES:
        body[name] = rfc3339(body[name]) if body[name] else None
    return body


def restored(body: Mapping[str, Any]) -> Profile:
    fields = dict(body)
    for name in TIMES:
        fields[name] = parse_time(fields[name]) if fields[name] else None
    fields["periods"] = tuple(Period(**period) for period in fields["periods"])
    return Profile(**fields)


def problem(
    profile: Profile, *, evses: int, max_stack: int, max_periods: int, transaction: str | None
) -> str | None:
    """Why a profile can't be installed; None: it can."""
    starts = [period.start_s for period in profile.periods]
    rules = (
        (profile.evse > evses, "unknown EVSE"),
        (profile.stack_level > max_stack, "stack level too high"),
        (not starts or len(starts) > max_periods, "number of periods"),
        (
            bool(starts) and (starts[0] != 0 or starts != sorted(set(starts))),
            "periods must start at 0 and rise",
        ),
        (any(period.limit < 0 for period in profile.periods), "negative limit"),
        (profile.purpose == MAX and profile.evse != 0, "a station's profile is for EVSE 0"),
        (profile.purpose == TX and profile.evse == 0, "a TxProfile is for one EVSE"),
        (profile.purpose == TX and transaction is None, "no transaction"),
        (
            profile.purpose == TX and profile.transaction not in (None, transaction),
            "another transaction",
        ),
        (profile.kind == "Recurring" and profile.recurrency not in ("Daily", "Weekly"), "recurrencyKind"),
        (profile.kind == "Recurring" and profile.schedule_start is None, "startSchedule"),
    )
    return next((words for broken, words in rules if broken), None)


def bound(profile: Profile, transaction: str | None, wall: datetime) -> Profile:
    """As it is installed: with its transaction and the moment it came."""
    return replace(profile, transaction=transaction if profile.purpose == TX else None, installed=wall)
