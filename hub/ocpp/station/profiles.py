"""Charging profiles at a station: taking them in, letting go of them, and what of them holds at each EVSE."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hub.model.moment import Moment, parse_time
from hub.ocpp.station.charging_profile import (
    DYNAMIC,
    TX,
    TX_DEFAULT,
    Profile,
    Refusal,
    bound,
    collide,
    document,
    problem,
    rivals,
)
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.facts import told
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.smart_charging import Context, Limitation, Profiles, lowest, shares, timeline

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

STARTING = "(starting)"
"""Stands for the transaction that a remote start is about to begin."""


def supported(station: "Station") -> bool:
    """Without a limit to set there is no smart charging (K01.FR.29)."""
    return "set_limit" in station.setup.abilities.actions


def enabled(station: "Station") -> bool:
    """A CSMS may switch it off: then no profile holds, and none is taken."""
    return supported(station) and station.variables.bool("SmartChargingEnabled")


# Taking in


def refusal(
    station: "Station", profile: Profile, *, strict: bool, transaction: str | None = None
) -> Refusal | None:
    """Why a profile can't be installed; None: it can.

    `strict`: as 2.0.1 wants it; 1.6 leaves more open, and lets a newer profile oust the one that it collides with.
    `transaction`: the one it is meant for where that isn't running yet (STARTING).
    """
    variables = station.variables
    if not enabled(station):
        return Refusal.NO_LIMIT
    wrong = problem(
        profile,
        evses=station.setup.evses,
        max_stack=variables.int("ProfileStackLevel"),
        max_periods=variables.int("PeriodsPerSchedule"),
        transaction=transaction or _running(station, profile.evse),
    )
    if wrong is not None:
        return wrong
    if profile.unit not in variables.list("RateUnit"):  # K01.FR.26
        return Refusal.UNIT
    installed = station.profiles.all()
    left = {other.id for other in installed if strict or not rivals(profile, other)} | {profile.id}
    if len(left) > variables.int("ChargingProfileEntries"):
        return Refusal.FULL
    return _strictly(profile, installed, _phases(station), station.external.numbers()) if strict else None


def _phases(station: "Station") -> set[int]:
    """So many the charger can be made to use."""
    supply = phases(station)
    return {1, supply} if "set_phases" in station.setup.abilities.actions else {supply}


def _strictly(
    profile: Profile, installed: list[Profile], phases: set[int], taken: frozenset[int]
) -> Refusal | None:
    dated = profile.schedule_start is not None
    # K01.FR.40/41. A station's own relative schedule is taken all the same: Home Assistant sends nothing else.
    if dated is (profile.kind in ("Relative", DYNAMIC)):
        return Refusal.START
    # K01.FR.43/48: nobody here can choose a phase, and few can switch any off.
    most = max(phases)
    if any(
        period.phase_to_use is not None
        or not (period.phases is None or period.phases in phases or period.phases > most)
        for period in profile.periods
    ):
        return Refusal.PHASES
    if profile.id in taken:  # K01.FR.05
        return Refusal.TAKEN
    return Refusal.DUPLICATE if any(_duplicate(profile, other) for other in installed) else None


def _duplicate(profile: Profile, other: Profile) -> bool:
    """K01.FR.06; of a transaction's profiles, and of a default for all EVSEs and one for a single EVSE, two are too
    many whenever they are valid (K01.FR.39/52/53)."""
    mixed = (
        other.id != profile.id
        and profile.purpose == other.purpose == TX_DEFAULT
        and profile.stack_level == other.stack_level
        and profile.evse != other.evse
        and 0 in (profile.evse, other.evse)
    )
    return mixed or collide(profile, other) or (profile.purpose == TX and rivals(profile, other))


def _running(station: "Station", evse: int) -> str | None:
    flow = station.evses.flows.get(evse)
    return flow.transaction.id if flow and flow.transaction else None


def install(station: "Station", profile: Profile, now: Moment, *, strict: bool) -> Refusal | None:
    """None: it is installed and holds from now on (K01.FR.07)."""
    reason = refusal(station, profile, strict=strict)
    if reason is not None:
        return reason
    installed = bound(profile, _running(station, profile.evse), csms_time(station, now))
    for ousted in station.profiles.install(installed, ousts=not strict):
        station.emit(Keep("profile", str(ousted.id), None))
    station.emit(Keep("profile", str(installed.id), document(installed)))  # K01.FR.27
    station.evses.limits(now)
    return None


def clear(
    station: "Station",
    now: Moment,
    *,
    profile_id: int | None,
    evse: int | None,
    purpose: str | None,
    stack_level: int | None,
) -> bool:
    """False: nothing fits (K10.FR.01)."""
    cleared = station.profiles.clear(profile_id, evse, purpose, stack_level)
    for profile in cleared:
        station.emit(Keep("profile", str(profile.id), None))
    if cleared:
        station.evses.limits(now)  # K10.FR.05
    return bool(cleared)


# What holds


@dataclass(frozen=True, slots=True)
class Site:
    """The station as its profiles see it at a moment."""

    profiles: Profiles
    contexts: dict[int, Context]
    most_a: float
    least_a: float
    """What an EVSE can be given, at most and without pausing."""
    outside: Mapping[int, float] = field(default_factory=dict)
    """Amperes, where somebody else than the CSMS has set a limit."""

    def alone(self, evse: int, wall: datetime) -> Limitation:
        """The profiles' lowest for one EVSE (1.6, 3.13.4): what it gets where it doesn't have to share."""
        return lowest(self.profiles.ceiling(self.contexts[evse], wall), self._own(evse, wall))

    def at(self, evse: int, wall: datetime) -> Limitation:
        """What holds for one EVSE: its own profiles', and its share of what the station may draw (K04.FR.05)."""
        context, served = self.contexts[evse], self._served(evse)
        ceiling = self.profiles.ceiling(context, wall)
        if ceiling.limit_a is None or len(served) == 1:
            return self.alone(evse, wall)
        wants = {other: self._want(other, wall) for other in served}
        share = shares(ceiling.limit_a, wants, self.least_a)[evse]
        return lowest(self._own(evse, wall), replace(ceiling, limit_a=share))

    def total(self, wall: datetime) -> Limitation:
        """What the station expects to draw with a car at every EVSE (K08.FR.03/06)."""
        units = {own.unit for evse in self.contexts if (own := self._own(evse, wall)).limit_a is not None}
        unit = "W" if units == {"W"} else "A"
        expected = Limitation(sum(self._want(evse, wall) for evse in self.contexts), unit=unit)
        return lowest(expected, self.profiles.ceiling(next(iter(self.contexts.values())), wall))

    def next_change(self, wall: datetime) -> datetime | None:
        changes = (self.profiles.next_change(evse, context, wall) for evse, context in self.contexts.items())
        return min((change for change in changes if change is not None), default=None)

    def _own(self, evse: int, wall: datetime) -> Limitation:
        outside = Limitation(self.outside.get(evse))
        return lowest(self.profiles.own(evse, self.contexts[evse], wall), outside)

    def _want(self, evse: int, wall: datetime) -> float:
        own = self._own(evse, wall).limit_a
        return self.most_a if own is None else min(own, self.most_a)

    def _served(self, evse: int) -> list[int]:
        """Who shares: the EVSEs with a transaction in the order they began, and the one that is asked about."""
        busy = [other for other, context in self.contexts.items() if context.transaction and context.started]
        busy.sort(key=lambda other: (self.contexts[other].started, other))
        return busy if evse in busy else [*busy, evse]


