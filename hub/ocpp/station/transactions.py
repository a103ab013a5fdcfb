"""Transactions: begun and ended by 2.0.1's start and stop points, told event by event.

Theory: an EVSE has *conditions* (EVConnected, Authorized, ...). A transaction begins when one of TxStartPoint
comes to hold, and ends when one of TxStopPoint ceases to. Each event takes the next seqNo, and its effects
(`Owe` with the whole message, `Keep` with the state it leaves) are committed together. 1.6 knows only the
first and the last event and the meter values between; its words are given when a message is sent.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from hub.model.moment import Moment
from hub.ocpp.station.effects import Effect, Happened, Keep, Permit
from hub.ocpp.station.flow import Flow, Grant, Transaction, document
from hub.ocpp.station.measurands import samples
from hub.ocpp.station.messages import NOBODY, MeterValue, Token, TransactionEvent
from hub.ocpp.station.outbox import Outbox
from hub.ocpp.station.variables import Variables

HISTORY = 1000
"""Samples for TxEndedInterval that a transaction keeps."""


class Transactions:
    """`stamp` writes a moment as the CSMS's clock has it; `emit` collects effects."""

    def __init__(
        self,
        variables: Variables,
        outbox: Outbox,
        emit: Callable[[Effect], None],
        stamp: Callable[[Moment], str],
        online: Callable[[], bool],
    ) -> None:
        self._variables = variables
        self._outbox = outbox
        self._emit = emit
        self._stamp = stamp
        self._online = online

    def changed(self, flow: Flow, now: Moment, trigger: str, reason: str = "Other") -> None:
        """The conditions may be others now: begin, end, or tell of a change. `reason` is that of an end."""
        before, after = flow.conditions, flow.now_conditions()
        flow.conditions = after
        if flow.transaction is None:
            if (after - before) & set(self._variables.list("TxStartPoint")):
                self._begin(flow, now, trigger)
        elif (before - after) & self._stop_points():
            self.end(flow, now, trigger, reason)
        else:
            self._tell_changes(flow, now, trigger, before)
        self._settle_permission(flow)

    def _stop_points(self) -> set[str]:
        points = set(self._variables.list("TxStopPoint"))
        if "PowerPathClosed" in points:
            points |= {"EVConnected", "Authorized"}
        if not self._variables.bool("StopTxOnEVSideDisconnect"):
            points -= {"EVConnected", "PowerPathClosed"}
        return points

    def _begin(self, flow: Flow, now: Moment, trigger: str) -> None:
        flow.finished = False
        flow.transaction = Transaction(str(uuid4()), started=self._stamp(now))
        flow.transaction.charging_state = flow.charging_state()
        self._schedule(flow, now)
        wanted = self._variables.list("TxStartedMeasurands")
        self._tell(flow, now, "Started", trigger, self._meter(flow, now, wanted, "Transaction.Begin"))
        self._emit(Happened("session_authorized", {"evse": flow.evse, "transaction_id": flow.transaction.id}))

    def end(self, flow: Flow, now: Moment, trigger: str, reason: str) -> None:
        """The last event; the EVSE is free for the next transaction when the conditions say so."""
        transaction = flow.transaction
        assert transaction is not None
        transaction.charging_state = flow.charging_state()
        wanted = self._variables.list("TxEndedMeasurands")
        last = self._meter(flow, now, wanted, "Transaction.End")
        self._tell(flow, now, "Ended", trigger, (*transaction.history, *last), reason)
        flow.transaction, flow.sample_due = None, None
        flow.grant = None
        flow.conditions = flow.now_conditions()
        flow.finished = flow.plugged
        self._emit(Keep("transaction", str(flow.evse), None))
        self._settle_permission(flow)

    def sampled(self, flow: Flow, now: Moment) -> None:
        """The sampling interval is over."""
        self._schedule(flow, now)
        wanted = self._variables.list("TxUpdatedMeasurands")
        self._tell(
            flow, now, "Updated", "MeterValuePeriodic", self._meter(flow, now, wanted, "Sample.Periodic")
        )
        every = self._variables.int("TxEndedInterval")
        transaction = flow.transaction
        assert transaction is not None
        if every and len(transaction.history) < HISTORY:
            ended = self._variables.list("TxEndedMeasurands")
            transaction.history.extend(self._meter(flow, now, ended, "Sample.Periodic"))

    def aligned(self, flow: Flow, now: Moment) -> None:
        wanted = self._variables.list("AlignedMeasurands")
        self._tell(flow, now, "Updated", "MeterValueClock", self._meter(flow, now, wanted, "Sample.Clock"))

    def triggered(self, flow: Flow, now: Moment) -> None:
        wanted = self._variables.list("TxUpdatedMeasurands")
        self._tell(flow, now, "Updated", "Trigger", self._meter(flow, now, wanted, "Trigger"))

    def charging_changed(self, flow: Flow, now: Moment) -> None:
        transaction = flow.transaction
        if transaction is None or transaction.charging_state == flow.charging_state():
            return
        transaction.charging_state = flow.charging_state()
        self._tell(flow, now, "Updated", "ChargingStateChanged", ())

    def reschedule(self, flow: Flow, now: Moment) -> None:
        """The sampling interval was set anew, or the hub came back."""
        if flow.transaction:
            self._schedule(flow, now)

    def permit_again(self, flow: Flow) -> None:
        flow.permitted = None
        self._settle_permission(flow)

    def _schedule(self, flow: Flow, now: Moment) -> None:
        every = self._variables.int("TxUpdatedInterval")
        if not every:
            flow.sample_due = None
        elif flow.sample_due is not None and flow.sample_due <= now.mono < flow.sample_due + every:
            flow.sample_due += every  # keeps its grid
        else:
            flow.sample_due = now.mono + every

    def _tell_changes(self, flow: Flow, now: Moment, trigger: str, before: frozenset[str]) -> None:
        transaction = flow.transaction
        assert transaction is not None
        if flow.conditions - before & {"Authorized"} or before != flow.conditions:
            transaction.charging_state = flow.charging_state()
            if (before ^ flow.conditions) & {"Authorized", "EVConnected"}:
                self._tell(flow, now, "Updated", trigger, ())

    def _meter(self, flow: Flow, now: Moment, wanted: list[str], context: str) -> tuple[MeterValue, ...]:
        found = samples(wanted, flow.state, flow.register.wh, context)
        return (MeterValue(self._stamp(now), found),) if found else ()

    def _tell(
        self,
        flow: Flow,
        now: Moment,
        event: str,
        trigger: str,
        meter: tuple[MeterValue, ...],
        reason: str | None = None,
    ) -> None:
        transaction = flow.transaction
        assert transaction is not None
        told = TransactionEvent(
            event,
            transaction.id,
            flow.evse,
            transaction.seq_no,
            self._stamp(now),
            trigger,
            transaction.charging_state,
            flow.register.wh,
            stopped_reason=reason,
            meter=meter,
            offline=not self._online(),
        )
        self._emit(self._outbox.owe(self._with_identity(flow, told)))
        transaction.seq_no += 1
        self._emit(Keep("transaction", str(flow.evse), document(flow)))

    def _with_identity(self, flow: Flow, told: TransactionEvent) -> TransactionEvent:
        """idToken once, when there is one; remoteStartId once; the EVSE in the first event with a plug (E01.FR.16)."""
        transaction, grant = flow.transaction, flow.grant
        assert transaction is not None
        token = None
        if grant and not transaction.token_told:
            token, transaction.token_told = grant.token, True
            transaction.token, transaction.group = (grant.token.text, grant.token.type), grant.group
        remote = None
        if grant and grant.remote_start_id is not None and not transaction.remote_told:
            remote, transaction.remote_told = grant.remote_start_id, True
            transaction.remote_start_id = remote
        names_evse = not transaction.named_evse and (flow.plugged or told.seq_no == 0)
        transaction.named_evse = transaction.named_evse or names_evse
        owner = Token(*transaction.token) if transaction.token else None
        return replace(told, token=token, owner=owner, remote_start_id=remote, first_plugged=names_evse)

    def _settle_permission(self, flow: Flow) -> None:
        """Energy may flow while somebody is authorized; a refused one waits for StopTxOnInvalidId."""
        allowed = flow.grant is not None and not flow.grant.refused
        if allowed != flow.permitted:
            flow.permitted = allowed
            self._emit(Permit(flow.evse, allowed))


def free_grant() -> Grant:
    """Nobody in particular: the charger is free for all."""
    return Grant(NOBODY)
