"""What a CSMS can have a station do, in no version's words."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.boot import Registration
from hub.ocpp.station.effects import Act, Happened, Keep, Reconnect
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import Heartbeat, Token
from hub.ocpp.station.variable_table import BY_NAME
from hub.ocpp.station.variables import SetResult, valid

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class Control:
    """Commands to one station; each answers at once, except those whose answer only the device knows."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._waiting: dict[str, Mapping[bool, str]] = {}
        self._reset_when_idle: str | None = None

    # Transactions

    def remote_start(
        self,
        evse: int | None,
        token: Token,
        remote_start_id: int | None,
        now: Moment,
        *,
        group: str | None = None,
    ) -> Flow | None:
        """The EVSE that it begins on; None: rejected."""
        flow = self._free_evse(evse)
        if flow is None or self._station.boot.registration is Registration.PENDING:
            return None
        if self._station.variables.bool("AuthorizeRemoteStart"):
            if self._station.evses.token(flow.evse, token, now) == "rejected":
                return None
            if flow.grant is not None:
                flow.grant.remote_start_id = remote_start_id
            return flow
        self._station.evses.remote(flow, token, group, remote_start_id, now)
        return flow

    def _free_evse(self, evse: int | None) -> Flow | None:
        flows = list(self._station.evses.flows.values())
        if evse is not None:
            flows = [flow for flow in flows if flow.evse == evse]
        free = [
            flow
            for flow in flows
            if flow.transaction is None
            and (flow.grant is None or not flow.grant.token.text)
            and self._station.evses.status(flow) not in (Status.UNAVAILABLE, Status.FAULTED, Status.RESERVED)
        ]
        plugged = [flow for flow in free if flow.plugged]
        return next(iter(plugged or free), None)

    def remote_stop(self, transaction: str, now: Moment) -> bool:
        for flow in self._station.evses.flows.values():
            if flow.transaction and flow.transaction.id == transaction:
                self._station.evses.revoke(flow, now, "RemoteStop", "Remote")
                return True
        return False

    def transaction_of(self, csms_id: int) -> str | None:
        """1.6's number -> our id."""
        return next((ours for ours, theirs in self._station.csms_ids.items() if theirs == csms_id), None)

    # Device

    def unlock(self, call_id: str, evse: int, words: Mapping[bool, str], now: Moment) -> None:
        """The answer comes when the device has done it."""
        self._waiting[call_id] = words
        self._station.emit(Act(call_id, evse, "unlock"))

    def device_done(self, ref: str, good: bool, now: Moment) -> None:
        words = self._waiting.pop(ref, None)
        if words is not None:
            self._station.reply(ref, {"status": words[good]})

    # Reset

    def reset(self, evse: int | None, immediate: bool, stop_reason: str, now: Moment) -> str:
        """Accepted or Scheduled (2.0.1's words)."""
        busy = [
            flow
            for flow in self._station.evses.flows.values()
            if flow.transaction and evse in (None, flow.evse)
        ]
        if busy and not immediate:
            self._reset_when_idle = stop_reason
            return "Scheduled"
        for flow in busy:
            self._station.evses.revoke(flow, now, "ResetCommand", stop_reason)
        if evse is None:
            self._restart("RemoteReset", now)
        return "Accepted"

    def idle(self, now: Moment) -> None:
        """A transaction ended: a reset may have waited for it."""
        flows = self._station.evses.flows.values()
        if self._reset_when_idle is not None and not any(flow.transaction for flow in flows):
            self._reset_when_idle = None
            self._restart("ScheduledReset", now)

    def _restart(self, reason: str, now: Moment) -> None:
        self._station.boot.restart(reason)
        self._station.emit(Keep("boot", "reason", reason))
        if "reset" in self._station.setup.abilities.actions:
            self._station.emit(Act(f"reset:{now.mono}", 0, "reset"))
        self._station.upkeep.restarted(reason, now)
        self._station.emit(Happened("rebooted", {"reason": reason}))
        self._station.emit(Reconnect(reason))

    # Messages on demand

    def trigger(self, wanted: str, evse: int | None, now: Moment) -> bool:
        """False: there is no such message here. What is asked for is said after the answer."""
        if evse is not None and evse != 0 and evse not in self._station.evses.flows:
            return False
        say = self._triggers().get(wanted)
        if say is None:
            return False
        say(evse, now)
        return True

    def has_trigger(self, wanted: str) -> bool:
        return wanted in self._triggers()

    def _triggers(self) -> dict[str, Callable[[int | None, Moment], None]]:
        return {
            "BootNotification": self._trigger_boot,
            "Heartbeat": lambda evse, now: self._station.say(Heartbeat(), unregistered=True),
            "StatusNotification": self._trigger_status,
            "MeterValues": self._trigger_meter,
            "TransactionEvent": self._trigger_transaction,
            **self._station.upkeep.triggers(),
        }

    def _trigger_boot(self, _evse: int | None, _now: Moment) -> None:
        self._station.boot.again()
        if self._station.boot.accepted:
            self._station.boot.registration = Registration.NONE

    def _trigger_status(self, evse: int | None, now: Moment) -> None:
        for number in self._station.evses.flows if evse is None else [evse]:
            self._station.evses.report_one(number, now)

    def _trigger_meter(self, evse: int | None, now: Moment) -> None:
        for flow in self._chosen(evse):
            self._station.evses.meter(flow, now, "TxUpdatedMeasurands", "Trigger")

    def _trigger_transaction(self, evse: int | None, now: Moment) -> None:
        for flow in self._chosen(evse):
            if flow.transaction:
                self._station.evses.transactions.triggered(flow, now)

    def _chosen(self, evse: int | None) -> list[Flow]:
        flows = self._station.evses.flows
        return [flows[evse]] if evse else list(flows.values())

    # Settings

    def set_variable(self, name: str, text: str, now: Moment) -> SetResult:
        before = self._station.variables.text(name)
        result = self._checked(name, text, now)
        if result in (SetResult.ACCEPTED, SetResult.REBOOT):
            self._station.upkeep.changed(name, before, now)
            self._station.emit(Keep("variable", name, self._station.variables.text(name)))
            if name in ("TxUpdatedInterval", "AlignedInterval"):
                self._station.evses.realign(now)
            if name == "HeartbeatInterval":
                self._station.boot.spoke(now, self._station.variables.int(name))
            if BY_NAME[name].reconnect and self._station.boot.connected:
                self._station.emit(Reconnect(f"{name} changed"))
        return result

    def _checked(self, name: str, text: str, now: Moment) -> SetResult:
        """Takes it, unless it is no value of this setting, or one that the station can't follow."""
        variable = BY_NAME[name]
        meant = None
        if variable.writable and valid(variable, text):
            meant = self._station.upkeep.veto(name, text, now)
        if meant is SetResult.REJECTED:
            return meant
        result = self._station.variables.set(name, text)
        return meant if meant and result is SetResult.ACCEPTED else result
