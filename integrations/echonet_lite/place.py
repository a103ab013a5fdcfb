"""Where a configured charger is: at its address, or wherever the node with its identification lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import DeviceOffline
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.frame import EOJ
from integrations.echonet_lite.nodes import KnownNode

AUTO = ("", "auto")
JUST_NOW_S = 3.0
"""Of a hundred chargers of one node the first one asks who it is."""


@dataclass(slots=True)
class Place:
    """`uid`: once it is known it is followed, wherever it goes. `instance` 0: the first of its class."""

    class_code: int
    host: str | None = None
    instance: int = 0
    uid: str | None = None

    @classmethod
    def of(cls, link: Mapping[str, Any]) -> "Place":
        host = str(link.get("host") or "")
        return cls(
            int(link["eoj"]),
            None if host in AUTO else host,
            int(link.get("instance", 0)),
            str(link.get("identification") or "").upper() or None,
        )

    def means(self, node: KnownNode, eoj: EOJ) -> bool:
        """Is that object the one?"""
        if eoj >> 8 != self.class_code or self._eoj(node) != eoj:
            return False
        if self.uid is not None and node.uid is not None:
            return node.uid == self.uid and (node.key == self.uid or node.host == self.host)
        return self.host is None or node.host == self.host or self.host in node.aliases

    async def find(self, discovery: Discovery) -> tuple[KnownNode, EOJ]:
        """Asks who is there: an address alone is no proof. Raises DeviceOffline."""
        node = await self._node(discovery)
        if self.uid is None and node.uid == node.key:  # of twins the identification says nothing
            self.uid = node.uid
        return node, self._eoj(node)

    async def _node(self, discovery: Discovery) -> KnownNode:
        if self.uid is not None:
            return await self._identified(discovery, self.uid)
        if self.host is not None:
            node = await discovery.look(self.host, within_s=JUST_NOW_S)
            if node is None:
                raise DeviceOffline(f"{self.host} doesn't answer")
            return node
        found = {
            node.key: node
            for node, eoj in discovery.stack.nodes.with_object(self.class_code)
            if self._fits(eoj)
        }
        if len(found) != 1:
            words = (
                f"one of {', '.join(sorted(found))} must be chosen by its identification"
                if found
                else "none found"
            )
            discovery.stack.search()
            raise DeviceOffline(f"{self.class_code:04X}: {words}")
        node = next(iter(found.values()))
        return await self._still(discovery, node)

    async def _identified(self, discovery: Discovery, uid: str) -> KnownNode:
        nodes = discovery.stack.nodes
        node = nodes.find(uid)
        if node is None and self.host is not None:
            node = await discovery.look(self.host)
            if node is not None and node.uid != uid:
                node = None
        if node is None:
            discovery.stack.search()
            raise DeviceOffline(f"the node {uid} isn't found")
        return await self._still(discovery, node)

    async def _still(self, discovery: Discovery, node: KnownNode) -> KnownNode:
        host, key = node.host, node.key
        seen = await discovery.look(host, within_s=JUST_NOW_S)
        if seen is None or seen.key != key:
            again = discovery.stack.nodes.find(key)
            if again is not None and again.host != host:
                return again
            for other in sorted(node.aliases):
                if await discovery.look(other) is node:
                    discovery.stack.nodes.prefer(node, other)
                    return node
            discovery.stack.search()
            raise DeviceOffline(
                f"{host} doesn't answer" if seen is None else f"at {host} is another node now"
            )
        return seen

    def _fits(self, eoj: EOJ) -> bool:
        return not self.instance or eoj & 0xFF == self.instance

    def _eoj(self, node: KnownNode) -> EOJ:
        """Rule 13: the first one needs not be 01."""
        listed = [eoj for eoj in node.look.objects if eoj >> 8 == self.class_code]
        if self.instance or not listed:
            return self.class_code << 8 | (self.instance or 1)
        return min(listed)
