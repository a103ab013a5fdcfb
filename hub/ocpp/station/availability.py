"""Which EVSEs the CSMS has taken out of service, now or as soon as they are free (G03, G04).

Theory: the station, each EVSE and each connector is set for itself, and what belongs to something that is out of
service is out of service too. What comes back leaves the smaller ones as they were set (G03.FR.07, G04.FR.08).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station import service
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import Token

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

INOPERATIVE, SCHEDULED, WHEN_FREE = "Inoperative", "Scheduled", "WhenFree"
OUT = frozenset({INOPERATIVE, SCHEDULED, WHEN_FREE})
"""SCHEDULED waits for transactions, WHEN_FREE is 1.6's."""


class Availability:
    """`kept`: EVSE ("0": the whole station; "1.1": a connector; "0/1": an EVSE that followed it) -> one of OUT."""

    def __init__(self, station: "Station", kept: Mapping[str, str]) -> None:
        self._station = station
        # What its configuration has taken away since is said of nothing.
        self._words = {key: word for key, word in kept.items() if _evse(key) <= station.setup.evses}

    def operative(self, evse: int) -> bool:
        """May something begin here?"""
        waits = self._station.upkeep.firmware.blocks_new_sessions
        return not waits and not self._said(evse) & OUT

    def serves(self, evse: int, token: Token) -> bool:
        """May this token begin something here? Who has reserved what is waited for still may."""
        reservations = self._station.reservations
        promised = reservations.shuts(evse) and reservations.may_fit(evse, token)
        return self.operative(evse) or (promised and not self.inoperative(evse))

    def inoperative(self, evse: int) -> bool:
        """Is it out of service already? EVSE 0: the station as a whole."""
        if self._station.upkeep.firmware.blocks_new_sessions:
            return True
        if evse == 0:
            return bool(self._said(0) & {INOPERATIVE, WHEN_FREE})
        # The station waits for its transactions; where none runs it needn't (G04.FR.05/06).
        spared = self._words.get("0") == SCHEDULED and self._station.evses.flows[evse].transaction is None
        return spared or INOPERATIVE in self._said(evse)

    def change(
        self,
        evse: int,
        operative: bool,
        now: Moment,
        *,
        connector: int | None = None,
        waits: str = SCHEDULED,
        throughout: bool = False,
    ) -> str:
        """Accepted, or Scheduled while a transaction runs (or what else `waits` waits for); survives a restart.

        `throughout`: what belongs to it goes with it, however that was set for itself.
        """
        busy = any(self._busy(flow, waits) for flow in self._covered(evse))
        was = self.inoperative(0)
        key = str(evse) if connector is None else f"{evse}.{connector}"
        self._set(key, None if operative else waits if busy else INOPERATIVE)
        for part in self._parts(evse, throughout):
            self._set(part, None)
        self._follow()
        for flow in self._covered(evse):
            if not operative and flow.transaction is None and flow.grant is not None:
                self._station.tokens.revoke(flow, now, "ChargingStateChanged", "Other")
            if operative:
                service.called_back(flow)
            if operative and flow.known:
                self._station.transactions.changed(flow, now, "CablePluggedIn")
            self._station.reservations.check(flow, now)
            self._station.statuses.show(flow, now)
        self._tell_station(was, now)
        return "Scheduled" if busy and not operative else "Accepted"

    def apply_scheduled(self, now: Moment) -> None:
        """A transaction has ended, a car or a reservation is gone: what waited for it holds now."""
        was = self.inoperative(0)
        covered = [flow for key in self._follow() for flow in self._covered(_evse(key))]
        for flow in covered:
            self._station.reservations.check(flow, now)
            self._station.statuses.show(flow, now)
        self._tell_station(was, now)

    def _follow(self) -> list[str]:
        """What needs to wait no longer is out of service; its keys."""
        waiting = {key: word for key, word in self._words.items() if word != INOPERATIVE}
        flows = self._station.evses.flows
        if waiting.get("0") == WHEN_FREE:
            waiting |= {f"0/{evse}": WHEN_FREE for evse in flows if not self.inoperative(evse)}
        free = [
            key
            for key, word in waiting.items()
            if not any(self._busy(flow, word) for flow in self._covered(_evse(key)))
        ]
        for key in free:
            self._set(key, INOPERATIVE)
        return free

    def _parts(self, evse: int, throughout: bool) -> list[str]:
        """What is said anew with the station or an EVSE: the EVSEs that have followed the station, or all of it."""
        if throughout and evse:
            return [f"{evse}.1"]
        return [
            key for key in self._words if evse == 0 and key != "0" and (throughout or key.startswith("0/"))
        ]

    def _busy(self, flow: Flow, word: str) -> bool:
        """Does it keep what waits in service?"""
        if flow.transaction is not None or word != WHEN_FREE or self.inoperative(flow.evse):
            return flow.transaction is not None
        return (flow.plugged and not flow.finished) or self._station.reservations.names(flow.evse)

    def _tell_station(self, was: bool, now: Moment) -> None:
        if self.inoperative(0) != was:
            self._station.statuses.report_station(now)

    def _said(self, evse: int) -> set[str | None]:
        # An EVSE has one connector here.
        return {self._words.get(key) for key in ("0", str(evse), f"{evse}.1", f"0/{evse}")}

    def _covered(self, evse: int) -> list[Flow]:
        flows = self._station.evses.flows
        return list(flows.values()) if evse == 0 else [flows[evse]]

    def _set(self, key: str, word: str | None) -> None:
        if self._words.get(key) == word:
            return  # many a CSMS says Operative at each connection: no answer waits for the disk
        if word is None:
            self._words.pop(key, None)
        else:
            self._words[key] = word
        self._station.emit(Keep("availability", key, word))


def _evse(key: str) -> int:
    return int(key.removeprefix("0/").split(".")[0])
