"""The CSMS side of OCPP-J's WebSocket: chargers dial in, each with its identity in the path."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as ws_serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from hub.link.websocket import MAX_BYTES, WebSocketLink, no_delay, quiet

Handler = Callable[[str, WebSocketLink], Awaitable[None]]
Accept = Callable[[str, str | None], bool]
"""(identity, password) -> may it come in?"""


async def serve(
    handler: Handler,
    *,
    host: str,
    port: int,
    subprotocols: tuple[str, ...],
    accept: Accept,
    tls: ssl.SSLContext | None = None,
) -> Server:
    """`handler(identity, link)` runs for each charger that dials in."""
    gate = _Gate(handler, subprotocols, accept)
    return await ws_serve(
        gate.handle,
        host,
        port,
        ssl=tls,
        subprotocols=[Subprotocol(name) for name in subprotocols],
        select_subprotocol=gate.choose,
        process_request=gate.check,
        compression=None,
        max_size=MAX_BYTES,
        ping_interval=None,
        close_timeout=2,
        logger=quiet,
    )


@dataclass(frozen=True, slots=True)
class _Gate:
    """What happens to one who knocks, in this order."""

    handler: Handler
    subprotocols: tuple[str, ...]
    accept: Accept

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        identity, password = _who(request)
        if not identity:
            return connection.respond(HTTPStatus.NOT_FOUND, "no identity in the path\n")
        if not self.accept(identity, password):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "unknown or wrong password\n")
        return None

    def choose(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The station's order decides; with none in common the handshake is completed and then closed (Part 4,
        3.1.2)."""
        return next((name for name in offered if name in self.subprotocols), None)

    async def handle(self, connection: ServerConnection) -> None:
        no_delay(connection)
        assert connection.request is not None
        if connection.subprotocol is None:
            await connection.close(1002, "no OCPP version in common")
            return
        await self.handler(_who(connection.request)[0], WebSocketLink(connection))


def _who(request: Request) -> tuple[str, str | None]:
    """The identity in the path's last segment, and Basic auth's password if its user is the same."""
    identity = unquote(urlsplit(request.path).path.rpartition("/")[2])
    header = request.headers.get("Authorization", "")
    if not header.startswith("Basic "):
        return identity, None
    try:
        user, _, password = (
            base64.b64decode(header[6:], validate=True).decode(errors="replace").partition(":")
        )
    except ValueError:
        return identity, None
    return identity, password if user == identity else None


async def close_server(server: Server) -> None:
    server.close(close_connections=True)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 5)
