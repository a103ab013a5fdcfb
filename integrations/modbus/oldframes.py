"""All that a wire without transaction ids knows of frames that may be old: late replies (late.py) and repeated ones
(replies.py)."""

from collections.abc import Sequence

from integrations.modbus.frame import Request
from integrations.modbus.late import LateReplies
from integrations.modbus.replies import Replies

TROUBLED_S = 10.0
"""So long a line is taken for a bad one after a time-out or a frame that fits nothing."""


class OldFrames:
    """`tells_apart`: transaction ids tell them, so that nothing need be done."""

    def __init__(self, *, tells_apart: bool) -> None:
        self._tells_apart = tells_apart
        self._late = LateReplies()
        self._replies = Replies()
        self._troubled_until = 0.0

    def free_at(self, request: Request, now: float) -> float:
        """When the request may be sent; now or earlier: it may."""
        return self._late.free_at(request, now)

    def choose(self, request: Request, frames: Sequence[bytes], now: float) -> bytes:
        """Raises Ambiguous."""
        return self._replies.choose(request, frames, troubled=now < self._troubled_until)

    def guard(self, request: Request) -> Request | None:
        """What to ask before a doubted request is repeated."""
        return self._replies.guard(request)

    def given_up(self, request: Request) -> None:
        self._replies.unanswered(request)

    def answered(self, request: Request, now: float) -> None:
        if not self._tells_apart:
            self._late.answered(request, now)

    def missed(self, request: Request, sent: float, timeout_s: float, now: float) -> None:
        if not self._tells_apart:
            self._late.missed(request, sent, timeout_s)
            self._replies.unanswered(request)
            self._troubled_until = now + TROUBLED_S

    def late_refusal(self, unit: int, pdu: bytes, now: float, request: Request) -> bool:
        """Is it the answer to another request than this one?"""
        return self._late.arrived(unit, pdu, now, besides=request) is not None

    def nobodys(self, unit: int, pdu: bytes, now: float) -> float | None:
        """A frame came that isn't taken: a late reply, after so many seconds?"""
        if self._tells_apart:
            return None
        self._replies.strange(unit, pdu)
        self._troubled_until = now + TROUBLED_S
        return self._late.arrived(unit, pdu, now)
