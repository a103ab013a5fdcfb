"""ECHONET Lite: many chargers behind one address, of whose properties many can't be read; the hub as a process.

Seconds from the start of the hub until all are found, until all are followed, and from a car at each of them until
all of that is on MQTT.

usage: python -m tests.bench.gateway [COUNT]
"""

import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

import aiomqtt

from hub.cli.demo import free_port
from hub.simulate.ev import Car
from integrations.echonet_lite.simulated import Traits
from integrations.echonet_lite.simulation import Faults
from integrations.echonet_lite.simulator import site
from tests.bench.echonet import client, configuration, discovered, program

HOST = "127.91.9.1"
POOR = Traits(meter=False, soc=False, limits=frozenset({0xEB}))


async def gateway(count: int) -> None:
    """A process of its own; after a signal a car stands at each of them."""
    simulator = site(HOST, count, traits=POOR, faults=Faults())
    simulator.open()
    objects = list(simulator.node.objects.values())

    def plug() -> None:
        for charger in objects:
            charger.plug(Car(needs_wh=100_000, phases=1, max_current=30))
        simulator.tell()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, plug)
    print("ready", flush=True)
    while True:
        simulator.pass_time(1.0)
        await asyncio.sleep(1.0)


async def until_all(listening: aiomqtt.Client, topic: str, wanted: bytes, count: int) -> None:
    seen: set[str] = set()
    await listening.subscribe(topic)
    async for message in listening.messages:
        if bytes(message.payload) == wanted:  # type: ignore[arg-type]
            seen.add(str(message.topic))
        if len(seen) == count:
            await listening.unsubscribe(topic)
            return


async def followed(folder: Path, count: int, peers: asyncio.subprocess.Process) -> tuple[float, float]:
    mqtt = free_port(0)
    chargers = ", ".join(
        f"c{number}: {{use_blueprint: {{path: echonet/ev_charger, input: {{host: {HOST}, instance: {number}}}}}}}"
        for number in range(1, count + 1)
    )
    config = configuration(folder, mqtt, chargers)
    started = time.monotonic()
    async with program("hub.cli.main", "run", "-c", str(config)), client(mqtt) as listening:
        await until_all(listening, "evhub/+/availability", b"online", count)
        online_s = time.monotonic() - started
        await asyncio.sleep(10.0)
        started = time.monotonic()
        peers.send_signal(signal.SIGUSR2)
        await until_all(listening, "evhub/+/evse/1/state/plugged", b"true", count)
        return online_s, time.monotonic() - started


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with program("tests.bench.gateway", "gateway", str(count)) as peers:
            assert peers.stdout is not None
            await peers.stdout.readline()
            found_s = await discovered(folder, count)
            online_s, plugged_s = await followed(folder, count, peers)
    print(f"{count} chargers behind one address, without meters and states of charge")
    print(f"  all found after       {found_s:5.1f} s from the start of the process")
    print(f"  all followed after    {online_s:5.1f} s from the start of the process")
    print(f"  a car at each is told {plugged_s:5.1f} s after the last has come")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["gateway"]:
        asyncio.run(gateway(int(given[1])))
    else:
        asyncio.run(main(int(given[0]) if given else 100))
