"""How many wires lead to a charger that allows only few."""

import asyncio

from integrations.modbus.address import TcpAddress
from integrations.modbus.budget import budget


async def waits(address: TcpAddress, charger: str) -> bool:
    """Must this one wait?"""

    async def take() -> None:
        async with budget(address, 1, charger):
            pass

    taking = asyncio.create_task(take())
    for _ in range(5):
        await asyncio.sleep(0)
    waiting = not taking.done()
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    return waiting


async def test_a_second_wire_waits_and_a_shared_one_does_not() -> None:
    async with budget(TcpAddress("h", 502), 1, "garage"):
        assert await waits(TcpAddress("h", 503), "garage")
        assert not await waits(TcpAddress("h", 502), "garage")
    assert not await waits(TcpAddress("h", 503), "garage")


async def test_another_charger_behind_the_same_address_does_not_wait() -> None:
    async with budget(TcpAddress("h", 502), 1, "garage"):
        assert not await waits(TcpAddress("h", 503), "street")
