"""pymodbus as a peer that none of us wrote: its server to our links, its clients to our simulated chargers."""

from collections.abc import AsyncIterator

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hub.blueprint.compile import load_blueprint
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.address import TcpAddress
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, WRITE
from integrations.modbus.sharing import LINKS
from integrations.modbus.simulator import SimulatedCharger


@pytest.fixture
async def port() -> AsyncIterator[int]:
    registers = SimData(100, values=list(range(1000, 1040)), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(7, registers), address=("127.0.0.1", 0))
    await server.listen()
    yield server.transport.sockets[0].getsockname()[1]
    await server.shutdown()


async def test_its_registers_are_read_and_written(port: int) -> None:
    async with LINKS.open(TcpAddress("127.0.0.1", port)) as link:
        assert await link.ask(Request(7, 3, 100, 40), POLL) == list(range(1000, 1040))
        await link.ask(Request(7, 6, 101, 1, (7,)), WRITE)
        await link.ask(Request(7, 16, 102, 2, (8, 9)), WRITE)
        assert await link.ask(Request(7, 3, 100, 5), POLL) == [1000, 7, 8, 9, 1004]
        with pytest.raises(ModbusException) as refusal:
            await link.ask(Request(7, 3, 5000, 1), POLL)
        assert refusal.value.code == 2


@pytest.fixture
async def charger() -> AsyncIterator[SimulatedCharger]:
    mapping = load_blueprint("kse/wbx16", {"serial": "x"}, (shipped("blueprints"),), load_codec)
    charger = SimulatedCharger(mapping)
    yield charger
    await charger.close()


async def asked_by(client: ModbusBaseClient) -> tuple[list[int], list[int], int]:
    """Its status, its limit before and after a write, and the exception for what it doesn't have."""
    assert await client.connect()
    status = await client.read_input_registers(16, count=1, device_id=100)
    await client.write_register(3, 9, device_id=100)
    limit = await client.read_holding_registers(3, count=1, device_id=100)
    nothing = await client.read_holding_registers(60000, count=1, device_id=100)
    client.close()
    return status.registers, limit.registers, nothing.exception_code


@pytest.mark.parametrize("framer", [FramerType.SOCKET, FramerType.RTU, FramerType.ASCII])
async def test_its_client_understands_a_simulated_charger_on_tcp(
    charger: SimulatedCharger, framer: FramerType
) -> None:
    port = await charger.start(framer={"socket": "tcp"}.get(framer.value, framer.value))
    client = AsyncModbusTcpClient("127.0.0.1", port=port, framer=framer, retries=0)
    assert await asked_by(client) == ([1], [9], 2)


async def test_its_client_understands_a_simulated_charger_on_a_terminal(charger: SimulatedCharger) -> None:
    path = await charger.start_terminal()
    client = AsyncModbusSerialClient(path, baudrate=9600, retries=0)
    assert await asked_by(client) == ([1], [9], 2)
