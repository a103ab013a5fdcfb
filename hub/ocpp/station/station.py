"""A charging station: the parts put together. Inputs come as calls, what is to be done leaves by `drain`."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.model.command import CommandResult, Outcome
from hub.model.entity import State
from hub.model.moment import Moment, rfc3339
from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.answers import Answers
from hub.ocpp.station.authorization import Authorization
from hub.ocpp.station.availability import Availability
from hub.ocpp.station.boot import Boot, Registration
from hub.ocpp.station.calls import Calls
from hub.ocpp.station.charging_profile import restored as restored_profile
from hub.ocpp.station.clock import StationClock
from hub.ocpp.station.control import Control
from hub.ocpp.station.costs import Costs
from hub.ocpp.station.device import Device
from hub.ocpp.station.dialect import Call, Dialect, Outgoing, Timed
from hub.ocpp.station.dynamic_profiles import DynamicProfiles
from hub.ocpp.station.effects import Done, Effect, Keep, Reply, ReplyError
from hub.ocpp.station.evses import Evses
from hub.ocpp.station.external_limits import ExternalLimits, Outside
from hub.ocpp.station.flow import restored
from hub.ocpp.station.interruptions import Interruptions
from hub.ocpp.station.local_list import LocalList
from hub.ocpp.station.manners import restored as restored_manners
from hub.ocpp.station.messages import Message, Token
from hub.ocpp.station.meter_triggers import MeterTriggers
from hub.ocpp.station.metering import Metering
from hub.ocpp.station.outbox import Outbox
from hub.ocpp.station.phase_switch import PhaseSwitch
from hub.ocpp.station.priorities import Priorities
from hub.ocpp.station.reservations import Reservations
from hub.ocpp.station.resets import Resets
from hub.ocpp.station.resumption import Resumption
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.station.smart_charging import Profiles
from hub.ocpp.station.statuses import Statuses
from hub.ocpp.station.tokens import Tokens
from hub.ocpp.station.transaction_limits import TransactionLimits
from hub.ocpp.station.transactions import Transactions
from hub.ocpp.station.triggers import Triggers
from hub.ocpp.station.upkeep import Upkeep
from hub.ocpp.station.variables import Variables

__all__ = ["Call", "Dialect", "Outgoing", "Station", "StationSetup"]

THINNED = "values of transactions make room for others until the CSMS is back"


class Kept:
    """What `Keep` kept, by (kind, key)."""

    def __init__(self, memory: Mapping[tuple[str, str], Any]) -> None:
        self._memory = memory

    def all(self, kind: str) -> dict[str, Any]:
        return {key: body for (stored, key), body in self._memory.items() if stored == kind}

    def one(self, kind: str, key: str, otherwise: Any = None) -> Any:
        return self._memory.get((kind, key), otherwise)


class Station:
    """`memory`: what `Keep` kept, by (kind, key). `outbox`: (id, body, attempts), oldest first."""

    def __init__(
        self,
        setup: StationSetup,
        memory: Mapping[tuple[str, str], Any],
        outbox: Sequence[tuple[int, Mapping[str, object], int]],
        now: Moment,
    ) -> None:
        self.setup = setup
        self.dialect: Dialect | None = None
        self._effects: list[Effect] = []
        self.calls = Calls(self)
        self._link_lost: float | None = None
        kept = Kept(memory)
        self.told_triggers = frozenset(kept.one("dialect", "triggers", ()))
        self.clock = StationClock(self, now)
        self._settings(kept, outbox)
        self.device = Device(self, kept.one("identity", "device", {}))
        self._charging(kept, now)
        self._service(kept)
        self.upkeep.begin(now)
        self._leave(kept, now)

    def _settings(self, kept: Kept, outbox: Sequence[tuple[int, Mapping[str, object], int]]) -> None:
        """What the CSMS has set, and what is owed to it."""
        self.variables = Variables(kept.all("variable"), self.setup.defaults, self.setup.facts)
        self.outbox = Outbox(outbox, int(kept.one("counter", "outbox", 1)))
        self.boot = Boot(str(kept.one("boot", "reason", "PowerUp")))
        version = int(kept.one("counter", "local_list", 0))
        local_list = LocalList(self.variables, kept.all("local_list"), version)
        tokens, cached = self.setup.tokens, kept.all("cache")
        self.authorization = Authorization(self.variables, tokens, local_list, cached, self.clock.at)
        self.csms_ids: dict[str, int] = {key: int(body) for key, body in kept.all("csms_id").items()}
        self.profiles = Profiles(restored_profile(body) for body in kept.all("profile").values())

    def _charging(self, kept: Kept, now: Moment) -> None:
        """The parts that follow cars, cards and energy."""
        self.transactions = Transactions(
            *(self.variables, self.outbox, self.emit, self.stamp),
            lambda: self.boot.accepted,
            lambda evse: self.availability.operative(evse) and not self.closed,
            lambda now: self.upkeep.security.until_connected("MemoryExhaustion", now, THINNED),
            restored_manners(kept.one("csms", "manners"), self.setup.manners),
        )
        self.interruptions = Interruptions(self.transactions)
        self.availability = Availability(self, kept.all("availability"))
        self.reservations = Reservations(self, kept.all("reservation"), kept.all("reservation_end"), now)
        numbers = range(1, self.setup.evses + 1)
        flows = {evse: restored(evse, kept.one("transaction", str(evse))) for evse in numbers}
        self.evses = Evses(self, flows, now)
        self.phase_switch = PhaseSwitch(self, kept.all("phases"))
        self.statuses = Statuses(self)
        self.tokens = Tokens(self)
        self.metering = Metering(self, now)
        self.external = ExternalLimits(self, kept.all("external"))
        self.transaction_limits = TransactionLimits(self, now)
        self.resumption = Resumption(self, now)
        self.dynamic = DynamicProfiles(self, now)
        self.costs = Costs(self)
        self.priorities = Priorities(self)
        self.meter_triggers = MeterTriggers(self)

    def _service(self, kept: Kept) -> None:
        """The parts that serve the CSMS."""
        self.control = Control(self)
        self.resets = Resets(self)
        self.triggers = Triggers(self)
        self.answers = Answers(self)
        self.upkeep = Upkeep(self, kept.all)

    def _leave(self, kept: Kept, now: Moment) -> None:
        """What ran at EVSEs that are no more."""
        left = {int(key): body for key, body in kept.all("transaction").items()}
        gone = [restored(evse, body) for evse, body in sorted(left.items()) if evse not in self.evses.flows]
        self.evses.gone(gone, now)

    # Inputs

    def connected(self, dialect: Dialect, now: Moment) -> None:
        self.dialect = dialect
        if self.told_triggers != dialect.triggers:
            self.told_triggers = dialect.triggers
            self.emit(Keep("dialect", "triggers", sorted(dialect.triggers)))
        if self.transactions.manners != dialect.manners:
            self.transactions.manners = dialect.manners
            self.emit(Keep("csms", "manners", dialect.manners.document()))
            self.metering.realign(now)
        self.boot.link(True)
        if self.boot.accepted:
            away = 0.0 if self._link_lost is None else now.mono - self._link_lost
            self.back_online(now, everything=away > self.variables.int("OfflineThreshold"))
        else:
            self.device.wait(now)

    def disconnected(self, now: Moment) -> None:
        self.boot.link(False)
        self._link_lost = now.mono if self._link_lost is None else self._link_lost
        self.costs.cut_off(self.outbox.cut_off())
        self.upkeep.notices.cut_off()
        self.calls.cut_off(now)

    def state(self, evse: int, state: State, now: Moment) -> None:
        self.evses.state(evse, state, now)
        self.upkeep.look(now)

    def outside_limit(self, evse: int, outside: Outside | None, now: Moment) -> None:
        """The lowest limit that isn't the CSMS's; None: there is none any more."""
        self.external.set(evse, outside, now)

    def token(self, evse: int, token: Token, now: Moment) -> str:
        """Somebody identifies himself. Returns what became of it: accepted, rejected, asking, stopped."""
        return self.tokens.present(evse, token, now)

    def call(self, dialect: Dialect, call: Call, now: Moment) -> None:
        """Answers with a Reply or ReplyError; some answers come later, when the device has done it."""
        if not call.local and not self._may_be_asked(call):
            return
        handler = dialect.calls.get(call.action)
        try:
            if handler is None:
                raise CallError(ErrorCode.NOT_SUPPORTED, f"{call.action} is not supported")
            before = len(self._effects)
            reply = self.calls.excess(call) or handler(self, call, now)
            self.upkeep.look(now)
        except CallError as error:
            self.emit(ReplyError(call.id, error.code, error.description))
            return
        if reply is not None:
            # The answer leaves before anything that the call has caused.
            self._effects.insert(before, Reply(call.id, reply))

    def answered(self, ref: object, payload: Mapping[str, Any], now: Moment) -> None:
        if self.calls.answered(ref, payload, now):
            self.resets.idle(now)

    def answered_late(self, ref: object) -> None:
        """After it has failed for want of an answer."""
        self.calls.answered_late(ref)

    def failed(self, ref: object, code: str, now: Moment) -> None:
        self.calls.failed(ref, code, now)

    def device_done(self, ref: str, result: CommandResult, now: Moment) -> None:
        self.control.device_done(ref, result.outcome is Outcome.ACCEPTED, now)

    def job_done(self, ref: str, done: Done, now: Moment) -> None:
        self.upkeep.job_done(ref, done, now)

    def tick(self, now: Moment) -> None:
        """Whatever is due by now."""
        self.clock.look(now)
        if self.boot.heartbeat_due(now):
            self.calls.heartbeat()
            self.boot.asks_time(now, self.variables.int("HeartbeatInterval"))
        for part in self._timed():
            part.tick(now)

    def _timed(self) -> tuple["Timed", ...]:
        charging = self.dynamic, self.reservations, self.evses, self.tokens, self.metering, self.statuses
        return (
            *charging,
            self.transaction_limits,
            self.resumption,
            self.meter_triggers,
            self.control,
            self.resets,
            self.upkeep,
        )

    def deadline(self) -> float | None:
        """When `tick` (and `next`) should be called again, in monotonic seconds."""
        parts = self._timed()
        times = *self.calls.deadlines(), *(due for part in parts for due in part.deadlines())
        return min(times, default=None)

    def next(self, now: Moment) -> Outgoing | None:
        """The next CALL to send, None when there is nothing to say."""
        return self.calls.next(now)

    @property
    def wants_to_speak(self) -> bool:
        """There is something to say that no effect tells of: `next` is worth a call."""
        return self.calls.waiting

    def drain(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects

    # For the station's parts and the dialects

    @property
    def closed(self) -> str | None:
        """Why nothing begins: it is about to restart, or the CSMS must accept it first (B02.FR.03, B03.FR.01)."""
        if self.resets.restarting:
            return "restarting"
        first = self.setup.csms and not self.variables.bool("TxBeforeAccepted")
        return "unregistered" if first and self.boot.registration is not Registration.ACCEPTED else None

    @property
    def free(self) -> bool:
        """May everybody charge?"""
        return self.setup.free or not self.variables.bool("AuthEnabled")

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def tells(self, trigger: str) -> bool:
        """Does the CSMS know this reason of a transaction's event? As long as none is connected, the last one."""
        return trigger in self.told_triggers

    def say(
        self, message: Message, *, unregistered: bool = False, held: bool = False, ahead: bool = False
    ) -> None:
        """Not owed, only told: lost when the CSMS is away. Before registration only what TriggerMessage and the
        device model's reports have asked for (B02.FR.02); what else was asked for may be `held` until then.

        `ahead`: also of what is owed since before.
        """
        self.calls.say(message, unregistered=unregistered, held=held, ahead=ahead)

    def stamp(self, now: Moment) -> str:
        """A moment in the CSMS's time."""
        return rfc3339(self.clock.at(now))

    def reply(self, call_id: str, payload: Mapping[str, object]) -> None:
        self.emit(Reply(call_id, payload))

    def pends(self, call: Call) -> bool:
        """A CSMS that hasn't accepted the station yet starts and stops nothing here (B02.FR.05); a person does."""
        return self.boot.pending and not call.local

    def back_online(self, now: Moment, *, everything: bool) -> None:
        self._link_lost = None
        self.boot.spoke(now, self.variables.int("HeartbeatInterval"))
        self.statuses.report(now, everything=everything)
        self.reservations.back_online()
        self.external.back_online()
        self.upkeep.monitors.back_online()
        self.resumption.look(now)
        self.calls.release()

    # Inside

    def _may_be_asked(self, call: Call) -> bool:
        if self.boot.registration is Registration.ACCEPTED or self.boot.pending:
            return True
        # B03.FR.08: a rejected station answers SecurityError. 1.6 (4.2) lets it stay silent; an answer harms nobody.
        self.emit(ReplyError(call.id, ErrorCode.SECURITY_ERROR, "not registered"))
        return False
