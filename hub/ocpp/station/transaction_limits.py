"""Limits on what one transaction may take: set here, and in 2.1 by the CSMS as well (E16).

Theory: where the CSMS speaks 2.1 a transaction that has reached a limit gets no more energy and goes on (it ends only
where TxStopPoint says EnergyTransfer); a higher limit lets it charge on. Before 2.1 whoever reaches one is no longer
authorized, and what ends with that is up to TxStopPoint. Nothing that is set here goes beyond what the CSMS allows.
The limits outlive the hub.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Happened, Keep
from hub.ocpp.station.facts import told
from hub.ocpp.station.flow import Flow, Transaction, document

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

ENERGY, TIME, SOC, COST = "maxEnergy", "maxTime", "maxSoC", "maxCost"
"""In 2.1's words: Wh and seconds of the whole transaction, percent, and the CSMS's currency."""
REACHED = {
    ENERGY: "EnergyLimitReached",
    TIME: "TimeLimitReached",
    SOC: "SoCLimitReached",
    COST: "CostLimitReached",
}
REASONS = {"SoCLimitReached": "SOCLimitReached", "CostLimitReached": "LocalOutOfCredit"}
"""Why a transaction has ended, where that is spelled otherwise than what triggered it."""
NONE = 1_000_000_000
"""A limit is taken back by one that nobody reaches (E16.FR.17)."""
Allowance = Mapping[str, float]
"""What a whole transaction may take, by ENERGY, TIME, SOC and COST."""


@dataclass(frozen=True, slots=True)
class _Used:
    wh: int
    seconds: float


class TransactionLimits:
    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._due: dict[str, float] = {}
        """By transaction: a clock that is set lengthens nothing."""
        for flow in station.evses.flows.values():
            if flow.transaction and flow.transaction.ends_at:
                left = parse_time(flow.transaction.ends_at) - now.wall
                self._due[flow.transaction.id] = now.mono + left.total_seconds()

    # Setting

    def set(self, evse: int, energy_wh: int | None, seconds: float | None, now: Moment) -> bool:
        """From now on; None: no such limit. False: nothing runs there."""
        flow = self._station.evses.flows[evse]
        running = flow.transaction
        if running is None:
            return False
        used = self._used(flow, running, now)
        wanted = {
            ENERGY: None if energy_wh is None else used.wh + energy_wh,
            TIME: None if seconds is None else used.seconds + seconds,
        }
        for name, most in running.allowed.items():  # E16.FR.04
            if name in wanted:
                said = wanted[name]
                wanted[name] = most if said is None else min(said, most)
        self._put(flow, running, wanted, used, now)
        return True

    def allow(self, transaction: str, allowance: Allowance, now: Moment) -> None:
        """2.1: the CSMS limits a transaction that runs; it has the last word (E16.FR.07)."""
        flow = self._station.evses.with_transaction(transaction)
        if flow is None or flow.transaction is None:
            return
        supported = told(self._station, "SupportedLimits").split(",")
        allowed = flow.transaction.allowed
        # E16.FR.13: what isn't supported isn't confirmed; what is said once more isn't set once more.
        wanted: dict[str, float | None] = {
            name: value
            for name, value in allowance.items()
            if name in supported and allowed.get(name) != value
        }
        if wanted:
            allowed |= {name: allowance[name] for name in wanted}
            self._put(flow, flow.transaction, wanted, self._used(flow, flow.transaction, now), now)

    def spent(self, transaction: str, total: float, now: Moment) -> None:
        """What the CSMS says that it costs so far (E16.FR.15)."""
        flow = self._station.evses.with_transaction(transaction)
        if flow is not None and flow.transaction is not None:
            flow.transaction.cost = total
            self.check(flow, now)

    def _used(self, flow: Flow, running: Transaction, now: Moment) -> _Used:
        passed = self._station.clock.at(now) - parse_time(running.started)
        return _Used(flow.register.wh - running.begun_wh, max(0.0, passed.total_seconds()))

    def _put(
        self, flow: Flow, running: Transaction, wanted: Mapping[str, float | None], used: _Used, now: Moment
    ) -> None:
        before = self._limits(running)
        for name, value in wanted.items():
            SETTERS[name](running, value)
        if TIME in wanted:
            self._time(running, wanted[TIME], used, now)
        self._station.emit(Keep("transaction", str(flow.evse), document(flow)))
        changed = {
            name: NONE if value is None else value
            for name, value in wanted.items()
            if value is not None or name in before
        }
        if running.limited is not None and self._exceeded(flow, running, now) is None:
            running.limited = None
            self._station.interruptions.energy_again(flow, now)  # E16.FR.14
        if changed and self._station.tells("LimitSet"):
            self._station.interruptions.limit_set(flow, now, changed)  # E16.FR.01/03
        self.check(flow, now)

    def _time(self, running: Transaction, most: float | None, used: _Used, now: Moment) -> None:
        """E16.FR.09: it counts from the transaction's begin."""
        self._due.pop(running.id, None)
        running.ends_at = None
        if most is not None:
            left = min(max(0.0, most - used.seconds), NONE)
            running.ends_at = rfc3339(now.wall + timedelta(seconds=left))
            self._due[running.id] = now.mono + left

    @staticmethod
    def _limits(running: Transaction) -> frozenset[str]:
        known = {
            ENERGY: running.most_wh,
            TIME: running.ends_at,
            SOC: running.most_soc,
            COST: running.most_cost,
        }
        return frozenset(name for name, value in known.items() if value is not None)

    # Reaching

    def check(self, flow: Flow, now: Moment) -> None:
        running = flow.transaction
        if running is None or flow.grant is None or running.limited is not None:
            return
        reached = self._exceeded(flow, running, now)
        if reached is not None:
            self._reached(flow, running, REACHED[reached], now)

    def tick(self, now: Moment) -> None:
        for flow in self._station.evses.flows.values():
            self.check(flow, now)

    def ended(self, transaction: str) -> None:
        self._due.pop(transaction, None)

    def deadlines(self) -> list[float]:
        # Where nobody is authorized nothing can be ended; whoever comes later is looked at when he comes.
        served = [flow.transaction for flow in self._station.evses.flows.values() if flow.grant]
        return [
            self._due[running.id]
            for running in served
            if running and running.limited is None and running.id in self._due
        ]

    def _exceeded(self, flow: Flow, running: Transaction, now: Moment) -> str | None:
        """The first limit that is reached."""
        if running.most_wh is not None and flow.register.wh >= running.most_wh:
            return ENERGY
        if self._due.get(running.id, now.mono + 1) <= now.mono:
            return TIME
        soc = flow.state.get("soc")
        if running.most_soc is not None and isinstance(soc, int | float) and soc >= running.most_soc:
            return SOC
        spent = (
            running.most_cost is not None and running.cost is not None and running.cost >= running.most_cost
        )
        return COST if spent else None

    def _reached(self, flow: Flow, running: Transaction, trigger: str, now: Moment) -> None:
        details = {"evse": flow.evse, "transaction_id": running.id, "reason": trigger}
        self._station.emit(Happened("transaction_limit", details))
        if not self._station.tells("LimitSet"):
            running.most_wh = running.ends_at = None
            self._due.pop(running.id, None)
            self._station.tokens.revoke(flow, now, trigger, trigger)
            return
        running.limited = trigger
        if "EnergyTransfer" in self._station.variables.list("TxStopPoint"):  # E16.FR.06
            self._station.transactions.end(flow, now, trigger, REASONS.get(trigger, trigger))
        else:
            self._station.interruptions.no_energy(flow, now, trigger)  # E16.FR.05
        self._station.statuses.show(flow, now)


def _put_energy(running: Transaction, value: float | None) -> None:
    running.most_wh = None if value is None else running.begun_wh + round(value)


def _put_soc(running: Transaction, value: float | None) -> None:
    running.most_soc = value


def _put_cost(running: Transaction, value: float | None) -> None:
    running.most_cost = value


SETTERS: Mapping[str, Callable[[Transaction, float | None], None]] = {
    ENERGY: _put_energy,
    TIME: lambda running, value: None,  # by the clock: see _time
    SOC: _put_soc,
    COST: _put_cost,
}
