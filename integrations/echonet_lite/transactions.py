"""Requests and their answers: pure, time is an argument.

Theory: each node (host) has a queue and at most one request in flight; between an answer and the next request
lies a gap. A try that isn't answered in time goes back into the queue with the same TID, so that a late answer to
the first try still settles it, and so that an object that doesn't exist (which a node answers with silence) holds
up its neighbours for one try at a time. A node of which at least two objects were asked in vain is silent: what is
asked of it then fails at once, but for one probe at growing intervals, until anything is heard of it.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from integrations.echonet_lite.frame import CONTROLLER, EOJ, Esv, Frame, Property, encode

PATIENCE_S = (3.0, 5.0, 10.0)
GAP_S = 0.1
CONTEST, URGENT, READ_BACK, LOOK, POLL = -1, 0, 1, 2, 3
"""Priorities. A contest doesn't even wait for an answer under way: perhaps nobody is there any more to give it."""
ANSWERS = {
    Esv.GET: (Esv.GET_RES, Esv.GET_SNA),
    Esv.SETC: (Esv.SET_RES, Esv.SETC_SNA),
    Esv.INF_REQ: (Esv.INF, Esv.INF_SNA),
}
RESPONSES = frozenset({Esv.GET_RES, Esv.GET_SNA, Esv.SET_RES, Esv.SETC_SNA})
TRIES_TO_BE_SILENT = 3
PROVEN_ANSWERS, PROMPT, EARLY = 4, 5, 1 / 3
"""After so many answers, of which the slowest took a fifth of it, a third of the first wait is enough."""
BUSY = 8
"""So many requests may wait for a node, and so many objects may it have, before the gaps between them shrink."""
AT_ONCE_S = 0.002
"""A shorter gap isn't worth a timer."""
FIRST_PROBE_S, LONGEST_PROBE_S = 2.0, 60.0
THAT_IS_ALL = "that is all"


def patience(timeout_s: float, tries: int) -> tuple[float, ...]:
    """How long each try waits, growing as PATIENCE_S does."""
    grown = [timeout_s * seconds / PATIENCE_S[0] for seconds in PATIENCE_S]
    return tuple(grown[min(number, len(grown) - 1)] for number in range(tries))


@dataclass(frozen=True, slots=True)
class Request:
    """`patience_s`: one entry for each try; one entry: never repeated."""

    host: str
    eoj: EOJ
    esv: Esv
    properties: tuple[Property, ...]
    patience_s: tuple[float, ...] = PATIENCE_S
    gap_s: float = GAP_S
    priority: int = POLL
    collect_s: float = 0.0
    """Of a question to instance 00: all objects of the class answer, each for itself, until none has for so long."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several answers; the question ends with `Unanswered`."""

    number: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Answered:
    number: int
    request: Request
    frame: Frame


@dataclass(frozen=True, slots=True)
class Late:
    """An answer whose question is closed, and after which nothing else was asked of that object: it's data."""

    host: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Unanswered:
    number: int
    request: Request
    reason: str


@dataclass(slots=True)
class _Open:
    number: int
    request: Request
    patience_s: tuple[float, ...]
    tid: int = -1
    tries: int = 0
    sent_at: float = 0.0
    settled: bool = False
    parts: int = 0

    @property
    def early(self) -> bool:
        """Is the try under way one more than was asked for?"""
        return self.tries <= len(self.patience_s) - len(self.request.patience_s)


@dataclass(slots=True)
class _Peer:
    queue: list[tuple[int, int, _Open]] = field(default_factory=list)
    sent: dict[int, _Open] = field(default_factory=dict)
    flight: _Open | None = None
    due: float = 0.0
    """When the flight is over."""
    answered_at: float = float("-inf")
    wake: float | None = None
    latest: dict[EOJ, int] = field(default_factory=dict)
    """The TID of the last request to each object."""
    vain: set[EOJ] = field(default_factory=set)
    tries_in_vain: int = 0
    silent: bool = False
    probe_at: float = 0.0
    probe_s: float = FIRST_PROBE_S
    answers: int = 0
    slowest: float = 0.0
    """Of its latest answers, in seconds."""

    def patience_s(self, request: Request) -> tuple[float, ...]:
        """Who always answers at once is asked again sooner, and once more: then an answer was lost, not late."""
        first, *rest = request.patience_s
        if not rest or self.answers < PROVEN_ANSWERS or self.slowest > first * EARLY / PROMPT:
            return request.patience_s
        return (first * EARLY, first * (1 - EARLY), *rest)

    @property
    def share(self) -> float:
        """Of the gap: who stands for a hundred objects is no small device, least of all while so many wait."""
        return min(1.0, BUSY / max(1, len(self.latest)), (BUSY / (len(self.queue) + 1)) ** 2)

    def answered(self, opened: _Open, now: float) -> None:
        """An answer after several tries doesn't say to which."""
        if opened.tries == 1:
            self.answers += 1
            self.slowest = max(now - opened.sent_at, self.slowest * 0.9)


