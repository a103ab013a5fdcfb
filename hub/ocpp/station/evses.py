"""The EVSEs of a station: states in, tokens in, statuses and transactions out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.station import profiles
from hub.ocpp.station.authorization import Verdict
from hub.ocpp.station.effects import Annotate, Happened, Keep, Limit
from hub.ocpp.station.flow import Flow, Grant, plugged_in
from hub.ocpp.station.measurands import samples
from hub.ocpp.station.messages import (
    Authorize,
    MeterReport,
    MeterValue,
    StatusNotification,
    Token,
    TransactionEvent,
)
from hub.ocpp.station.smart_charging import Profile
from hub.ocpp.station.transactions import Transactions, free_grant

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

DEVICE_LOST_S = 600.0
"""A transaction whose charger is silent for so long is ended with the last known register."""
QUIET = frozenset({Status.UNAVAILABLE, Status.FAULTED, Status.RESERVED})


class Evses:
    """`availability`: EVSE ("0": the whole station) -> "Inoperative" or "Scheduled", as kept."""

    def __init__(
        self,
        station: "Station",
        flows: Mapping[int, Flow],
        transactions: Transactions,
        availability: Mapping[str, str],
        now: Moment,
    ) -> None:
        self._station = station
        self.flows = dict(flows)
        self.transactions = transactions
        self._availability = dict(availability)
        self._aligned_due = self._next_aligned(now)
        self._profile_due: dict[int, float] = {}
        for flow in self.flows.values():
            transactions.reschedule(flow, now)

    # States

    def state(self, evse: int, state: State, now: Moment) -> None:
        flow = self.flows[evse]
        first, flow.known = not flow.known, True
        flow.state = state
        flow.status = Status(str(state.get("status", "unknown")))
        flow.register.read(state, now)
        self._watch_loss(flow, now)
        plugged = plugged_in(state, flow.plugged)
        if plugged != flow.plugged:
            flow.plugged = plugged
            self._plug_changed(flow, now)
        elif first and flow.transaction is None:
            self.transactions.changed(flow, now, "CablePluggedIn")
        if self._is_free(flow) and plugged and flow.grant is None and not flow.finished:
            flow.grant = free_grant()
            self.transactions.changed(flow, now, "CablePluggedIn")
        self.transactions.charging_changed(flow, now)
        if first:
            self.transactions.permit_again(flow)
            self.limit(flow, now)
        self._show(flow, now)

    def _is_free(self, flow: Flow) -> bool:
        return self._station.setup.free and self.operative(flow.evse)

    def _plug_changed(self, flow: Flow, now: Moment) -> None:
        if flow.plugged:
            if flow.grant:
                flow.grant.deadline = None
            self.transactions.changed(flow, now, "CablePluggedIn")
            return
        flow.finished = False
        self.transactions.changed(flow, now, "EVCommunicationLost", "EVDisconnected")
        if flow.transaction is None and flow.grant is not None:
            flow.grant = None
            self.transactions.changed(flow, now, "EVCommunicationLost")
        self._apply_scheduled(now)
        self.limit(flow, now)

    def _watch_loss(self, flow: Flow, now: Moment) -> None:
        lost = (
            flow.status is Status.FAULTED
            and flow.state.get("plugged") is None
            and flow.state.get("power") is None
        )
        flow.lost_since = (flow.lost_since or now.mono) if lost else None

    # Tokens

    def token(self, evse: int, token: Token, now: Moment) -> str:
        flow = self._chosen(evse)
        grant = flow.grant
        if grant is not None and grant.token.text:
            if grant.token.key == token.key:
                return self._stop_by(flow, now)
            group = self._station.authorization.group_of(token, now)
            if group is not None and group == grant.group:
                return self._stop_by(flow, now)
        elif flow.finished and grant is None and flow.plugged:
            flow.finished = False
        if not self.operative(flow.evse):
            return self._refuse(flow, token, "unavailable")
        verdict = self._station.authorization.locally(token, now, online=self._station.boot.accepted)
        if verdict is None:
            flow.asking = token
            self._station.say(Authorize(token, flow.evse))
            return "asking"
        return self._decide(flow, token, verdict, now)

    def verdict(self, asked: Authorize, verdict: Verdict, now: Moment) -> None:
        """The CSMS's answer to an Authorize."""
        flow = self.flows[asked.evse]
        for change in self._station.authorization.told(asked.token, verdict, now):
            self._station.emit(change)
        if flow.asking == asked.token:
            flow.asking = None
            self._decide(flow, asked.token, verdict, now)

    def not_answered(self, asked: Authorize, now: Moment) -> None:
        """No answer: what holds offline decides."""
        flow = self.flows[asked.evse]
        if flow.asking == asked.token:
            flow.asking = None
            verdict = self._station.authorization.locally(asked.token, now, online=False)
            self._decide(flow, asked.token, verdict or Verdict("Unknown"), now)

    def ask_again(self) -> None:
        for flow in self.flows.values():
            if flow.asking:
                self._station.say(Authorize(flow.asking, flow.evse))

    def remote(
        self, flow: Flow, token: Token, group: str | None, remote_start_id: int | None, now: Moment
    ) -> None:
        """RequestStartTransaction: as good as a token at the reader."""
        self.grant(flow, Grant(token, group, remote_start_id), now, "RemoteStart")

    def grant(self, flow: Flow, grant: Grant, now: Moment, trigger: str) -> None:
        flow.finished = False
        flow.grant = grant
        if not flow.plugged:
            timeout = self._station.variables.int("EVConnectionTimeOut")
            grant.deadline = now.mono + timeout if timeout else None
        self.transactions.changed(flow, now, trigger)
        self._show(flow, now)

    def revoke(self, flow: Flow, now: Moment, trigger: str, reason: str) -> None:
        """The authorization ends: by the token, by the CSMS, by a time-out."""
        if flow.grant is None and flow.transaction is None:
            return
        flow.grant = None
        if flow.transaction is not None and "Authorized" not in flow.conditions:
            self.transactions.end(flow, now, trigger, reason)
        self.transactions.changed(flow, now, trigger, reason)
        flow.finished = flow.plugged
        self._apply_scheduled(now)
        self._show(flow, now)

    def transaction_verdict(self, event: TransactionEvent, verdict: Verdict, now: Moment) -> None:
        """The answer to a transaction's message says what the CSMS thinks of the token (C10.FR.04, E05)."""
        assert event.token is not None
        for change in self._station.authorization.told(event.token, verdict, now):
            self._station.emit(change)
        flow = self.flows[event.evse]
        transaction = flow.transaction
        if transaction is None or transaction.id != event.transaction or flow.grant is None:
            return
        if verdict.accepted:
            flow.grant.group = flow.grant.group or verdict.group
        elif self._station.variables.bool("StopTxOnInvalidId"):
            self.revoke(flow, now, "Deauthorized", "DeAuthorized")
        else:
            flow.grant.refused = True
            self.transactions.changed(flow, now, "Deauthorized")

    def _decide(self, flow: Flow, token: Token, verdict: Verdict, now: Moment) -> str:
        grant = flow.grant
        if not verdict.accepted:
            return self._refuse(flow, token, verdict.status)
        if grant is not None and grant.token.text:
            same_group = verdict.group is not None and verdict.group == grant.group
            return self._stop_by(flow, now) if same_group else self._refuse(flow, token, "ConcurrentTx")
        self._station.emit(Happened("authorized", {"evse": flow.evse, "id_tag": token.text}))
        self.grant(flow, Grant(token, verdict.group), now, "Authorized")
        return "accepted"

    def _stop_by(self, flow: Flow, now: Moment) -> str:
        self.revoke(flow, now, "StopAuthorized", "Local")
        return "stopped"

    def _refuse(self, flow: Flow, token: Token, reason: str) -> str:
        self._station.emit(Happened("rejected", {"evse": flow.evse, "id_tag": token.text, "reason": reason}))
        return "rejected"

    def _chosen(self, evse: int) -> Flow:
        """EVSE 0: the reader serves the whole charger; a plugged car without a grant is probably meant."""
        if evse in self.flows:
            return self.flows[evse]
        flows = list(self.flows.values())
        waiting = [flow for flow in flows if flow.plugged and flow.grant is None]
        idle = [flow for flow in flows if flow.grant is None]
        return (waiting or idle or flows)[0]

    # Availability

    def operative(self, evse: int) -> bool:
        return not {self._availability.get("0"), self._availability.get(str(evse))} & {
            "Inoperative",
            "Scheduled",
        }

    def change_availability(self, evse: int, operative: bool, now: Moment) -> str:
        """Accepted, or Scheduled while a transaction runs; survives a restart."""
        busy = any(flow.transaction for flow in self._covered(evse))
        if operative:
            self._set_availability(str(evse), None)
        else:
            self._set_availability(str(evse), "Scheduled" if busy else "Inoperative")
        for flow in self._covered(evse):
            if not operative and flow.transaction is None and flow.grant is not None:
                self.revoke(flow, now, "ChargingStateChanged", "Other")
            self._show(flow, now)
        return "Scheduled" if busy and not operative else "Accepted"

    def _covered(self, evse: int) -> list[Flow]:
        return list(self.flows.values()) if evse == 0 else [self.flows[evse]]

    def _set_availability(self, key: str, word: str | None) -> None:
        if word is None:
            self._availability.pop(key, None)
        else:
            self._availability[key] = word
        self._station.emit(Keep("availability", key, word))

    def _apply_scheduled(self, now: Moment) -> None:
        for key, word in list(self._availability.items()):
            if word == "Scheduled" and not any(flow.transaction for flow in self._covered(int(key))):
                self._set_availability(key, "Inoperative")
                for flow in self._covered(int(key)):
                    self._show(flow, now)

    # Status

    def status(self, flow: Flow) -> Status:
        """The device's status with what the station knows laid over it."""
        if flow.status is Status.FAULTED:
            return Status.FAULTED
        waits = {self._availability.get("0"), self._availability.get(str(flow.evse))}
        if "Inoperative" in waits and flow.transaction is None:
            return Status.UNAVAILABLE
        if flow.status in QUIET:
            return flow.status
        if not flow.plugged:
            return Status.PREPARING if flow.grant else Status.AVAILABLE
        if flow.transaction is None:
            return Status.FINISHING if flow.finished else Status.PREPARING
        if flow.status in (Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE):
            return flow.status
        return Status.SUSPENDED_EV if flow.state.get("charging_enabled") else Status.SUSPENDED_EVSE

    def _show(self, flow: Flow, now: Moment) -> None:
        if not flow.known:
            return
        status = self.status(flow)
        transaction = flow.transaction.id if flow.transaction else None
        shown = (status, transaction)
        if shown != flow.shown:
            before, flow.shown = flow.shown, shown
            if before is None or before[1] != transaction:
                self._transaction_changed(flow, before[1] if before else None, now)
            token = flow.grant.token.text if flow.grant and flow.grant.token.text else None
            values = {"status": status.value, "transaction_id": transaction, "id_tag": token}
            self._station.emit(Annotate(flow.evse, {**values, "operative": self.operative(flow.evse)}))
        self._report(flow, status, now, force=False)

    def _transaction_changed(self, flow: Flow, before: str | None, now: Moment) -> None:
        if before is not None:
            for profile in self._station.profiles.ended(before):
                self._station.emit(Keep("profile", str(profile.id), None))
            self._station.control.idle(now)
        if flow.transaction is not None and flow.grant is not None and flow.grant.profile is not None:
            profile, flow.grant.profile = flow.grant.profile, None
            profiles.install(self._station, profile, now, strict=False)
        self.limits(now)  # who shares the station's limit has changed

    def report(self, now: Moment, *, everything: bool) -> None:
        """After a reconnect: all connectors (B04.FR.01), or those that changed (B04.FR.02)."""
        if everything:
            self._report_station(now, force=True)
        for flow in self.flows.values():
            if flow.known:
                self._report(flow, self.status(flow), now, force=everything)

    def report_one(self, evse: int, now: Moment) -> None:
        """TriggerMessage(StatusNotification)."""
        if evse == 0:
            self._report_station(now, force=True)
        else:
            self._report(self.flows[evse], self.status(self.flows[evse]), now, force=True)

    def _report(self, flow: Flow, status: Status, now: Moment, *, force: bool) -> None:
        station = self._station
        if station.dialect is None or not (station.boot.accepted or force):
            return
        error = flow.state.get("error_code") if status is Status.FAULTED else None
        said = (station.dialect.connector_status(status), str(error) if error else None)
        if said == flow.reported and not force:
            return
        flow.reported = said
        vendor = flow.state.get("vendor_error")
        message = StatusNotification(
            flow.evse, status, station.stamp(now), said[1], str(vendor) if vendor else None
        )
        station.say(message, unregistered=force)

    def _report_station(self, now: Moment, *, force: bool) -> None:
        inoperative = self._availability.get("0") == "Inoperative"
        status = Status.UNAVAILABLE if inoperative else Status.AVAILABLE
        self._station.say(StatusNotification(0, status, self._station.stamp(now)), unregistered=force)

    # Limits

    def limit(self, flow: Flow, now: Moment) -> None:
        """Tell the limit that holds now, and remember when it may change."""
        found, again = profiles.holding(self._station, flow, now)
        self._station.emit(Limit(flow.evse, found.limit_a, phases=found.phases))
        self._profile_due.pop(flow.evse, None)
        if again is not None:
            self._profile_due[flow.evse] = again

    def remember_profile(self, flow: Flow, profile: Profile, now: Moment) -> None:
        """A profile that came with a remote start: for the transaction that begins."""
        if flow.transaction is not None:
            profiles.install(self._station, profile, now, strict=False)
        elif flow.grant is not None:
            flow.grant.profile = profile

    def limits(self, now: Moment) -> None:
        for flow in self.flows.values():
            self.limit(flow, now)

    # Time

    def tick(self, now: Moment) -> None:
        for flow in self.flows.values():
            grant = flow.grant
            if grant and grant.deadline is not None and now.mono >= grant.deadline:
                self._station.emit(Happened("rejected", {"evse": flow.evse, "reason": "EVConnectTimeout"}))
                self.revoke(flow, now, "EVConnectTimeout", "Timeout")
            if (
                flow.lost_since is not None
                and now.mono - flow.lost_since >= DEVICE_LOST_S
                and flow.transaction
            ):
                self.transactions.end(flow, now, "AbnormalCondition", "Other")
            if flow.transaction and flow.sample_due is not None and now.mono >= flow.sample_due:
                self.transactions.sampled(flow, now)
            if self._profile_due.get(flow.evse, now.mono + 1) <= now.mono:
                self.limit(flow, now)
        if self._aligned_due is not None and now.mono >= self._aligned_due:
            self._aligned(now)

    def deadlines(self) -> list[float]:
        times = [time for time in (self._aligned_due,) if time is not None]
        times += self._profile_due.values()
        for flow in self.flows.values():
            if flow.grant and flow.grant.deadline is not None:
                times.append(flow.grant.deadline)
            if flow.transaction and flow.sample_due is not None:
                times.append(flow.sample_due)
            if flow.transaction and flow.lost_since is not None:
                times.append(flow.lost_since + DEVICE_LOST_S)
        return times

    def realign(self, now: Moment) -> None:
        """An interval was set anew."""
        self._aligned_due = self._next_aligned(now)
        for flow in self.flows.values():
            self.transactions.reschedule(flow, now)

    def meter(self, flow: Flow, now: Moment, measurands: str, context: str) -> None:
        """MeterValues outside a transaction."""
        wanted = self._station.variables.list(measurands)
        found = samples(wanted, flow.state, flow.register.wh, context)
        if found:
            self._station.say(
                MeterReport(flow.evse, MeterValue(self._station.stamp(now), found)), unregistered=True
            )

    def _aligned(self, now: Moment) -> None:
        self._aligned_due = self._next_aligned(now)
        for flow in self.flows.values():
            if flow.transaction:
                self.transactions.aligned(flow, now)
            elif flow.known:
                self.meter(flow, now, "AlignedMeasurands", "Sample.Clock")

    def _next_aligned(self, now: Moment) -> float | None:
        """The grid counts from midnight (J01.FR.14)."""
        every = self._station.variables.int("AlignedInterval")
        if not every:
            return None
        midnight = now.wall.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (now.wall - midnight).total_seconds()
        following = midnight + timedelta(seconds=(passed // every + 1) * every)
        return now.mono + (_at_most_midnight(following, midnight) - now.wall).total_seconds()


def _at_most_midnight(moment: datetime, midnight: datetime) -> datetime:
    return min(moment, midnight + timedelta(days=1))
