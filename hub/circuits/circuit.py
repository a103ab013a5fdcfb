"""One circuit: what each phase carries now, by its fuse, by what an EMS allows, and by what else draws on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.charger.limits import RATING, Fallback, Limits, Offer
from hub.circuits.balance import Given, Member
from hub.circuits.lines import Drawn, Line, lines
from hub.circuits.meter import Meter
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
    """What is known by phase stands under the phase's number."""

    def __init__(self, settings: CircuitSettings) -> None:
        self.limits = Limits(_ratings(settings), _fallback(settings))
        self.settings = settings
        self.unheard: list[str] = []
        """Chargers of which nobody knows what they do."""
        self.strays: list[str] = []
        """Chargers that draw on phases that they weren't said to have."""
        self._measure(settings)

    def become(self, settings: CircuitSettings) -> None:
        """The configuration has changed; what an EMS has set stays."""
        anew = _measured(settings) != _measured(self.settings)
        self.settings = settings
        if anew:
            self._measure(settings)
        self.limits.ratings, self.limits.fallback = _ratings(settings), _fallback(settings)

    def _measure(self, settings: CircuitSettings) -> None:
        self.meter = Meter(settings.meter, settings.phases, settings.voltage)
        self.lines = lines(settings.id, settings.phases)
        self.others = {phase: OtherLoad() for _, phase in self.lines}
        self.drawn = Drawn.of(settings.phases, (), 0.0)
        self.load_a = dict.fromkeys(self.others, 0.0)
        """What its members may be drawing."""
        self.certain_a = dict.fromkeys(self.others, 0.0)
        """What of it some charger has really been told."""

    @property
    def metered(self) -> bool:
        return bool(self.settings.meter)

    @property
    def silent(self) -> bool:
        """Is there a meter that says nothing?"""
        return self.metered and any(other.other_a is None for other in self.others.values())

    @property
    def measured_a(self) -> float | None:
        return self._fullest(lambda other: other.measured_a)

    @property
    def other_a(self) -> float | None:
        return self._fullest(lambda other: other.other_a)

    def _fullest(self, told: Callable[[OtherLoad], float | None]) -> float | None:
        known = [told(other) for other in self.others.values()]
        return max((amperes for amperes in known if amperes is not None), default=None)

    def limit(self) -> Offer:
        return self.limits.offer(self.settings.phases, self.settings.voltage)

    def most(self) -> float:
        """What its members may draw together in each phase when nothing else does."""
        return self.limit().asked_a - self.settings.reserve

    def rooms(self) -> dict[Line, float]:
        """What its members may draw together. With a silent meter nobody knows what else draws."""
        free = self.most()
        if self.silent:
            return dict.fromkeys(self.lines, min(free, self.settings.fallback_current))
        return {line: free - (self.others[line[1]].other_a or 0.0) for line in self.lines}

    def room(self) -> float:
        """Of the fullest phase."""
        return min(self.rooms().values())

    def hear(self, device: str, state: Mapping[str, object], now: float) -> None:
        """A state of the meter on the bus."""
        told, most = self.meter.hear(device, state), self.limit().asked_a
        for phase, other in self.others.items():
            other.hear(None if told is None else told[phase], now, most)

    def draw(self, drawn: Drawn, now: float) -> None:
        """What flows to the chargers: with a meter that is what isn't the others'."""
        self.drawn = drawn
        for phase, other in self.others.items():
            if self.meter.spreads:
                other.draw(drawn.total / self.settings.phases, now)
            else:
                other.draw(drawn.sure[phase] + drawn.unsure[phase], now, drawn.unsure[phase])

    def bear(self, loads: Mapping[Line, float], members: Sequence[Member], now: float) -> None:
        """What its members may be drawing now."""
        for line in self.lines:
            phase, load_a = line[1], loads[line]
            self.others[phase].offer(load_a, now)
            self.load_a[phase] = load_a
            unheard = (each for each in members if each.claim.held_a is None and line in each.above)
            self.certain_a[phase] = load_a - sum(each.held_a for each in unheard)

    @property
    def overloaded(self) -> bool:
        """Do its members, or all that draws, perhaps take more in a phase than it may carry?"""
        rooms, most = self.rooms(), self.limit().asked_a
        crowded = any(self.certain_a[line[1]] > max(room, 0.0) + TOO_MUCH_A for line, room in rooms.items())
        return crowded or (self.measured_a or 0.0) > most + TOO_MUCH_A

    def body(self, seats: Sequence[Seat]) -> dict[str, object]:
        """As `circuit/<id>/state` wants it, but for the time. What isn't said by phase is the fullest one's."""
        offer = self.limit()
        return {
            "name": self.settings.name,
            "max_current": self.settings.max_current,
            "limit": round(offer.asked_a, 2),
            "limit_source": FUSE if offer.source == RATING else offer.source,
            "limit_until": None if offer.until is None else rfc3339(offer.until.wall),
            "available": round(max(self.room(), 0.0), 2),
            "allocated": round(max(self.load_a.values()), 2),
            "drawn": round(self.drawn.highest, 1),
            "measured": _rounded(self.measured_a),
            "other": _rounded(self.other_a),
            "meter": "none" if not self.metered else "silent" if self.silent else "ok",
            "overloaded": self.overloaded,
            "phases": self._phases(),
            "members": [self._seat(seat) for seat in seats],
        }

    def _phases(self) -> dict[str, object]:
        return {
            f"L{phase}": {
                "available": round(max(room, 0.0), 2),
                "allocated": round(self.load_a[phase], 2),
                "measured": _rounded(self.others[phase].measured_a),
                "other": _rounded(self.others[phase].other_a),
            }
            for (_, phase), room in self.rooms().items()
        }

    def _seat(self, seat: Seat) -> dict[str, object]:
        return {**_shown(seat), "phases": [f"L{line[1]}" for line in seat.member.above if line in self.lines]}

    def held(self, source: str, now: Moment) -> Mapping[str, object] | None:
        """A limit as it is kept."""
        return self.limits.body(source, now)


def _measured(settings: CircuitSettings) -> tuple[object, ...]:
    return settings.meter, settings.phases, settings.voltage


def _ratings(settings: CircuitSettings) -> Ratings:
    return Ratings(0.0, settings.max_current, 0.0)


def _fallback(settings: CircuitSettings) -> Fallback:
    return Fallback(settings.fallback, settings.fallback_current)


def _rounded(amperes: float | None) -> float | None:
    return None if amperes is None else round(amperes, 1)


def _shown(seat: Seat) -> dict[str, object]:
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
