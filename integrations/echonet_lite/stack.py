"""The node on its sockets: questions become awaited answers, news reaches whom it concerns. One for the hub."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hub.errors import DeviceOffline, HubError
from hub.integration.api import Tracer
from integrations.echonet_lite import interfaces
from integrations.echonet_lite.batches import Batches, Got, Written, unique, written
from integrations.echonet_lite.frame import EOJ, Esv, Frame, Property
from integrations.echonet_lite.node import Event, Listed, News, Node, Stranger
from integrations.echonet_lite.nodes import Nodes
from integrations.echonet_lite.own import OwnNode
from integrations.echonet_lite.transactions import (
    GAP_S,
    PATIENCE_S,
    POLL,
    URGENT,
    Answered,
    Late,
    Part,
    Request,
    Transactions,
    Unanswered,
)
from integrations.echonet_lite.udp import Links

log = logging.getLogger(__name__)

GRID_S = 0.01
"""Deadlines are kept to the next hundredth, so that many fall together."""
Heard = Callable[[Frame], None]
Met = Callable[[str, Frame | None], None]
"""(address, the frame in which it told its instances)"""


@dataclass(frozen=True, slots=True)
class Manners:
    """How an object is asked: what its blueprint's link says."""

    patience_s: tuple[float, ...] = PATIENCE_S
    gap_s: float = GAP_S
    priority: int = POLL


@dataclass(frozen=True, slots=True)
class StackSettings:
    """`interfaces`: names, or addresses with their prefix; none: all usual ones. `node_id`: 13 bytes."""

    interfaces: tuple[str, ...] = ()
    node_id: bytes = field(default_factory=lambda: random.randbytes(13))  # noqa: S311
    broadcast: bool = False
    instances: Mapping[str, Sequence[EOJ]] = field(default_factory=dict)
    """What a node (by address or identification) has beyond the 84 objects that it can list."""


