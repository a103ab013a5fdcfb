"""A look around: who answers, and what it seems to be."""

import struct

import pytest

from hub.cli.discover_modbus import products
from hub.errors import HubError
from integrations.modbus.address import SerialAddress, TcpAddress
from integrations.modbus.discovery import fits, hosts, listening, met
from integrations.modbus.marks import Product
from integrations.modbus.mdns import counts
from integrations.modbus.simulator import SimulatedCharger
from tests.integrations.modbus.served import Served


@pytest.fixture(scope="module")
def known() -> list[Product]:
    return products()


def named(known: list[Product], path: str) -> Product:
    return next(product for product in known if product.path == path)


async def test_a_charger_on_tcp_is_met_and_nothing_is_written(known: list[Product]) -> None:
    family = [named(known, path) for path in ("keba/p30", "etrel/inch", "abb/terra_ac")]
    charger = SimulatedCharger(family[0].mapping)
    address = TcpAddress("127.0.0.1", await charger.start())
    assert await listening([address, TcpAddress("127.0.0.1", 1)]) == [address]
    found = [each async for each in met(address, family)]
    await charger.close()
    assert found[0].candidates[0][1].path == "keba/p30"
    assert charger.written == []


async def test_on_a_bus_each_unit_is_asked_and_silent_ones_are_passed_over(known: list[Product]) -> None:
    def answer(unit: int, pdu: bytes) -> bytes | None:
        function, _, count = struct.unpack(">BHH", pdu)
        return struct.pack(f">BB{count}H", function, 2 * count, *[1] * count) if unit == 3 else None

    served = Served(answer, "rtu")
    address = SerialAddress(served.open_pty(baudrate=115200), baudrate=115200)
    heidelberg = [product for product in known if fits(product, address)][:2]
    found = [each async for each in met(address, heidelberg, [2, 3])]
    await served.close()
    assert [each.unit for each in found] == [3]


def test_what_people_name_becomes_addresses() -> None:
    assert hosts("192.0.2.0/30") == ["192.0.2.1", "192.0.2.2"]
    assert hosts("wallbox.local") == ["wallbox.local"]
    with pytest.raises(HubError, match="smaller"):
        hosts("10.0.0.0/8")
    with pytest.raises(HubError, match="nonsense"):
        hosts("nonsense/9")


def test_blueprints_are_compared_on_their_own_kind_of_wire(known: list[Product]) -> None:
    assert fits(named(known, "keba/p30"), TcpAddress("h", 502))
    assert not fits(named(known, "keba/p30"), SerialAddress("/dev/ttyUSB0"))
    assert fits(named(known, "abl/emh1"), SerialAddress("/dev/ttyUSB0", "ascii"))
    assert not fits(named(known, "abl/emh1"), SerialAddress("/dev/ttyUSB0", "rtu"))


@pytest.mark.parametrize(
    ("kind", "name", "counted"),
    [
        ("_modbus._tcp.local.", "whatever._modbus._tcp.local.", True),
        ("_http._tcp.local.", "KEBA P40 12345._http._tcp.local.", True),
        ("_http._tcp.local.", "printer._http._tcp.local.", False),
    ],
)
def test_web_pages_count_when_their_name_is_known(kind: str, name: str, counted: bool) -> None:
    assert counts(kind, name, {"keba", "alfen"}) is counted
