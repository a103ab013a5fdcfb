"""UDP port 3610: for each interface one socket for what is meant for us and one for what is meant for all."""

import asyncio
import errno
import ipaddress
import logging
import socket
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterable

import psutil

from hub.errors import HubError
from integrations.echonet_lite.interfaces import Interface

log = logging.getLogger(__name__)

PORT = 3610
GROUP_4, GROUP_6 = "224.0.23.0", "ff02::1"
BUFFER = 4 * 1024 * 1024
AT_ONCE = 64
"""Datagrams taken in one go: others of the loop want their turn."""
IP_MULTICAST_ALL, IPV6_MULTICAST_ALL, SO_RCVBUFFORCE = 49, 29, 33
"""Linux has them, Python's socket module doesn't name them."""
Receiver = Callable[[str, bytes], None]


class NotYet(HubError):
    """The address isn't ours now: the kernel still makes sure that it's the only one, or it has just gone."""


class Link:
    """Two sockets on one interface. Raises HubError when the port can't be had."""

    def __init__(self, interface: Interface, receiver: Receiver, *, broadcast: bool = False) -> None:
        self.interface = interface
        self._receiver = receiver
        self._broadcast = interface.broadcast if broadcast else None
        self._one = _unicast(interface)
        try:
            self._all = _multicast(interface)
        except HubError:
            self._one.close()
            raise
        self._loop = asyncio.get_running_loop()
        for sock in (self._one, self._all):
            self._loop.add_reader(sock, self._drain, sock)

    def close(self) -> None:
        for sock in (self._one, self._all):
            self._loop.remove_reader(sock)
            sock.close()

    def send(self, host: str, payload: bytes) -> None:
        """Rule 2: to port 3610, whatever port the peer sent from; rule 3: from port 3610. Raises OSError."""
        self._one.sendto(payload, self._to(host))

    def to_all(self, payload: bytes) -> None:
        """Raises OSError."""
        self._one.sendto(payload, self._to(GROUP_4 if self.interface.address.version == 4 else GROUP_6))
        if self._broadcast:
            self._one.sendto(payload, (self._broadcast, PORT))

    def _to(self, host: str) -> tuple[str, int] | tuple[str, int, int, int]:
        if self.interface.address.version == 4:
            return host, PORT
        return host.partition("%")[0], PORT, 0, self.interface.index

    def _drain(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                payload, source = sock.recvfrom(65535)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # an ICMP error of something sent before
                log.debug("%s: %s", self.interface.host, error)
                continue
            self._receiver(self._named(source[0]), payload)

    def _named(self, host: str) -> str:
        plain = host.partition("%")[0]
        return f"{plain}%{self.interface.name}" if plain.startswith("fe80:") else plain


class Links:
    """All interfaces. `configured`: addresses that may talk to us from beyond the link."""

    def __init__(self, receiver: Receiver, counters: Counter[str]) -> None:
        self._receiver = receiver
        self._counters = counters
        self._links: dict[Interface, Link] = {}
        self._via: dict[str, Link] = {}
        self._accepted: dict[str, bool] = {}
        self.configured: set[str] = set()

    @property
    def hosts(self) -> frozenset[str]:
        """Our own addresses."""
        return frozenset(interface.host for interface in self._links)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return tuple(self._links)

    def use(self, interfaces: Iterable[Interface], *, broadcast: bool = False) -> bool:
        """These from now on, no others. Raises HubError, after which those that could be had are in use.
        Returns whether anything has changed."""
        wanted = list(dict.fromkeys(interfaces))
        gone = [interface for interface in self._links if interface not in wanted]
        new = [interface for interface in wanted if interface not in self._links]
        for interface in gone:
            self._links.pop(interface).close()
        problems: list[str] = []
        for interface in new:
            try:
                self._links[interface] = Link(interface, self._take, broadcast=broadcast)
            except NotYet as error:
                log.debug("%s", error)
            except HubError as error:
                problems.append(str(error))
        self._via.clear()
        self._accepted.clear()
        if problems:
            raise HubError("; ".join(problems))
        return bool(gone) or any(interface in self._links for interface in new)

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self._links.clear()

    def allow(self, host: str) -> None:
        """That address is configured: it needs not be on a link of ours."""
        self.configured.add(host)
        self._accepted.clear()

    def accepts(self, host: str) -> bool:
        known = self._accepted.get(host)
        if known is None:
            if len(self._accepted) > 10_000:
                self._accepted.clear()
            on_link = any(interface.holds(host) for interface in self._links)
            known = self._accepted[host] = on_link or host in self.configured
        return known

    def send(self, host: str | None, payload: bytes) -> None:
        """A datagram that can't be sent is lost, like any other."""
        links = list(self._links.values()) if host is None else [self._link(host)]
        for link in links:
            if link is None:
                self._counters["no_link"] += 1
                continue
            try:
                link.to_all(payload) if host is None else link.send(host, payload)
                self._counters["sent"] += 1
            except OSError as error:
                self._counters["send_failed"] += 1
                log.debug("%s to %s: %s", link.interface.host, host or "all", error)

    def _link(self, host: str) -> Link | None:
        """Where it was heard, where its network is, else where the machine's routes lead."""
        link = self._via.get(host)
        if link is None:
            version = 6 if ":" in host else 4
            fitting = [link for link in self._links.values() if link.interface.address.version == version]
            link = next((link for link in fitting if link.interface.holds(host)), next(iter(fitting), None))
            if link is not None:
                self._via[host] = link
        return link

    def _take(self, host: str, payload: bytes) -> None:
        self._receiver(host, payload)


def _unicast(interface: Interface) -> socket.socket:
    """Rule 29: bound to the address, which wins over whoever is bound to all; first alone, to notice others."""
    sock = _socket(interface)
    address = _bindable(interface, str(interface.address.ip))
    try:
        sock.bind(address)
    except OSError as error:
        sock.close()
        if error.errno != errno.EADDRINUSE:
            kind = NotYet if error.errno == errno.EADDRNOTAVAIL else HubError
            raise kind(f"UDP {PORT} on {interface.host} ({interface.name}): {error.strerror}") from error
        log.warning(
            "UDP %d on %s is used by %s as well: of two ECHONET Lite programs on one machine "
            "one may lose what is meant for it",
            PORT,
            interface.host,
            holder(),
        )
        sock = _socket(interface)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bound(sock, address, interface)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # who comes later may have the rest
    _send_to_group(sock, interface)
    return sock


def _multicast(interface: Interface) -> socket.socket:
    """Bound to the group, a member of it on this interface only."""
    sock = _socket(interface)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if interface.address.version == 4:
            _bound(sock, (GROUP_4, PORT), interface)
            member = struct.pack(
                "4s4si", socket.inet_aton(GROUP_4), interface.address.ip.packed, interface.index
            )
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            if sys.platform == "linux":
                sock.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        else:
            _bound(sock, _bindable(interface, GROUP_6), interface)
            group = struct.pack("16sI", ipaddress.IPv6Address(GROUP_6).packed, interface.index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
            if sys.platform == "linux":
                sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)
    except OSError as error:
        sock.close()
        raise HubError(f"multicast on {interface.name}: {error.strerror}") from error
    except HubError:
        sock.close()
        raise
    return sock


def _send_to_group(sock: socket.socket, interface: Interface) -> None:
    """Rule 30: our multicast comes back, because peers on this machine need it too."""
    if interface.address.version == 4:
        at = struct.pack("4s4si", b"\0" * 4, interface.address.ip.packed, interface.index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, at)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)


