"""Transactions that outlive a restart: of the hub, of the power, or by a Reset that lets them (2.1: E17, B13).

Theory: a transaction is resumed as soon as its device is heard. Where it had energy before, the device gets a while to
show that it has again; then TxResumed tells how it is, once. A CSMS that wants no energy to flow by itself
(AllowEnergyTransferResumption) gets it suspended instead. An interruption that was longer than ResumptionTimeout ends
it, but never one that the CSMS has asked for. Before 2.1 a charger that went on is served on without a word, and only
what the same power cut stopped is ended.
"""

from dataclasses import dataclass
from random import uniform
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.flow import Flow, Transaction, document

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

SHOWS_S = 15.0
"""So long a device that is heard again has to show that energy flows as before."""
POWERED = ("Charging", "SuspendedEV", "SuspendedEVSE")
LONGEST_ALIVE_S, SHORTEST_ALIVE_S, DAY_S = 60.0, 5.0, 86_400


@dataclass(slots=True)
class _Interrupted:
    """`before`: the charging state that it had."""

    transaction: str
    before: str
    asked: bool = False
    """By the CSMS: it is resumed however long that takes (B13.FR.12/23)."""
    waits: bool = False
    """Its device is being reset."""
    release: float | None = None
    """Energy may flow again then (E17.FR.18)."""
    until: float | None = None
    """What is shown then is told; None: the device hasn't been heard yet."""


