"""Our node between datagrams and events: pure, time is an argument.

What arrives is a question to us, an answer to something we asked, or news. Whatever it is, it is a counter and
never an exception; and no answer of ours is larger or more than one for each question.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from integrations.echonet_lite.frame import NODE_PROFILE, Esv, Frame, FrameError, Property, decode, encode
from integrations.echonet_lite.own import OwnNode
from integrations.echonet_lite.transactions import Answered, Late, Part, Request, Transactions, Unanswered

LARGEST = 1500
MOST_A_SECOND = 200
"""Frames from one address that nobody asked for."""
MOST_HOSTS = 4096
QUESTIONS = frozenset({Esv.SETI, Esv.SETC, Esv.GET, Esv.INF_REQ, Esv.SETGET})
NEWS = frozenset({Esv.INF, Esv.INFC})


@dataclass(frozen=True, slots=True)
class News:
    """A property that an object announced by itself, whatever the DEOJ (rule 8)."""

    host: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Listed:
    """A node told its instances."""

    host: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody of whom nothing is known yet speaks ECHONET Lite."""

    host: str


Event = Answered | Part | Unanswered | Late | News | Listed | Stranger


@dataclass(frozen=True, slots=True)
class Datagram:
    """`host` None: to all."""

    host: str | None
    payload: bytes


class Node:
    """`accepts`: may that address talk to us? `known`: do we know who is there? `first_tid`: at random, for some
    controllers take whatever has the TID that they wait for, from 1 on, for their answer."""

    def __init__(
        self,
        own: OwnNode,
        transactions: Transactions,
        *,
        accepts: Callable[[str], bool] = lambda _host: True,
        known: Callable[[str], bool] = lambda _host: False,
        first_tid: int = 1,
    ) -> None:
        self.own = own
        self.own_hosts: frozenset[str] = frozenset()
        self._transactions = transactions
        self._accepts, self._known = accepts, known
        self._echoes: deque[bytes] = deque(maxlen=32)
        self._seconds: dict[str, tuple[int, int]] = {}
        self._tid = first_tid - 1
        self.outbox: list[Datagram] = []
        self.counters: Counter[str] = transactions.counters

    def ask(self, request: Request, now: float) -> int:
        return self._transactions.ask(request, now)

    def cancel(self, number: int) -> None:
        self._transactions.cancel(number)

    def forget(self, host: str) -> None:
        self._transactions.forget(host)

    def announce(self) -> None:
        """Rule 9: D5 to all."""
        self._to_all(self.own.announcement(self._next_tid()))

    def search(self) -> None:
        """Asks all for their instance lists, in both ways: not everybody answers to each."""
        seoj = 0x05FF01
        self._to_all(Frame(self._next_tid(), seoj, NODE_PROFILE, Esv.GET, (Property(0xD6),)))
        self._to_all(Frame(self._next_tid(), seoj, NODE_PROFILE, Esv.INF_REQ, (Property(0xD5),)))

    def step(self, now: float) -> list[Unanswered]:
        """What failed; what is due is in the outbox."""
        sends, failed = self._transactions.step(now)
        self.outbox.extend(Datagram(host, payload) for host, payload in sends)
        return failed

    @property
    def deadline(self) -> float | None:
        return self._transactions.deadline

    def receive(self, host: str, payload: bytes, now: float) -> list[Event]:
        """Never raises."""
        if len(payload) > LARGEST:
            self.counters["oversize"] += 1
            return []
        if not self._accepts(host):
            self.counters["off_link"] += 1
            return []
        if host in self.own_hosts and payload in self._echoes:
            # Rule 30: our own multicast comes back, as it does to others on this machine.
            self.counters["own"] += 1
            return []
        try:
            frame = decode(payload)
        except FrameError:
            self.counters["garbage"] += 1
            return []
        self.counters["frames"] += 1
        settled = self._transactions.receive(host, frame, now)
        if isinstance(settled, Answered | Part):
            return [settled]
        if self._too_many(host, now):
            self.counters["flood"] += 1
            return []
        self._transactions.heard(host)
        events: list[Event] = [settled] if settled is not None else []
        return events + self._unasked(host, frame)

    def _unasked(self, host: str, frame: Frame) -> list[Event]:
        if frame.esv in QUESTIONS:
            self._answer(host, frame)
        elif frame.esv in NEWS:
            if frame.esv is Esv.INFC and not self._answer(host, frame):
                return []  # rule 7: to an object that isn't ours
            self.counters["news"] += 1
            if not _lists(frame):
                known = self._known(host)
                return [News(host, frame)] if known else [News(host, frame), Stranger(host)]
        if _lists(frame):
            return [Listed(host, frame)]
        return [] if self._known(host) else [Stranger(host)]

    def _answer(self, host: str, frame: Frame) -> bool:
        answer, told = self.own.answer(frame)
        if answer is not None:
            self.counters["answered"] += 1
            self.outbox.append(Datagram(host, encode(answer)))
        if told is not None:
            self._to_all(told)
        return answer is not None

    def _to_all(self, frame: Frame) -> None:
        payload = encode(frame)
        self._echoes.append(payload)
        self.outbox.append(Datagram(None, payload))

    def _too_many(self, host: str, now: float) -> bool:
        second, count = self._seconds.get(host, (-1, 0))
        if second != int(now):
            if len(self._seconds) > MOST_HOSTS:
                self._seconds.clear()
            second, count = int(now), 0
        self._seconds[host] = second, count + 1
        return count >= MOST_A_SECOND

    def _next_tid(self) -> int:
        self._tid = self._tid % 0xFFFF + 1
        return self._tid


def _lists(frame: Frame) -> bool:
    """D5, or D6 as an answer to our search; some nodes call themselves 0EF002."""
    return frame.seoj >> 8 == NODE_PROFILE >> 8 and any(
        item.epc in (0xD5, 0xD6) and item.edt for item in frame.properties
    )
