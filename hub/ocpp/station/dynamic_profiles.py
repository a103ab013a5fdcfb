"""Dynamic profiles (2.1: K28, K29): the CSMS changes their limit at any time, and may want to be asked for it."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.charging_profile import DYNAMIC, Profile, document
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.messages import PullDynamicSchedule
from hub.ocpp.station.profiles import csms_time

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class DynamicProfiles:
    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._asked: dict[int, float] = {profile.id: now.mono for profile in self._pulled()}
        """When its limit was last heard or asked for, by profile."""

    def update(self, profile_id: int, limit: float, now: Moment) -> bool:
        """False: there is no such profile, it isn't dynamic, or this is no limit."""
        found = self.one(profile_id)
        if found is None or not math.isfinite(limit) or limit < 0:
            return False
        period = replace(found.periods[0], limit=float(limit))
        changed = replace(found, periods=(period,), updated=csms_time(self._station, now))  # K28.FR.09
        self._station.profiles.install(changed, ousts=False)
        self._station.emit(Keep("profile", str(profile_id), document(changed)))
        self._asked[profile_id] = now.mono
        self._station.evses.limits(now)
        return True

    def one(self, profile_id: int) -> Profile | None:
        known = (one for one in self._station.profiles.all() if one.id == profile_id and one.kind == DYNAMIC)
        return next(known, None)

    def tick(self, now: Moment) -> None:
        """K29: asks for the limits that are due; one that can't be asked for is asked for next time."""
        pulled = self._pulled()
        self._asked = {one.id: self._asked.get(one.id, now.mono) for one in pulled}
        for profile in pulled:
            if now.mono >= self._due(profile):
                self._asked[profile.id] = now.mono
                self._station.say(PullDynamicSchedule(profile.id))

    def deadlines(self) -> list[float]:
        return [self._due(profile) for profile in self._pulled()]

    def _due(self, profile: Profile) -> float:
        assert profile.pull_s is not None
        return self._asked.get(profile.id, 0.0) + profile.pull_s

    def _pulled(self) -> list[Profile]:
        return [one for one in self._station.profiles.all() if one.kind == DYNAMIC and one.pull_s]
