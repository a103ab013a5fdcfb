"""Tokens at the EVSEs: presented, asked about, granted, revoked (C01 to C16, E05, H03)."""

from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station import service
from hub.ocpp.station.authorization import Verdict
from hub.ocpp.station.effects import Happened, Keep
from hub.ocpp.station.flow import Flow, Grant, Remote
from hub.ocpp.station.messages import Authorize, Token, TransactionEvent
from hub.ocpp.station.verdict import same_group

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


SHOWN_S = 5.0
"""So long somebody may hold his card to the reader that has stopped his transaction."""


class Tokens:
    def __init__(self, station: "Station") -> None:
        self._station = station

    def present(self, evse: int, token: Token, now: Moment, remote: Remote | None = None) -> str:
        """A token at a reader, or of a remote start: accepted, rejected, asking or stopped."""
        flow = self._chosen(evse, token)
        if remote is None and self._still_shown(flow, token, now):
            return "stopped"
        if remote is None and (
            self._shown_before(flow, token, now) or service.echoed(self._station, flow, token, now)
        ):
            return "accepted"
        if remote is None and flow.asking == token:
            return "asking"  # read twice
        flow.remote = remote
        flow.roams = remote.roams if remote else evse not in self._station.evses.flows
        grant = flow.grant
        if grant is not None and grant.token.text and self._same(grant, token, now):
            return self._stop_by(flow, token, now, "Local")
        station = self._station
        verdict = station.authorization.locally(token, now, online=station.boot.accepted)
        refused = None if self._master(verdict) else self._obstacle(flow, token)
        if refused is not None:
            return self._refuse(flow, token, refused)
        if verdict is None:
            flow.asking = token
            station.say(Authorize(token, flow.evse))
            return "asking"
        for change in station.authorization.used(token, now):
            station.emit(change)
        return self._decide(flow, token, verdict, now)

    def _shown_before(self, flow: Flow, token: Token, now: Moment) -> bool:
        """What a reader shows when the hub has just come back is the card that began the transaction, not its end."""
        if flow.taken_up is None or flow.grant is None or now.mono - flow.taken_up >= SHOWN_S:
            return False
        return flow.grant.token.key == token.key

    def _still_shown(self, flow: Flow, token: Token, now: Moment) -> bool:
        """Read once more by the reader at which it has just stopped a transaction: nobody wants to begin anew."""
        if flow.stopped is None or not flow.finished:
            return False
        key, at = flow.stopped
        return key == token.key and now.mono - at < SHOWN_S

    def _obstacle(self, flow: Flow, token: Token) -> str | None:
        """Why this token can't begin here, whoever it belongs to."""
        if flow.grant is not None and flow.grant.token.text:
            return None  # it may be of the same group, and stop
        transaction = flow.transaction
        owner = Token(*transaction.token) if transaction and transaction.token else token
        if flow.grant is None and owner.key != token.key:  # C01.FR.23: only he may go on with it
            return "ConcurrentTx"
        if flow.transaction is None and (closed := self._station.closed):
            return closed
        if not self._station.availability.serves(flow.evse, token):
            return "unavailable"
        if (status := self._station.statuses.bare(flow)) in (Status.FAULTED, Status.UNAVAILABLE):
            return status.value
        return None if self._station.reservations.may_fit(flow.evse, token) else "Reserved"

    def remote(
        self,
        flow: Flow,
        token: Token,
        group: str | None,
        remote_start_id: int | None,
        now: Moment,
        *,
        roams: bool = False,
    ) -> None:
        """RequestStartTransaction: as good as a token at the reader."""
        self.grant(flow, Grant(token, group, remote_start_id, roams=roams), now, "RemoteStart")

    def grant(self, flow: Flow, grant: Grant, now: Moment, trigger: str) -> None:
        begins_anew, flow.finished = flow.finished, False
        flow.asking = None  # whoever else is being asked about has been overtaken
        if flow.transaction is not None:
            flow.transaction.revoked_by = None
        grant.roams = grant.roams and not flow.plugged and len(self._station.evses.flows) > 1
        if flow.transaction is not None:
            flow.transaction.held = False  # somebody has come for it
        flow.grant = grant  # before its reservation ends: in between the connector isn't free
        grant.reservation_id = self._reserved(flow, grant, now)
        self._station.costs.granted(flow, grant)
        self._station.priorities.show(flow)
        if not flow.plugged:
            timeout = self._station.variables.int("EVConnectionTimeOut")
            grant.deadline = now.mono + timeout if timeout else None
        if begins_anew:
            self._station.statuses.show(flow, now)  # 1.6, 4.9: F2 comes before B3
        self._station.transactions.changed(flow, now, trigger)
        self._station.statuses.show(flow, now)

    def follow(self, flow: Flow, now: Moment) -> None:
        """A cable at an EVSE where nobody was authorized: whoever is for the station as a whole is meant."""
        if flow.grant is not None or flow.transaction is not None:
            return
        for other in self._station.evses.flows.values():
            grant = other.grant
            if grant is None or not grant.roams or (grant.evses and flow.evse not in grant.evses):
                continue
            fits = self._station.reservations.fits(flow.evse, grant.token, grant.group)
            if fits and self._obstacle(flow, grant.token) is None:
                self._move(other, flow, now)
                if grant.reservation_id is None:
                    grant.reservation_id = self._reserved(flow, grant, now)
                return

    def _reserved(self, flow: Flow, grant: Grant, now: Moment) -> int | None:
        """The reservation that this uses up, if there is one."""
        return self._station.reservations.use(flow.evse, grant.token, grant.group, now)

    def _move(self, source: Flow, target: Flow, now: Moment) -> None:
        target.grant, source.grant = source.grant, None
        target.transaction, source.transaction = source.transaction, None
        target.conditions, source.conditions = source.conditions, source.now_conditions()
        target.sample_due, source.sample_due = source.sample_due, None
        target.ended_sample_due, source.ended_sample_due = source.ended_sample_due, None
        self._station.emit(Keep("transaction", str(source.evse), None))
        self._station.transactions.permit_again(source)
        self._station.statuses.show(source, now)
        self._station.statuses.show(target, now)

    def revoke(self, flow: Flow, now: Moment, trigger: str, reason: str, *, ends: bool = False) -> None:
        """The authorization ends: by the token, by the CSMS, by a time-out. `ends`: the transaction, too, whatever the
        stop points are."""
        if flow.grant is None and flow.transaction is None:
            return
        flow.grant = None
        if flow.transaction is not None:
            flow.transaction.revoked_by = flow.transaction.revoked_by or reason
            if ends:
                self._station.transactions.end(flow, now, trigger, reason)
            elif "Authorized" not in flow.conditions:
                self._station.transactions.refused(flow, now, trigger, reason)
        self._station.transactions.changed(flow, now, trigger, reason)
        flow.finished = flow.plugged
        self._station.availability.apply_scheduled(now)
        self._station.statuses.show(flow, now)

    # The CSMS's answers

    def verdict(self, asked: Authorize, verdict: Verdict, now: Moment) -> None:
        """To an Authorize."""
        flow = self._station.evses.flows[asked.evse]
        self._told(asked.token, verdict, now)
        if flow.asking == asked.token:
            flow.asking = None
            self._decide(flow, asked.token, verdict, now)

    def not_answered(self, asked: Authorize, now: Moment) -> None:
        """No answer: what holds offline decides."""
        flow = self._station.evses.flows[asked.evse]
        if flow.asking == asked.token:
            flow.asking = None
            verdict = self._station.authorization.locally(asked.token, now, online=False)
            self._decide(flow, asked.token, verdict or Verdict("Unknown"), now)

    def transaction_verdict(self, event: TransactionEvent, verdict: Verdict, now: Moment) -> None:
        """The answer to a transaction's message says what the CSMS thinks of the token (C10.FR.05, E05)."""
        assert event.token is not None
        self._told(event.token, verdict, now)
        flow = self._station.evses.with_transaction(event.transaction)
        if flow is None or flow.grant is None:
            return
        if verdict.accepted and not self._master(verdict):  # C16.FR.03
            flow.grant.group = flow.grant.group or verdict.group
            return
        most = self._station.variables.int("MaxEnergyOnInvalidId")
        if most:  # E05.FR.03: so much is given all the same
            flow.grant.refused_at_wh = flow.register.wh + most
        else:
            self.no_more_energy(flow, now)

    def no_more_energy(self, flow: Flow, now: Moment) -> None:
        """A refused token has had what it may have (E05.FR.02/09/10)."""
        assert flow.grant is not None
        flow.grant.refused_at_wh = None
        if self._station.variables.bool("StopTxOnInvalidId"):
            if flow.transaction is not None:
                flow.transaction.refused = True
            self.revoke(flow, now, "Deauthorized", "DeAuthorized")
        else:
            flow.grant.refused = True
            self._station.transactions.charging_changed(flow, now)
            self._station.transactions.changed(flow, now, "Deauthorized")

    def tick(self, now: Moment) -> None:
        for flow in self._station.evses.flows.values():
            grant = flow.grant
            if grant and grant.deadline is not None and now.mono >= grant.deadline:
                self._station.emit(Happened("rejected", {"evse": flow.evse, "reason": "EVConnectTimeout"}))
                self.revoke(flow, now, "EVConnectTimeout", "Timeout", ends=True)  # E03.FR.05

    def deadlines(self) -> list[float]:
        grants = (flow.grant for flow in self._station.evses.flows.values())
        return [grant.deadline for grant in grants if grant and grant.deadline is not None]

    # Inside

    def _told(self, token: Token, verdict: Verdict, now: Moment) -> None:
        station = self._station
        for change in station.authorization.told(token, verdict, now):
            station.emit(change)
        if station.authorization.contradicted(token, verdict, now):
            station.statuses.report_station(now, error="LocalListConflict")  # 1.6, 3.5.2

    def _decide(self, flow: Flow, token: Token, verdict: Verdict, now: Moment) -> str:
        if not verdict.accepted:
            return self._refuse(flow, token, verdict.status)
        if self._master(verdict):
            return self._master_pass(flow, token, now)
        grant = flow.grant
        if grant is not None and grant.token.text:
            if not same_group(verdict.group, grant.group):
                return self._refuse(flow, token, "ConcurrentTx")
            return self._stop_by(flow, token, now, "Local")
        if verdict.evses and flow.evse not in verdict.evses:  # C01.FR.21
            other = self._elsewhere(flow, token, verdict.evses)
            if other is None:
                return self._refuse(flow, token, "NotAllowedTypeEVSE")
            other.roams, other.remote, flow.remote = True, flow.remote, None
            flow = other
        obstacle = self._obstacle(flow, token)
        if obstacle is not None or not self._station.reservations.fits(flow.evse, token, verdict.group):
            return self._refuse(flow, token, obstacle or "Reserved")
        self._station.emit(Happened("authorized", {"evse": flow.evse, "id_tag": token.text}))
        remote, flow.remote = flow.remote, None
        grant = Grant(token, verdict.group, roams=flow.roams, evses=verdict.evses, priority=verdict.priority)
        if remote is not None:  # F01.FR.19
            grant.remote_start_id, grant.profile = remote.start_id, remote.profile
        self.grant(flow, grant, now, "Authorized" if remote is None else "RemoteStart")
        return "accepted"

    def _elsewhere(self, flow: Flow, token: Token, evses: tuple[int, ...]) -> Flow | None:
        """Presented to the station as a whole: where this token may begin instead, best where a car waits."""
        flows = [it for it in self._station.evses.flows.values() if flow.roams and it.evse in evses]
        free = [it for it in flows if it.grant is None and self._obstacle(it, token) is None]
        return next(iter([*(it for it in free if it.plugged), *free]), None)

    def _same(self, grant: Grant, token: Token, now: Moment) -> bool:
        if grant.token.key == token.key:
            return True
        return same_group(self._station.authorization.group_of(token, now), grant.group)

    def of_masters(self, token: Token, group: str | None, now: Moment) -> bool:
        """Is it a master pass, as far as that is known here? `group`: what was said with it."""
        known = group or self._station.authorization.group_of(token, now)
        return same_group(known, self._station.variables.text("MasterPassGroupId"))

    def _master(self, verdict: Verdict | None) -> bool:
        group = self._station.variables.text("MasterPassGroupId")
        return verdict is not None and verdict.accepted and same_group(verdict.group, group)

    def _master_pass(self, flow: Flow, token: Token, now: Moment) -> str:
        """C16.FR.02/03: without a display it stops whatever runs, and starts nothing."""
        running = [other for other in self._station.evses.flows.values() if other.transaction]
        for other in running:
            self._stop_by(other, token, now, "MasterPass", ends=True)
        return "stopped" if running else self._refuse(flow, token, "MasterPass")

    def _stop_by(self, flow: Flow, token: Token, now: Moment, reason: str, *, ends: bool = False) -> str:
        if flow.transaction is not None:
            flow.transaction.stopped_by = (token.text, token.type)
            flow.stopped = token.key, now.mono
        flow.asking = None
        self.revoke(flow, now, "StopAuthorized", reason, ends=ends)
        return "stopped"

    def _refuse(self, flow: Flow, token: Token, reason: str) -> str:
        self._station.emit(Happened("rejected", {"evse": flow.evse, "id_tag": token.text, "reason": reason}))
        return "rejected"

    def _chosen(self, evse: int, token: Token) -> Flow:
        """EVSE 0: the reader serves the whole charger; his own, or a plugged car without a grant is meant."""
        flows = self._station.evses.flows
        if evse in flows:
            return flows[evse]
        everyone = list(flows.values())
        own = [flow for flow in everyone if flow.grant and flow.grant.token.key == token.key]
        reserved = [flow for flow in everyone if self._station.reservations.meant_for(flow.evse, token)]
        waiting = [flow for flow in everyone if flow.plugged and flow.grant is None]
        idle = [flow for flow in everyone if flow.grant is None]
        return (own or reserved or waiting or idle or everyone)[0]
