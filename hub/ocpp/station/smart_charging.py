"""Charging profiles: what is installed, which limit holds when, and the schedules that follow (K01 to K08).

Theory: purposes are Max, TxDefault and Tx. At an EVSE the lower of Max and of (Tx, or else TxDefault) holds, each
from its highest stack level that says something at that moment. Max is for the station: EVSEs with a transaction
share it. Limits are in amperes per phase inside; watts become amperes by the nominal voltage and the phases
(K01.FR.50). One function answers both GetCompositeSchedule and the limit that is written to the charger.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from hub.ocpp.station.charging_profile import DYNAMIC, MAX, TX, TX_DEFAULT, Period, Profile, rivals

DAY, WEEK = 86_400, 604_800
VOLTAGE = 230.0
FAR_S = 10**9
"""A change that is further away (30 years) is none."""
AHEAD = timedelta(seconds=2)
"""A CSMS's clock may be so much ahead of the station's: what begins now by its clock begins now."""
UNLIMITED_A = 1e6
"""A CSMS's way to say that there is no limit may be any number."""
MOST_LOOKS = 1000
"""For one composite schedule: a month and more of hourly changes."""


CHARGING_ONLY, EXTERNAL_LIMITS = "ChargingOnly", "ExternalLimits"


@dataclass(frozen=True, slots=True)
class Limitation:
    """What holds from a moment on, in amperes per phase; `limit_a` None: no profile says anything."""

    limit_a: float | None
    phases: int | None = None
    """The most phases that a profile allows, where one says so."""
    unit: str = "A"
    """What the profile that won is written in."""
    mode: str = CHARGING_ONLY
    """2.1: the operationMode that the transaction's own profile gives it."""


NOTHING = Limitation(None)


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction at an EVSE, None where none runs. `phases` and `voltage` convert W and A."""

    transaction: str | None = None
    started: datetime | None = None
    """Since when energy may flow; None: it may begin at any moment."""
    phases: int = 3
    voltage: float = VOLTAGE
    outside_a: float | None = None
    """What somebody else than the CSMS allows there, since when."""
    outside_since: datetime | None = None


class Profiles:
    """All profiles of a station. The caller keeps them (`document`, `restored`)."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._profiles: dict[int, Profile] = {profile.id: profile for profile in profiles}

    def __len__(self) -> int:
        return len(self._profiles)

    def __contains__(self, profile_id: int) -> bool:
        return profile_id in self._profiles

    def all(self) -> list[Profile]:
        return sorted(self._profiles.values(), key=lambda profile: profile.id)

    def install(self, profile: Profile, *, ousts: bool = True) -> list[Profile]:
        """Takes the place of the same id (K01.FR.05), and in 1.6 (3.13.2) of its rivals, whenever they are valid.

        Returns the others ousted.
        """
        ousted = [other for other in self._profiles.values() if ousts and rivals(profile, other)]
        for other in ousted:
            del self._profiles[other.id]
        self._profiles[profile.id] = profile
        return ousted

    def clear(
        self, profile_id: int | None, evse: int | None, purpose: str | None, stack_level: int | None
    ) -> list[Profile]:
        """An id alone decides; else all given criteria must fit (K10.FR.03/04)."""
        return self._remove(
            lambda profile: (
                profile.id == profile_id
                if profile_id is not None
                else evse in (None, profile.evse)
                and purpose in (None, profile.purpose)
                and stack_level in (None, profile.stack_level)
            )
        )

    def ended(self, transaction: str) -> list[Profile]:
        """TxProfiles live as long as their transaction (K02.FR.05)."""
        return self._remove(lambda profile: profile.purpose == TX and profile.transaction == transaction)

    def _remove(self, chosen: Callable[[Profile], bool]) -> list[Profile]:
        gone = [profile for profile in self._profiles.values() if chosen(profile)]
        for profile in gone:
            del self._profiles[profile.id]
        return gone

    # What holds

    def at(self, evse: int, context: Context, wall: datetime) -> Limitation:
        """What holds at a moment for an EVSE that has the station for itself."""
        return lowest(self.ceiling(context, wall), self.own(evse, context, wall))

    def own(self, evse: int, context: Context, wall: datetime) -> Limitation:
        """The transaction's profile; where it says nothing, the default (K02.FR.04/08)."""
        found = self._of(TX, evse, context, wall) if context.transaction else None
        return found or self._of(TX_DEFAULT, evse, context, wall) or NOTHING

    def ceiling(self, context: Context, wall: datetime) -> Limitation:
        """What all EVSEs together may draw (K04.FR.05)."""
        return self._of(MAX, 0, context, wall) or NOTHING

    def next_change(self, evse: int, context: Context, wall: datetime) -> datetime | None:
        """The next moment at which `at` may give something else."""
        here = (profile for profile in self._profiles.values() if profile.evse in (0, evse))
        edges = (_next_edge(profile, context, wall) for profile in here)
        return min((edge for edge in edges if edge is not None), default=None)

    def _of(self, purpose: str, evse: int, context: Context, wall: datetime) -> Limitation | None:
        """The highest stack level that says something now (K01.FR.17); an EVSE's own go before the station's."""
        fitting = (
            profile
            for profile in self._profiles.values()
            if profile.purpose == purpose
            and profile.evse in (0, evse)
            and (purpose != TX or profile.transaction == context.transaction)
        )
        for profile in sorted(fitting, key=lambda it: (it.stack_level, it.evse), reverse=True):
            period = _period(profile, context, wall)
            if period is not None:
                return _limitation(profile, period, context)
        return None


