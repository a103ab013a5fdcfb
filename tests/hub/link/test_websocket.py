"""The WebSocket link on real sockets: who gets in, who doesn't, and why."""

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as ws_serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from hub.link.backoff import BackOff
from hub.link.serving import close_server, serve
from hub.link.websocket import (
    Endpoint,
    LinkClosed,
    LinkRefused,
    WebSocketLink,
    connect,
    tls_context,
)
from tests.hub.link.certificates import Authority

BOTH = ("ocpp2.0.1", "ocpp1.6")
PASSWORD = "0123456789abcdef"


@asynccontextmanager
async def server(
    *,
    tls: ssl.SSLContext | None = None,
    subprotocols: tuple[str, ...] = BOTH,
    seen: list[object] | None = None,
) -> AsyncIterator[int]:
    """An echo that wants PASSWORD of everybody but `open`."""

    async def handle(identity: str, link: WebSocketLink) -> None:
        if seen is not None:
            seen.append((identity, link.subprotocol))
        while True:
            text = await link.receive()
            if text == "bye":
                await link.close(1001)
                return
            await link.send(str(text))

    async def quietly(identity: str, link: WebSocketLink) -> None:
        try:
            await handle(identity, link)
        except LinkClosed:
            return

    served = await serve(
        quietly,
        host="127.0.0.1",
        port=0,
        subprotocols=subprotocols,
        accept=lambda identity, password: identity == "open" or password == PASSWORD,
        tls=tls,
    )
    try:
        yield served.sockets[0].getsockname()[1]
    finally:
        await close_server(served)


async def test_text_goes_both_ways_until_somebody_leaves() -> None:
    seen: list[object] = []
    async with server(seen=seen) as port:
        link = await connect(Endpoint(f"ws://127.0.0.1:{port}/ocpp/", "CP A/e%1ü", BOTH, PASSWORD))
        assert link.subprotocol == "ocpp2.0.1"
        assert seen == [("CP A/e%1ü", "ocpp2.0.1")]
        await link.send("hello")
        assert await link.receive() == "hello"
        await link.send("bye")
        with pytest.raises(LinkClosed, match="1001"):
            await link.receive()
        with pytest.raises(LinkClosed):
            await link.send("anybody?")
        await link.close()


@pytest.mark.parametrize(
    ("endpoint", "kind", "status"),
    [
        (Endpoint("ws://127.0.0.1:{}", "CP1", BOTH, "wrong"), "http", 401),
        (Endpoint("ws://127.0.0.1:{}", "CP1", BOTH), "http", 401),
        (Endpoint("ws://127.0.0.1:{}", "", BOTH), "http", 404),
        (Endpoint("ws://127.0.0.1:1", "CP1", BOTH), "network", None),
        (Endpoint("http://127.0.0.1:{}", "open", BOTH), "network", None),
        (Endpoint("ws://127.0.0.1:{}", "open", ("ocpp1.5",)), "subprotocol", None),
    ],
)
async def test_what_fails_says_on_which_floor(endpoint: Endpoint, kind: str, status: int | None) -> None:
    async with server() as port:
        where = Endpoint(
            endpoint.url.format(port), endpoint.identity, endpoint.subprotocols, endpoint.password
        )
        with pytest.raises(LinkRefused) as refused:
            await connect(where)
        assert (refused.value.kind, refused.value.status) == (kind, status)


async def test_a_redirect_is_not_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    served = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = served.sockets[0].getsockname()[1]
    with pytest.raises(LinkRefused) as refused:
        await connect(Endpoint(f"ws://127.0.0.1:{port}", "CP1", BOTH, PASSWORD))
    assert refused.value.status == 302
    served.close()


def context(pair: tuple[Path, Path], newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pair)
    made.maximum_version = newest
    return made


async def test_tls_with_a_good_certificate_is_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with server(tls=context(authority.issue("localhost"))) as port:
        link = await connect(
            Endpoint(f"wss://localhost:{port}", "CP1", BOTH, PASSWORD, authority.certificate)
        )
        await link.send("x")
        assert await link.receive() == "x"
        await link.close()


