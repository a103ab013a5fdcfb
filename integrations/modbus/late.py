"""Late replies on wires without transaction ids: what may still come, and what must not be asked until then.

Theory: a reply that came too late for its request answers, by its looks, every later request of the same shape
(unit, function, size). So after a time-out nothing of that shape is asked until the reply was seen or can't come
any more; the same question may be asked again, because the late answer to it is no wrong one. All other requests
go on after a short quiet time.
"""

from dataclasses import dataclass

from integrations.modbus.frame import Request

PATIENCE = 2.0
"""A reply later than this many time-outs (or than the longest ever seen) won't come."""
LONGEST_S = 10.0
"""Nothing that comes later is taken for a late reply."""
MOST_OWED = 4
"""Tries of one request whose replies are waited for."""


@dataclass(slots=True)
class _Owed:
    request: Request
    sent: float
    until: float


class LateReplies:
    """Of one wire."""

    def __init__(self) -> None:
        self._owed: list[_Owed] = []
        self._longest: dict[int, float] = {}
        self.seen = 0

    def missed(self, request: Request, sent: float, timeout_s: float) -> None:
        """No reply in time."""
        longest = self._longest.get(request.unit, 0.0)
        mine = [owed for owed in self._owed if owed.request == request]
        if len(mine) >= MOST_OWED:
            self._owed.remove(mine[0])
        self._owed.append(_Owed(request, sent, sent + max(PATIENCE * timeout_s, 1.5 * longest)))

    def arrived(self, unit: int, pdu: bytes, now: float, *, besides: Request | None = None) -> float | None:
        """A frame that isn't taken: is it one of the late ones (`besides` those of this request)? Then it is owed
        no more. After how many seconds it came; None: it is none."""
        for owed in self._owed:
            if owed.request.unit == unit and owed.request.expects(pdu) and owed.request != besides:
                took_s = now - owed.sent
                self._longest[unit] = min(max(self._longest.get(unit, 0.0), took_s), LONGEST_S)
                self._owed.remove(owed)
                self.seen += 1
                return took_s
        return None

    def answered(self, request: Request, now: float) -> None:
        """A reply was taken that may have been the late one: then its own is still to come."""
        for owed in self._owed:
            if owed.request.shape == request.shape:
                owed.until = max(owed.until, now + (owed.until - owed.sent))
                owed.sent = now

    def free_at(self, request: Request, now: float) -> float:
        """When the request may be sent; now or earlier: it may."""
        if not self._owed:
            return now
        self._owed = [owed for owed in self._owed if owed.until > now]
        return max((owed.until for owed in self._owed if _confuses(owed.request, request)), default=now)


def _confuses(late: Request, request: Request) -> bool:
    return late.shape == request.shape and late != request