def _socket(interface: Interface) -> socket.socket:
    """Rule 31: a thousand nodes that answer at once fill the usual buffer."""
    family = socket.AF_INET if interface.address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    if sys.platform == "linux":
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        except PermissionError:
            log.debug("net.core.rmem_max limits the receive buffer")
    return sock


def _bindable(interface: Interface, ip: str) -> tuple[str, int] | tuple[str, int, int, int]:
    if interface.address.version == 4:
        return ip, PORT
    link_local = ipaddress.IPv6Address(ip).is_link_local or ip == GROUP_6
    return ip, PORT, 0, interface.index if link_local else 0


def _bound(
    sock: socket.socket, address: tuple[str, int] | tuple[str, int, int, int], interface: Interface
) -> None:
    try:
        sock.bind(address)
    except OSError as error:
        sock.close()
        words = f"is taken by {holder()}" if error.errno == errno.EADDRINUSE else str(error.strerror)
        raise HubError(f"UDP {PORT} on {interface.host} ({interface.name}): {words}") from error


def holder() -> str:
    """Who has the port, as far as we may know."""
    try:
        connections = psutil.net_connections("udp")
    except psutil.Error:
        return "another program"
    own = psutil.Process().pid
    found = set()
    for connection in connections:
        if connection.laddr and connection.laddr.port == PORT and connection.pid not in (None, own):
            try:
                found.add(f"{psutil.Process(connection.pid).name()} (process {connection.pid})")
            except psutil.Error:
                continue
    return ", ".join(sorted(found)) or "another program"
