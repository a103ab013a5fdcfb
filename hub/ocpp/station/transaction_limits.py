"""Limits on the energy and the time of one transaction, set here and not by the CSMS (2.1: E16).

Whoever reaches one is no longer authorized; what ends with that is up to TxStopPoint. They outlive the hub.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Happened, Keep
from hub.ocpp.station.flow import Flow, document

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

ENERGY, TIME = "EnergyLimitReached", "TimeLimitReached"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a whole transaction may take, from its begin; None: no such limit."""

    energy_wh: float | None = None
    seconds: float | None = None


class TransactionLimits:
    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._due: dict[str, float] = {}
        """By transaction: a clock that is set lengthens nothing."""
        for flow in station.evses.flows.values():
            if flow.transaction and flow.transaction.ends_at:
                left = parse_time(flow.transaction.ends_at) - now.wall
                self._due[flow.transaction.id] = now.mono + left.total_seconds()

    def set(self, evse: int, energy_wh: int | None, seconds: float | None, now: Moment) -> bool:
        """From now on; None: no such limit. False: nothing runs there."""
        flow = self._station.evses.flows[evse]
        transaction = flow.transaction
        if transaction is None:
            return False
        transaction.most_wh = None if energy_wh is None else flow.register.wh + energy_wh
        transaction.ends_at = None if seconds is None else rfc3339(now.wall + timedelta(seconds=seconds))
        self._due.pop(transaction.id, None)
        if seconds is not None:
            self._due[transaction.id] = now.mono + seconds
        self._station.emit(Keep("transaction", str(evse), document(flow)))
        self.check(flow, now)
        return True

    def allow(self, transaction: str, allowance: Allowance, now: Moment) -> None:
        """2.1: the CSMS limits a transaction that runs (E16)."""
        for flow in self._station.evses.flows.values():
            running = flow.transaction
            if running is None or running.id != transaction:
                continue
            energy = (
                None
                if allowance.energy_wh is None
                else allowance.energy_wh - (flow.register.wh - running.begun_wh)
            )
            passed = (self._station.clock.at(now) - parse_time(running.started)).total_seconds()
            seconds = None if allowance.seconds is None else max(0.0, allowance.seconds - passed)
            self.set(flow.evse, None if energy is None else max(0, round(energy)), seconds, now)

    def check(self, flow: Flow, now: Moment) -> None:
        transaction = flow.transaction
        if transaction is None or flow.grant is None:
            return
        if transaction.most_wh is not None and flow.register.wh >= transaction.most_wh:
            self._reached(flow, ENERGY, now)
        elif self._due.get(transaction.id, now.mono + 1) <= now.mono:
            self._reached(flow, TIME, now)

    def tick(self, now: Moment) -> None:
        for flow in self._station.evses.flows.values():
            self.check(flow, now)

    def ended(self, transaction: str) -> None:
        self._due.pop(transaction, None)

    def deadlines(self) -> list[float]:
        # Where nobody is authorized nothing can be ended; whoever comes later is looked at when he comes.
        served = [flow.transaction for flow in self._station.evses.flows.values() if flow.grant]
        return [self._due[running.id] for running in served if running and running.id in self._due]

    def _reached(self, flow: Flow, reason: str, now: Moment) -> None:
        assert flow.transaction is not None
        flow.transaction.most_wh = flow.transaction.ends_at = None
        self._due.pop(flow.transaction.id, None)
        details = {"evse": flow.evse, "transaction_id": flow.transaction.id, "reason": reason}
        self._station.emit(Happened("transaction_limit", details))
        self._station.tokens.revoke(flow, now, reason, reason)
