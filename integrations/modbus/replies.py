"""Which of the frames that came is a request's reply, where no transaction id tells: pure, one for each wire.

Theory: an old frame (sent twice, or held up on its way) answers by its looks every later request of the same shape.
So a reply counts only when the line fell silent behind it, for an old frame may be followed by the right one. One
that repeats what last answered another question, and isn't what this question brought last, counts when it comes a
second time. What stays ambiguous is no reply.
"""

from collections.abc import Sequence

from integrations.modbus.frame import Request


class Ambiguous(TimeoutError):
    """What came may be old: worth another try."""


class Replies:
    def __init__(self) -> None:
        self._last: dict[tuple[int, ...], dict[Request, bytes]] = {}
        self._doubted: dict[Request, bytes] = {}

    def choose(self, request: Request, frames: Sequence[bytes]) -> bytes:
        """`frames`: the PDUs that answer the request by their looks, all that came before the line was silent.
        Raises Ambiguous."""
        answers = self._last.setdefault(request.shape, {})
        old = {answer for question, answer in answers.items() if question != request}
        different = set(frames)
        if len(different) > 1:
            different -= old
        if len(different) != 1:
            raise Ambiguous("contradicting replies")
        reply = different.pop()
        # Echoes of writes are all alike.
        doubtful = reply in old and reply != answers.get(request) and not request.words
        doubted = self._doubted.pop(request, None)
        if doubtful and doubted != reply:
            self._doubted[request] = reply
            raise Ambiguous("perhaps the reply to another question")
        answers[request] = reply
        return reply