def site(
    station: "Station", *, begun: datetime | None = None, outside: Mapping[int, float] | None = None
) -> Site:
    """`begun`: when a transaction is taken to begin where none runs (K08.FR.06)."""
    supply = phases(station)
    volts = station.setup.voltage
    flows = station.evses.flows.values()
    contexts = {flow.evse: _context(station, flow, supply, volts, begun) for flow in flows}
    ratings = station.setup.ratings
    return Site(station.profiles, contexts, ratings.max_current, ratings.min_current, outside or {})


def _context(station: "Station", flow: Flow, phases: int, volts: float, begun: datetime | None) -> Context:
    supply = phases, volts, station.external.limit_a(flow.evse), station.external.since(flow.evse)
    running = flow.transaction
    if running is None:
        return Context(None, begun, *supply)
    # One whose driver or car is still to come may begin at any moment.
    since = begun if running.powered_at is None else parse_time(running.powered_at)
    return Context(running.id, since, *supply)


def phases(station: "Station") -> int:
    return int(told(station, "SupplyPhases"))


def csms_time(station: "Station", now: Moment) -> datetime:
    """Schedules are written in the CSMS's time."""
    return parse_time(station.stamp(now))


class Composite(NamedTuple):
    """`periods`: {startPeriod, limit[, numberPhases]}. `duration_s`: as it was asked for, or as far as was reckoned."""

    unit: str
    periods: list[dict[str, object]]
    duration_s: int


