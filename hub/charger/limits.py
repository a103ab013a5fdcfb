"""Who asked for which limit, and which one holds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from hub.model.charger import Ratings
from hub.model.moment import Moment, parse_time, rfc3339

VOLTAGE = 230.0
PHASES = 3
RATING = "charger"
CSMS = "csms"
"""The station's own source: it remembers its profiles itself."""
CIRCUIT = "circuit"
"""Of what several chargers share: the circuits remember what they gave."""
HOUSE = frozenset({CSMS, CIRCUIT})
"""The hub's own parts: there is always room for what they ask, and they keep it themselves."""
MOST = 32
"""Sources at one EVSE: whoever gives himself ever new names must not fill memory and disk."""
CLOCK_STEP_S = 2.0
"""The wall clock has been set when it strays further from the monotonic one."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one source asks for: amperes per phase, watts, or both (the lower holds); the fallback after `until`."""

    current_a: float | None = None
    power_w: float | None = None
    until: Moment | None = None

    def amperes(self, phases: int, voltage: float) -> float:
        by_power = math.inf if self.power_w is None else self.power_w / (phases * voltage)
        return by_power if self.current_a is None else min(self.current_a, by_power)


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be drawn: 0 means pause. `asked_a` is the winner's wish before the charger's own minimum and step."""

    current_a: float
    source: str
    asked_a: float
    power_w: float | None = None
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """What holds when a limit's time is over: `hold` it, `fallback_current` amperes, or `stop`."""

    kind: str = "hold"
    current_a: float = 6.0


@dataclass(frozen=True, slots=True)
class Outside:
    """What somebody else than the CSMS asks for."""

    source: str
    current_a: float | None
    power_w: float | None
    until: Moment | None = None


class Limits:
    """All requests for one EVSE. The lowest wins, and the charger's rating beats them all."""

    def __init__(self, ratings: Ratings, fallback: Fallback) -> None:
        self.ratings = ratings
        self.fallback = fallback
        self._requests: dict[str, Request] = {}

    def set(
        self,
        source: str,
        current_a: float | None,
        *,
        power_w: float | None = None,
        until: Moment | None = None,
    ) -> None:
        """Both None withdraws. Raises ValueError for what is no limit."""
        for value, unit in ((current_a, "amperes"), (power_w, "watts")):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{value} is no limit in {unit}")
        if current_a is None and power_w is None:
            self._requests.pop(source, None)
        elif not self.takes(source):
            raise ValueError(f"there are limits of {MOST} sources already")
        else:
            self._requests[source] = Request(current_a, power_w, until)

    def takes(self, source: str) -> bool:
        """Is there room for this source's limit? For the hub's own there always is."""
        return source in HOUSE or source in self._requests or len(self._requests) < MOST

    def expire(self, now: Moment) -> list[str]:
        """The sources whose time is over; their limit becomes the fallback. A wall clock that is set shortens and
        lengthens nothing: the monotonic one decides."""
        over = [name for name, request in self._requests.items() if _over(request, now)]
        for source in over:
            self._requests[source] = self._after(self._requests[source])
        return over

    def follow_clock(self, now: Moment) -> list[str]:
        """The sources whose end has another name now, because somebody has set the wall clock."""
        moved = []
        for source, request in self._requests.items():
            if request.until is None:
                continue
            ends = now.wall + timedelta(seconds=request.until.mono - now.mono)
            if abs((ends - request.until.wall).total_seconds()) > CLOCK_STEP_S:
                moved.append(source)
                self._requests[source] = replace(request, until=Moment(request.until.mono, ends))
        return moved

    def offer(self, phases: int = PHASES, voltage: float = VOLTAGE, *, but: str | None = None) -> Offer:
        """Rounded down to the charger's step; below its minimum it means pause. `but`: a source that doesn't count."""
        source, asked, winner = RATING, self.ratings.max_current, Request()
        for name, request in self._requests.items():
            amperes = request.amperes(phases, voltage)
            if amperes < asked and name != but:
                source, asked, winner = name, amperes, request
        step = self.ratings.step or 0.001
        # The tolerance is for steps such as 0.1; `min` keeps it from giving more than was asked for.
        current = min(round(math.floor(asked / step + 1e-6) * step, 3), asked)
        if current < self.ratings.min_current:
            current = 0.0
        return Offer(max(current, 0.0), source, asked, winner.power_w, winner.until)

    def outside(
        self, phases: int = PHASES, voltage: float = VOLTAGE, *, but: str | None = None
    ) -> Outside | None:
        """The lowest request that isn't the CSMS's, nor `but`'s."""
        others = {name: request for name, request in self._requests.items() if name not in (CSMS, but)}
        if not others:
            return None
        source = min(others, key=lambda name: others[name].amperes(phases, voltage))
        lowest = others[source]
        return Outside(source, lowest.current_a, lowest.power_w, lowest.until)

    def deadline(self) -> float | None:
        """When the next one's time is over."""
        ends = (request.until.mono for request in self._requests.values() if request.until is not None)
        return min(ends, default=None)

    def body(self, source: str, now: Moment) -> dict[str, object] | None:
        """A request as it is kept on disk; None: there is none."""
        request = self._requests.get(source)
        if request is None:
            return None
        kept: dict[str, object] = {"current_a": request.current_a, "power_w": request.power_w}
        if request.until:
            kept |= {"until": rfc3339(request.until.wall), "left_s": round(request.until.mono - now.mono, 3)}
        return kept

    def restore(self, source: str, body: Mapping[str, object], now: Moment) -> None:
        """Raises ValueError for what `body` has not made."""
        current, power = body.get("current_a"), body.get("power_w")
        self.set(
            source,
            float(current) if isinstance(current, int | float) else None,
            power_w=float(power) if isinstance(power, int | float) else None,
            until=_until(body, now),
        )

    def _after(self, request: Request) -> Request:
        if self.fallback.kind == "stop":
            return Request(0.0)
        if self.fallback.kind == "fallback_current":
            return Request(self.fallback.current_a)
        return Request(request.current_a, request.power_w)


def _over(request: Request, now: Moment) -> bool:
    return request.until is not None and request.until.mono <= now.mono


def _until(body: Mapping[str, object], now: Moment) -> Moment | None:
    """By the wall clock, as another process's monotonic one says nothing here; but a clock that stands in the past
    (no battery, no NTP yet) makes nothing last longer than it would have."""
    until, left = body.get("until"), body.get("left_s")
    if not isinstance(until, str):
        return None
    seconds = (parse_time(until) - now.wall).total_seconds()
    if isinstance(left, int | float):
        seconds = min(seconds, left)
    return Moment(now.mono + seconds, now.wall + timedelta(seconds=seconds))
