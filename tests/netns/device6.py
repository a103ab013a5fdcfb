"""A stand-in charger on IPv6 link-local; `plug` on standard input.

usage: python -m tests.netns.device6 INTERFACE NUMBER
"""

import asyncio
import ipaddress
import socket
import struct
import sys

from integrations.echonet_lite.simulated import ChargerObject
from integrations.echonet_lite.simulation import SimulatedNode
from integrations.echonet_lite.udp import GROUP_6, PORT


async def main(interface: str, number: int) -> None:
    index = socket.if_nametoindex(interface)
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("::", PORT))
    group = ipaddress.IPv6Address(GROUP_6).packed
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("16sI", group, index))
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    charger = ChargerObject()
    node = SimulatedNode({0x02A101: charger}, number)
    loop = asyncio.get_running_loop()

    def flush() -> None:
        outbox, node.outbox = node.outbox, []
        for item in outbox:
            sock.sendto(item.payload, ((item.host or GROUP_6).partition("%")[0], PORT, 0, index))

    def read() -> None:
        payload, source = sock.recvfrom(2000)
        node.receive(source[0], payload, loop.time())
        flush()

    loop.add_reader(sock, read)
    node.start(loop.time())
    flush()
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for _line in reader:
        charger.plug()
        node.tell(loop.time())
        flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
