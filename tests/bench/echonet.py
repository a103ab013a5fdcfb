"""ECHONET Lite at size: many nodes on loopback addresses, the hub as a process beside them.

CPU of the hub while it reads ten properties of each node every second, the time until all are found, and the time
from a command to its rejection. Beside it a straight-line program that does only the wire work.

usage: python -m tests.bench.echonet [COUNT]
"""

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import psutil

from hub.cli.demo import free_port
from hub.simulate.ev import Car
from integrations.echonet_lite.frame import CONTROLLER, Esv, Frame, Property, decode, encode
from integrations.echonet_lite.simulated import Traits
from integrations.echonet_lite.simulation import Faults
from integrations.echonet_lite.simulator import Simulator, site
from integrations.echonet_lite.udp import PORT

ROOT = Path(__file__).parents[2]
OURS, STRAIGHT = "127.91.0.1", "127.91.0.2"
ONE_SECOND_UP_TO = 200
"""More nodes are read every ten seconds."""
SETTLE_S, MEASURE_S = 5.0, 20.0
CHARGER = 0x02A101
TEN = (0x80, 0x88, 0x89, 0xC7, 0xD3, 0xD8, 0xDA, 0xE2, 0xE4, 0xED)
BLUEPRINT = """
extends: echonet/ev_charger
blueprint: {name: Benchmark, description: Everything each second.}
link: {force_polling: true}
poll: {fast: PERIODs, normal: PERIODs, slow: 10min}
points:
  energy_target: {poll: slow}
  power_limit_set: {poll: slow}
  vehicle_id: {poll: slow}
  battery_used: {poll: slow}
"""


def address(number: int) -> str:
    return f"127.91.{1 + number // 200}.{number % 200 + 1}"


def period_s(count: int) -> int:
    return 1 if count <= ONE_SECOND_UP_TO else 10


async def nodes(count: int) -> None:
    """A process of its own: `count` chargers, each on its own address; at the last one stands a car, and after a
    signal it takes no more limits."""
    every = [site(address(number), 1, traits=Traits(), faults=Faults()) for number in range(count)]
    for simulator in every:
        simulator.open()
    hear_together(every)
    (last,) = every[-1].node.objects.values()
    last.plug()
    stubborn = replace(last.traits, rejects=frozenset({0xED, 0xEB}))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, setattr, last, "traits", stubborn)
    loop.add_signal_handler(signal.SIGUSR2, plug_all, every)
    print("ready", flush=True)
    while True:
        for simulator in every:
            simulator.pass_time(1.0)
        await asyncio.sleep(1.0)


def hear_together(every: list[Simulator]) -> None:
    """One socket hears for all what is meant for all: a machine of a thousand nodes isn't what is measured."""
    loop = asyncio.get_running_loop()
    for simulator in every:
        assert simulator._all is not None
        loop.remove_reader(simulator._all)
        if simulator is not every[0]:
            simulator._all.close()
    group = every[0]._all
    assert group is not None

    def read() -> None:
        payload, source = group.recvfrom(65535)
        if source[0] in (OURS, STRAIGHT):
            for simulator in every:
                simulator.node.receive(source[0], payload, loop.time())
                simulator._flush()

    loop.add_reader(group, read)


def plug_all(every: list[Simulator]) -> None:
    for simulator in every[:-1]:
        for charger in simulator.node.objects.values():
            charger.plug(Car(needs_wh=100_000, phases=1, max_current=30))


