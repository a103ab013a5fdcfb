"""Finds nodes, makes sure who they are, and follows them to new addresses."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hub.errors import DeviceOffline, HubError
from integrations.echonet_lite.frame import EOJ, NODE_PROFILE, Esv, Frame, Property
from integrations.echonet_lite.neighbours import neighbours
from integrations.echonet_lite.nodes import KnownNode, Look, Verdict, missing
from integrations.echonet_lite.profile import class_list, identification, instance_list, words
from integrations.echonet_lite.stack import Manners, Stack
from integrations.echonet_lite.transactions import CONTEST, LOOK, Request

log = logging.getLogger(__name__)

LOOKING = Manners((1.0, 2.0, 4.0), gap_s=0.02, priority=LOOK)
CONTESTING = Manners((1.0, 1.0), gap_s=0.0, priority=CONTEST)
SWEEP_S = 1.0
"""How long an object that may not exist is waited for."""
COLLECT_S = 0.3
"""Where each object of a class answers for itself: how long for the next."""
SEARCHES_S = (0.0, 3.0, 15.0, 60.0)
"""After the start; then every SEARCH_EVERY_S. Nodes that boot, and networks that lose multicast, get their chance."""
SEARCH_EVERY_S = 600.0
LOOK_AGAIN_S = 30.0
SOON_S = 0.2
"""A node that announces itself often is looked at once for many times."""
ANSWERS_S = 5.0
"""After a search: how long its answers may come."""
INTERFACES_S = 10.0
PROFILE = (0x83, 0x82, 0x8A, 0x8C, 0xD3)


class Discovery:
    """`changed` is called when a node was found, has moved, or isn't there any more."""

    def __init__(self, stack: Stack, *, configured: Mapping[str, Sequence[EOJ]] | None = None) -> None:
        self.stack = stack
        self.configured = configured or {}
        """Objects that a node (by address or identification) has without listing them."""
        self.searching = True
        self._changed: list[Callable[[], None]] = []
        self._looks: dict[str, asyncio.Task[KnownNode | None]] = {}
        self._looked: dict[str, float] = {}
        self._warned: set[str] = set()
        self._telling = False
        self._loop = asyncio.get_running_loop()
        stack.met = self.met

    async def run(self) -> None:
        """Searches again and again, and follows this machine's own addresses; until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._search())
                group.create_task(self._follow_interfaces())
        finally:
            looks = list(self._looks.values())
            for look in looks:
                look.cancel()
            await asyncio.gather(*looks, return_exceptions=True)

    def on_change(self, told: Callable[[], None]) -> Callable[[], None]:
        self._changed.append(told)
        return lambda: self._changed.remove(told)

    def met(self, host: str, frame: Frame | None) -> None:
        """An address was heard (`frame`: with a list of its instances): is it who we think it is?"""
        known = self.stack.nodes.at(host)
        listed = frame is not None and not self._expected(known, frame)
        if listed and known is not None:
            known.suspect = True  # it has started, or its objects have changed: perhaps it's another
        if known is not None and frame is not None and frame.esv is Esv.INF and frame.deoj == NODE_PROFILE:
            known.started_at = self._loop.time()  # or it answers a search, perhaps somebody else's
        since = self._loop.time() - self._looked.get(host, float("-inf"))
        if host not in self._looks and (since > LOOK_AGAIN_S or (listed and since > SOON_S)):
            self._start_look(host)
        elif listed and host not in self._looks:
            self._loop.call_later(SOON_S, self._start_look, host)

    def _expected(self, known: KnownNode | None, frame: Frame) -> bool:
        """The answer of a node to our own search, with nothing new in it: a thousand of them come at once."""
        if known is None or self._loop.time() - self.stack.searched_at > ANSWERS_S:
            return False
        lists = [instance_list(item.edt) for item in frame.properties if item.epc in (0xD5, 0xD6)]
        return all(told is not None and set(told.items) <= set(known.look.objects) for told in lists)

    async def look(self, host: str, *, within_s: float = 0.0) -> KnownNode | None:
        """Who is there now, or was so lately? None: nobody who says so."""
        known = self.stack.nodes.at(host)
        sure = known is not None and known.host == host and not known.suspect and host not in self._looks
        if sure and known is not None and self._loop.time() - known.checked_at < within_s:
            self._tell_soon()
            return known
        return await asyncio.shield(self._start_look(host))

    def _start_look(self, host: str) -> asyncio.Task[KnownNode | None]:
        look = self._looks.get(host)
        if look is None:
            self._looked[host] = self._loop.time()
            look = self._looks[host] = self._loop.create_task(self._look(host))
            look.add_done_callback(lambda _done: self._looks.pop(host, None))
        return look

    async def _look(self, host: str) -> KnownNode | None:
        try:
            got = await self.stack.get(host, NODE_PROFILE, (*PROFILE, 0xD6), manners=LOOKING)
        except DeviceOffline as error:
            log.debug("%s doesn't tell who it is: %s", host, error)
            return None
        raw, look = got.values.get(0x83, b""), _understood(got.values)
        if look.count > len(look.objects):
            look = replace(look, classes=await self._classes(host))
        node = await self._settle(host, look, raw)
        if node is None:
            return None
        node.suspect = False
        self._tell()
        await self._sweep(node)
        return node

    async def _classes(self, host: str) -> tuple[int, ...]:
        """Where the list of its objects says less than their count: of which classes they are."""
        try:
            got = await self.stack.get(host, NODE_PROFILE, (0xD7,), manners=LOOKING)
        except DeviceOffline:
            return ()
        return class_list(got.values.get(0xD7, b""))

    async def _settle(self, host: str, look: Look, raw: bytes) -> KnownNode | None:
        nodes, now = self.stack.nodes, self._loop.time()
        verdict = nodes.judge(host, look.uid, raw)
        if verdict is Verdict.OWN:
            return None
        if look.uid is None:
            known = self._other_side(host, look)
            if known is not None:
                return nodes.alias(known.key, host)
            self._warn(
                host, f"the node at {host} has no identification of its own: its address stands for it"
            )
        if verdict is Verdict.ALIAS and look.uid:
            return nodes.alias(look.uid, host)
        if verdict is Verdict.CONTESTED and look.uid:
            return await self._contest(look.uid, host, look)
        before = nodes.at(host)
        if verdict is Verdict.SAME and before is not None and host in before.aliases:
            return nodes.refresh(before, _kept(before, look), now)
        node = nodes.take(host, _kept(before, look), now)
        if before is not node:
            log.info("node %s at %s with %d objects", node.key, host, len(look.objects))
        return node

    def _other_side(self, host: str, look: Look) -> KnownNode | None:
        """Rule 14: without an identification the hardware address tells that both IP versions are one node."""
        alike = [
            node
            for node in self.stack.nodes
            if node.uid is None
            and (":" in node.host) != (":" in host)
            and (node.look.maker, node.look.objects) == (look.maker, look.objects)
        ]
        if not alike:
            return None
        hardware = neighbours()
        wanted = hardware.get(host)
        return next((node for node in alike if wanted and hardware.get(node.host) == wanted), None)

    async def _contest(self, uid: str, host: str, look: Look) -> KnownNode:
        """Rule 15: does whoever had that identification still live at its old address?"""
        nodes = self.stack.nodes
        old = nodes.find(uid)
        assert old is not None
        if uid in nodes.shared:
            return nodes.twin(host, look, self._loop.time())
        before = old.host
        there = await self._identification(before)
        if there == uid and nodes.find(uid) is old and old.host == before:
            self._warn(f"{uid}@{host}", f"{before} and {host} have the same identification {uid}: kept apart")
            return nodes.twin(host, look, self._loop.time())
        log.info("node %s has moved from %s to %s", uid, before, host)
        nodes.move(uid, host)
        self.stack.node.forget(before)
        self.stack.links.allow(host)
        if there is not None:
            self._start_look(before)
        return nodes.take(host, _kept(old, look), self._loop.time())

    async def _identification(self, host: str) -> str | None:
        try:
            got = await self.stack.get(host, NODE_PROFILE, (0x83,), manners=CONTESTING)
        except DeviceOffline:
            return None
        return identification(got.values.get(0x83, b"")) or ""

    async def _sweep(self, node: KnownNode) -> None:
        """Rule 11: what a list of 84 couldn't hold is asked for, all of a class at once and then one by one."""
        found = list(node.look.objects)
        configured = (*self.configured.get(node.host, ()), *self.configured.get(node.uid or "", ()))
        wanted = missing(node.look, configured)
        for class_code in dict.fromkeys(eoj >> 8 for eoj in wanted):
            found += await self._answering(node.host, class_code, wanted)
        for eoj in wanted:
            if len(found) >= node.look.count and eoj not in configured:
                break
            if eoj not in found and await self._exists(node.host, eoj):
                found.append(eoj)
        if len(found) > len(node.look.objects):
            count = max(node.look.count, len(found))
            node.look = replace(node.look, objects=tuple(sorted(found)), count=count)
            self.stack.nodes.version += 1
            self._tell()

    async def _answering(self, host: str, class_code: int, wanted: Sequence[EOJ]) -> list[EOJ]:
        """Rule 12: instance 00 means all of a class; few nodes know it."""
        asked = Request(
            *(host, class_code << 8, Esv.GET, (Property(0x80),), (SWEEP_S,)),
            gap_s=LOOKING.gap_s,
            priority=LOOK,
            collect_s=COLLECT_S,
        )
        parts = await self.stack.ask_all(asked)
        return [eoj for eoj in wanted if eoj in parts]

    async def _exists(self, host: str, eoj: EOJ) -> bool:
        """Rule 6: an object that isn't there is silent."""
        asked = Request(host, eoj, Esv.GET, (Property(0x80),), (SWEEP_S,), gap_s=LOOKING.gap_s, priority=LOOK)
        try:
            await self.stack.ask(asked)
        except DeviceOffline:
            return False
        return True

    async def _search(self) -> None:
        started = self._loop.time()
        for after in SEARCHES_S:
            await asyncio.sleep(max(0.0, started + after - self._loop.time()))
            self._search_once()
        while True:
            await asyncio.sleep(SEARCH_EVERY_S)
            self._search_once()

    def _search_once(self) -> None:
        if self.searching:
            self.stack.search()

    async def _follow_interfaces(self) -> None:
        while True:
            await asyncio.sleep(INTERFACES_S)
            try:
                if self.stack.refresh_interfaces():
                    self.stack.announce()
                    self._search_once()
            except HubError as error:
                self._warn("interfaces", str(error))

    def _tell_soon(self) -> None:
        """Somebody has found its charger: once for many."""
        if not self._telling:
            self._telling = True
            self._loop.call_later(SOON_S, self._tell)

    def _tell(self) -> None:
        self._telling = False
        for told in self._changed[:]:
            told()

    def _warn(self, subject: str, words_: str) -> None:
        """Once for each subject."""
        if subject not in self._warned:
            self._warned.add(subject)
            log.warning("%s", words_)


def _understood(values: Mapping[int, bytes]) -> Look:
    listed = instance_list(values.get(0xD6, b""))
    return Look(
        identification(values.get(0x83, b"")),
        int.from_bytes(values.get(0x8A, b"")[:3], "big"),
        words(values.get(0x8C, b"")),
        listed.items if listed else (),
        max(int.from_bytes(values.get(0xD3, b""), "big"), listed.count if listed else 0),
    )


def _kept(before: KnownNode | None, look: Look) -> Look:
    """A list that is cut short doesn't take away what a sweep has found."""
    if before is None or before.uid != look.uid or look.count != before.look.count:
        return look
    more = tuple(eoj for eoj in before.look.objects if eoj not in look.objects)
    return replace(look, objects=look.objects + more)
