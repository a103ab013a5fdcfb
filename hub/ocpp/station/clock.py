"""The station's time: the CSMS's as soon as it has told it, the machine's until then.

Theory: time goes on with the monotonic clock from an anchor. The CSMS's time moves the anchor (when it differs by more
than answers travel), and so does a step of the machine's clock as long as no CSMS has told the time. So somebody who
sets the machine's clock, or an NTP that comes late, disturbs neither order nor duration.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.model.moment import Moment, parse_time, rfc3339

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

SLACK = timedelta(seconds=2)
"""Clocks that differ by less are taken to be one: each answer travels for another while."""
PLAUSIBLE = datetime(2024, 1, 1, tzinfo=UTC)
"""A machine without a battery begins in 1970."""
NEVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""A time before or after them is none: a schedule that begins there has no end that can be reckoned."""


class StationClock:
    """What was written by a clock that nobody had set is written anew, and what waits for a time waits anew."""

    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._anchor = self._machine = now
        self._told = False

    def at(self, now: Moment) -> datetime:
        return _shown(self._anchor, now)

    def heard(self, told: object, now: Moment) -> None:
        """What the CSMS says that the time is; it may have chosen the machine's clock itself (B01.FR.06)."""
        asked = "Heartbeat" in self._station.variables.list("TimeSource")
        try:
            wall = parse_time(str(told)) if asked else now.wall
        except ValueError:
            return
        if not NEVER[0] <= wall < NEVER[1]:
            return
        astray = wall - self.at(now)
        self._told = asked
        if abs(astray) > SLACK:
            self._move(now.wall if abs(wall - now.wall) <= SLACK else wall, now)

    def look(self, now: Moment) -> None:
        """Has somebody set the machine's clock?"""
        if abs(now.wall - _shown(self._machine, now)) > SLACK:
            self._machine = now
            self._station.upkeep.clock_was_set(now)
            if not self._told:
                self._move(now.wall, now)

    def _move(self, wall: datetime, now: Moment) -> None:
        station, before = self._station, self.at(now)
        self._anchor, step = Moment(now.mono, wall), wall - before
        if before < PLAUSIBLE:
            for effect in station.transactions.restamp(station.evses.flows.values(), step):
                station.emit(effect)
        station.upkeep.security.happened("SettingSystemTime", now, f"{step.total_seconds():+.0f} s")
        station.metering.clock_was_set(now)
        station.reservations.clock_was_set(now)
        station.upkeep.clock_was_set(now)
        station.evses.limits(now)


def unset(at: str) -> bool:
    """Was this written by a clock that nobody had set?"""
    return bool(at) and parse_time(at) < PLAUSIBLE


def later(at: str, step: timedelta) -> str:
    return rfc3339(parse_time(at) + step)


def _shown(anchor: Moment, now: Moment) -> datetime:
    return anchor.wall + timedelta(seconds=now.mono - anchor.mono)
