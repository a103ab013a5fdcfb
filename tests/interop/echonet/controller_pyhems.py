"""pyhems as a controller: discovers nodes and reads their objects, prints them as JSON.

usage: python controller_pyhems.py OUR_ADDRESS
"""

import asyncio
import json
import sys

from pyhems import EOJ, HemsClient, HemsInstanceListEvent

CONTROLLER = 0x05FF01


async def main(ours: str) -> None:
    client = HemsClient(interface=ours)
    found: list[HemsInstanceListEvent] = []
    client.subscribe(lambda event: found.append(event) if isinstance(event, HemsInstanceListEvent) else None)
    await client.start()
    while not found:
        await client.probe_nodes()
        await asyncio.sleep(0.5)
    node = found[0].node_id
    properties = await client.get(node, EOJ(CONTROLLER), [0x80, 0x88, 0x8A, 0x9F])
    told = {
        "node": node,
        "instances": [int(eoj) for eoj in found[0].instances],
        "properties": {f"{item.epc:02x}": bytes(item.edt).hex() for item in properties},
    }
    print("told " + json.dumps(told), flush=True)
    await client.stop()


asyncio.run(main(sys.argv[1]))
