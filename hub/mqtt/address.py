"""Where a broker is, and how one gets in: `mqtt://host:1883`, `mqtts://`, `ws://`, `wss://`."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from hub.errors import HubError
from hub.tls import client_context

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    host: str
    port: int
    transport: Literal["tcp", "websockets"]
    secure: bool
    path: str = "/mqtt"
    version: str = "5"
    """5, or 3.1.1 for a broker that knows no other: then answers have no response topic."""


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, the broker's certificate and host name verified. Raises HubError for bad files."""
        try:
            return client_context(self.ca, cert=self.cert, key=self.key)
        except HubError as error:
            raise HubError(f"mqtt.tls: {error}") from error


def parse_broker(url: str, version: str = "5") -> BrokerAddress:
    """Raises HubError for anything that is no broker's address."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise HubError(f"mqtt.broker {url!r}: expected mqtt://, mqtts://, ws:// or wss:// and a host")
    transport: Literal["tcp", "websockets"] = "websockets" if parts.scheme.startswith("ws") else "tcp"
    port = parts.port or PORTS[parts.scheme]
    return BrokerAddress(
        parts.hostname, port, transport, parts.scheme in ("mqtts", "wss"), parts.path or "/mqtt", version
    )