async def straight(count: int) -> None:
    """The wire work and nothing else."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((STRAIGHT, PORT))
    values: dict[str, dict[int, bytes]] = {}

    def read() -> None:
        payload, source = sock.recvfrom(2000)
        values[source[0]] = {item.epc: item.edt for item in decode(payload).properties}

    loop.add_reader(sock, read)
    asked = encode(Frame(1, CONTROLLER, CHARGER, Esv.GET, tuple(map(Property, TEN))))
    while True:
        started = loop.time()
        for number in range(count):
            sock.sendto(asked, (address(number), PORT))
        await asyncio.sleep(max(0.0, started + period_s(count) - loop.time()))


def configuration(folder: Path, mqtt: int, chargers: str, period: int = 1) -> Path:
    (folder / "blueprints").mkdir(exist_ok=True)
    (folder / "blueprints" / "bench.yaml").write_text(BLUEPRINT.replace("PERIOD", str(period)))
    file = folder / "evhub.yaml"
    file.write_text(
        f"hub: {{state_dir: state-{mqtt}}}\nlog: {{level: warning}}\nmqtt: {{listen: '127.0.0.1:{mqtt}'}}\n"
        f"echonet_lite: {{interfaces: ['{OURS}/16']}}\nchargers: {{{chargers}}}\n"
    )
    return file


@asynccontextmanager
async def program(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def cpu(process: asyncio.subprocess.Process) -> float:
    """Percent of one core."""
    await asyncio.sleep(SETTLE_S)
    known = psutil.Process(process.pid)
    before, started = sum(known.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(MEASURE_S)
    return 100 * (sum(known.cpu_times()[:2]) - before) / (time.monotonic() - started)


@asynccontextmanager
async def client(port: int) -> AsyncIterator[aiomqtt.Client]:
    async with asyncio.timeout(20):
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", port) as found:
                    break
            except aiomqtt.MqttError:
                await asyncio.sleep(0.02)
    async with aiomqtt.Client("127.0.0.1", port) as found:
        yield found


async def discovered(folder: Path, count: int) -> float:
    """Seconds from the start of the process until all are on `bridge/discovered`."""
    mqtt = free_port(0)
    config = configuration(folder, mqtt, "")
    started = time.monotonic()
    async with program("hub.cli.main", "run", "-c", str(config)), client(mqtt) as listening:
        await listening.subscribe("evhub/bridge/discovered")
        async for message in listening.messages:
            if len(json.loads(bytes(message.payload))) == count:  # type: ignore[arg-type]
                return time.monotonic() - started
    raise AssertionError("the hub has gone")


async def polled(
    folder: Path, count: int, peers: asyncio.subprocess.Process
) -> tuple[float, float, float, int]:
    """(percent of a core while nobody charges, and while all do; seconds to a rejection; how many charge)."""
    mqtt = free_port(0)
    hosts = [address(number) for number in range(count)]
    chargers = ", ".join(
        f"c{number}: {{use_blueprint: {{path: bench, input: {{host: {host}}}}}, tokens: {{free: true}}}}"
        for number, host in enumerate(hosts)
    )
    config = configuration(folder, mqtt, chargers, period_s(count))
    async with program("hub.cli.main", "run", "-c", str(config)) as hub, client(mqtt) as listening:
        there: set[str] = set()
        await listening.subscribe("evhub/+/availability")
        async with asyncio.timeout(180):
            async for message in listening.messages:
                if bytes(message.payload) == b"online":  # type: ignore[arg-type]
                    there.add(str(message.topic))
                if len(there) == count:
                    break
        idle = await cpu(hub)
        peers.send_signal(signal.SIGUSR2)
        charging = set()
        await listening.subscribe("evhub/+/evse/1/state/status")
        async with asyncio.timeout(180):
            async for message in listening.messages:
                if bytes(message.payload) == b"charging":  # type: ignore[arg-type]
                    charging.add(str(message.topic))
                if len(charging) == count:
                    break
        await listening.unsubscribe("#")
        busy = await cpu(hub)
        peers.send_signal(signal.SIGUSR1)
        await asyncio.sleep(0.5)
        return idle, busy, await rejected(listening, count - 1), len(charging)


async def rejected(listening: aiomqtt.Client, number: int) -> float:
    await listening.subscribe(f"evhub/c{number}/cmd_result")
    asked: dict[str, Any] = {"op": "set_limit", "message": {"current": 10}, "id": "rejected"}
    started = time.monotonic()
    await listening.publish(f"evhub/c{number}/cmd", json.dumps(asked), qos=1)
    async for message in listening.messages:
        if str(message.topic).endswith("cmd_result"):
            told = json.loads(bytes(message.payload))  # type: ignore[arg-type]
            assert told["status"] == "rejected", told
            return time.monotonic() - started
    raise AssertionError("the hub has gone")


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with program("tests.bench.echonet", "nodes", str(count)) as peers:
            assert peers.stdout is not None
            await peers.stdout.readline()
            async with program("tests.bench.echonet", "straight", str(count)) as plain:
                floor = await cpu(plain)
            found_s = await discovered(folder, count)
            idle, busy, rejected_s, charging = await polled(folder, count, peers)
    print(f"{count} nodes, {len(TEN)} properties every {period_s(count)} s, {os.cpu_count()} cores")
    print(f"  straight-line program {floor:5.1f} % of a core")
    print(f"  hub, all idle         {idle:5.1f} % of a core")
    print(f"  hub, {charging:3} charging     {busy:5.1f} % of a core")
    print(f"  all found after       {found_s:5.1f} s from the start of the process")
    print(f"  rejection told after  {1000 * rejected_s:5.0f} ms")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["nodes"]:
        asyncio.run(nodes(int(given[1])))
    elif given[:1] == ["straight"]:
        asyncio.run(straight(int(given[1])))
    else:
        asyncio.run(main(int(given[0]) if given else 100))
