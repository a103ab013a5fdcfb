"""A stand-in charger that does what its standard input says: plug, unplug, move ADDRESS, quiet, announce.

usage: python -m tests.netns.device ADDRESS NUMBER
"""

import asyncio
import sys

from integrations.echonet_lite.simulated import ChargerObject
from integrations.echonet_lite.simulation import SimulatedNode
from integrations.echonet_lite.simulator import Simulator

CHARGER = 0x02A101


async def main(host: str, number: int) -> None:
    charger = ChargerObject()
    simulator = Simulator(SimulatedNode({CHARGER: charger}, number), host, speed=60.0)
    simulator.open()
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    clock = asyncio.create_task(simulator.run())
    async for line in reader:
        word, _, rest = line.decode().strip().partition(" ")
        if word == "move":
            simulator.move(rest)
        elif word == "plug":
            charger.plug()
        elif word == "unplug":
            charger.unplug()
        elif word == "announce":
            simulator.node.start(loop.time())
        simulator.tell()
        print(f"done {word} {charger.written}", flush=True)
    clock.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
