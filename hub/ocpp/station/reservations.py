"""Reservations: of one EVSE, or of any (H01 to H04; 1.6: 3.12, 5.2, 5.13).

Theory: a reservation of an EVSE shuts it to others; one of any EVSE shuts those that are left when no more of them
are available than are reserved (H01.FR.07/20). It ends when it is used, cancelled, expired, or when its EVSE fails.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.model.charger import Status
from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Happened, Keep
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import ReservationEnded, Token
from hub.ocpp.station.verdict import same_group

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

GONE = {Status.FAULTED: "Faulted", Status.UNAVAILABLE: "Unavailable", Status.UNKNOWN: "Unavailable"}


@dataclass(frozen=True, slots=True)
class Reservation:
    """`evse` None: any."""

    id: int
    evse: int | None
    token: str
    group: str | None
    expires: str
    type: str = "ISO14443"

    def is_for(self, token: Token, group: str | None) -> bool:
        return self.token == token.key or same_group(group, self.group)


class Reservations:
    """`kept`: what `Keep("reservation", ...)` kept; `untold`: ends that the CSMS hasn't heard of."""

    def __init__(
        self, station: "Station", kept: Mapping[str, Any], untold: Mapping[str, str], now: Moment
    ) -> None:
        self._station = station
        self._all = {int(key): Reservation(**body) for key, body in kept.items()}
        self._untold = {int(key): status for key, status in untold.items()}
        self._due: dict[int, float] = {}
        self.clock_was_set(now)

    def clock_was_set(self, now: Moment) -> None:
        self._due = {number: self._mono(parse_time(it.expires), now) for number, it in self._all.items()}

    def of(self, token: Token) -> list[Reservation]:
        return [reservation for reservation in self._all.values() if reservation.token == token.key]

    # Asked by the CSMS

    def reserve(self, wanted: Reservation, connector_type: str | None, now: Moment) -> str:
        """Accepted, Faulted, Occupied, Rejected or Unavailable."""
        refused = self._refusal(wanted, connector_type, now)
        if refused is not None:
            return refused
        self._all[wanted.id] = wanted
        self._due[wanted.id] = self._mono(parse_time(wanted.expires), now)
        self._station.emit(Keep("reservation", str(wanted.id), asdict(wanted)))
        self._station.emit(Happened("reserved", {"evse": wanted.evse, "reservation_id": wanted.id}))
        self._station.statuses.show_all(now)
        return "Accepted"

    def _refusal(self, wanted: Reservation, connector_type: str | None, now: Moment) -> str | None:
        variables = self._station.variables
        enabled = variables.bool("ReservationEnabled")
        any_evse = wanted.evse is None
        if not enabled or (any_evse and not variables.bool("ReservationNonEvseSpecific")):
            return "Rejected"  # H01.FR.01/19
        if connector_type not in (None, variables.text("ConnectorType")):
            return "Rejected"
        others = [other for other in self._all.values() if other.id != wanted.id]  # H01.FR.02
        flows = self._station.evses.flows
        targets = list(flows.values()) if wanted.evse is None else [flows[wanted.evse]]
        free = self._available(targets, others)
        anywhere = sum(other.evse is None for other in others)
        all_free = free if any_evse else self._available(list(flows.values()), others)
        if free and len(all_free) > anywhere:
            over = self._mono(parse_time(wanted.expires), now) <= now.mono
            return "Rejected" if over else None
        states = {self._station.statuses.bare(flow) for flow in targets}
        return GONE.get(states.pop(), "Occupied") if len(states) == 1 else "Occupied"

    def cancel(self, number: int, now: Moment) -> bool:
        if number not in self._all:
            return False
        self._end(number, now)
        return True

    # Asked by the station

    def shuts(self, evse: int) -> bool:
        """Is this EVSE kept for somebody?"""
        if not self._all:
            return False
        if self.names(evse):
            return True
        anywhere = sum(reservation.evse is None for reservation in self._all.values())
        flows = list(self._station.evses.flows.values())
        # Where strangers' cars stand everywhere, the last place at which nobody has begun is kept.
        unnamed = [flow for flow in flows if not self.names(flow.evse)]
        left = self._available(unnamed, []) or [flow for flow in unnamed if self._open(flow)]
        return anywhere >= len(left) > 0 and evse in {flow.evse for flow in left}

    def names(self, evse: int) -> bool:
        """Is there one of just this EVSE?"""
        return any(reservation.evse == evse for reservation in self._all.values())

    def shared(self) -> bool:
        """Does what happens at one EVSE matter for the others?"""
        return any(it.evse is None for it in self._all.values())

    def meant_for(self, evse: int, token: Token) -> bool:
        return any(it.evse == evse and it.token == token.key for it in self._all.values())

    def token_at(self, evse: int) -> str:
        """Whose card is awaited here; nothing where it may be another's."""
        own = [it.token for it in self._all.values() if it.evse == evse]
        return own[0] if own else ""

    def may_fit(self, evse: int, token: Token) -> bool:
        """Not known to be refused: a group may still let it in (H03.FR.07/08)."""
        return not self.shuts(evse) or any(
            it.group is not None or it.token == token.key for it in self._here(evse)
        )

    def fits(self, evse: int, token: Token, group: str | None) -> bool:
        """May this token begin here? (H03.FR.01 to 06)"""
        return not self.shuts(evse) or any(it.is_for(token, group) for it in self._here(evse))

    def use(self, evse: int, token: Token, group: str | None, now: Moment) -> int | None:
        """The reservation that this token uses up here, if any (H03.FR.09)."""
        own = [it for it in self._here(evse) if it.is_for(token, group)]
        if not own or not token.text:
            return None
        chosen = min(own, key=lambda it: it.evse is None)
        self._end(chosen.id, now)
        return chosen.id

    def check(self, flow: Flow, now: Moment) -> None:
        """An EVSE that fails loses its reservation (H01.FR.16/17); a lost link to it is no failure."""
        if not self._all or not self._gone(flow):
            return
        for reservation in [it for it in self._all.values() if it.evse == flow.evse]:
            self._end(reservation.id, now, told="Removed")
        # Of any EVSE no more can be kept than could be served (H01.FR.07): the newest go.
        named = {it.evse for it in self._all.values()}
        flows = self._station.evses.flows.values()
        left = [it for it in flows if it.evse not in named and not self._gone(it)]
        anywhere = [it for it in self._all.values() if it.evse is None]
        for reservation in anywhere[len(left) :]:
            self._end(reservation.id, now, told="Removed")

    def back_online(self) -> None:
        for number, status in self._untold.items():
            self._station.say(ReservationEnded(number, status))
            self._station.emit(Keep("reservation_end", str(number), None))
        self._untold.clear()

    def unsaid(self, message: ReservationEnded) -> None:
        self._untold[message.id] = message.status
        self._station.emit(Keep("reservation_end", str(message.id), message.status))

    def tick(self, now: Moment) -> None:
        for number in [number for number, due in self._due.items() if due <= now.mono]:
            self._end(number, now, told="Expired")  # H04

    def deadlines(self) -> list[float]:
        return list(self._due.values())

    # Inside

    def _here(self, evse: int) -> list[Reservation]:
        return [it for it in self._all.values() if it.evse in (None, evse)]

    def _gone(self, flow: Flow) -> bool:
        heard = flow.known and flow.lost_since is None
        return heard and self._station.statuses.bare(flow) in GONE

    def _open(self, flow: Flow) -> bool:
        """Somebody who comes could begin here, whoever's car stands there."""
        idle = flow.grant is None and flow.transaction is None
        return idle and self._station.statuses.bare(flow) not in GONE

    def _available(self, flows: list[Flow], reservations: list[Reservation]) -> list[Flow]:
        taken = {reservation.evse for reservation in reservations}
        return [
            flow
            for flow in flows
            if flow.evse not in taken and self._station.statuses.bare(flow) is Status.AVAILABLE
        ]

    def _end(self, number: int, now: Moment, *, told: str | None = None) -> None:
        del self._all[number], self._due[number]
        self._station.emit(Keep("reservation", str(number), None))
        if told is not None:
            self._station.emit(Happened("reservation_ended", {"reservation_id": number, "status": told}))
            if self._station.boot.accepted:
                self._station.say(ReservationEnded(number, told))
            else:
                self.unsaid(ReservationEnded(number, told))
        self._station.availability.apply_scheduled(now)
        self._station.statuses.show_all(now)

    def _mono(self, expires: datetime, now: Moment) -> float:
        return now.mono + (expires - parse_time(self._station.stamp(now))).total_seconds()


def reservation(number: int, evse: int | None, token: Token, group: str | None, expires: str) -> Reservation:
    """As the CSMS asked for it. Raises ValueError for a time that is none."""
    return Reservation(number, evse, token.key, group, rfc3339(parse_time(expires)), token.type)
