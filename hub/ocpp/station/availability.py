"""Which EVSEs the CSMS has taken out of service, now or as soon as they are free (G03, G04).

Theory: the station, each EVSE and each connector is set for itself, and what belongs to something that is out of
service is out of service too. What comes back leaves the smaller ones as they were set (G03.FR.07, G04.FR.08).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.flow import Flow

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

INOPERATIVE, SCHEDULED = "Inoperative", "Scheduled"


class Availability:
    """`kept`: EVSE ("0": the whole station; "1.1": a connector) -> INOPERATIVE or SCHEDULED, as kept."""

    def __init__(self, station: "Station", kept: Mapping[str, str]) -> None:
        self._station = station
        self._words = dict(kept)

    def operative(self, evse: int) -> bool:
        """May something begin here?"""
        waits = self._station.upkeep.firmware.blocks_new_sessions
        return not waits and not self._said(evse) & {INOPERATIVE, SCHEDULED}

    def inoperative(self, evse: int) -> bool:
        """Is it out of service already? EVSE 0: the station as a whole."""
        return INOPERATIVE in self._said(evse) or self._station.upkeep.firmware.blocks_new_sessions

    def change(self, evse: int, operative: bool, now: Moment, *, connector: int | None = None) -> str:
        """Accepted, or Scheduled while a transaction runs; survives a restart."""
        busy = any(flow.transaction for flow in self._covered(evse))
        was = self.inoperative(0)
        key = str(evse) if connector is None else f"{evse}.{connector}"
        self._set(key, None if operative else SCHEDULED if busy else INOPERATIVE)
        for flow in self._covered(evse):
            if not operative and flow.transaction is None and flow.grant is not None:
                self._station.tokens.revoke(flow, now, "ChargingStateChanged", "Other")
            self._station.reservations.check(flow, now)
            self._station.statuses.show(flow, now)
        self._tell_station(was, now)
        return "Scheduled" if busy and not operative else "Accepted"

    def apply_scheduled(self, now: Moment) -> None:
        """A transaction ended: what waited for it holds now."""
        was = self.inoperative(0)
        for key, word in list(self._words.items()):
            covered = self._covered(int(key.split(".")[0]))
            if word == SCHEDULED and not any(flow.transaction for flow in covered):
                self._set(key, INOPERATIVE)
                for flow in covered:
                    self._station.reservations.check(flow, now)
                    self._station.statuses.show(flow, now)
        self._tell_station(was, now)

    def _tell_station(self, was: bool, now: Moment) -> None:
        if self.inoperative(0) != was:
            self._station.statuses.report_station(now)

    def _said(self, evse: int) -> set[str | None]:
        # An EVSE has one connector here.
        return {self._words.get(key) for key in ("0", str(evse), f"{evse}.1")}

    def _covered(self, evse: int) -> list[Flow]:
        flows = self._station.evses.flows
        return list(flows.values()) if evse == 0 else [flows[evse]]

    def _set(self, key: str, word: str | None) -> None:
        if word is None:
            self._words.pop(key, None)
        else:
            self._words[key] = word
        self._station.emit(Keep("availability", key, word))