def composite(
    station: "Station", evse: int, duration_s: int, unit: str | None, now: Moment, *, shared: bool = True
) -> Composite | None:
    """EVSE 0: the whole station. None: can't say.

    Where no profile says anything the charger's own limit holds. `shared`: an EVSE that isn't alone gets its share.
    """
    units = station.variables.list("RateUnit")
    if (
        not 0 <= evse <= station.setup.evses
        or duration_s < 0
        or unit not in (None, *units)
        or not enabled(station)
    ):
        return None  # K08.FR.05/07
    wall = csms_time(station, now)
    here = site(station, begun=wall, outside=station.external.amperes())
    one = here.at if shared else here.alone
    found, reckoned_s = timeline(
        here.total if evse == 0 else lambda moment: one(evse, moment), here.next_change, wall, duration_s
    )
    if unit is None:
        spoken = {limitation.unit for _, limitation in found if limitation.limit_a is not None}
        unit = "W" if spoken == {"W"} else "A"
    most = here.most_a * (len(here.contexts) if evse == 0 else 1)
    supply = Context(phases=phases(station), voltage=station.setup.voltage)
    periods = merged([_period(second, limitation, unit, most, supply) for second, limitation in found])
    return Composite(unit, periods, int(reckoned_s))


def merged(periods: list[dict[str, object]]) -> list[dict[str, object]]:
    """Without those that say what the one before says."""
    said: list[dict[str, object]] = []
    for period in periods:
        if not said or {**said[-1], "startPeriod": period["startPeriod"]} != period:
            said.append(period)
    return said


def _period(
    second: int, limitation: Limitation, unit: str, most: float, supply: Context
) -> dict[str, object]:
    current = most if limitation.limit_a is None else min(limitation.limit_a, most)
    factor = 1.0 if unit == "A" else min(limitation.phases or 3, supply.phases) * supply.voltage
    # Rounded down: never above a profile (K08.FR.04); 1.6 allows one decimal.
    said: dict[str, object] = {
        "startPeriod": second,
        "limit": math.floor(current * factor * 10 + 1e-6) / 10,
    }
    if limitation.phases:
        said["numberPhases"] = limitation.phases
    return said


def holding(station: "Station", flow: Flow, now: Moment) -> tuple[Limitation, float | None]:
    """What holds at an EVSE now, rounded down to mA, and the monotonic time at which that may change."""
    if not enabled(station):
        return Limitation(None), None
    wall = csms_time(station, now)
    here = site(station)
    found, change = here.at(flow.evse, wall), here.next_change(wall)
    if found.limit_a is not None:
        found = replace(found, limit_a=math.floor(found.limit_a * 1000 + 1e-6) / 1000)
    # A moment past it: `stamp` has whole milliseconds.
    again = None if change is None else now.mono + (change - wall + timedelta(milliseconds=1)).total_seconds()
    return found, again
