"""What the CSMS's answers change, and what is put right when none came."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.messages import (
    Authorize,
    BootNotification,
    ExternalLimit,
    Heartbeat,
    Message,
    OpenEventStream,
    PullDynamicSchedule,
    ReservationEnded,
    StatusNotification,
    TransactionEvent,
)
from hub.ocpp.station.reports import SignCertificate
from hub.ocpp.station.verdict import Verdict

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class Answers:
    def __init__(self, station: "Station") -> None:
        self._station = station

    def heard(self, message: Message, payload: Mapping[str, Any], now: Moment) -> None:
        if isinstance(message, BootNotification):
            self._registered(payload, now)
        elif isinstance(message, Heartbeat):
            self._station.clock.heard(payload.get("currentTime"), now)
        elif isinstance(message, Authorize):
            assert self._station.dialect is not None
            told = self._station.dialect.told(payload)
            if told is not None:
                self._station.costs.authorized(message.token, told)
            self._station.tokens.verdict(
                message, self._station.dialect.verdict(payload) or Verdict("Invalid"), now
            )
        elif isinstance(message, TransactionEvent):
            self._transaction_answered(message, payload, now)
        elif isinstance(message, PullDynamicSchedule):
            self._pulled(message, payload, now)
        else:
            self._station.upkeep.heard(message, payload, now)

    def _registered(self, payload: Mapping[str, Any], now: Moment) -> None:
        self._station.clock.heard(payload.get("currentTime"), now)
        interval = payload.get("interval", 0)
        self._station.boot.answered(str(payload["status"]), interval, now)
        if not self._station.boot.accepted:
            return
        if interval > 0:
            self._station.variables.set("HeartbeatInterval", str(interval))
        if self._station.boot.reason != "PowerUp":
            self._station.boot.reason = "PowerUp"
            self._station.emit(Keep("boot", "reason", None))
        self._station.boot.asks_time(now, self._station.variables.int("HeartbeatInterval"))
        self._station.back_online(now, everything=True)  # B01.FR.05
        if not self._station.variables.bool("TxBeforeAccepted"):
            self._station.evses.look_again(now)

    def _transaction_answered(self, event: TransactionEvent, payload: Mapping[str, Any], now: Moment) -> None:
        number = payload.get("transactionId")
        if isinstance(number, int) and event.event == "Started":
            self._station.csms_ids[event.transaction] = number
            self._station.emit(Keep("csms_id", event.transaction, number))
        assert self._station.dialect is not None
        verdict = self._station.dialect.verdict(payload)
        if verdict and event.token:
            self._station.tokens.transaction_verdict(event, verdict, now)
        told = self._station.dialect.told(payload)
        if told is not None:
            self._station.costs.answered(event, told)
        if told is not None and told.total is not None:
            self._station.transaction_limits.spent(event.transaction, told.total, now)
        priority = self._station.dialect.priority(payload)
        if priority is not None:
            self._station.priorities.answered(event.transaction, priority)
        allowance = self._station.dialect.allowance(payload)
        if allowance is not None:
            self._station.transaction_limits.allow(event.transaction, allowance, now)
        self.forget_id(event)

    def _pulled(self, message: PullDynamicSchedule, payload: Mapping[str, Any], now: Moment) -> None:
        limit = payload.get("scheduleUpdate", {}).get("limit")
        if payload["status"] == "Accepted" and limit is not None:
            self._station.dynamic.update(message.profile, limit, now)

    def forget_id(self, event: TransactionEvent) -> None:
        if event.event != "Ended":
            return
        number = self._station.csms_ids.pop(event.transaction, None)
        if number is not None:
            self._station.costs.closed(event.evse, event.transaction, number)
            self._station.emit(Keep("csms_id", event.transaction, None))

    def none_came(self, message: Message, now: Moment) -> None:
        """The connection went, or nobody answered: what must not be lost is put right."""
        if isinstance(message, StatusNotification):
            self._station.statuses.unsaid(message)
        elif isinstance(message, Authorize):
            self._station.tokens.not_answered(message, now)
        elif isinstance(message, ReservationEnded):
            self._station.reservations.unsaid(message)
        elif isinstance(message, ExternalLimit):
            self._station.external.unsaid(message)
        elif isinstance(message, SignCertificate):
            self._station.upkeep.not_heard(message, now)
        elif isinstance(message, OpenEventStream):
            self._station.upkeep.monitors.streams.unsaid(message)
