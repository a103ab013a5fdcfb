"""pymodbus' server as a peer that none of us wrote."""

from collections.abc import AsyncIterator

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from integrations.modbus.address import TcpAddress
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, WRITE
from integrations.modbus.sharing import LINKS


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
