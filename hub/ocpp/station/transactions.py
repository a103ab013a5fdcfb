"""Transactions: begun and ended by 2.0.1's start and stop points, told event by event.

Theory: an EVSE has *conditions* (EVConnected, Authorized, ...). A transaction begins when one of TxStartPoint
comes to hold, and ends when one of TxStopPoint ceases to. Each event takes the next seqNo, and its effects
(`Owe` with the whole message, `Keep` with the state it leaves) are committed together. 1.6 knows only the
first and the last event and the meter values between; its words are given when a message is sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from uuid import uuid4

from hub.model.charger import Status
from hub.model.moment import Moment, rfc3339
from hub.ocpp.station.clock import later, unset
from hub.ocpp.station.effects import Effect, Happened, Keep, Measured, Permit
from hub.ocpp.station.flow import SETTLES_S, Flow, Transaction, document
from hub.ocpp.station.manners import Manners
from hub.ocpp.station.measurands import samples
from hub.ocpp.station.messages import MeterValue, TransactionEvent
from hub.ocpp.station.naming import named
from hub.ocpp.station.outbox import Outbox, restamped
from hub.ocpp.station.variables import Variables

FAULT_REASONS = {
    "GroundFailure": "GroundFault",
    "OverCurrentFailure": "OvercurrentFault",
    "OverVoltage": "PowerQuality",
    "UnderVoltage": "PowerQuality",
}
"""Why a fault has ended a transaction, by its error code."""
SUSPENDED_REASONS = {Status.SUSPENDED_EV: "StoppedByEV"}
HISTORY = 250
"""Values that a transaction keeps for its last message."""


class Transactions:
    """`stamp` writes a moment as the CSMS's clock has it; `emit` collects effects; `operative`: may anybody begin at
    this EVSE? `exhausted`: values had to make room."""

    def __init__(
        self,
        variables: Variables,
        outbox: Outbox,
        emit: Callable[[Effect], None],
        stamp: Callable[[Moment], str],
        online: Callable[[], bool],
        operative: Callable[[int], bool],
        exhausted: Callable[[Moment], None],
        manners: Manners,
    ) -> None:
        self._variables = variables
        self._outbox = outbox
        self._emit = emit
        self._stamp = stamp
        self._online = online
        self._operative = operative
        self._exhausted = exhausted
        self.manners = manners

    def changed(self, flow: Flow, now: Moment, trigger: str, reason: str = "Other") -> None:
        """The conditions may be others now: begin, end, or tell of a change. `reason` is that of an end."""
        before, after = flow.conditions, flow.now_conditions()
        flow.conditions = after
        if "PowerPathClosed" in after - before:
            flow.begins_until = now.mono + SETTLES_S
        if flow.transaction is None:
            if flow.status is Status.FAULTED or (flow.grant is None and not self._operative(flow.evse)):
                flow.conditions = before & after  # nothing begins until that is over
            elif self._begins(before, after):
                self._begin(flow, now, trigger)
        elif (before - after) & self._stop_points() or not after:
            # Whatever the stop points are: where there is neither a car nor a driver, nothing goes on.
            self.end(flow, now, trigger, reason)
        else:
            self._powered(flow, now)
            self._tell_changes(flow, now, trigger, before)
        self.settle_permission(flow)

    def refused(self, flow: Flow, now: Moment, trigger: str, reason: str) -> None:
        """Whoever isn't authorized is to stop: it ends where the end of an authorization would end it (F03.FR.02)."""
        if "Authorized" in self._stop_points():
            self.end(flow, now, trigger, reason)
        else:
            self.tell(flow, now, "Updated", trigger, ())

    def _begins(self, before: frozenset[str], after: frozenset[str]) -> bool:
        """A start point is reached; or somebody else may charge where the one before left his car at it."""
        new = after - before
        points = set(self._variables.list("TxStartPoint"))
        return bool(points & (after if "Authorized" in new else new))

    def _stop_points(self) -> set[str]:
        points = set(self._variables.list("TxStopPoint"))
        if "PowerPathClosed" in points:
            points |= {"EVConnected", "Authorized"}
        if "EnergyTransfer" in points:
            points |= {
                "Authorized"
            }  # E05.FR.10: without it there is no energy any more, or there never will be
        if self.manners.outlasts_the_cable and not self._variables.bool("StopTxOnEVSideDisconnect"):
            points -= {"EVConnected", "PowerPathClosed"}
        return points

    def _begin(self, flow: Flow, now: Moment, trigger: str) -> None:
        flow.finished = False
        flow.transaction = Transaction(str(uuid4()), started=self._stamp(now), begun_wh=flow.register.wh)
        self._powered(flow, now)
        flow.transaction.charging_state = flow.charging_state()
        if flow.grant is not None and flow.grant.remote_start_id is not None and trigger != "RemoteStart":
            # F02.FR.21: whatever begins it, this is what it is told with; that energy flows is told next.
            trigger = "RemoteStart"
            flow.transaction.charging_state = "EVConnected"
        flow.sample_due = None
        self.reschedule(flow, now)
        flow.transaction.begun_nowhere = flow.grant is not None and flow.grant.roams
        meter = () if flow.transaction.begun_nowhere else self._first_values(flow, now)
        if self.manners.ends_with_samples:  # its first message has room for one register only
            first = self._meter(flow, now, self._sampled("TxEndedMeasurands"), "Transaction.Begin")
            flow.transaction.history.extend(first)
        self.tell(flow, now, "Started", trigger, meter)
        self._emit(Happened("session_authorized", {"evse": flow.evse, "transaction_id": flow.transaction.id}))

    def _powered(self, flow: Flow, now: Moment) -> None:
        transaction = flow.transaction
        assert transaction is not None
        if transaction.powered_at is None and "PowerPathClosed" in flow.conditions:
            transaction.powered_at = self._stamp(now)

    def end(self, flow: Flow, now: Moment, trigger: str, reason: str) -> None:
        """The last event; the EVSE is free for the next transaction when the conditions say so."""
        transaction = flow.transaction
        assert transaction is not None
        transaction.charging_state = "EVConnected" if flow.plugged else "Idle"
        if reason == "EVDisconnected":  # F04.FR.03, E07.FR.05: what came before has ended it
            reason = transaction.revoked_by or reason
        last = self._meter(flow, now, self._sampled("TxEndedMeasurands"), "Transaction.End")
        self.tell(flow, now, "Ended", trigger, (*transaction.history, *last), reason)
        flow.transaction, flow.sample_due = None, None
        flow.grant = None
        flow.conditions = flow.now_conditions()
        flow.finished = flow.plugged
        self._emit(Keep("transaction", str(flow.evse), None))
        self.settle_permission(flow)

    def tick(self, flow: Flow, now: Moment) -> None:
        """A sampling interval may be over, or a device's time to begin."""
        if flow.begins_until is not None and now.mono >= flow.begins_until:
            flow.begins_until = None
            self.charging_changed(flow, now)
        if flow.ended_sample_due is not None and now.mono >= flow.ended_sample_due:
            flow.ended_sample_due = _following(flow.ended_sample_due, self._ended_interval(), now)
            self._remember(flow, now, "TxEndedMeasurands", "Sample.Periodic")
        if flow.sample_due is not None and now.mono >= flow.sample_due:
            self._schedule(flow, now)
            self._tell_values(flow, now, "TxUpdatedMeasurands", "MeterValuePeriodic", "Sample.Periodic")

    def aligned(self, flow: Flow, now: Moment) -> None:
        self._tell_values(flow, now, "AlignedMeasurands", "MeterValueClock", "Sample.Clock")

    def _tell_values(self, flow: Flow, now: Moment, measurands: str, trigger: str, context: str) -> None:
        meter = self._meter(flow, now, self._variables.list(measurands), context)
        if meter:
            self.tell(flow, now, "Updated", trigger, meter)

    def remember_aligned(self, flow: Flow, now: Moment) -> None:
        self._remember(flow, now, "AlignedTxEndedMeasurands", "Sample.Clock")

    def _remember(self, flow: Flow, now: Moment, measurands: str, context: str) -> None:
        """For the last message; when there is too much, every second value goes (E07.FR.10)."""
        assert flow.transaction is not None
        history = flow.transaction.history
        if len(history) >= HISTORY:
            del history[1:-1:2]
        history.extend(self._meter(flow, now, self._variables.list(measurands), context))

    def triggered(self, flow: Flow, now: Moment) -> None:
        wanted = self._variables.list("TxUpdatedMeasurands")
        self.tell(flow, now, "Updated", "Trigger", self._meter(flow, now, wanted, "Trigger"))

    def rate_changed(self, flow: Flow, now: Moment) -> None:
        """Somebody else than the CSMS has changed what may be drawn (K11.FR.04)."""
        if flow.transaction is not None:
            self.tell(flow, now, "Updated", "ChargingRateChanged", ())

    def flowing_changed(self, flow: Flow, now: Moment) -> None:
        """Energy has begun to flow, or has stopped: a start or stop point (E02, E06)."""
        if flow.resuming or flow.lost_since is not None:
            return
        if not (flow.conditions ^ flow.now_conditions()) & {"EnergyTransfer"}:
            return
        if flow.status is Status.FAULTED:  # E06.FR.16
            error = str(flow.state.get("error_code"))
            self.changed(flow, now, "AbnormalCondition", FAULT_REASONS.get(error, "Other"))
        else:
            refused = flow.grant is not None and flow.grant.refused
            stopped = "DeAuthorized" if refused else SUSPENDED_REASONS.get(flow.status, "Other")
            self.changed(flow, now, "ChargingStateChanged", stopped)

    def charging_changed(self, flow: Flow, now: Moment) -> None:
        transaction = flow.transaction
        if transaction is None or transaction.charging_state == flow.charging_state():
            return
        if flow.lost_since is not None or flow.resuming:
            return  # the charger isn't heard: it may well go on
        transaction.charging_state = flow.charging_state()
        self.tell(flow, now, "Updated", "ChargingStateChanged", ())

    def reschedule(self, flow: Flow, now: Moment) -> None:
        """The sampling interval was set anew, or the hub came back."""
        flow.ended_sample_due = None
        if flow.transaction:
            self._schedule(flow, now)
            every = self._ended_interval()
            flow.ended_sample_due = now.mono + every if every else None

    def permit_again(self, flow: Flow) -> None:
        flow.permitted = None
        self.settle_permission(flow)

    def restamp(self, flows: Iterable[Flow], step: timedelta) -> Iterator[Effect]:
        """What was written before `PLAUSIBLE` was written by a clock that nobody had set: it happened `step` later."""
        for flow in flows:
            transaction = flow.transaction
            if transaction is not None and unset(transaction.started):
                transaction.started, transaction.last = (
                    later(transaction.started, step),
                    later(transaction.last, step),
                )
                if transaction.powered_at is not None and unset(transaction.powered_at):
                    transaction.powered_at = later(transaction.powered_at, step)
                transaction.history = [restamped(value, step) for value in transaction.history]
                yield Keep("transaction", str(flow.evse), document(flow))
        yield from self._outbox.restamp(step)

    def _at(self, flow: Flow, now: Moment) -> str:
        """Never earlier than what was told before, wherever the clock was set."""
        transaction = flow.transaction
        assert transaction is not None
        transaction.last = max(transaction.last, self._stamp(now))
        return transaction.last

    def _schedule(self, flow: Flow, now: Moment) -> None:
        every = self._variables.int("TxUpdatedInterval") if self._variables.bool("SampledEnabled") else 0
        flow.sample_due = _following(flow.sample_due, every, now)

    def _sampled(self, measurands: str) -> list[str]:
        return self._variables.list(measurands) if self._variables.bool("SampledEnabled") else []

    def _ended_interval(self) -> int:
        if not self._variables.bool("SampledEnabled"):
            return 0
        every = self._variables.int("TxEndedInterval")
        return every or (self._variables.int("TxUpdatedInterval") if self.manners.ends_with_samples else 0)

    def _tell_changes(self, flow: Flow, now: Moment, trigger: str, before: frozenset[str]) -> None:
        transaction = flow.transaction
        assert transaction is not None
        if (before ^ flow.conditions) & {"Authorized", "EVConnected"}:
            transaction.charging_state = flow.charging_state()
            owed = transaction.begun_nowhere and flow.plugged
            transaction.begun_nowhere = transaction.begun_nowhere and not owed
            self.tell(flow, now, "Updated", trigger, self._first_values(flow, now) if owed else ())

    def _first_values(self, flow: Flow, now: Moment) -> tuple[MeterValue, ...]:
        return self._meter(flow, now, self._sampled("TxStartedMeasurands"), "Transaction.Begin")

    def _meter(self, flow: Flow, now: Moment, wanted: list[str], context: str) -> tuple[MeterValue, ...]:
        found = samples(wanted, flow.state, flow.register.wh, context)
        return (MeterValue(self._at(flow, now), found),) if found else ()

    def tell(
        self,
        flow: Flow,
        now: Moment,
        event: str,
        trigger: str,
        meter: tuple[MeterValue, ...],
        reason: str | None = None,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        transaction = flow.transaction
        assert transaction is not None
        told = TransactionEvent(
            event,
            transaction.id,
            flow.evse,
            transaction.seq_no,
            self._at(flow, now),
            trigger,
            transaction.charging_state,
            flow.register.wh,
            stopped_reason=reason,
            meter=meter,
            offline=not self._online(),
            mode=transaction.mode if trigger == "OperationModeChanged" else None,
            limits=limits,
        )
        self._emit(self._outbox.owe(named(flow, told)))
        if meter:
            self._emit(Measured(flow.evse, meter[-1]))
        for thinned in self._outbox.thin():
            self._emit(thinned)
            self._exhausted(now)
        transaction.seq_no += 1
        transaction.told_at = rfc3339(now.wall)
        self._emit(Keep("transaction", str(flow.evse), document(flow)))

    def settle_permission(self, flow: Flow) -> None:
        """Energy may flow while somebody is authorized; a refused one waits for StopTxOnInvalidId."""
        allowed = flow.grant is not None and not flow.grant.refused and not flow.withheld
        if allowed != flow.permitted and not flow.unheard:
            flow.permitted = allowed
            self._emit(Permit(flow.evse, allowed))


def _following(due: float | None, every: int, now: Moment) -> float | None:
    """The next time of an interval, on its grid as long as that is kept."""
    if not every:
        return None
    return due + every if due is not None and due <= now.mono < due + every else now.mono + every
