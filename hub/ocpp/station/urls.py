"""Which addresses a CSMS may send the hub to: a CSMS that was taken over must not reach into the hub's own network."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

FILES = frozenset({"http", "https", "ftp", "ftps", "ftpes", "sftp"})
CSMS = frozenset({"ws", "wss"})
LONGEST = 512
LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class BadUrl(Exception):
    """Why it isn't followed."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`hosts`: names and addresses that are allowed although they would be refused. `only`: no others at all."""

    hosts: frozenset[str] = frozenset()
    only: bool = False

    def check(self, url: str, schemes: Iterable[str] = FILES) -> SplitResult:
        """Raises BadUrl. A name is looked up later: whoever connects asks `check_address` again."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise BadUrl(str(error)) from error
        if parts.scheme not in schemes:
            raise BadUrl(f"{parts.scheme or 'no scheme'}: only {', '.join(sorted(schemes))}")
        if not host or len(url) > LONGEST or not url.isprintable() or " " in url:
            raise BadUrl("this is no address")
        if host in self.hosts:
            return parts
        if self.only:
            raise BadUrl(f"{host} isn't among the allowed hosts")
        if host in LOCAL_NAMES or host.endswith(".localhost"):
            raise BadUrl(f"{host} is the hub itself")
        try:
            self.check_address(host, host)
        except ValueError:
            return parts  # a name
        return parts

    def check_address(self, host: str, address: str) -> None:
        """`address`: what `host` is. Raises BadUrl; ValueError when it is no address."""
        if host in self.hosts:
            return
        ip = ipaddress.ip_address(address.split("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        ip = mapped or ip
        if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            raise BadUrl(f"{host} is at {ip}, which a CSMS can't send the hub to")
