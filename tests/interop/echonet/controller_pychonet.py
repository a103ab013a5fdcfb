"""pychonet as a controller: reads a node's profile and the maps of its controller object, prints them as JSON.

usage: python controller_pychonet.py OUR_ADDRESS THEIR_ADDRESS
"""

import asyncio
import json
import sys

from pychonet import ECHONETAPIClient
from pychonet.lib.udpserver import UDPServer


async def main(ours: str, theirs: str) -> None:
    server = UDPServer(local_ip=ours)
    server.run("0.0.0.0", 3610, loop=asyncio.get_running_loop())
    client = ECHONETAPIClient(server)
    found = await client.discover(theirs)
    await asyncio.sleep(1.0)
    maps = await client.getAllPropertyMaps(theirs, 0x05, 0xFF, 0x01)
    status = await client.echonetMessage(theirs, 0x05, 0xFF, 0x01, 0x62, [{"EPC": 0x80}, {"EPC": 0x88}])
    told = {"found": bool(found), "maps": bool(maps), "status": bool(status), "state": client._state}
    print("told " + json.dumps(told, default=repr), flush=True)


asyncio.run(main(*sys.argv[1:3]))
