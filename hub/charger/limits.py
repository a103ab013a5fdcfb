"""Who asked for which limit, and which one holds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.model.charger import Ratings

VOLTAGE = 230.0
RATING = "charger"


@dataclass(frozen=True, slots=True)
class Request:
    """A limit in amperes per phase; `until` in wall time: after it the fallback holds."""

    current_a: float
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be drawn: 0 means pause. `asked_a` is the winner's wish before the charger's own minimum and step."""

    current_a: float
    source: str
    asked_a: float
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """What holds when a limit's time is over: `hold` it, `fallback_current` amperes, or `stop`."""

    kind: str = "hold"
    current_a: float = 6.0


class Limits:
    """All requests for one EVSE. The lowest wins, and the charger's rating beats them all."""

    def __init__(self, ratings: Ratings, fallback: Fallback) -> None:
        self.ratings = ratings
        self._fallback = fallback
        self._requests: dict[str, Request] = {}

    def set(self, source: str, current_a: float | None, until: datetime | None = None) -> None:
        """None withdraws. Raises ValueError for what is no limit."""
        if current_a is None:
            self._requests.pop(source, None)
            return
        if not math.isfinite(current_a) or current_a < 0:
            raise ValueError(f"{current_a} is no limit in amperes")
        self._requests[source] = Request(float(current_a), until)

    def expire(self, now: datetime) -> list[str]:
        """The sources whose time is over; their limit becomes the fallback."""
        over = [
            source for source, request in self._requests.items() if request.until and request.until <= now
        ]
        for source in over:
            current = self._requests[source].current_a
            if self._fallback.kind != "hold":
                current = 0.0 if self._fallback.kind == "stop" else self._fallback.current_a
            self._requests[source] = Request(current)
        return over

    def next_expiry(self) -> datetime | None:
        return min((request.until for request in self._requests.values() if request.until), default=None)

    def offer(self) -> Offer:
        """Rounded down to the charger's step; below its minimum it means pause."""
        source, request = RATING, Request(self.ratings.max_current)
        for name, other in self._requests.items():
            if other.current_a < request.current_a:
                source, request = name, other
        step = self.ratings.step or 0.001
        current = math.floor(request.current_a / step + 1e-6) * step
        if current < self.ratings.min_current:
            current = 0.0
        return Offer(round(current, 3), source, request.current_a, request.until)

    def document(self) -> Mapping[str, Request]:
        return dict(self._requests)


def amperes(power_w: float, phases: int = 3, voltage: float = VOLTAGE) -> float:
    return power_w / (phases * voltage)