def timeline(
    at: Callable[[datetime], Limitation],
    next_change: Callable[[datetime], datetime | None],
    wall: datetime,
    duration_s: float,
) -> tuple[list[tuple[int, Limitation]], float]:
    """What holds from now on for a time; of two changes in a second the later one.

    And for how long: after MOST_LOOKS moments at which something might have changed it has been enough.
    """
    end = wall + timedelta(seconds=min(duration_s, FAR_S))
    schedule = [(0, at(wall))]
    moment = next_change(wall)
    for looks in count():
        if moment is None or moment >= end:
            break
        second = math.ceil((moment - wall).total_seconds())
        if second >= duration_s:
            break
        if looks == MOST_LOOKS:
            return schedule, second
        limitation = at(moment)
        if second == schedule[-1][0]:
            schedule.pop()
        if limitation != schedule[-1][1]:
            schedule.append((second, limitation))
        moment = next_change(moment)
    return schedule, duration_s


def lowest(*limitations: Limitation) -> Limitation:
    """The lowest current and the fewest phases of those that say something (K08.FR.04)."""
    said = [limitation for limitation in limitations if limitation.limit_a is not None]
    if not said:
        return NOTHING
    winner = min(said, key=lambda limitation: limitation.limit_a or 0.0)
    phases = min((limitation.phases for limitation in said if limitation.phases), default=None)
    modes = (limitation.mode for limitation in said if limitation.mode != CHARGING_ONLY)
    return Limitation(winner.limit_a, phases, winner.unit, next(modes, CHARGING_ONLY))


def shares(total: float, wants: Mapping[int, float], least: float) -> dict[int, float]:
    """`total` divided: who wants less leaves it to the others; under `least` each, the last ones get nothing."""
    serving = list(wants)
    while len(serving) > 1 and total < sum(min(wants[evse], least) for evse in serving):
        serving.pop()
    given = dict.fromkeys(wants, 0.0)
    left = total
    for number, evse in enumerate(sorted(serving, key=lambda it: wants[it])):
        given[evse] = min(wants[evse], left / (len(serving) - number))
        left -= given[evse]
    return given


def _limitation(profile: Profile, period: Period, context: Context) -> Limitation:
    if profile.by_others:  # K29.FR.03
        said = _in_unit(profile, period, context)
        limit = said.limit_a if context.outside_a is None else context.outside_a
        return replace(said, limit_a=limit, mode=EXTERNAL_LIMITS)
    return _in_unit(profile, period, context)


def _in_unit(profile: Profile, period: Period, context: Context) -> Limitation:
    if profile.unit == "A":
        return Limitation(min(period.limit, UNLIMITED_A), period.phases)
    # K01.FR.45/49: three phases where none are named, but never more than there are.
    watts_an_ampere = min(period.phases or 3, context.phases) * context.voltage
    return Limitation(min(period.limit / watts_an_ampere, UNLIMITED_A), period.phases, "W")


def _begin(profile: Profile, context: Context, wall: datetime) -> datetime | None:
    """When the schedule that is running now began; None: none runs."""
    if profile.kind == DYNAMIC:  # K28.FR.13/14, K29.FR.07/08: its duration counts from the last update
        heard = (profile.updated, profile.installed, context.outside_since if profile.by_others else None)
        return max((moment for moment in heard if moment), default=wall)
    begin = profile.schedule_start
    if begin is None or _relative(profile):
        # Without a transaction: as if one began now (K08.FR.06).
        return profile.installed if profile.purpose == MAX else context.started or wall
    if wall + AHEAD < begin:  # K01.FR.30
        return None
    if profile.kind == "Recurring" and wall > begin:
        begin += timedelta(seconds=_cycle(profile) * ((wall - begin).total_seconds() // _cycle(profile)))
    return begin


def _relative(profile: Profile) -> bool:
    """1.6 (7.13): an absolute schedule without a start counts from the start of charging, too."""
    return profile.kind == "Relative" or (profile.schedule_start is None and profile.kind != DYNAMIC)


def _cycle(profile: Profile) -> int:
    return WEEK if profile.recurrency == "Weekly" else DAY


def _period(profile: Profile, context: Context, wall: datetime) -> Period | None:
    early = profile.valid_from and wall + AHEAD < profile.valid_from
    if early or (profile.valid_to and wall >= profile.valid_to):
        return None
    begin = _begin(profile, context, wall)
    if begin is None:
        return None
    second = max(0.0, (wall - begin).total_seconds())
    # K01.FR.11/13: past the duration nothing of the schedule holds.
    if profile.duration_s is not None and second >= profile.duration_s:
        return None
    later = _later(profile, second)
    return profile.periods[later - 1] if later else None


def _later(profile: Profile, second: float) -> int:
    """Which of its periods is the first that begins after it."""
    return bisect_right(profile.periods, second, key=lambda period: period.start_s)


def _next_edge(profile: Profile, context: Context, wall: datetime) -> datetime | None:
    """The next moment at which it may say something else."""
    dates = (profile.valid_from, profile.valid_to, profile.schedule_start)
    edges = [moment for moment in dates if moment is not None and moment > wall]
    begin = _begin(profile, context, wall)
    # What begins with a transaction begins when that is told.
    if begin is not None and (
        profile.purpose == MAX or context.started is not None or not _relative(profile)
    ):
        second = (wall - begin).total_seconds()
        starts = [period.start_s for period in profile.periods[_later(profile, second) :][:1]]
        ends = [profile.duration_s or 0, _cycle(profile) if profile.kind == "Recurring" else 0]
        edges += [begin + timedelta(seconds=it) for it in (*starts, *ends) if second < it <= FAR_S]
    return min(edges, default=None)
