"""Limits that somebody else than the CSMS has set, and what the CSMS is told of them (K11 to K13).

The charger's own side keeps and enforces them: here they only count where the whole truth is asked for, in composite
schedules and reports.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station import profiles
from hub.ocpp.station.charging_profile import Period, Profile
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.messages import ExternalLimit

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

EXTERNAL = "external"
"""A purpose that no CSMS may set."""
OPERATORS = frozenset({"dso", "grid", "so", "tso"})
PEOPLE = frozenset({"cli", "other", "rest", "web"})


@dataclass(frozen=True, slots=True)
class Outside:
    """`source`: who asked, by the name he goes by here."""

    source: str
    current_a: float | None
    power_w: float | None

    @property
    def kind(self) -> str:
        """2.0.1's ChargingLimitSource: a grid operator, a person, or (most) an energy management system."""
        name = self.source.lower()
        return "SO" if name in OPERATORS else "Other" if name in PEOPLE else "EMS"

    def amperes(self, watts_an_ampere: float) -> float:
        by_power = None if self.power_w is None else self.power_w / watts_an_ampere
        return min(value for value in (self.current_a, by_power) if value is not None)


class ExternalLimits:
    """`kept`: what `Keep("external", ...)` kept: by EVSE, what the CSMS was told last."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        self._now: dict[int, Outside] = {}
        self._since: dict[int, datetime] = {}
        self._told = {int(evse): Outside(**body) for evse, body in kept.items()}
        self._rates: dict[int, tuple[float, float]] = {}
        """(when its change was told last, now)"""
        self._unwanted = False
        """This CSMS has no use for it: an EMS that follows the sun would tell it every few seconds."""

    def set(self, evse: int, outside: Outside | None, now: Moment) -> None:
        """The lowest of them, for one EVSE; None: there is none any more."""
        before = self._rate(evse, now)
        if outside is None:
            self._now.pop(evse, None)
        else:
            self._now[evse], self._since[evse] = outside, profiles.csms_time(self._station, now)
        self._tell(evse)  # K11, K13: the limit first, then what comes of it
        self._rate_changed(evse, before, now)
        if any(profile.by_others for profile in self._station.profiles.all()):
            self._station.evses.limit(self._station.evses.flows[evse], now)

    def amperes(self) -> dict[int, float]:
        return {evse: outside.amperes(self._watts()) for evse, outside in self._now.items()}

    def limit_a(self, evse: int) -> float | None:
        outside = self._now.get(evse)
        return None if outside is None else outside.amperes(self._watts())

    def since(self, evse: int) -> datetime | None:
        return self._since[evse] if evse in self._now else None

    def profiles(self) -> list[tuple[str, Profile]]:
        """(source, profile) as they are reported (K11.FR.06)."""
        return [(outside.kind, self._profile(evse, outside)) for evse, outside in sorted(self._now.items())]

    def numbers(self) -> frozenset[int]:
        return frozenset(map(_number, self._now))

    # What the CSMS is told

    def unwanted(self) -> None:
        self._unwanted = True

    def back_online(self) -> None:
        self._unwanted = False
        for evse in self._station.evses.flows:
            self._tell(evse)

    def unsaid(self, message: ExternalLimit) -> None:
        """It never reached the CSMS: to be told when it is back."""
        self._remember(message.evse, Outside(message.source, 0.0, None) if message.limit is None else None)

    def _tell(self, evse: int) -> None:
        known, told = self._now.get(evse), self._told.get(evse)
        if known == told or self._unwanted or not self._station.boot.accepted:
            return
        if known is None:
            assert told is not None
            self._remember(evse, None)
            self._station.say(ExternalLimit(evse, told.kind, None))
            return
        if told is not None and told.kind == known.kind:
            before, after = (outside.amperes(self._watts()) for outside in (told, known))
            if not self._significant(before, after):
                return
        self._remember(evse, known)
        self._station.say(ExternalLimit(evse, known.kind, self._profile(evse, known)))

    # Inside

    def _remember(self, evse: int, told: Outside | None) -> None:
        """Over restarts too: what was taken back meanwhile is told then, and what holds still isn't told again."""
        if told is None:
            self._told.pop(evse, None)
        else:
            self._told[evse] = told
        self._station.emit(Keep("external", str(evse), told and asdict(told)))

    def _rate_changed(self, evse: int, before: float, now: Moment) -> None:
        """Steps that are too small each add up to one that is told."""
        flow, rate = self._station.evses.flows[evse], self._rate(evse, now)
        told, last = self._rates.get(evse, (before, before))
        if flow.transaction is None or last != before:  # a profile has changed it meanwhile
            told = before
        significant = self._significant(told, rate)
        self._rates[evse] = (rate if significant else told), rate
        if significant:
            self._station.transactions.rate_changed(flow, now)

    def _profile(self, evse: int, outside: Outside) -> Profile:
        by_power = outside.current_a is None
        value = outside.power_w if by_power else outside.amperes(self._watts())
        return Profile(
            id=_number(evse),
            evse=evse,
            stack_level=0,
            purpose=EXTERNAL,
            kind="Absolute",
            unit="W" if by_power else "A",
            periods=(Period(0, float(value or 0.0)),),
            schedule_start=self._since[evse],  # K01.FR.40
        )

    def _rate(self, evse: int, now: Moment) -> float:
        """What may be drawn, of all limits together."""
        flow = self._station.evses.flows[evse]
        found, _ = profiles.holding(self._station, flow, now)
        limits = (self._station.setup.ratings.max_current, found.limit_a, self.limit_a(evse))
        return min(limit for limit in limits if limit is not None)

    def _significant(self, before: float, after: float) -> bool:
        """LimitChangeSignificance is a percentage."""
        if before == after:
            return False
        least = float(self._station.variables.text("LimitChangeSignificance"))
        return before == 0 or abs(after - before) / before * 100 > least

    def _watts(self) -> float:
        """An ampere's."""
        return profiles.phases(self._station) * self._station.setup.voltage


def _number(evse: int) -> int:
    """K11.FR.06: of the profile that tells of it; below 0 it meets no CSMS's."""
    return -evse
