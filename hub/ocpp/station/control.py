"""What a CSMS can have a station do, in no version's words."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station import service
from hub.ocpp.station.effects import Act, Happened, Keep, Reconnect
from hub.ocpp.station.flow import Flow, Remote
from hub.ocpp.station.messages import Token
from hub.ocpp.station.variable_table import BY_NAME
from hub.ocpp.station.variables import SetResult, valid

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


UNLOCK_S = 8.0
"""How long the answer to an unlock waits for the device: CSMSs give up after ten seconds, or thirty."""

INTERVALS = frozenset(
    {
        *("TxUpdatedInterval", "TxEndedInterval", "SampledEnabled"),
        *("AlignedInterval", "AlignedTxEndedInterval", "AlignedEnabled"),
    }
)
"""What says when values are taken."""
NEEDS = {"UnlockOnEVSideDisconnect": "unlock", "SmartChargingEnabled": "set_limit"}
"""What is only worth setting where the device can do it."""


class Control:
    """Commands to one station; each answers at once, except those whose answer only the device knows."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._waiting: dict[str, tuple[Mapping[bool, str], float]] = {}
        """Call id -> (words for success and failure, answered by)."""

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
        if self._station.tokens.of_masters(token, group, now):  # C16.FR.03
            return None
        # C03.FR.01, C05.FR.01: the CSMS's own tokens, and none, need no question.
        foreign = token.type not in ("Central", "NoAuthorization")
        asked = foreign and self._station.variables.bool("AuthorizeRemoteStart")
        flow = self._free_evse(evse, token, group, asked=asked)
        if flow is None:
            return None
        if asked:
            said = self._station.tokens.present(
                flow.evse, token, now, Remote(remote_start_id, roams=evse is None)
            )
            return None if said == "rejected" else flow
        self._station.tokens.remote(flow, token, group, remote_start_id, now, roams=evse is None)
        return flow

    def _free_evse(self, evse: int | None, token: Token, group: str | None, *, asked: bool) -> Flow | None:
        flows = list(self._station.evses.flows.values())
        if evse is not None:
            flows = [flow for flow in flows if flow.evse == evse]
        if self._station.closed:
            return None
        # H03.FR.07: that the answer names the group of a reservation is known when it has come.
        reservations = self._station.reservations
        free = [
            flow
            for flow in flows
            if self._may_begin(flow, token)
            and (
                reservations.fits(flow.evse, token, group)
                or (asked and reservations.may_fit(flow.evse, token))
            )
        ]
        meant = [flow for flow in free if self._station.reservations.meant_for(flow.evse, token)]
        plugged = [flow for flow in free if flow.plugged]
        return next(iter(meant or plugged or free), None)

    def _may_begin(self, flow: Flow, token: Token) -> bool:
        if flow.transaction is not None and flow.transaction.token is not None:
            return False
        if flow.grant is not None and flow.grant.token.text:
            return False
        if flow.asking is not None and flow.remote is not None:
            return False  # another remote start is being decided about
        if not self._station.availability.serves(flow.evse, token):
            return False
        barred = (Status.UNAVAILABLE, Status.FAULTED, Status.RESERVED)
        return self._station.statuses.bare(flow) not in barred

    def remote_stop(self, transaction: str, now: Moment) -> bool:
        flow = self._station.evses.with_transaction(transaction)
        if flow is not None:
            self._station.tokens.revoke(flow, now, "RemoteStop", "Remote")
        return flow is not None

    def transaction_of(self, csms_id: int) -> str | None:
        """1.6's number -> our id."""
        return next((ours for ours, theirs in self._station.csms_ids.items() if theirs == csms_id), None)

    # Device

    def unlock(self, call_id: str, evse: int, words: Mapping[bool, str], now: Moment) -> None:
        """The answer comes when the device has done it; one that takes too long hasn't."""
        # A person waits for the device itself.
        self._waiting[call_id] = words, now.mono + (math.inf if call_id.startswith("cmd:") else UNLOCK_S)
        self._station.emit(Act(call_id, evse, "unlock"))

    def device_done(self, ref: str, good: bool, now: Moment) -> None:
        self._station.resets.device_done(ref, good, now)
        self._station.phase_switch.device_done(ref, good)
        service.device_done(self._station, ref, good, now)
        if ref in self._waiting:
            words, _ = self._waiting.pop(ref)
            self._station.reply(ref, {"status": words[good]})

    def unlock_now(self, evse: int) -> None:
        if "unlock" in self._station.setup.abilities.actions:
            self._station.emit(Act(f"unlock:{evse}", evse, "unlock"))

    # Time

    def tick(self, now: Moment) -> None:
        for ref in [ref for ref, (_, due) in self._waiting.items() if due <= now.mono]:
            self.device_done(ref, False, now)

    def deadlines(self) -> list[float]:
        return [due for _, due in self._waiting.values() if due < math.inf]

    # Data transfer

    def data_transfer(self, vendor: str, message: str | None, data: object, now: Moment) -> str:
        """Whoever listens to the hub's events gets what a known vendor sends (P01)."""
        known = self._station.setup.vendors.get(vendor)
        if known is None:
            return "UnknownVendorId"
        if known and message not in known:
            return "UnknownMessageId"
        details = {"vendor_id": vendor, "message_id": message, "data": data}
        self._station.emit(Happened("data_transfer", details))
        return "Accepted"

    # Settings

    def can_set(self, name: str) -> bool:
        """Do the charger and its owner leave a choice?"""
        if name == "AuthEnabled":
            return not self._station.setup.free
        return name not in NEEDS or NEEDS[name] in self._station.setup.abilities.actions

    def set_variable(self, name: str, text: str, now: Moment) -> SetResult:
        if not self.can_set(name):
            return SetResult.READ_ONLY
        before = self._station.variables.text(name)
        result = self._checked(name, text, now)
        if result is SetResult.ACCEPTED:
            self._station.upkeep.changed(name, before, now)
            self._station.emit(Keep("variable", name, self._station.variables.text(name)))
            self._follow(name, now)
            # What is as it was is no reason to leave, but a password that is set is always tried (A01).
            moved = BY_NAME[name].secret or self._station.variables.text(name) != before
            if BY_NAME[name].reconnect and moved and self._station.boot.connected:
                self._station.emit(Reconnect(f"{name} changed"))
        return result

    def _follow(self, name: str, now: Moment) -> None:
        """What a new value means at once."""
        if name in INTERVALS:
            self._station.metering.realign(now)
        elif name == "HeartbeatInterval":
            self._station.boot.spoke(now, self._station.variables.int(name))
        elif name == "SmartChargingEnabled":
            self._station.evses.limits(now)
        elif name in ("AuthEnabled", "TxBeforeAccepted"):
            self._station.evses.look_again(now)

    def _checked(self, name: str, text: str, now: Moment) -> SetResult:
        """Takes it, unless it is no value of this setting, or one that the station can't follow."""
        variable = BY_NAME[name]
        fitting = variable.writable and valid(variable, text)
        if fitting and self._station.upkeep.veto(name, text, now) is SetResult.REJECTED:
            return SetResult.REJECTED
        return self._station.variables.set(name, text)
