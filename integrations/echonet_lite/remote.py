"""One object of another node: what it can do, its properties as they were last read, and its announcements."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from hub.errors import DeviceOffline
from integrations.echonet_lite.batches import MOST, Batches, Got, Written
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.frame import EOJ, Esv, Frame
from integrations.echonet_lite.nodes import KnownNode
from integrations.echonet_lite.profile import property_map, release
from integrations.echonet_lite.schedule import MISSED, Schedule
from integrations.echonet_lite.stack import Manners

log = logging.getLogger(__name__)

RESETS = frozenset({0xD7, 0xD9})
"""Rule 20: cumulative registers are set back by these; a second time would lose what was counted in between."""
SURE_S = 10.0
MAPS = (0x9F, 0x9E, 0x9D, 0x82)


class Remote:
    """`wake` is called when it has announced something."""

    def __init__(
        self,
        discovery: Discovery,
        node: KnownNode,
        eoj: EOJ,
        *,
        manners: Manners | None = None,
        most: int = MOST,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.node, self.eoj = node, eoj
        self.release: str | None = None
        self.readable: frozenset[int] | None = None
        """9F; None: it doesn't say."""
        self.settable: frozenset[int] | None = None
        self.announced: frozenset[int] = frozenset()
        self.image: dict[int, bytes] = {}
        self.version = 0
        """Counts the image's changes."""
        self._at: dict[int, float] = {}
        """When what stands in the image was told."""
        self.schedule = Schedule({})
        self._discovery, self._stack = discovery, discovery.stack
        self._manners = manners or Manners()
        self._batches = Batches(most)
        self._wake = wake
        self._warned = False
        self._end = self._stack.listen(node.key, eoj, self._heard)

    def close(self) -> None:
        self._end()

    @property
    def name(self) -> str:
        return f"{self.eoj:06X} at {self.node.host}"

    async def begin(
        self,
        periods: Mapping[int, float],
        *,
        also: Mapping[int, float] | None = None,
        force_polling: bool = False,
    ) -> None:
        """Learns what it can do; `periods` by EPC, of which those that it doesn't have are dropped, and `also`
        what it says itself that it has. Raises DeviceOffline."""
        got = await self._maps()
        self.readable, self.settable, announced = (self._map(got.get(epc, b"")) for epc in (0x9F, 0x9E, 0x9D))
        self.announced = announced or frozenset()
        self.release = release(got.get(0x82, b""))
        there = {epc: every for epc, every in (also or {}).items() if epc in (self.readable or ())}
        there |= {epc: every for epc, every in periods.items() if self.has(epc)}
        self.schedule = Schedule(there, self.announced, force_polling=force_polling)

    def has(self, epc: int) -> bool:
        return self.readable is None or epc in self.readable

    def takes(self, epc: int) -> bool:
        return self.settable is None or epc in self.settable

    async def read(self, epcs: Iterable[int], *, manners: Manners | None = None) -> set[int]:
        """Into the image; which of them have changed. Raises DeviceOffline."""
        asked = list(epcs)
        got = await self._get(asked, manners)
        # Another read may have overtaken this one: what was answered before what is known isn't news.
        news = {epc: got.values.get(epc, b"") for epc, at in got.at.items() if at >= self._at.get(epc, 0.0)}
        changed = {epc for epc, edt in news.items() if epc in self.image and self.image[epc] != edt}
        self._at.update({epc: got.at[epc] for epc in news})
        if changed or not self.image.keys() >= set(news):
            self.version += 1
            self.image.update(news)
        self.schedule.read(asked, changed, asyncio.get_running_loop().time())
        self._diagnose()
        return changed

    async def write(self, values: Mapping[int, bytes], *, repeat: bool = True) -> Written:
        """Raises DeviceOffline."""
        await self._sure()
        self.schedule.wrote(values, asyncio.get_running_loop().time())
        safe = repeat and not RESETS & set(values)
        return await self._stack.set(self.node.host, self.eoj, values, manners=self._manners, repeat=safe)

    # Inside

    async def _maps(self) -> Mapping[int, bytes]:
        """Raises DeviceOffline. There are those who never answer to one of them: then the others count."""
        twice = replace(self._manners, patience_s=self._manners.patience_s[:2])
        try:
            return (await self._get(MAPS, twice, Batches(self._batches.most, halves=False))).values
        except DeviceOffline as error:
            silence = error
        found: dict[int, bytes] = {}
        answered = False
        for epc in MAPS:
            with contextlib.suppress(DeviceOffline):
                got = await self._get((epc,), twice)
                found, answered = {**found, **got.values}, True
        if not answered:
            raise silence
        return found

    async def _get(
        self, epcs: Iterable[int], manners: Manners | None = None, batches: Batches | None = None
    ) -> Got:
        """What was read of a node that has become suspect meanwhile may be another's."""
        await self._sure()
        host = self.node.host
        got = await self._stack.get(
            host, self.eoj, list(epcs), manners=manners or self._manners, batches=batches or self._batches
        )
        # Whoever answered our search meanwhile is only sure again after it has told who it is.
        await self._sure()
        if self.node.host != host:
            raise DeviceOffline(f"{self.name}: it has moved from {host} meanwhile")
        return got

    async def _sure(self) -> None:
        """A node that has announced itself anew is first asked who it is."""
        node = self.node
        if node.suspect:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SURE_S):
                    await self._discovery.look(node.host)
        if self._stack.nodes.at(node.host) is not node:
            raise DeviceOffline(f"{self.name}: another node lives there now")
        if node.suspect:
            raise DeviceOffline(f"{self.name}: it has started anew and doesn't say who it is")

    def _map(self, edt: bytes) -> frozenset[int] | None:
        told = property_map(edt)
        if told is None:
            return None
        if told.wrong:
            log.info("%s: a property map says %d and holds %d", self.name, told.count, len(told.items))
        return frozenset(told.items)

    def _heard(self, frame: Frame) -> None:
        """An answer that came late is data. Of an announcement what can't be read is taken as it was told; the
        rest is a reason to read, for anybody can announce anything."""
        if self.node.suspect:
            return
        told = {item.epc: item.edt for item in frame.properties if item.edt}
        late = frame.esv is Esv.GET_RES
        news = {epc: edt for epc, edt in told.items() if late or not self.has(epc)}
        now = asyncio.get_running_loop().time()
        if news:
            self.version += 1
            self.image.update(news)
            self._at.update(dict.fromkeys(news, now))
        if late or self.schedule.heard(told, now):
            self._wake()

    def _diagnose(self) -> None:
        """Rule 23: that multicast doesn't get through is said, once."""
        if self.schedule.missed >= MISSED and not self._warned:
            self._warned = True
            log.warning(
                "%s changes without an announcement that reaches us: multicast doesn't get through "
                "(IGMP snooping, another VLAN, a container's network?); it's polled instead",
                self.name,
            )
        elif self._warned and self.schedule.pushed:
            self._warned = False
            log.info("announcements of %s reach us again", self.name)
