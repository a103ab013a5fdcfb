"""The CALLs that a station makes: which is the next, which are in flight, and what became of each.

What is owed (transactions) leaves one at a time, in its order, until it is settled; what is only told goes beside it;
notices (events, security) come last and are kept until they are answered.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.model.moment import Moment
from hub.ocpp.station.dialect import Call, Outgoing
from hub.ocpp.station.effects import Bury
from hub.ocpp.station.messages import Authorize, BootNotification, ExternalLimit, Heartbeat, Message
from hub.ocpp.station.queue import Queue

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

NOTICE_S = 5.0
"""So long the answer to a notice is waited for: there are CSMSs that leave what they don't know without any, and
meanwhile nothing else can be said."""


class _Sent(NamedTuple):
    message: Message
    number: int | None
    """Its id in the outbox."""
    notice: int | None = None


class Calls:
    def __init__(self, station: "Station") -> None:
        self._station = station
        self._told = Queue()
        self._sent: dict[int, _Sent] = {}
        self._overdue: dict[int, int] = {}
        """Notices that got no answer in time, by what they were sent as on this connection."""
        self._next_ref = 0

    @property
    def waiting(self) -> bool:
        """Something is to be told."""
        return bool(self._told)

    def excess(self, call: Call) -> Mapping[str, object] | None:
        """The answer to a CSMS that asks for more and takes nothing of it; None: there is room."""
        return None if call.local else self._told.excess(call.action)

    def say(self, message: Message, *, unregistered: bool, held: bool, ahead: bool) -> None:
        boot = self._station.boot
        if boot.accepted or (unregistered and boot.pending):
            self._told.add(message, 0 if ahead else self._station.outbox.newest)
        elif held and boot.pending:
            self._told.hold(message)

    def heartbeat(self) -> None:
        self._told.add(Heartbeat(), 0)

    def release(self) -> None:
        """The CSMS has accepted the station: what was held until then follows."""
        self._told.release(self._station.outbox.newest)

    def cut_off(self, now: Moment) -> None:
        """The connection is gone, and with it what was only told."""
        self._overdue.clear()
        for message in self._told.clear():
            self._station.answers.none_came(message, now)

    def deadlines(self) -> list[float]:
        """When there is something to say. While an answer is awaited nothing can be said: the answer, or that none
        came, brings `next` about."""
        if self._sent:
            return []
        boot = self._station.boot
        owed = self._station.outbox.deadline(), self._station.upkeep.notices.deadline()
        return [*boot.deadlines(), *(due for due in owed if boot.accepted and due is not None)]

    def next(self, now: Moment) -> Outgoing | None:
        boot = self._station.boot
        if self._station.dialect is None or not boot.connected:
            return None
        if boot.boot_due(now):
            said = BootNotification(boot.told_reason)
            boot.asked()
            return self._outgoing(said, now)
        if not boot.accepted:
            return self._next_told(now) if boot.pending else None
        return self._next_told(now) or self._next_owed(now) or self._next_notice(now)

    def answered(self, ref: object, payload: Mapping[str, Any], now: Moment) -> bool:
        """False: nobody had asked."""
        sent = self._sent.pop(ref, None) if isinstance(ref, int) else None
        if sent is None:
            return False
        if sent.number is not None:
            self._station.emit(self._station.outbox.settle(sent.number))
        if sent.notice is not None:
            self._station.upkeep.notices.answered(sent.notice)
        self._station.answers.heard(sent.message, payload, now)
        return True

    def answered_late(self, ref: object) -> None:
        """A notice has arrived all the same, and isn't told again."""
        notice = self._overdue.pop(ref, None) if isinstance(ref, int) else None
        if notice is not None:
            self._station.upkeep.notices.arrived(notice)

    def failed(self, ref: object, code: str, now: Moment) -> None:
        sent = self._sent.pop(ref, None) if isinstance(ref, int) else None
        if sent is None:
            return
        if sent.number is not None:
            self._owed_failed(sent.number, code, now)
        elif sent.notice is not None:
            if code == "Timeout" and isinstance(ref, int):
                self._overdue[ref] = sent.notice
            self._station.upkeep.notices.failed(sent.notice, code, now, **self._patience())
        elif isinstance(sent.message, BootNotification):
            self._station.boot.failed(code, now)
        elif isinstance(sent.message, ExternalLimit) and code in ("NotImplemented", "NotSupported"):
            self._station.external.unwanted()
        elif code == "Disconnected" or isinstance(sent.message, Authorize):
            self._station.answers.none_came(sent.message, now)
        else:
            self._station.upkeep.not_heard(sent.message, now)

    def _owed_failed(self, number: int, code: str, now: Moment) -> None:
        entry = self._station.outbox.get(number)
        change = self._station.outbox.failed(number, code, now, **self._patience())
        if change is not None:
            self._station.emit(change)
        if entry is not None and isinstance(change, Bury):
            self._station.answers.forget_id(entry.event)

    def _patience(self) -> dict[str, int]:
        variables = self._station.variables
        return {
            "attempts": variables.int("MessageAttempts"),
            "interval_s": variables.int("MessageAttemptInterval"),
        }

    def _next_told(self, now: Moment) -> Outgoing | None:
        waits = self._station.boot.accepted and not self._owed_in_flight()
        owed = self._station.outbox.due(now) if waits else None
        while (message := self._told.next(owed)) is not None:
            outgoing = self._outgoing(message, now)
            if outgoing:
                return outgoing
        return None

    def _next_owed(self, now: Moment) -> Outgoing | None:
        if self._owed_in_flight():
            return None
        outbox = self._station.outbox
        while (entry := outbox.due(now)) is not None:
            outgoing = self._outgoing(entry.event, now, number=entry.id)
            if outgoing:
                return outgoing
            # Without words in this version: what has waited for it follows at once.
            self._station.emit(outbox.settle(entry.id))
            self._station.answers.forget_id(entry.event)
            told = self._next_told(now)
            if told:
                return told
        return None

    def _next_notice(self, now: Moment) -> Outgoing | None:
        notices = self._station.upkeep.notices
        while (due := self._station.upkeep.next_notice(now)) is not None:
            number, notice = due
            outgoing = self._outgoing(notice, now, notice=number)
            if outgoing:
                notices.sent(number)
                return outgoing
            notices.answered(number)  # this version has no such message
        return None

    def _owed_in_flight(self) -> bool:
        return any(sent.number is not None for sent in self._sent.values())

    def _outgoing(
        self, message: Message, now: Moment, *, number: int | None = None, notice: int | None = None
    ) -> Outgoing | None:
        assert self._station.dialect is not None
        words = self._station.dialect.encode(self._station, message)
        if words is None:
            return None
        self._next_ref += 1
        self._sent[self._next_ref] = _Sent(message, number, notice)
        self._station.boot.spoke(now, self._station.variables.int("HeartbeatInterval"))
        return Outgoing(self._next_ref, *words, patience_s=math.inf if notice is None else NOTICE_S)
