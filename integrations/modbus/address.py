"""Which wire a blueprint's link names: pure, from its keys to one address that equal wires share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hub.errors import HubError

FRAMERS = ("tcp", "rtu", "ascii")
SCHEMES = {
    "tcp": ("tcp", False),
    "rtu+tcp": ("rtu", False),
    "ascii+tcp": ("ascii", False),
    "tls": ("tcp", True),
}
DEFAULT_PORT, TLS_PORT = 502, 802


@dataclass(frozen=True, slots=True)
class Tls:
    """Files; empty: the system's authorities, no client certificate."""

    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and what is spoken there. RTU and ASCII: a serial port behind TCP."""

    host: str
    port: int
    framer: str = "tcp"
    check_tid: bool = True
    tls: Tls | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def key(self) -> tuple[str, str]:
        return self.host, str(self.port)


@dataclass(frozen=True, slots=True)
class SerialAddress:
    device: str
    framer: str = "rtu"
    baudrate: int = 19200
    parity: str = "even"
    stopbits: int = 1

    def __str__(self) -> str:
        return f"{self.device} {self.baudrate} 8{self.parity[0].upper()}{self.stopbits}"

    @property
    def key(self) -> tuple[str, str]:
        return "serial", self.device


Address = TcpAddress | SerialAddress


def address_of(link: Mapping[str, Any], port: int | None = None) -> Address:
    """`host` or `serial`, each either plain or as tcp://, tls://, rtu+tcp://, ascii+tcp://host:port or a path of
    a serial port. `port`: instead of the link's own (sockets by port). Raises HubError."""
    where = str(link.get("host") or link.get("serial") or "")
    if not where:
        raise HubError("the link has neither host nor serial")
    framer = link.get("framer")
    if "://" in where:
        scheme, rest = urlsplit(where).scheme, urlsplit(where)
        if scheme not in SCHEMES or not rest.hostname:
            raise HubError(f"{where!r}: expected one of {', '.join(SCHEMES)}://host:port")
        spoken, secured = SCHEMES[scheme]
        return _tcp(link, rest.hostname, port or rest.port, spoken, secured=secured)
    if where.startswith(("/", "COM", "\\\\")):
        return SerialAddress(
            where,
            framer if framer in ("rtu", "ascii") else "rtu",
            int(link.get("baudrate", 19200)),
            str(link.get("parity", "even")),
            int(link.get("stopbits", 1)),
        )
    host, colon, own = where.rpartition(":")
    if colon and own.isdecimal() and "host" not in link and ":" not in host:
        # `serial: gateway:4196` is a serial port behind TCP.
        return _tcp(link, host, port or int(own), str(framer or "rtu"))
    return _tcp(link, where.strip("[]"), port, str(framer or "tcp"))


def _tcp(
    link: Mapping[str, Any], host: str, port: int | None, framer: str, *, secured: bool = False
) -> TcpAddress:
    files = link.get("tls")
    tls = Tls(**files) if isinstance(files, Mapping) else Tls() if files or secured else None
    usual = TLS_PORT if tls else DEFAULT_PORT
    number = port or int(link.get("port") or usual)
    return TcpAddress(host, number, framer, link.get("tid") != "ignore", tls)
