"""The straight-line program: polls N chargers each second and writes one OCPP frame a minute. No features at all.

usage: python -m tests.bench.straight CSMS_PORT MODBUS_PORT ...
"""

import asyncio
import sys

import orjson
from websockets.asyncio.client import connect

from integrations.modbus.address import TcpAddress
from integrations.modbus.frame import Request
from integrations.modbus.links import LINKS, POLL

BLOCKS = ((1000, 2), (1004, 2), (1020, 2), (1500, 2))


async def charger(number: int, port: int, csms: int) -> None:
    url = f"ws://127.0.0.1:{csms}/straight{number}"
    async with (
        LINKS.open(TcpAddress("127.0.0.1", port)) as link,
        connect(url, subprotocols=["ocpp2.0.1"]) as ws,
    ):  # type: ignore[list-item]
        count = 0
        while True:
            for address, words in BLOCKS:
                await link.ask(Request(255, 3, address, words), POLL)
            if count % 60 == 0:
                await ws.send(orjson.dumps([2, f"{number}-{count}", "Heartbeat", {}]).decode())
                await ws.recv()
            count += 1
            await asyncio.sleep(1)


async def main() -> None:
    csms, *ports = map(int, sys.argv[1:])
    await asyncio.gather(*(charger(number, port, csms) for number, port in enumerate(ports)))


if __name__ == "__main__":
    asyncio.run(main())
