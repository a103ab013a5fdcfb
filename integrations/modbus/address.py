"""Which wire a blueprint's link names: pure, from its keys to one address that equal wires share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

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
        rest, host = _url(where)
        spoken, secured = SCHEMES[rest.scheme]
        if not secured:
            return _tcp(link, host, port or rest.port, spoken)
        declared = {**link, "tls": link.get("tls") or _files(where, rest.query)}
        if int(link.get("port") or DEFAULT_PORT) == DEFAULT_PORT:
            declared["port"] = TLS_PORT  # A blueprint's own port is the one without TLS.
        return _tcp(declared, host, port or rest.port, spoken)
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


def _url(where: str) -> tuple[SplitResult, str]:
    """With its host."""
    try:
        parts = urlsplit(where)
        if parts.scheme in SCHEMES and parts.hostname and (parts.port is None or parts.port):
            return parts, parts.hostname
    except ValueError:
        pass  # a port beyond 65535, half an IPv6 address
    raise HubError(f"{where!r}: expected one of {', '.join(SCHEMES)}://host:port")


def _files(where: str, query: str) -> dict[str, str] | bool:
    """?ca=FILE&cert=FILE&key=FILE"""
    found = dict(parse_qsl(query, keep_blank_values=True))
    wrong = found.keys() - {"ca", "cert", "key"}
    if wrong:
        raise HubError(f"{where!r}: expected ca, cert and key behind the ?, not {', '.join(sorted(wrong))}")
    return found or True


def _tcp(link: Mapping[str, Any], host: str, port: int | None, framer: str) -> TcpAddress:
    files = link.get("tls")
    tls = Tls(**files) if isinstance(files, Mapping) else Tls() if files else None
    number = port or int(link.get("port") or (TLS_PORT if tls else DEFAULT_PORT))
    return TcpAddress(host, number, framer, link.get("tid") != "ignore", tls)
