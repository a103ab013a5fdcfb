"""Which of the frames that came is a request's reply, where no transaction id tells: pure, one for each wire.

Theory: an old frame (sent twice, or held up on its way) answers by its looks every later request of the same shape.
So a reply counts only when the line fell silent behind it, for an old frame may be followed by the right one. One
that repeats what another question brought lately (or nobody's), and isn't what this question brought last, is
doubted: it counts when it comes again behind a guard, twice on a line that had trouble lately. A guard is a question
to the same unit that an old frame can't answer: one of another shape, or one whose answer is known and differs. A
unit answers in order, so what was still on its way came out before the guard's answer did. Where no question can be
a guard, the reply must come three times.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from integrations.modbus.frame import Request

KEPT = 4
"""Answers of each question that may come once more as old frames."""
STRANGE = 16
"""Frames, of all units, that were nobody's reply."""
ENOUGH = 3


class Ambiguous(TimeoutError):
    """What came may be old: worth another try."""


@dataclass(slots=True)
class _Doubt:
    """`known`: what the guard must bring; None: anything, for its shape is another."""

    suspects: frozenset[bytes]
    seen: int = 1
    guarded: int = 0
    guard: Request | None = None
    known: bytes | None = None
    passed: bool = False

    def again(self) -> None:
        """The same reply."""
        self.seen += 1
        self.guarded += self.passed
        self.passed = False

    def over(self, times: int) -> bool:
        return self.guarded >= times if self.guard else self.seen >= ENOUGH


class Replies:
    def __init__(self) -> None:
        self._answers: dict[tuple[int, ...], dict[Request, deque[bytes]]] = {}
        self._doubts: dict[Request, _Doubt] = {}
        self._strange: deque[tuple[int, bytes]] = deque(maxlen=STRANGE)

    def strange(self, unit: int, pdu: bytes) -> None:
        """A frame was nobody's reply."""
        if (unit, pdu) not in self._strange:
            self._strange.append((unit, pdu))

    def choose(self, request: Request, frames: Sequence[bytes], *, troubled: bool = False) -> bytes:
        """`frames`: the PDUs that answer the request by their looks, all that came before the line was silent.
        `troubled`: old frames are likely. Raises Ambiguous."""
        if request.words:
            return frames[0]  # The echo, word for word.
        answers = self._answers.setdefault(request.shape, {})
        mine = answers.setdefault(request, deque(maxlen=KEPT))
        old = {answer for question, kept in answers.items() if question != request for answer in kept}
        old |= {pdu for unit, pdu in self._strange if unit == request.unit}
        reply = self._only(request, frozenset(frames), old)
        last = mine[-1] if mine else None
        if reply != last and (reply in old or len(set(frames)) > 1):
            self._confirm(request, reply, 1 + troubled)
        self._doubts.pop(request, None)
        if reply != last:
            mine.append(reply)
        for doubt in self._doubts.values():
            doubt.passed |= doubt.guard == request and doubt.known in (None, reply)
        return reply

    def unanswered(self, request: Request) -> None:
        """What was doubted before counts no more: old frames may have come since."""
        self._doubts.pop(request, None)

    def guard(self, request: Request) -> Request | None:
        """What to ask before a doubted request is repeated."""
        doubt = self._doubts.get(request)
        if doubt is None:
            return None
        others = [
            (shape == request.shape, other.reply_size, other, kept[-1])
            for shape, answers in self._answers.items()
            for other, kept in answers.items()
            if shape[0] == request.unit
            and kept
            and (shape != request.shape or kept[-1] not in doubt.suspects)
        ]
        if others:
            alike, _, doubt.guard, known = min(others, key=lambda other: other[:2])
            doubt.known = known if alike else None
        return doubt.guard

    def _only(self, request: Request, frames: frozenset[bytes], old: set[bytes]) -> bytes:
        rest = frames - old if len(frames) > 1 else frames
        if len(rest) != 1:
            self._doubts[request] = _Doubt(frames)
            raise Ambiguous("contradicting replies")
        return min(rest)

    def _confirm(self, request: Request, reply: bytes, times: int) -> None:
        """Raises Ambiguous as long as it has not come so many times behind a guard."""
        doubt = self._doubts.get(request)
        if doubt is None or doubt.suspects != {reply}:
            self._doubts[request] = _Doubt(frozenset({reply}))
        else:
            doubt.again()
            if doubt.over(times):
                return
        raise Ambiguous("perhaps the reply to another question")