class Resumption:
    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._interrupted = {
            flow.evse: _Interrupted(flow.transaction.id, flow.transaction.charging_state)
            for flow in station.evses.flows.values()
            if flow.transaction
        }
        self._alive = now.mono
        """When it was last written down that the hub lives."""

    # A Reset

    def interrupt(self, flow: Flow, now: Moment) -> None:
        """B13.FR.04/10/20: told, and without energy until the reset is done."""
        running = flow.transaction
        assert running is not None
        self._interrupted[flow.evse] = _Interrupted(running.id, running.charging_state, True, True)
        self._station.interruptions.resetting(flow, now)
        flow.resuming = running.held = True
        self._station.transactions.permit_again(flow)

    def reset_done(self, evse: int, now: Moment) -> None:
        """Of one EVSE, or (0) of the station."""
        for number, interrupted in list(self._interrupted.items()):
            if evse in (0, number) and interrupted.waits:
                interrupted.waits = False
                self.heard(self._station.evses.flows[number], now)

    # The device

    def found(self, flow: Flow, now: Moment) -> None:
        """It is heard again: was it away for too long? Whether the car is still there is looked at afterwards."""
        interrupted = self._heard(flow)
        if interrupted is None or interrupted.until is not None:
            return
        assert flow.transaction is not None
        if not self._station.tells("TxResumed"):
            self._done(flow)
            self._found_before_2_1(flow, flow.transaction, now)
        elif not interrupted.asked and self._too_long(flow.transaction, "ResumptionTimeout", now):
            self._done(flow)
            # E17.FR.21/22: a charger that has gone on had power; it was the hub that was away.
            reason = "Reboot" if flow.status is Status.CHARGING else "PowerLoss"
            self._station.transactions.end(flow, now, "AbnormalCondition", reason)
            flow.finished, flow.conditions = False, frozenset()  # a car that is still there is found anew
            self._station.availability.apply_scheduled(now)

    def heard(self, flow: Flow, now: Moment) -> None:
        """It has said how it is."""
        interrupted = self._heard(flow)
        if interrupted is None:
            return
        assert flow.transaction is not None
        if interrupted.until is None:
            self._begin(flow, flow.transaction, interrupted, now)
        else:
            self._look(flow, interrupted, now)

    def look(self, now: Moment) -> None:
        """Time has passed, or the CSMS is there."""
        for evse, interrupted in list(self._interrupted.items()):
            if interrupted.until is not None:
                self._look(self._station.evses.flows[evse], interrupted, now)

    def tick(self, now: Moment) -> None:
        self.look(now)
        every = self._writes_every()
        if every is not None and now.mono - self._alive >= every:
            self._alive = now.mono
            for flow in self._running():
                assert flow.transaction is not None
                flow.transaction.told_at = rfc3339(now.wall)
                self._station.emit(Keep("transaction", str(flow.evse), document(flow)))

    def deadlines(self) -> list[float]:
        times = [one.until for one in self._interrupted.values() if one.until is not None]
        times += [one.release for one in self._interrupted.values() if one.release is not None]
        every = self._writes_every()
        return times if every is None else [*times, self._alive + every]

    # Inside

    def _begin(self, flow: Flow, running: Transaction, interrupted: _Interrupted, now: Moment) -> None:
        variables = self._station.variables
        flow.resuming = True
        running.held = interrupted.before in POWERED and not variables.bool("AllowEnergyTransferResumption")
        most = variables.int("EnergyTransferResumptionRandomRange")
        stopped = interrupted.before == "Charging" and flow.status is not Status.CHARGING
        if most and stopped and not running.held and not interrupted.asked:
            running.held, interrupted.release = True, now.mono + uniform(0, most)  # noqa: S311
        interrupted.until = (interrupted.release or now.mono) + SHOWS_S
        if not running.held and flow.status is not Status.CHARGING:
            self._station.interruptions.energy_again(flow, now)
        self._station.transactions.permit_again(flow)
        self._look(flow, interrupted, now)

    def _look(self, flow: Flow, interrupted: _Interrupted, now: Moment) -> None:
        if self._over(flow, interrupted):
            return
        assert flow.transaction is not None
        if flow.lost_since is not None:
            interrupted.until = interrupted.release = None
            return
        if interrupted.release is not None:
            if now.mono < interrupted.release:
                return
            interrupted.release, flow.transaction.held = None, False
            self._station.interruptions.energy_again(flow, now)
        assert interrupted.until is not None
        settled = self._settled(flow, interrupted.before) and self._station.boot.accepted
        if settled or now.mono >= interrupted.until:
            self._done(flow)
            self._station.interruptions.resumed(flow, now)
            self._station.statuses.show(flow, now)

    def _settled(self, flow: Flow, before: str) -> bool:
        """It won't be otherwise by waiting."""
        final = flow.status in (Status.SUSPENDED_EV, Status.FAULTED) or flow.withheld or not flow.plugged
        return final or flow.charging_state() == before

    def _heard(self, flow: Flow) -> _Interrupted | None:
        """None: nothing is to be resumed there, or not yet."""
        interrupted = self._interrupted.get(flow.evse)
        if interrupted is None or self._over(flow, interrupted):  # it ended as any other (E17.FR.17)
            return None
        return None if flow.lost_since is not None or interrupted.waits else interrupted

    def _over(self, flow: Flow, interrupted: _Interrupted) -> bool:
        """It has ended meanwhile."""
        over = flow.transaction is None or flow.transaction.id != interrupted.transaction
        if over:
            self._done(flow)
        return over

    def _done(self, flow: Flow) -> None:
        self._interrupted.pop(flow.evse, None)
        flow.resuming = False

    def _too_long(self, running: Transaction, timeout: str, now: Moment) -> bool:
        """Always where nothing may be resumed; an earlier hub may not have written when it lived."""
        if not running.told_at:
            return False
        silent_s = (now.wall - parse_time(running.told_at)).total_seconds()
        return not 0 < self._station.variables.int(timeout) >= silent_s

    def _found_before_2_1(self, flow: Flow, running: Transaction, now: Moment) -> None:
        """A charger that went on is served on; what a power cut has stopped is ended."""
        station, running.held = self._station, False
        # Where there is no CSMS nobody misses its end, and the driver would miss his energy.
        stopped = station.setup.csms and _forgotten(flow, running)
        if stopped and self._too_long(running, "TxResumptionTimeout", now):
            station.transactions.end(flow, now, "AbnormalCondition", "PowerLoss")
            flow.finished = not station.free  # who needs no card goes on with a transaction of its own
            station.availability.apply_scheduled(now)

    def _running(self) -> list[Flow]:
        return [flow for flow in self._station.evses.flows.values() if flow.transaction]

    def _writes_every(self) -> float | None:
        """How exactly an interruption is measured, where so much depends on it; else what is told says enough."""
        most = self._station.variables.int("ResumptionTimeout")
        if not self._station.tells("TxResumed") or not 0 < most <= DAY_S or not self._running():
            return None
        return min(max(most / 4, SHORTEST_ALIVE_S), LONGEST_ALIVE_S)


def _forgotten(flow: Flow, transaction: Transaction) -> bool:
    """A charger that was charging, or ready to, and isn't any more, has lost its power or was reset meanwhile."""
    was = transaction.charging_state in ("Charging", "SuspendedEV")
    goes_on = flow.status in (Status.CHARGING, Status.SUSPENDED_EV)
    return was and not goes_on and flow.state.get("charging_enabled") is False