class Stack:
    """`open` and `close` around its use; both belong to the running loop."""

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = settings or StackSettings()
        own = OwnNode(self.settings.node_id)
        self.nodes = Nodes(own.identification.hex().upper())
        transactions = Transactions(random.getrandbits(16), random.random)
        self.counters: Counter[str] = transactions.counters
        self.links = Links(self._receive, self.counters)
        self.node = Node(
            own,
            transactions,
            accepts=self.links.accepts,
            known=lambda host: self.nodes.at(host) is not None,
            first_tid=random.randrange(0x100, 0x8000),  # noqa: S311
        )
        self.met: Met | None = None
        """Who wants to know of unknown addresses, and of instance lists."""
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._parts: dict[int, dict[EOJ, Frame]] = {}
        self._listeners: dict[tuple[str, EOJ], list[Heard]] = {}
        self._tracers: list[tuple[str, Tracer]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._wants_loopback = False
        self.searched_at = float("-inf")

    def open(self) -> None:
        """An interface that can't be had now is tried again by discovery."""
        try:
            self.refresh_interfaces()
        except HubError as error:
            log.error("ECHONET Lite: %s", error)
        self.announce()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for waiting in self._waiting.values():
            waiting.cancel()
        self.links.close()

    def refresh_interfaces(self) -> bool:
        """Addresses of this machine come and go too. Raises HubError. Returns whether anything has changed."""
        wanted = interfaces.find(self.settings.interfaces)
        if self._wants_loopback and not any(item.address.is_loopback for item in wanted):
            wanted += interfaces.loopback()
        try:
            return self.links.use(wanted, broadcast=self.settings.broadcast)
        finally:
            self.node.own_hosts = self.links.hosts

    def allow(self, host: str) -> None:
        """A configured address: it may lie beyond the links."""
        self.links.allow(host)
        if host.startswith("127.") and not self._wants_loopback:
            self._wants_loopback = True
            try:
                self.refresh_interfaces()
            except HubError as error:
                log.error("ECHONET Lite: %s", error)

    def announce(self) -> None:
        """Rule 9."""
        self.node.announce()
        self._flush()

    def search(self) -> None:
        self.searched_at = self._loop.time()
        self.node.search()
        self._flush()

    def listen(self, node: str, eoj: EOJ, heard: Heard) -> Callable[[], None]:
        """Called with what that object of a node (by its key) tells by itself. Returns the function that ends it."""
        listeners = self._listeners.setdefault((node, eoj), [])
        listeners.append(heard)

        def end() -> None:
            listeners.remove(heard)
            if not listeners:
                self._listeners.pop((node, eoj), None)

        return end

    def trace(self, node: str, tracer: Tracer) -> Callable[[], None]:
        """Called with every datagram from and to a node (by its key). Returns the function that ends it."""
        entry = (node, tracer)
        self._tracers.append(entry)
        return lambda: self._tracers.remove(entry)

    async def get(
        self,
        host: str,
        eoj: EOJ,
        epcs: Sequence[int],
        *,
        manners: Manners | None = None,
        batches: Batches | None = None,
    ) -> Got:
        """Reads, in as many requests as it takes. Raises DeviceOffline."""
        manners, batches = manners or Manners(), batches or Batches()
        pending, got = unique(epcs), Got()
        while pending:
            chunk = batches.next(pending)
            asked = tuple(map(Property, chunk))
            patience = batches.tries(chunk, manners.patience_s)
            request = Request(host, eoj, Esv.GET, asked, patience, manners.gap_s, manners.priority)
            try:
                frame = await self.ask(request)
            except DeviceOffline:
                if not batches.unanswered(chunk):
                    raise
                continue
            again = batches.answered(chunk, frame, got)
            got.at.update(dict.fromkeys(chunk, self._loop.time()))
            pending = again + [epc for epc in pending if epc not in chunk]
        return got

    async def set(
        self,
        host: str,
        eoj: EOJ,
        values: Mapping[int, bytes],
        *,
        manners: Manners | None = None,
        repeat: bool = True,
    ) -> Written:
        """SetC. `repeat` False: what must not happen twice is sent once. Raises DeviceOffline."""
        manners = manners or Manners()
        patience = manners.patience_s if repeat else manners.patience_s[-1:]
        asked = tuple(Property(epc, edt) for epc, edt in values.items())
        frame = await self.ask(Request(host, eoj, Esv.SETC, asked, patience, manners.gap_s, URGENT))
        return written(values, frame)

    async def ask(self, request: Request) -> Frame:
        """Raises DeviceOffline."""
        return await self._answer(request, None)

    async def ask_all(self, request: Request) -> Mapping[EOJ, Frame]:
        """Rule 12: the answers of all objects of a class to one question (`collect_s` is set); none: nobody answers."""
        parts: dict[EOJ, Frame] = {}
        with suppress(DeviceOffline):
            await self._answer(request, parts)
        return parts

    # Inside

    async def _answer(self, request: Request, parts: dict[EOJ, Frame] | None) -> Frame:
        now = self._loop.time()
        waiting: asyncio.Future[Frame] = self._loop.create_future()
        number = self.node.ask(request, now)
        self._waiting[number] = waiting
        if parts is not None:
            self._parts[number] = parts
        self._step(now)
        try:
            return await waiting
        finally:
            self._parts.pop(number, None)
            if self._waiting.pop(number, None) is not None:
                self.node.cancel(number)

    def _receive(self, host: str, payload: bytes) -> None:
        now = self._loop.time()
        self._show("up", host, payload)
        for event in self.node.receive(host, payload, now):
            self._take(event)
        self._step(now)

    def _take(self, event: Event) -> None:
        if isinstance(event, Answered):
            waiting = self._waiting.pop(event.number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(event.frame)
        elif isinstance(event, Part):
            if event.number in self._parts:
                self._parts[event.number][event.frame.seoj] = event.frame
        elif isinstance(event, News | Late):
            self._told(event)
        elif isinstance(event, Listed | Stranger) and self.met is not None:
            self.met(event.host, event.frame if isinstance(event, Listed) else None)

    def _told(self, event: News | Late) -> None:
        node = self.nodes.at(event.host)
        if node is None:
            return
        if isinstance(event, News):
            node.told_at = self._loop.time()
        for heard in list(self._listeners.get((node.key, event.frame.seoj), ())):
            heard(event.frame)

    def _step(self, now: float) -> None:
        for failed in self.node.step(now):
            self._fail(failed)
        self._flush()
        due = self.node.deadline
        if due is None:
            return
        if self._timer is None or due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = (due // GRID_S + 1) * GRID_S
            self._timer = self._loop.call_at(self._timer_at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._step(self._loop.time())

    def _fail(self, failed: Unanswered) -> None:
        waiting = self._waiting.pop(failed.number, None)
        if waiting is not None and not waiting.done():
            request = failed.request
            waiting.set_exception(
                DeviceOffline(f"{request.host} {request.eoj:06X}: {failed.reason} ({request.esv.name})")
            )

    def _flush(self) -> None:
        outbox, self.node.outbox = self.node.outbox, []
        for item in outbox:
            if item.host is not None:
                self._show("down", item.host, item.payload)
            self.links.send(item.host, item.payload)

    def _show(self, direction: str, host: str, payload: bytes) -> None:
        node = self.nodes.at(host) if self._tracers else None
        if node is None:
            return
        for key, tracer in self._tracers:
            if key == node.key:
                tracer(direction, payload)