@pytest.mark.parametrize("fault", ["another host", "expired", "another authority"])
async def test_tls_with_a_bad_certificate_is_refused(tmp_path: Path, fault: str) -> None:
    authority = Authority(tmp_path)
    issuer = Authority(tmp_path, "Other CA") if fault == "another authority" else authority
    pair = issuer.issue(
        "elsewhere" if fault == "another host" else "localhost", days=-1 if fault == "expired" else 1
    )
    async with server(tls=context(pair)) as port:
        with pytest.raises(LinkRefused) as refused:
            await connect(Endpoint(f"wss://localhost:{port}", "CP1", BOTH, PASSWORD, authority.certificate))
        assert refused.value.kind == "tls"


async def test_a_certificate_that_only_a_strict_look_refuses_is_refused_with_its_fault(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    async with server(tls=context(authority.issue("localhost", bare=True))) as port:
        with pytest.raises(LinkRefused, match=r"RFC 5280 .*Missing Authority Key Identifier") as refused:
            await connect(Endpoint(f"wss://localhost:{port}", "CP1", BOTH, PASSWORD, authority.certificate))
        assert (refused.value.kind, refused.value.why) == ("tls", "certificate")


async def test_a_root_of_the_csms_is_trusted_besides_the_configured(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "Other")
    async with server(tls=context(authority.issue("localhost"))) as port:
        root = authority.certificate.read_text()
        endpoint = Endpoint(f"wss://localhost:{port}", "open", BOTH, ca=other.certificate, roots=(root,))
        link = await connect(endpoint)
        await link.close()


async def test_a_root_that_its_predecessor_has_signed_is_trusted_alone(tmp_path: Path) -> None:
    following = Authority(tmp_path).successor("Next CA")
    async with server(tls=context(following.issue("localhost"))) as port:
        endpoint = Endpoint(f"wss://localhost:{port}", "open", BOTH, ca=following.certificate)
        link = await connect(endpoint)
        await link.close()


def test_links_with_the_same_certificates_share_what_was_read(tmp_path: Path) -> None:
    one, other = (Endpoint("wss://csms", name, BOTH) for name in ("CP1", "CP2"))
    assert tls_context(one) is tls_context(other)
    root = Authority(tmp_path).certificate
    assert tls_context(replace(one, ca=root)) is tls_context(replace(other, ca=root))
    assert tls_context(replace(one, ca=root)) is not tls_context(one)
    assert tls_context(replace(one, roots=(root.read_text(),))) is not tls_context(one)


def test_a_link_with_a_certificate_of_its_own_shares_it_with_nobody(tmp_path: Path) -> None:
    authority, endpoint = Authority(tmp_path), Endpoint("wss://csms", "CP1", BOTH)
    cert, key = authority.issue("CP1")
    assert tls_context(replace(endpoint, cert=cert, key=key)) is not tls_context(endpoint)


def test_a_certificate_that_was_renewed_on_disk_counts_from_the_next_connection_on(tmp_path: Path) -> None:
    endpoint = Endpoint("wss://csms", "CP1", BOTH, ca=Authority(tmp_path).certificate)
    before = tls_context(endpoint).get_ca_certs()
    assert Authority(tmp_path).certificate == endpoint.ca
    assert tls_context(endpoint).get_ca_certs() != before


def refuse(listener: socket.socket, tls: ssl.SSLContext) -> None:
    """One handshake, which fails."""
    peer, _ = listener.accept()
    with peer, contextlib.suppress(OSError):
        tls.wrap_socket(peer, server_side=True).recv(1)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("why", ["certificate", "cipher", "version", "own certificate"])
async def test_a_refused_handshake_says_what_it_was_about(tmp_path: Path, why: str) -> None:
    authority = Authority(tmp_path)
    tls = context(authority.issue("localhost"))
    if why == "cipher":
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers("ECDHE-ECDSA-AES256-SHA384")
    elif why == "version":
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    elif why == "own certificate":
        tls.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 says it when nobody waits for it any more
        tls.load_verify_locations(authority.certificate)
        tls.verify_mode = ssl.CERT_REQUIRED
    ca = None if why == "certificate" else authority.certificate
    pair = Authority(tmp_path, "Other").issue("CP1") if why == "own certificate" else (None, None)
    with socket.create_server(("localhost", 0)) as listener:
        waiting = asyncio.get_running_loop().run_in_executor(None, refuse, listener, tls)
        endpoint = Endpoint(f"wss://localhost:{listener.getsockname()[1]}", "open", BOTH, None, ca, *pair)
        with pytest.raises(LinkRefused) as refused:
            await connect(endpoint)
        await waiting
    assert (refused.value.kind, refused.value.why) == ("tls", why)


def hang_up(listener: socket.socket, tls: ssl.SSLContext | None) -> None:
    """The request is read, and that was it."""
    peer, _ = listener.accept()
    with contextlib.closing(tls.wrap_socket(peer, server_side=True) if tls else peer) as heard:
        heard.recv(65536)


@pytest.mark.parametrize(
    ("secure", "own", "words"),
    [
        (False, False, "without an answer$"),
        (True, False, "without an answer; it may want a certificate"),
        (True, True, "without an answer; it may want another certificate"),
    ],
)
async def test_who_closes_without_an_answer_is_told(
    tmp_path: Path, secure: bool, own: bool, words: str
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("CP1") if own else (None, None)
    tls = context(authority.issue("localhost")) if secure else None
    with socket.create_server(("localhost", 0)) as listener:
        waiting = asyncio.get_running_loop().run_in_executor(None, hang_up, listener, tls)
        url = f"{'wss' if secure else 'ws'}://localhost:{listener.getsockname()[1]}"
        with pytest.raises(LinkRefused, match=words):
            await connect(Endpoint(url, "CP1", BOTH, None, authority.certificate, *pair))
        await waiting


async def test_missing_certificates_are_said() -> None:
    with pytest.raises(LinkRefused, match="certificates"):
        await connect(Endpoint("wss://localhost:1", "CP1", BOTH, ca=Path("nowhere.pem")))


def test_a_hexadecimal_key_of_1_6_is_sent_as_its_bytes() -> None:
    from hub.link.websocket import _credentials

    (plain,) = _credentials(Endpoint("ws://h", "C", ("ocpp2.0.1",), "00" * 20))
    binary, text = _credentials(Endpoint("ws://h", "C", ("ocpp1.6",), "00" * 20))
    assert len(binary["Authorization"]) < len(plain["Authorization"])
    assert text == plain
    assert _credentials(Endpoint("ws://h", "C", BOTH, "00" * 20)) == [plain, binary]
    assert _credentials(Endpoint("ws://h", "C", BOTH)) == [{}]


@pytest.mark.parametrize("reading", [bytes.fromhex, str.encode])
@pytest.mark.parametrize("versions", [("ocpp1.6",), BOTH])
async def test_a_csms_may_read_a_hexadecimal_key_as_text_or_as_bytes(
    reading: Callable[[str], bytes], versions: tuple[str, ...]
) -> None:
    key = "0123456789abcdef" * 2
    wanted = "Basic " + base64.b64encode(b"CP1:" + reading(key)).decode()

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        good = request.headers["Authorization"] == wanted
        return None if good else connection.respond(HTTPStatus.UNAUTHORIZED, "")

    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with ws_serve(
        stay, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")], process_request=admit
    ) as server:
        port = server.sockets[0].getsockname()[1]
        link = await connect(Endpoint(f"ws://127.0.0.1:{port}", "CP1", versions, key))
        assert link.subprotocol == "ocpp1.6"
        await link.close()


def test_waits_double_and_stay_random() -> None:
    backoff = BackOff(10, 5, 2)
    waits = [backoff.next() for _ in range(5)]
    for wait, base in zip(waits, (10, 20, 40, 40, 40), strict=True):
        assert base <= wait <= base + 5
    backoff.reset()
    assert backoff.next() <= 15
