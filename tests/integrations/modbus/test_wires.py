"""The wires themselves: serial ports (pseudo terminals with the timing of a bus) and what is spoken behind TCP."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.errors import HubError
from integrations.modbus.address import Address, SerialAddress, TcpAddress, Tls
from integrations.modbus.frame import Request
from integrations.modbus.links import POLL, WRITE, BusLink, Manner, NoAnswer
from integrations.modbus.sharing import LINKS
from integrations.modbus.wires import context, open_wire
from tests.hub.link.certificates import Authority
from tests.integrations.modbus.served import Fault, Served
from tests.integrations.modbus.virtual import truth


def answer(unit: int, pdu: bytes) -> bytes | None:
    """Unit 9 is dead; 8 is busy."""
    function, address, count = struct.unpack(">BHH", pdu[:5])
    if unit == 9:
        return None
    if unit == 8:
        return bytes([function | 0x80, 4])
    if function in (5, 6, 15, 16):
        return pdu[:5]
    words = [truth(unit, address + offset) for offset in range(count)]
    return struct.pack(f">BB{count}H", function, 2 * count, *words)


@contextlib.asynccontextmanager
async def linked(address: Address) -> AsyncIterator[BusLink]:
    async with LINKS.open(address) as link:
        yield link


async def read(link: BusLink, unit: int, address: int, count: int = 4) -> bool:
    words = await link.ask(Request(unit, 3, address, count), POLL, tries=2, manner=Manner(timeout_s=0.3))
    return words == [truth(unit, address + offset) for offset in range(count)]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served(answer, "rtu")
    yield served
    await served.close()


async def test_units_on_a_serial_bus_are_read_and_written(served: Served) -> None:
    path = served.open_pty(baudrate=19200)
    async with linked(SerialAddress(path)) as link:
        for number in range(12):
            assert await read(link, 1 + number % 3, 100 + number)
        await link.ask(Request(1, 16, 5, 2, (1, 2)), WRITE)


@pytest.mark.parametrize("kind", ["drop", "short", "unit", "crc"])
async def test_a_reply_that_goes_wrong_on_a_serial_bus_is_asked_for_again(served: Served, kind: str) -> None:
    path = served.open_pty(baudrate=115200)
    async with linked(SerialAddress(path, baudrate=115200)) as link:
        assert await read(link, 1, 100)
        served.faults.all.append(Fault(kind, times=1))
        assert await read(link, 1, 200)
        assert await read(link, 2, 300)


async def test_a_serial_port_that_is_pulled_out_fails_the_request_and_comes_back(
    served: Served, tmp_path: Path
) -> None:
    port = tmp_path / "ttyUSB0"
    port.symlink_to(served.open_pty(baudrate=115200))
    async with linked(SerialAddress(str(port), baudrate=115200)) as link:
        assert await read(link, 1, 100)
        await served.close()
        with pytest.raises(NoAnswer):
            await read(link, 1, 100)
        port.unlink()
        port.symlink_to(served.open_pty(baudrate=115200))
        async with asyncio.timeout(10):
            while not await _came_back(link):
                pass


async def _came_back(link: BusLink) -> bool:
    try:
        return await read(link, 1, 100)
    except NoAnswer as failure:
        await asyncio.sleep(max(failure.again_s, 0.05))
        return False


async def test_a_port_that_is_not_there_is_no_answer() -> None:
    async with linked(SerialAddress("/dev/ttyNOWHERE")) as link:
        with pytest.raises(NoAnswer, match="ttyNOWHERE"):
            await read(link, 1, 100)


@pytest.mark.parametrize("framer", ["rtu", "ascii"])
async def test_a_serial_port_behind_tcp_speaks_its_framing(served: Served, framer: str) -> None:
    served.framer = framer
    port = await served.listen("127.0.0.1", 0)
    async with linked(TcpAddress("127.0.0.1", port, framer)) as link:
        assert await read(link, 1, 100)
        served.faults.all.append(Fault("drop", times=1))
        assert await read(link, 1, 200)
        assert await read(link, 2, 300)


async def test_ascii_on_a_serial_port(served: Served) -> None:
    served.framer = "ascii"
    path = served.open_pty(baudrate=38400)
    async with linked(SerialAddress(path, "ascii", 38400)) as link:
        for number in range(5):
            assert await read(link, 1, 100 + number)


def test_tls_verifies_its_peer_and_says_which_file_is_missing() -> None:
    made = context(Tls())
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.check_hostname
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    with pytest.raises(HubError, match=r"/nowhere\.pem: cannot be read: No such file"):
        context(Tls(ca="/nowhere.pem"))


async def test_a_certificate_that_only_a_strict_look_refuses_is_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(*authority.issue("localhost", bare=True))
    served = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=secured)
    address = TcpAddress("localhost", served.sockets[0].getsockname()[1], tls=Tls(str(authority.certificate)))
    with pytest.raises(ConnectionError, match=r"TLS: .*RFC 5280 .*Missing Authority Key Identifier"):
        await open_wire(address, lambda _: None, lambda _: None)
    served.close()
