"""One circuit: what it carries now, by its fuse, by what an EMS allows, and by what else draws on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.charger.limits import RATING, VOLTAGE, Fallback, Limits, Offer
from hub.circuits.balance import Given, Member
from hub.circuits.other import OtherLoad
from hub.circuits.shares import Leaf
from hub.config.settings import CircuitSettings
from hub.model.charger import Ratings
from hub.model.moment import Moment, rfc3339

FUSE = "circuit"
"""The source of a circuit's limit, as long as nobody has set a lower one."""
TOO_MUCH_A = 0.5


@dataclass(frozen=True, slots=True)
class Seat:
    """A member as it is shown."""

    leaf: Leaf
    member: Member
    given: Given


class Circuit:
    def __init__(self, settings: CircuitSettings) -> None:
        self.settings = settings
        self.limits = Limits(_ratings(settings), _fallback(settings))
        self.other = OtherLoad(settings.meter, settings.phases)
        self.load_a = 0.0
        """What its members may be drawing."""
        self.drawn_a = 0.0
        self.unheard: list[str] = []
        """Chargers of which nobody knows what they do."""
        self.certain_a = 0.0
        """What of `load_a` some charger has really been told."""

    def become(self, settings: CircuitSettings) -> None:
        """The configuration has changed; what an EMS has set stays."""
        if (settings.meter, settings.phases) != (self.settings.meter, self.settings.phases):
            self.other = OtherLoad(settings.meter, settings.phases)
        self.settings = settings
        self.limits.ratings, self.limits.fallback = _ratings(settings), _fallback(settings)

    @property
    def metered(self) -> bool:
        return bool(self.settings.meter)

    @property
    def silent(self) -> bool:
        """Is there a meter that says nothing?"""
        return self.metered and self.other.other_a is None

    def limit(self) -> Offer:
        return self.limits.offer(self.settings.phases, VOLTAGE)

    def most(self) -> float:
        """What its members may draw together when nothing else does."""
        return self.limit().asked_a - self.settings.reserve

    def room(self) -> float:
        """What its members may draw together. With a silent meter nobody knows what else draws."""
        free = self.most()
        if self.silent:
            return min(free, self.settings.fallback_current)
        return free - (self.other.other_a or 0.0)

    def draw(self, members: Sequence[Member], now: float) -> None:
        """What flows to the chargers: with a meter that is what isn't the others'."""
        self.drawn_a = sum(member.claim.draw_a or 0.0 for member in members)
        self.other.draw(self.drawn_a, now)

    def bear(self, load_a: float, members: Sequence[Member], now: float) -> None:
        """What its members may be drawing now."""
        self.other.offer(load_a, now)
        self.load_a = load_a
        self.certain_a = load_a - sum(member.held_a for member in members if member.claim.held_a is None)

    @property
    def overloaded(self) -> bool:
        """Do its members, or all that draws, perhaps take more than it may carry?"""
        most = self.limit().asked_a
        measured = self.other.measured_a or 0.0
        return self.certain_a > max(self.room(), 0.0) + TOO_MUCH_A or measured > most + TOO_MUCH_A

    def body(self, seats: Sequence[Seat]) -> dict[str, object]:
        """As `circuit/<id>/state` wants it, but for the time."""
        offer = self.limit()
        return {
            "name": self.settings.name,
            "max_current": self.settings.max_current,
            "limit": round(offer.asked_a, 2),
            "limit_source": FUSE if offer.source == RATING else offer.source,
            "limit_until": None if offer.until is None else rfc3339(offer.until.wall),
            "available": round(max(self.room(), 0.0), 2),
            "allocated": round(self.load_a, 2),
            "drawn": round(self.drawn_a, 1),
            "measured": _rounded(self.other.measured_a),
            "other": _rounded(self.other.other_a),
            "meter": "none" if not self.metered else "silent" if self.silent else "ok",
            "overloaded": self.overloaded,
            "members": [_seat(seat) for seat in seats],
        }

    def held(self, source: str, now: Moment) -> Mapping[str, object] | None:
        """A limit as it is kept."""
        return self.limits.body(source, now)


def _ratings(settings: CircuitSettings) -> Ratings:
    return Ratings(0.0, settings.max_current, 0.0)


def _fallback(settings: CircuitSettings) -> Fallback:
    return Fallback(settings.fallback, settings.fallback_current)


def _rounded(amperes: float | None) -> float | None:
    return None if amperes is None else round(amperes, 1)


def _seat(seat: Seat) -> dict[str, object]:
    claim, given = seat.member.claim, seat.given
    state = "offline" if not claim.known else "idle" if not claim.wants else "charging"
    charger, evse = seat.leaf
    return {
        "charger": charger,
        "evse": evse,
        "state": "waiting" if given.waits else state,
        "share": given.current_a,
        "held": round(seat.member.held_a, 2),
        "drawn": _rounded(claim.draw_a),
        "restrained": given.restrained,
        "priority": seat.member.priority,
    }
