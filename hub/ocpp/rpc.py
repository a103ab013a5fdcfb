"""OCPP-J's RPC framework for one link: frames in, events out; one outstanding CALL in each direction.

Theory: `receive` never raises. Each incoming CALL becomes one `CallReceived` and must be answered once, by
`reply` or `reply_error`; each own CALL is settled exactly once, as `Answered` or `Failed` (its CALLERROR, its
time-out, or the loss of the link), and `Late` tells that an answer has come after the time-out. What can't be a
frame is answered where the version has an answer for it, and otherwise ignored and counted: a CALLRESULT is never
answered, nor is a SEND (2.1).
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from hub.ocpp.errors import ErrorCode, spelled
from hub.ocpp.schemas import Schemas, Violation

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_ID = 36
MAX_UNANSWERED = 32
MAX_OVERDUE = 16
"""CALLs whose late answer is still known."""
REMEMBERED = 64
"""Message ids of answered calls that are remembered, to tell a replay."""
UNREADABLE_ID = "-1"
VALID = frozenset({ErrorCode.NOT_IMPLEMENTED, ErrorCode.GENERIC})
"""Refusals of messages that are valid, but not for here or not now."""
EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class CallReceived:
    id: str
    action: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answered:
    ref: object
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Failed:
    """`code` is the CALLERROR's as it was spelled, or Timeout, Disconnected, FormatViolation (an answer that
    its schema doesn't allow)."""

    ref: object
    code: str
    description: str = ""
    action: str = field(default="", compare=False)
    """What it was asked, for the log."""


@dataclass(frozen=True, slots=True)
class Late:
    """A CALLRESULT to a CALL that has failed by its time-out: the CSMS has got it all the same."""

    ref: object


@dataclass(frozen=True, slots=True)
class SendText:
    """`invalid`: it answers what was no valid message."""

    text: str
    invalid: bool = True


@dataclass(frozen=True, slots=True)
class Ignored:
    """`replay`: what has come before, or an answer to nothing."""

    reason: str
    replay: bool = False


Event = CallReceived | Answered | Failed | Late | SendText | Ignored


@dataclass(slots=True)
class _Outstanding:
    ref: object
    id: str
    action: str
    deadline: float


