"""A station, a CSMS that answers, and a driver, without any I/O. Everything said is checked against its schema."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from hub.clock import ManualClock
from hub.model.charger import Abilities, Identity
from hub.model.moment import rfc3339
from hub.ocpp.rpc import whole
from hub.ocpp.schemas import schemas
from hub.ocpp.station.effects import Attempt, Bury, Effect, Keep, Owe, Reply, ReplyError, Send, Settle
from hub.ocpp.station.messages import Token
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.station.station import Call, Dialect, Station
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v21.dialect import DIALECT as V21
from hub.ocpp.v201.dialect import DIALECT as V201

DIALECTS: dict[str, Dialect] = {"1.6": V16, "2.0.1": V201, "2.1": V21}
ACTIONS = frozenset({"start", "pause", "set_limit", "unlock", "reset"})
SETUP = StationSetup("garage", Identity("Maker", "Model", "S1", "1.0"), 1, Abilities(ACTIONS))
IDLE = {"status": "available", "plugged": False, "power": 0.0, "energy_total": 10.0, "charging_enabled": True}
PLUGGED = {**IDLE, "status": "preparing", "plugged": True}
CHARGING = {**PLUGGED, "status": "charging", "power": 11000.0, "current_l1": 16.0}


class World:
    """`sent`: what the CSMS got, as (action, payload). `effects`: what the hub was asked for."""

    def __init__(
        self, version: str = "2.0.1", *, setup: StationSetup = SETUP, boot: bool = True, **more: Any
    ) -> None:
        self.version = version
        self.dialect = DIALECTS[version]
        self.clock = ManualClock()
        self.setup = replace(setup, **more)
        self.memory: dict[tuple[str, str], Any] = {}
        self.journal: dict[int, tuple[Mapping[str, object], int]] = {}
        self.buried: list[Bury] = []
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        self.effects: list[Effect] = []
        self.replies: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}
        self.transaction_ids = iter(range(100, 10_000))
        self.calls = iter(range(10_000))
        self.held = False
        self.outstanding: tuple[object, str, Mapping[str, Any]] | None = None
        self.restart()
        if boot:
            self.connect()
            self.state(IDLE)
            self.sent.clear()

    def restart(self) -> None:
        """As after kill -9: only what is durable is left."""
        outbox = [(number, body, attempts) for number, (body, attempts) in sorted(self.journal.items())]
        self.station = Station(self.setup, self.memory, outbox, self.clock.now())
        self.outstanding = None

    def connect(self) -> None:
        self.station.connected(self.dialect, self.clock.now())
        self.pump()

    def disconnect(self) -> None:
        if self.outstanding:
            self.station.failed(self.outstanding[0], "Disconnected", self.clock.now())
            self.outstanding = None
        self.station.disconnected(self.clock.now())
        self.pump()

    def state(self, state: Mapping[str, Any], evse: int = 1) -> None:
        self.station.state(evse, state, self.clock.now())
        self.pump()

    def swipe(self, text: str = "CARD1", evse: int = 1) -> str:
        said = self.station.token(evse, Token(text), self.clock.now())
        self.pump()
        return said

    def advance(self, seconds: float) -> None:
        """Time passes, deadline by deadline."""
        end = self.clock.now().mono + seconds
        while (deadline := self.station.deadline()) is not None and deadline <= end:
            self.clock.advance(max(0.0, deadline - self.clock.now().mono))
            self.station.tick(self.clock.now())
            before = len(self.sent)
            self.pump()
            if self.station.deadline() == deadline and before == len(self.sent):
                break
        self.clock.advance(max(0.0, end - self.clock.now().mono))
        self.station.tick(self.clock.now())
        self.pump()

    def ask(self, action: str, payload: Mapping[str, Any], *, cmd: bool = False) -> Any:
        """The CSMS's CALL; its answer, or the error code."""
        schemas(self.version).validate(action, "request", payload)
        payload = whole(payload)
        call_id = f"{'cmd:' if cmd else ''}{next(self.calls)}"
        self.station.call(self.dialect, Call(call_id, action, payload), self.clock.now())
        self.pump(answering=action)
        return self.replies.get(call_id)

    def pump(self, answering: str = "") -> None:
        while True:
            self._carry_out(answering)
            if self.held or self.outstanding:
                return
            outgoing = self.station.next(self.clock.now())
            if outgoing is None:
                self._carry_out(answering)
                return
            self._carry_out(answering)
            schemas(self.version).validate(
                outgoing.action, "request", orjson.loads(orjson.dumps(outgoing.payload))
            )
            self.sent.append((outgoing.action, outgoing.payload))
            self.outstanding = (outgoing.ref, outgoing.action, outgoing.payload)
            self._answer()

    def release(self) -> None:
        """The CSMS answers again."""
        self.held = False
        if self.outstanding:
            self._answer()
        self.pump()

    def _answer(self) -> None:
        assert self.outstanding
        ref, action, payload = self.outstanding
        answer = self.answers.get(action, self._usual)
        answer = answer(action, payload) if callable(answer) else answer
        if answer == "hold":
            return
        self.outstanding = None
        if isinstance(answer, str):
            self.station.failed(ref, answer, self.clock.now())
        else:
            schemas(self.version).validate(action, "response", answer)
            self.station.answered(ref, answer, self.clock.now())

    def _usual(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        now = rfc3339(self.clock.now().wall)
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 300}
        if action == "Heartbeat":
            return {"currentTime": now}
        if action == "StartTransaction":
            return {"transactionId": next(self.transaction_ids), "idTagInfo": {"status": "Accepted"}}
        if action == "Authorize":
            return {self._info: {"status": "Accepted"}}
        if action == "SignCertificate":
            return {"status": "Accepted"}
        return {}

    @property
    def _info(self) -> str:
        return "idTagInfo" if self.version == "1.6" else "idTokenInfo"

    def refuse_tokens(self, status: str = "Invalid") -> None:
        self.answers["Authorize"] = {self._info: {"status": status}}

    def committing(self, effects: Sequence[Effect]) -> None:
        """What one input makes durable is about to be kept."""

    def committed(self, effects: Sequence[Effect]) -> None:
        """It is kept."""

    def _carry_out(self, answering: str) -> None:
        effects = self.station.drain()
        self.committing(effects)
        for effect in effects:
            match effect:
                case Owe(id=number, body=body):
                    self.journal[number] = (orjson.loads(orjson.dumps(body)), 0)
                    self.memory["counter", "outbox"] = number + 1  # as the store does
                case Settle(id=number):
                    del self.journal[number]
                case Attempt(id=number, attempts=attempts):
                    self.journal[number] = (self.journal[number][0], attempts)
                case Bury(id=number):
                    del self.journal[number]
                    self.buried.append(effect)
                case Keep(kind=kind, key=key, body=None):
                    self.memory.pop((kind, key), None)
                case Keep(kind=kind, key=key, body=body):
                    self.memory[kind, key] = orjson.loads(orjson.dumps(body))
                case Send(action=action, payload=payload):
                    schemas(self.version).validate(action, "send", orjson.loads(orjson.dumps(payload)))
                    self.sent.append((action, payload))
                case Reply(call_id=call_id, payload=payload):
                    assert call_id not in self.replies
                    if answering:
                        schemas(self.version).validate(
                            answering, "response", orjson.loads(orjson.dumps(payload))
                        )
                    self.replies[call_id] = payload
                case ReplyError(call_id=call_id, code=code):
                    self.replies[call_id] = code.value
            self.effects.append(effect)
        self.committed(effects)

    # What was seen

    def actions(self) -> list[str]:
        return [action for action, _ in self.sent]

    def take(self) -> list[tuple[str, Mapping[str, Any]]]:
        sent, self.sent[:] = list(self.sent), []
        return sent

    def events(self) -> list[tuple[str, str]]:
        """(eventType, triggerReason) of 2.0.1's transaction events."""
        return [(p["eventType"], p["triggerReason"]) for a, p in self.sent if a == "TransactionEvent"]

    def last(self, kind: type[Any]) -> Any:
        return next((effect for effect in reversed(self.effects) if isinstance(effect, kind)), None)