class Transactions:
    """`first_tid`: where to start, at random; `jitter`: 0..1 for each try."""

    def __init__(self, first_tid: int, jitter: Callable[[], float], *, source: EOJ = CONTROLLER) -> None:
        self._source = source
        self._tid = first_tid & 0xFFFF
        self._jitter = jitter
        self._peers: dict[str, _Peer] = {}
        self._heap: list[tuple[float, str]] = []
        self._number = 0
        self._order = 0
        self._failed: list[Unanswered] = []
        self._open: dict[int, _Open] = {}
        self.counters: Counter[str] = Counter()

    def ask(self, request: Request, now: float) -> int:
        """The number under which it will be Answered or Unanswered. Call `step` next."""
        self._number += 1
        peer = self._peers.setdefault(request.host, _Peer())
        opened = self._open[self._number] = _Open(self._number, request, peer.patience_s(request))
        if peer.silent and now < peer.probe_at:
            self._give_up(opened, "the node is silent")
            self._wake(request.host, peer, now)
            return opened.number
        if peer.silent:
            peer.probe_at = now + peer.probe_s
            peer.probe_s = min(peer.probe_s * 2, LONGEST_PROBE_S)
        self._enqueue(peer, opened)
        if request.priority == CONTEST:
            self._land(peer)
        if peer.flight is None:
            self._wake(request.host, peer, max(now, peer.answered_at + request.gap_s * peer.share))
        return opened.number

    def cancel(self, number: int) -> None:
        opened = self._open.pop(number, None)
        if opened is not None:
            opened.settled = True

    def receive(self, host: str, frame: Frame, now: float) -> Answered | Part | Late | None:
        """What an answer is an answer to. None: to nothing that was asked."""
        peer = self._peers.get(host)
        if peer is None:
            return None
        self.heard(host)
        opened = peer.sent.get(frame.tid) or self._asked_to_tell(peer, frame)
        if opened is None or not _answers(opened.request, frame):
            return self._closed(peer, host, frame)
        if opened.request.collect_s:
            return self._collected(host, peer, opened, frame, now)
        if peer.flight is opened:
            peer.flight, peer.answered_at = None, now
            self._wake(host, peer, now)
        self._close(peer, opened)
        peer.answered(opened, now)
        self.counters["answers"] += 1
        if opened.settled:
            return None
        opened.settled = True
        self._open.pop(opened.number, None)
        return Answered(opened.number, opened.request, frame)

    def heard(self, host: str) -> None:
        """Anything from a node says that it is there: its failures are forgotten."""
        peer = self._peers.get(host)
        if peer is not None and peer.tries_in_vain:
            peer.vain.clear()
            peer.tries_in_vain, peer.silent, peer.probe_s = 0, False, FIRST_PROBE_S

    def step(self, now: float) -> tuple[list[tuple[str, bytes]], list[Unanswered]]:
        """(what to send, what failed) now."""
        sends: list[tuple[str, bytes]] = []
        while self._heap and self._heap[0][0] <= now:
            at, host = heapq.heappop(self._heap)
            peer = self._peers[host]
            if peer.wake == at:
                peer.wake = None
                sends.extend((host, datagram) for datagram in self._serve(host, peer, now))
        failed, self._failed = self._failed, []
        return sends, failed

    @property
    def deadline(self) -> float | None:
        """When `step` has something to do."""
        while self._heap and self._peers[self._heap[0][1]].wake != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def forget(self, host: str) -> None:
        """The node isn't there any more: what was asked of it has failed."""
        peer = self._peers.get(host)
        if peer is not None:
            for opened in [*peer.sent.values(), *(item for _, _, item in peer.queue)]:
                self._give_up(opened, "the node has moved")
            peer.queue.clear()
            peer.sent.clear()
            peer.flight = None
            self._wake(host, peer, float("-inf"))

    # Inside

    def _land(self, peer: _Peer) -> None:
        """What is under way waits for its next try, if it has one; its answer still settles it."""
        flight = peer.flight
        if flight is not None and flight.tries < len(flight.patience_s):
            self._enqueue(peer, flight)
            peer.flight = None

    def _serve(self, host: str, peer: _Peer, now: float) -> Iterator[bytes]:
        if peer.flight is not None:
            if now < peer.due:
                self._wake(host, peer, peer.due)
                return
            self._missed(peer, peer.flight)
        opened = self._next(peer)
        if opened is None:
            return
        ready = peer.answered_at + opened.request.gap_s * peer.share
        if ready - now > AT_ONCE_S:
            self._enqueue(peer, opened)
            self._wake(host, peer, ready)
            return
        yield self._send(host, peer, opened, now)

    def _send(self, host: str, peer: _Peer, opened: _Open, now: float) -> bytes:
        request = opened.request
        if opened.tid < 0:
            opened.tid = self._free_tid(peer)
            peer.sent[opened.tid] = opened
        else:
            self.counters["retries"] += 1
        peer.latest[request.eoj] = opened.tid
        wait = opened.patience_s[opened.tries] * (1 + 0.2 * self._jitter())
        opened.tries += 1
        opened.sent_at = now
        peer.flight, peer.due = opened, now + wait
        self._wake(host, peer, peer.due)
        self.counters["requests"] += 1
        return encode(Frame(opened.tid, self._source, request.eoj, request.esv, request.properties))

    def _collected(self, host: str, peer: _Peer, opened: _Open, frame: Frame, now: float) -> Part:
        opened.parts += 1
        self.counters["answers"] += 1
        peer.answered_at = now
        if peer.flight is opened:
            peer.due = now + opened.request.collect_s
            self._wake(host, peer, peer.due)
        return Part(opened.number, frame)

    def _missed(self, peer: _Peer, opened: _Open) -> None:
        peer.flight = None
        if opened.parts:
            self._close(peer, opened)
            self._give_up(opened, THAT_IS_ALL)
            return
        if opened.settled:  # cancelled under way: until now the node may have been busy with it
            self._close(peer, opened)
            return
        if not opened.early:
            peer.tries_in_vain += 1
            peer.vain.add(opened.request.eoj)
        if len(peer.vain) > 1 and peer.tries_in_vain >= TRIES_TO_BE_SILENT:
            peer.silent = True
            for _, _, waiting in peer.queue:
                self._close(peer, waiting)
                self._give_up(waiting, "the node is silent")
            peer.queue.clear()
        if peer.silent or opened.tries >= len(opened.patience_s):
            self._close(peer, opened)
            self._give_up(opened, "no answer")
        else:
            self._enqueue(peer, opened)

    def _give_up(self, opened: _Open, reason: str) -> None:
        self._open.pop(opened.number, None)
        if not opened.settled:
            opened.settled = True
            self.counters["unanswered"] += reason != THAT_IS_ALL
            self._failed.append(Unanswered(opened.number, opened.request, reason))

    def _close(self, peer: _Peer, opened: _Open) -> None:
        peer.sent.pop(opened.tid, None)

    def _closed(self, peer: _Peer, host: str, frame: Frame) -> Late | None:
        last = peer.latest.get(frame.seoj) == frame.tid and frame.tid not in peer.sent
        if frame.esv in RESPONSES:
            self.counters["late" if last else "foreign"] += 1
        return Late(host, frame) if last and frame.esv is Esv.GET_RES else None

    def _asked_to_tell(self, peer: _Peer, frame: Frame) -> _Open | None:
        """INF answers INF_REQ, and as it may be multicast its TID may be another."""
        flight = peer.flight
        if flight is not None and flight.request.esv is Esv.INF_REQ and frame.esv is Esv.INF:
            return flight
        return None

    def _next(self, peer: _Peer) -> _Open | None:
        while peer.queue:
            _, _, opened = heapq.heappop(peer.queue)
            if not opened.settled:
                return opened
            self._close(peer, opened)
        return None

    def _enqueue(self, peer: _Peer, opened: _Open) -> None:
        self._order += 1
        heapq.heappush(peer.queue, (opened.request.priority, self._order, opened))

    def _free_tid(self, peer: _Peer) -> int:
        while True:
            self._tid = (self._tid + 1) & 0xFFFF
            if self._tid not in peer.sent:
                return self._tid

    def _wake(self, host: str, peer: _Peer, at: float) -> None:
        if peer.wake is None or at < peer.wake:
            peer.wake = at
            heapq.heappush(self._heap, (at, host))


def _answers(request: Request, frame: Frame) -> bool:
    """Host and TID fit; do object, service and properties? Some stacks leave out what they don't know, all of it."""
    if frame.esv not in ANSWERS[request.esv]:
        return False
    same = request.eoj >> 8 == frame.seoj >> 8 if request.eoj & 0xFF == 0 else request.eoj == frame.seoj
    asked = {item.epc for item in request.properties}
    return same and (not frame.properties or any(item.epc in asked for item in frame.properties))
