"""Modbus over TLS: real handshakes with chargers whose certificate is good or bad, and what is said of the bad ones."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integrations.modbus.address import TcpAddress, address_of
from integrations.modbus.frame import Request
from integrations.modbus.links import POLL, Manner, NoAnswer
from integrations.modbus.sharing import LINKS
from tests.hub.link.certificates import Authority
from tests.integrations.modbus.test_links import good


@contextlib.asynccontextmanager
async def charger(certificate: tuple[Path, Path], clients: Path | None = None) -> AsyncIterator[int]:
    """The port where it is served. `clients`: who must have signed its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                writer.writelines(good(transaction, unit, await reader.readexactly(length - 1)))

    server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        for writer in writers:
            writer.transport.abort()
        server.close()


async def read(host: str) -> list[int]:
    """What a charger says whose blueprint's input `host` is this."""
    address = address_of({"host": host, "port": 502})
    assert isinstance(address, TcpAddress)
    async with LINKS.open(address) as link:
        return await link.ask(Request(1, 3, 1000, 2), POLL, manner=Manner(timeout_s=2.0))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_charger_whose_authority_is_named_is_read(authority: Authority) -> None:
    async with charger(authority.issue("localhost")) as port:
        assert await read(f"tls://localhost:{port}?ca={authority.certificate}") == [1000, 1001]


@pytest.mark.parametrize(
    ("issued", "words"),
    [
        (("other.test", 1), "Hostname mismatch, certificate is not valid for 'localhost'"),
        (("localhost", -1), "certificate has expired"),
    ],
)
async def test_a_certificate_that_is_not_the_charger_s_or_not_valid_is_refused(
    authority: Authority, issued: tuple[str, int], words: str
) -> None:
    async with charger(authority.issue(issued[0], days=issued[1])) as port:
        with pytest.raises(NoAnswer, match=f"^localhost:{port}: TLS: {words}"):
            await read(f"tls://localhost:{port}?ca={authority.certificate}")


async def test_a_charger_that_another_authority_vouches_for_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "Other CA")
    async with charger(other.issue("localhost")) as port:
        for trusted in (f"?ca={authority.certificate}", ""):
            with pytest.raises(
                NoAnswer, match=f"^localhost:{port}: TLS: unable to get local issuer certificate"
            ):
                await read(f"tls://localhost:{port}{trusted}")


async def test_a_charger_without_tls_is_told_from_one_with_it() -> None:
    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no TLS here")
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoAnswer, match=f"^localhost:{port}: TLS: .*VERSION"):
        await read(f"tls://localhost:{port}")
    server.close()


async def test_a_charger_that_wants_to_know_its_client_gets_a_certificate(authority: Authority) -> None:
    cert, key = authority.issue("hub.test")
    async with charger(authority.issue("localhost"), clients=authority.certificate) as port:
        where = f"tls://localhost:{port}?ca={authority.certificate}&cert={cert}&key={key}"
        assert await read(where) == [1000, 1001]


@pytest.mark.real_time
async def test_a_charger_that_misses_the_certificate_of_its_client_says_so(authority: Authority) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED

    def refuse(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with accepted, accepted.dup() as kept:
            with contextlib.suppress(ssl.SSLError):
                context.wrap_socket(accepted, server_side=True)
            kept.shutdown(socket.SHUT_WR)
            while kept.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listening))
        with pytest.raises(NoAnswer, match=f"^localhost:{port}: TLS: .*CERTIFICATE_REQUIRED"):
            await read(f"tls://localhost:{port}?ca={authority.certificate}")
        await refusing


async def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(NoAnswer, match=r"/nowhere\.pem: cannot be read: No such file"):
        await read("tls://localhost:1?ca=/nowhere.pem")