@dataclass(slots=True)
class Rpc:
    schemas: Schemas
    timeout_s: float = 30.0
    ignored: int = 0
    _outstanding: _Outstanding | None = None
    _overdue: dict[str, object] = field(default_factory=dict)
    _unanswered: dict[str, str] = field(default_factory=dict)
    _answered: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def idle(self) -> bool:
        """No own CALL is outstanding."""
        return self._outstanding is None

    def deadline(self) -> float | None:
        return self._outstanding.deadline if self._outstanding else None

    def call(
        self,
        ref: object,
        action: str,
        payload: Mapping[str, object],
        now: float,
        *,
        patience_s: float = math.inf,
    ) -> str:
        """The text to send; `ref` comes back with the answer. `patience_s`: where it is less than `timeout_s`."""
        if self._outstanding:
            raise RuntimeError("a CALL is outstanding")
        # A retry gets an id of its own too: ids are unique for ever (Part 4, 4.1.4).
        deadline = now + min(self.timeout_s, patience_s)
        self._outstanding = _Outstanding(ref, str(uuid4()), action, deadline)
        return _dump([CALL, self._outstanding.id, action, payload])

    def send(self, action: str, payload: Mapping[str, object]) -> str:
        """The text of a SEND: at any time, also beside an own CALL (2.1 Part 4, 4.2.4)."""
        return _dump([SEND, str(uuid4()), action, payload])

    def reply(self, call_id: str, payload: Mapping[str, object]) -> str | None:
        """None when the call is unknown: answered before, or of an earlier link."""
        return _dump([CALLRESULT, call_id, payload]) if self._close(call_id) else None

    def reply_error(self, call_id: str, code: ErrorCode, description: str = "") -> str | None:
        return self._error(call_id, code, description) if self._close(call_id) else None

    def expire(self, now: float) -> list[Event]:
        waiting = self._outstanding
        if waiting is None or now < waiting.deadline:
            return []
        self._outstanding = None
        self._overdue[waiting.id] = waiting.ref
        if len(self._overdue) > MAX_OVERDUE:
            del self._overdue[next(iter(self._overdue))]
        return [Failed(waiting.ref, "Timeout", f"no answer to {waiting.action}", waiting.action)]

    def lost(self) -> list[Event]:
        """The link is gone: what was outstanding failed, what was asked needs no answer any more."""
        self._unanswered.clear()
        waiting, self._outstanding = self._outstanding, None
        return [Failed(waiting.ref, "Disconnected", action=waiting.action)] if waiting else []

    def receive(self, text: str | bytes, now: float) -> list[Event]:
        frame = _parse(text)
        if frame is None:
            return [SendText(self._error(UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "this is no OCPP-J frame"))]
        kind = frame[0]
        if kind == CALL:
            return self._call_received(frame)
        if kind in (CALLRESULT, CALLERROR):
            return self._answer_received(frame)
        if kind in (CALLRESULTERROR, SEND) and self.schemas.version == "2.1":
            # 2.1 Part 4, 4.2.4: nobody answers them, not even wrong ones. No CSMS has anything to SEND to a station.
            return self._ignore(
                f"{'CALLRESULTERROR' if kind == CALLRESULTERROR else 'SEND'} {frame[1:]!r:.200}"
            )
        message_id = frame[1] if len(frame) > 1 and _is_id(frame[1]) else UNREADABLE_ID
        return [
            SendText(
                self._error(str(message_id), ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "unknown message type")
            )
        ]

    def _call_received(self, frame: list[object]) -> list[Event]:
        message_id = frame[1] if len(frame) > 1 and _is_id(frame[1]) else None
        if not isinstance(message_id, str):
            return self._refuse(
                UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "a message id of 1 to 36 characters is missing"
            )
        if message_id in self._unanswered or message_id in self._answered:
            return self._ignore("a message id that was used before", replay=True)
        if len(frame) != 4 or not isinstance(frame[2], str) or not isinstance(frame[3], dict):
            return self._refuse(message_id, ErrorCode.FORMAT_VIOLATION, "expected [2, id, action, payload]")
        action, payload = frame[2], whole(frame[3])
        if not self.schemas.knows(action):
            return self._refuse(message_id, ErrorCode.NOT_IMPLEMENTED, "unknown action")
        if len(self._unanswered) >= MAX_UNANSWERED:
            return self._refuse(message_id, ErrorCode.GENERIC, "too many calls at once")
        try:
            meant = self.schemas.request(action, payload)
        except Violation as violation:
            return self._refuse(message_id, violation.code, str(violation))
        self._unanswered[message_id] = action
        return [CallReceived(message_id, action, meant)]

    def _answer_received(self, frame: list[object]) -> list[Event]:
        waiting = self._outstanding
        if waiting is None or len(frame) < 2 or frame[1] != waiting.id:
            if len(frame) > 1 and isinstance(frame[1], str) and frame[1] in self._overdue:
                ref = self._overdue.pop(frame[1])
                return [Late(ref)] if frame[0] == CALLRESULT else self._ignore("an error after the time-out")
            return self._ignore("an answer that nothing waits for", replay=True)
        self._outstanding = None
        if frame[0] == CALLERROR:
            code = frame[2] if len(frame) > 2 and isinstance(frame[2], str) else "GenericError"
            description = frame[3] if len(frame) > 3 and isinstance(frame[3], str) else ""
            return [Failed(waiting.ref, code or "GenericError", description[:255], waiting.action)]
        payload = whole(frame[2]) if len(frame) == 3 else None
        if not isinstance(payload, dict):
            return self._bad_answer(waiting, ErrorCode.FORMAT_VIOLATION, "expected [3, id, payload]")
        try:
            return [Answered(waiting.ref, self.schemas.answer(waiting.action, payload))]
        except Violation as violation:
            return self._bad_answer(waiting, violation.code, str(violation))

    def _bad_answer(self, waiting: _Outstanding, code: ErrorCode, words: str) -> list[Event]:
        """Before 2.1 there is no way to tell the CSMS."""
        failed: list[Event] = [Failed(waiting.ref, "FormatViolation", words, waiting.action)]
        if self.schemas.version != "2.1":
            return failed
        return [SendText(_dump([CALLRESULTERROR, waiting.id, code.value, words[:255], {}])), *failed]

    def _refuse(self, message_id: str, code: ErrorCode, description: str) -> list[Event]:
        return [SendText(self._error(message_id, code, description), code not in VALID)]

    def _ignore(self, reason: str, *, replay: bool = False) -> list[Event]:
        self.ignored += 1
        return [Ignored(reason, replay)]

    def _close(self, call_id: str) -> bool:
        if self._unanswered.pop(call_id, None) is None:
            return False
        self._answered.append(call_id)
        return True

    def _error(self, message_id: str, code: ErrorCode, description: str) -> str:
        return _dump([CALLERROR, message_id, spelled(code, self.schemas.version), description[:255], {}])


def whole(node: Any) -> Any:
    """With integers where a number is whole: to JSON, and its schemas, 7.0 is one; as an id's text it isn't."""
    if isinstance(node, dict):
        return {key: whole(value) for key, value in node.items()}
    if isinstance(node, list):
        return [whole(value) for value in node]
    return int(node) if isinstance(node, float) and node.is_integer() and abs(node) < EXACT else node


def _dump(frame: list[object]) -> str:
    return orjson.dumps(frame).decode()


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID


def _parse(text: str | bytes) -> list[object] | None:
    """A list that starts with a number; None for everything else."""
    if isinstance(text, bytes) or len(text) > MAX_BYTES or _too_deep(text):
        return None
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if (
        not isinstance(frame, list)
        or not frame
        or isinstance(frame[0], bool)
        or not isinstance(frame[0], int)
    ):
        return None
    return frame


def _too_deep(text: str) -> bool:
    """Brackets inside texts count too when there are many: only then is it worth a look."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest > MAX_DEPTH
