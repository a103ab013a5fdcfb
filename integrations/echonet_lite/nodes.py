"""Which nodes there are, and where: a node is who its 83 says it is, wherever it lives today. Pure.

Theory: a stranger at an address is asked for its 83. An 83 that is known at another address is contested: the old
address is asked too. Silence there means that the node has moved; an answer with the same 83 means twins, which
are kept apart by their addresses. A node without a usable 83 is its address.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from integrations.echonet_lite.frame import EOJ


class Verdict(Enum):
    NEW = "new"
    SAME = "same"
    CONTESTED = "contested"
    ALIAS = "alias"
    """The same node on the other IP version."""
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Look:
    """What a node said of itself. `uid`: its 83 if that identifies it. `count`: D3, how many objects it has.
    `classes`: D7, asked for where it lists fewer than that."""

    uid: str | None
    maker: int = 0
    product: str = ""
    objects: tuple[EOJ, ...] = ()
    count: int = 0
    classes: tuple[int, ...] = ()


@dataclass(slots=True)
class KnownNode:
    """`key`: its 83, or `@address`; of twins `83@address`."""

    key: str
    host: str
    look: Look
    first_seen: float
    checked_at: float
    aliases: set[str] = field(default_factory=set)
    suspect: bool = False
    """It has announced itself: nothing is read until it is clear that it's still the same."""
    started_at: float = float("-inf")
    """When it last announced its objects: it has probably started anew."""
    told_at: float | None = None
    """When it last announced something by itself."""

    @property
    def uid(self) -> str | None:
        return self.look.uid


class Nodes:
    """`own`: our 83, which comes back where multicast loops."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._by_key: dict[str, KnownNode] = {}
        self._by_host: dict[str, KnownNode] = {}
        self.shared: set[str] = set()
        """Identifications that more than one node has: they prove nothing any more."""
        self.version = 0
        """Counts changes."""

    def __iter__(self) -> Iterator[KnownNode]:
        return iter(self._by_key.values())

    def at(self, host: str) -> KnownNode | None:
        return self._by_host.get(host)

    def find(self, uid: str) -> KnownNode | None:
        return self._by_key.get(uid)

    def with_object(self, class_code: int) -> list[tuple[KnownNode, EOJ]]:
        return [(node, eoj) for node in self for eoj in node.look.objects if eoj >> 8 == class_code]

    def judge(self, host: str, uid: str | None, raw: bytes) -> Verdict:
        """What an 83 heard from an address means."""
        if raw and raw.hex().upper() == self._own:
            return Verdict.OWN
        here = self._by_host.get(host)
        if here is not None and (here.uid == uid or (uid is None and here.key == f"@{host}")):
            return Verdict.SAME
        there = self._by_key.get(uid) if uid else None
        if there is None or there.host == host:
            return Verdict.NEW
        return Verdict.ALIAS if (":" in there.host) != (":" in host) else Verdict.CONTESTED

    def take(self, host: str, look: Look, now: float) -> KnownNode:
        """Known from now on, at this address; whoever was here before isn't any more."""
        key = look.uid or f"@{host}"
        before = self._by_host.get(host)
        if before is not None and before.key not in (key, f"{key}@{host}"):
            self._drop(before, host)
        node = (
            before if before is not None and before.key in (key, f"{key}@{host}") else self._by_key.get(key)
        )
        self.version += 1
        if node is None:
            node = KnownNode(key, host, look, now, now)
        node.look, node.checked_at = look, now
        self._put(node, host)
        return node

    def move(self, uid: str, host: str) -> None:
        """The node of that 83 lives here now; the stale address is forgotten."""
        node = self._by_key[uid]
        self._by_host.pop(node.host, None)
        self.version += 1
        before = self._by_host.get(host)
        if before is not None and before is not node:
            self._drop(before, host)
        self._put(node, host)

    def twin(self, host: str, look: Look, now: float) -> KnownNode:
        """Another node with the same 83: known by its address as well."""
        key = f"{look.uid}@{host}"
        self.version += 1
        if look.uid is not None:
            self.shared.add(look.uid)
        node = self._by_key.get(key) or KnownNode(key, host, look, now, now)
        node.look, node.checked_at = look, now
        self._put(node, host)
        return node

    def alias(self, uid: str, host: str) -> KnownNode:
        node = self._by_key[uid]
        node.aliases.add(host)
        self._by_host[host] = node
        return node

    def refresh(self, node: KnownNode, look: Look, now: float) -> KnownNode:
        """It was asked at one of its other addresses: it stays where it is."""
        self.version += node.look != look
        node.look, node.checked_at = look, now
        return node

    def prefer(self, node: KnownNode, host: str) -> None:
        """Only one of its other addresses answers."""
        node.aliases.discard(host)
        node.aliases.add(node.host)
        node.host = host
        self.version += 1

    def lost(self, host: str) -> None:
        """Nobody knows who is at this address."""
        node = self._by_host.pop(host, None)
        if node is not None and node.host == host:
            self.version += 1
            del self._by_key[node.key]
            for alias in node.aliases:
                self._by_host.pop(alias, None)

    def _put(self, node: KnownNode, host: str) -> None:
        node.host = host
        self._by_key[node.key] = node
        self._by_host[host] = node

    def _drop(self, node: KnownNode, host: str) -> None:
        self._by_host.pop(host, None)
        node.aliases.discard(host)
        if node.host == host:
            self._by_key.pop(node.key, None)
            for alias in node.aliases:
                self._by_host.pop(alias, None)


def missing(look: Look, configured: Iterable[EOJ]) -> list[EOJ]:
    """Objects that a node has but couldn't list: where its D3 says so, what may be there of the classes listed;
    and what is configured."""
    listed = set(look.objects)
    wanted = [eoj for eoj in configured if eoj not in listed]
    if look.count > len(listed):
        classes = dict.fromkeys((*(eoj >> 8 for eoj in look.objects), *look.classes))
        wanted += [
            eoj
            for class_code in classes
            for eoj in range(class_code << 8 | 1, class_code << 8 | 0x80)
            if eoj not in listed
        ]
    return list(dict.fromkeys(wanted))
