"""The EVSEs of a station: what their devices say, what of the charging profiles holds at each, what falls due."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.station import lock, profiles
from hub.ocpp.station.charging_profile import Profile
from hub.ocpp.station.effects import Keep, Limit
from hub.ocpp.station.flow import CHARGING_STATES, Flow, free_grant, plugged_in

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

DEVICE_LOST_S = 600.0
"""A transaction whose charger is silent for so long is ended with the last known register."""


class Evses:
    def __init__(self, station: "Station", flows: Mapping[int, Flow], now: Moment) -> None:
        self._station = station
        self.flows = dict(flows)
        self._profile_due: dict[int, float] = {}
        timeout = station.variables.int("EVConnectionTimeOut")
        for flow in self.flows.values():
            station.transactions.reschedule(flow, now)
            if flow.grant and not flow.plugged and timeout:  # the wait for the cable begins anew
                flow.grant.deadline = now.mono + timeout

    def with_transaction(self, number: str) -> Flow | None:
        found = (flow for flow in self.flows.values() if flow.transaction and flow.transaction.id == number)
        return next(found, None)

    def gone(self, flows: Iterable[Flow], now: Moment) -> None:
        """A transaction at an EVSE that the charger no longer has, as it is configured now: it ends as it was left.

        Profiles of transactions that are no more go as well (K02.FR.05).
        """
        for flow in flows:
            flow.permitted = False
            self._station.transactions.end(flow, now, "AbnormalCondition", "Other")
        for profile in self._station.profiles.all():
            if profile.transaction is not None and self.with_transaction(profile.transaction) is None:
                self._forget_profiles(profile.transaction)

    # States

    def state(self, evse: int, state: State, now: Moment) -> None:
        flow, transactions = self.flows[evse], self._station.transactions
        first, flow.known = not flow.known, True
        if first and flow.transaction is not None:
            flow.taken_up = now.mono
        cleared = flow.status is Status.FAULTED and state.get("status") != Status.FAULTED
        seen = Status(str(state.get("status", "unknown")))
        plugged = plugged_in(state, flow.plugged)
        # One reading may show the cable and the energy: they are told one after the other, as they came.
        flow.status = Status.PREPARING if plugged and not flow.plugged and seen in CHARGING_STATES else seen
        heard = self._take(flow, state, now)
        self._station.resumption.found(flow, now)
        self._station.reservations.check(flow, now)
        if plugged != flow.plugged:
            flow.plugged = plugged
            self._plug_changed(flow, now)
        elif (first or cleared) and flow.transaction is None:
            transactions.changed(flow, now, "CablePluggedIn")
        self._begin_free(flow, now)
        flow.status = seen
        self._follow_energy(flow, now)
        if first or heard:
            transactions.permit_again(flow)
        if first:
            self._station.priorities.show(flow)
            self.limit(flow, now)
        self._station.statuses.show(flow, now)

    def _take(self, flow: Flow, state: State, now: Moment) -> bool:
        """What the device says by itself. True: it is heard for the first time since the hub went."""
        flow.state = state
        flow.register.read(state, now, in_transaction=flow.transaction is not None)
        self._watch_loss(flow, now)
        self._watch_lock(flow, now)
        heard = flow.unheard and flow.lost_since is None
        flow.unheard = flow.unheard and not heard
        return heard

    def _begin_free(self, flow: Flow, now: Moment) -> None:
        free = self._is_free(flow) and flow.status is not Status.FAULTED
        if free and flow.plugged and flow.grant is None and not flow.finished:
            self._station.statuses.show(flow, now)  # a car has come, and then it begins
            flow.grant = free_grant()
            self._station.transactions.changed(flow, now, "CablePluggedIn")

    def _follow_energy(self, flow: Flow, now: Moment) -> None:
        """Whether it flows, and whether that is enough."""
        if flow.status in (Status.CHARGING, Status.SUSPENDED_EV):
            flow.begins_until = None
        self._station.resumption.heard(flow, now)
        self._station.transactions.flowing_changed(flow, now)
        self._station.transactions.charging_changed(flow, now)
        grant = flow.grant
        if grant and grant.refused_at_wh is not None and flow.register.wh >= grant.refused_at_wh:
            self._station.tokens.no_more_energy(flow, now)
        self._station.transaction_limits.check(flow, now)

    def begin_anew(self, evse: int, now: Moment) -> None:
        """After a reset, of all (0) or of one: nobody is authorized, and a cable that is in has just been found."""
        for flow in self.flows.values() if evse == 0 else [self.flows[evse]]:
            if flow.transaction is not None:
                continue  # it outlives the reset (2.1: B13)
            flow.grant, flow.asking, flow.remote, flow.stopped = None, None, None, None
            flow.finished, flow.conditions = False, frozenset()
        self.look_again(now)

    def look_again(self, now: Moment) -> None:
        """Something may begin that couldn't before."""
        for flow in self.flows.values():
            if flow.transaction is not None:
                continue
            self._station.transactions.changed(flow, now, "CablePluggedIn")
            if flow.known:
                self.state(flow.evse, flow.state, now)

    def _is_free(self, flow: Flow) -> bool:
        station = self._station
        if not station.free or station.closed:
            return False
        return station.availability.operative(flow.evse) and not station.reservations.shuts(flow.evse)

    def _plug_changed(self, flow: Flow, now: Moment) -> None:
        transactions = self._station.transactions
        if flow.plugged:
            self._station.tokens.follow(flow, now)
            if flow.grant:
                flow.grant.deadline, flow.grant.roams = None, False
            transactions.changed(flow, now, "CablePluggedIn")
            return
        flow.finished = False
        variables = self._station.variables
        if variables.bool("StopTxOnEVSideDisconnect"):
            if flow.transaction and variables.bool("UnlockOnEVSideDisconnect"):
                self._station.control.unlock_now(flow.evse)
            flow.grant = None  # E09.FR.01
        elif flow.grant and flow.transaction:
            timeout = variables.int("EVConnectionTimeOut")
            flow.grant.deadline = now.mono + timeout if timeout else None  # E10.FR.02
        transactions.changed(flow, now, "EVCommunicationLost", "EVDisconnected")
        if flow.transaction is None and flow.grant is not None:
            flow.grant = None
            transactions.changed(flow, now, "EVCommunicationLost")
        self._station.availability.apply_scheduled(now)
        self.limit(flow, now)

    def _watch_lock(self, flow: Flow, now: Moment) -> None:
        """G05.FR.02. A charger that isn't heard has neither broken nor repaired it."""
        failed = flow.lock_failed if flow.lost_since is not None else lock.failed(flow.state)
        if failed != flow.lock_failed:
            flow.lock_failed = failed
            place = {"name": lock.COMPONENT, "evse": {"id": flow.evse, "connectorId": 1}}
            told = str(failed).lower()
            self._station.upkeep.monitors.hard_wired(place, "Problem", told, now, cleared=not failed)

    def _watch_loss(self, flow: Flow, now: Moment) -> None:
        lost = (
            flow.status is Status.FAULTED
            and flow.state.get("plugged") is None
            and flow.state.get("power") is None
        )
        flow.lost_since = (flow.lost_since or now.mono) if lost else None

    def transaction_changed(self, flow: Flow, before: str | None, now: Moment) -> None:
        """Another transaction than `before`, or none, runs here now."""
        if before is not None and self.with_transaction(before) is None:
            self._forget_profiles(before)
            self._station.costs.ended(flow, before, now)
            self._station.priorities.show(flow)
            self._station.transaction_limits.ended(before)
            self._station.resets.idle(now)
            self._station.upkeep.firmware.idle(now)
        if flow.transaction is not None:
            self._station.meter_triggers.began(flow)
        if flow.transaction is not None and flow.grant is not None and flow.grant.profile is not None:
            waiting, flow.grant.profile = flow.grant.profile, None
            # It may have been meant for the EVSE that the driver didn't go to.
            profiles.install(self._station, replace(waiting, evse=flow.evse), now, strict=False)
        self.limits(now)  # who shares the station's limit has changed

    def _forget_profiles(self, transaction: str) -> None:
        for profile in self._station.profiles.ended(transaction):
            self._station.emit(Keep("profile", str(profile.id), None))

    # Limits

    def limit(self, flow: Flow, now: Moment) -> None:
        """Tell the limit that holds now, and remember when it may change."""
        found, again = profiles.holding(self._station, flow, now)
        self._station.emit(Limit(flow.evse, found.limit_a, phases=found.phases))
        self._station.phase_switch.want(flow.evse, found.phases)
        running = flow.transaction
        if running and running.mode != found.mode and self._station.tells("OperationModeChanged"):
            self._station.interruptions.mode_changed(flow, now, found.mode)
        self._profile_due.pop(flow.evse, None)
        if again is not None:
            self._profile_due[flow.evse] = again

    def remember_profile(self, flow: Flow, profile: Profile, now: Moment) -> None:
        """A profile that came with a remote start: for the transaction that begins."""
        if flow.transaction is not None:
            profiles.install(self._station, profile, now, strict=False)
        elif flow.grant is not None:
            flow.grant.profile = profile
        elif flow.remote is not None:
            flow.remote.profile = profile

    def limits(self, now: Moment) -> None:
        for flow in self.flows.values():
            self.limit(flow, now)

    # Time

    def tick(self, now: Moment) -> None:
        for flow in self.flows.values():
            lost = flow.lost_since is not None and now.mono - flow.lost_since >= DEVICE_LOST_S
            if lost and flow.transaction:
                self._station.tokens.revoke(flow, now, "AbnormalCondition", "Other", ends=True)
            if flow.transaction:
                self._station.transactions.tick(flow, now)
            if self._profile_due.get(flow.evse, now.mono + 1) <= now.mono:
                self.limit(flow, now)

    def deadlines(self) -> list[float]:
        times = list(self._profile_due.values())
        for flow in self.flows.values():
            if flow.transaction:
                due = (flow.sample_due, flow.ended_sample_due, flow.begins_until)
                times += [time for time in due if time is not None]
            if flow.transaction and flow.lost_since is not None:
                times.append(flow.lost_since + DEVICE_LOST_S)
        return times
