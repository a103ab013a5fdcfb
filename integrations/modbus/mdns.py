"""Chargers that announce themselves: addresses by mDNS, from service types and names."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

MODBUS_TYPES = ("_modbus._tcp.local.", "_mbap._tcp.local.")
NAMED_TYPES = ("_http._tcp.local.",)
"""Everybody announces a web page: only names that a blueprint knows count."""
RESOLVE_MS = 1500


@dataclass(frozen=True, slots=True)
class Announced:
    host: str
    name: str


def counts(kind: str, name: str, words: Collection[str]) -> bool:
    """Is a service worth a look? `words`: makers, models and brands in small letters."""
    if kind in MODBUS_TYPES:
        return True
    label = name.removesuffix(kind).lower()
    return any(word in label for word in words)


async def announced(words: Collection[str], seconds: float) -> list[Announced]:
    """What is heard in that time."""
    heard: set[tuple[str, str]] = set()

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Added and counts(service_type, name, words):
            heard.add((service_type, name))

    async with AsyncZeroconf() as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, [*MODBUS_TYPES, *NAMED_TYPES], handlers=[changed])
        await asyncio.sleep(seconds)
        await browser.async_cancel()
        infos = [AsyncServiceInfo(kind, name) for kind, name in sorted(heard)]
        await asyncio.gather(*(info.async_request(zeroconf.zeroconf, RESOLVE_MS) for info in infos))
    found = {host: info.name for info in infos for host in info.parsed_addresses() if ":" not in host}
    return [Announced(host, name) for host, name in sorted(found.items())]
