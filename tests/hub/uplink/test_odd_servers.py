"""What answers at the CSMS's address and is none: told once in a clear line, asked again, and left for a good one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.link import websocket
from hub.link.serving import close_server, serve
from hub.link.websocket import Endpoint
from tests.hub.link.certificates import Authority
from tests.hub.uplink.servers import Server, connecting, setup, until
from tests.hub.uplink.world import World

UPGRADE = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: bm9ib2R5J3M=\r\n\r\n"
)


def status(line: str, more: str = "") -> str:
    return f"HTTP/1.1 {line}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def odd(says: str | None, *, hear: bool = True) -> AsyncIterator[int]:
    """Says it to whoever has asked for something, and leaves; None: takes the connection and is silent."""
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if says is None:
            await gone.wait()
        else:
            if hear:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(says.encode())
            await writer.drain()
        writer.close()

    served = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield served.sockets[0].getsockname()[1]
    finally:
        gone.set()
        served.close()
        await served.wait_closed()


@asynccontextmanager
async def coming(folder: Path, url: str, **more: Any) -> AsyncIterator[None]:
    """A station that wants to connect there."""
    endpoint = Endpoint(url, "garage", ("ocpp2.0.1", "ocpp1.6"), **more)
    async with World(folder, setup=setup(url)) as world, connecting(world, endpoint):
        yield


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.WARNING and "no connection to the CSMS" in record.getMessage()
    ]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (status("401 Unauthorized"), "http: HTTP 401"),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "http: HTTP 401"),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "http: HTTP 503"),
        (status("403 Forbidden"), "http: HTTP 403"),
        (status("404 Not Found"), "http: HTTP 404"),
        (status("302 Found", "Location: ws://192.0.2.1/\r\n"), "http: HTTP 302"),
        (status("503 Service Unavailable", "Retry-After: 120\r\n"), "http: HTTP 503"),
        (status("200 OK"), "http: HTTP 200"),
        (UPGRADE, "http: "),
        ("SSH-2.0-OpenSSH_9.2\r\n", "http: "),
        ("", "http: "),
        (None, "network: "),
    ],
    ids=[
        "401",
        "only 401",
        "only 503",
        "403",
        "404",
        "302",
        "503",
        "200",
        "a false key",
        "ssh",
        "it hangs up",
        "no upgrade",
    ],
)
async def test_what_is_no_csms_is_told_once(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    says: str | None,
    words: str,
) -> None:
    monkeypatch.setattr(websocket, "OPEN_S", 1.0)
    async with odd(says) as port, coming(tmp_path, f"ws://127.0.0.1:{port}"):
        await until(lambda: refusals(caplog))
        await asyncio.sleep(3)  # it tries again and again
    (line,) = refusals(caplog)
    assert line.startswith(f"garage: no connection to the CSMS ({words}")
    assert len(line) < 200


async def test_a_csms_that_speaks_no_version_of_ours_is_told_with_the_versions(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    served = await serve(
        server.take, host="127.0.0.1", port=0, subprotocols=("ocpp1.5",), accept=server.accept
    )
    url = f"ws://127.0.0.1:{served.sockets[0].getsockname()[1]}"
    async with coming(tmp_path, url):
        await until(lambda: refusals(caplog))
    assert refusals(caplog) == [
        "garage: no connection to the CSMS (subprotocol: the CSMS takes none of ocpp2.0.1, ocpp1.6)"
    ]
    await close_server(served)


@pytest.mark.parametrize("says", [None, "HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["silence", "plain HTTP"])
async def test_a_port_without_tls_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, says: str | None
) -> None:
    monkeypatch.setattr(websocket, "OPEN_S", 1.0)
    authority = Authority(tmp_path)
    more = {"ca": authority.certificate}
    async with odd(says, hear=False) as port, coming(tmp_path, f"wss://127.0.0.1:{port}", **more):
        await until(lambda: refusals(caplog))
    assert len(refusals(caplog)) == 1


async def test_the_good_csms_that_follows_a_bad_one_is_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    async with AsyncExitStack() as left:
        async with odd(status("503 Service Unavailable")) as port:
            await left.enter_async_context(coming(tmp_path, f"ws://127.0.0.1:{port}"))
            await until(lambda: refusals(caplog))
        good = await serve(
            server.take, host="127.0.0.1", port=port, subprotocols=("ocpp2.0.1",), accept=server.accept
        )
        left.push_async_callback(close_server, good)
        await until(lambda: server.links)


async def test_a_half_open_connection_is_left_when_no_pong_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The CSMS's machine is gone, and nobody said so."""
    server = Server()
    served = await serve(
        server.take, host="127.0.0.1", port=0, subprotocols=("ocpp2.0.1",), accept=server.accept
    )
    url = f"ws://127.0.0.1:{served.sockets[0].getsockname()[1]}"
    async with coming(tmp_path, url):
        await until(lambda: server.links)
        server.links[0]._connection.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(300):
            while len(server.links) < 2:
                await asyncio.sleep(1)
    await close_server(served)
    assert any("the CSMS is away" in record.getMessage() for record in caplog.records)
