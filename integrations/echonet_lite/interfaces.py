"""Which network interfaces the node uses: those that are named, or all that can do multicast."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

import psutil

from hub.errors import HubError

VIRTUAL = ("docker", "veth", "br-", "virbr", "cni", "flannel", "cali", "tun", "tap", "wg", "zt", "tailscale")


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of one network interface."""

    name: str
    index: int
    address: IPv4Interface | IPv6Interface
    broadcast: str | None = None

    @property
    def host(self) -> str:
        """As a peer would write it; link-local addresses with their zone."""
        ip = self.address.ip
        return f"{ip}%{self.name}" if ip.is_link_local and ip.version == 6 else str(ip)

    def holds(self, host: str) -> bool:
        """Is that address on this link?"""
        plain, _, zone = host.partition("%")
        try:
            ip = ipaddress.ip_address(plain)
        except ValueError:
            return False
        if ip.version != self.address.version or (zone and zone != self.name):
            return False
        return ip in self.address.network


def find(wanted: Sequence[str] = ()) -> list[Interface]:
    """`wanted`: names (`eth0`) or addresses with their prefix (`192.0.2.2/24`). Nothing: all that aren't virtual.
    Raises HubError for what isn't there."""
    there = list(_all())
    if not wanted:
        able = {
            name for name, about in psutil.net_if_stats().items() if about.isup and "multicast" in about.flags
        }
        return [item for item in there if item.name in able and _usual(item)]
    found: list[Interface] = []
    for name in wanted:
        matching = [item for item in there if name in (item.name, str(item.address.ip))]
        matching = matching or list(_literal(name, there))
        if not matching:
            names = ", ".join(sorted({item.name for item in there}))
            raise HubError(f"echonet_lite.interfaces: there is no {name!r}; there are {names}")
        found += [item for item in matching if item not in found]
    return found


def loopback() -> list[Interface]:
    """For peers on this machine."""
    return [item for item in _all() if item.address.is_loopback and item.address.version == 4]


def _usual(item: Interface) -> bool:
    return not item.address.is_loopback and not item.name.startswith(VIRTUAL)


def _all() -> Iterator[Interface]:
    """The first IPv4 address and the link-local IPv6 address of each."""
    indexes = {name: index for index, name in socket.if_nameindex()}
    for name, addresses in psutil.net_if_addrs().items():
        families: set[int] = set()
        for told in addresses:
            if told.family not in (socket.AF_INET, socket.AF_INET6) or name not in indexes:
                continue
            address = _address(told.address, told.netmask)
            wanted = address.version == 4 or address.is_link_local or address.is_loopback
            if wanted and address.version not in families:
                families.add(address.version)
                yield Interface(name, indexes[name], address, told.broadcast)


def _address(text: str, netmask: str | None) -> IPv4Interface | IPv6Interface:
    plain = text.partition("%")[0]
    if ":" not in plain:
        return IPv4Interface(f"{plain}/{netmask or 32}")
    bits = int(ipaddress.IPv6Address(netmask)).bit_count() if netmask else 64
    return IPv6Interface(f"{plain}/{bits}")


def _literal(text: str, there: Sequence[Interface]) -> Iterator[Interface]:
    """An address of an interface that it need not list itself, as all of 127.0.0.0/8 is the loopback's."""
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        return
    for item in there:
        if item.address.version == address.version and address.ip in item.address.network:
            yield Interface(item.name, item.index, address)
            return
