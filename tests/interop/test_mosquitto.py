"""mosquitto as the other side: its clients on our listener, its broker under our mirror."""

import asyncio
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.bus import Bus, Message
from hub.clock import SystemClock
from hub.mqtt.access import Access
from hub.mqtt.address import BrokerAddress, Credentials
from hub.mqtt.client import CommandClient, StateClient
from hub.mqtt.listener import Listener

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="mosquitto-clients is not installed"),
]
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Bus, Listener]]:
    bus = Bus()
    listener = Listener(bus, Access({}, "evhub"), SystemClock(), port=0)
    await listener.start()
    yield bus, listener
    await listener.close()


async def run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.parametrize("version", ["311", "5"])
@pytest.mark.parametrize("qos", ["0", "1"])
async def test_mosquitto_sub_reads_what_is_retained(
    listener: tuple[Bus, Listener], version: str, qos: str
) -> None:
    bus, served = listener
    for number in range(50):
        bus.publish(f"evhub/c{number}/state", {"power": number}, retain=True)
    out = await run(
        "mosquitto_sub",
        "-p",
        str(served.port),
        "-V",
        version,
        "-q",
        qos,
        "-t",
        "evhub/#",
        "-C",
        "50",
        "-F",
        "%r %t %p",
    )
    assert out.splitlines() == [f'1 evhub/c{number}/state {{"power":{number}}}' for number in range(50)]


@pytest.mark.parametrize("version", ["311", "5"])
async def test_mosquitto_pub_reaches_the_bus(listener: tuple[Bus, Listener], version: str) -> None:
    bus, served = listener
    heard: list[Message] = []
    bus.subscribe("evhub/garage/cmd", heard.append)
    await run(
        "mosquitto_pub",
        "-p",
        str(served.port),
        "-V",
        version,
        "-q",
        "1",
        "-t",
        "evhub/garage/cmd",
        "-m",
        '{"op":"refresh"}',
    )
    assert [message.payload for message in heard] == [b'{"op":"refresh"}']


async def test_mosquitto_rr_gets_its_answer(listener: tuple[Bus, Listener]) -> None:
    bus, served = listener

    def respond(message: Message) -> None:
        properties = message.properties or {}
        bus.publish(str(properties["response_topic"]), "done", properties={"correlation_data": b"x"})

    bus.subscribe("evhub/garage/cmd", respond)
    out = await run(
        "mosquitto_rr",
        "-p",
        str(served.port),
        "-V",
        "5",
        "-q",
        "1",
        "-t",
        "evhub/garage/cmd",
        "-e",
        "ems/r",
        "-m",
        "{}",
        "-W",
        "5",
    )
    assert out.strip() == "done"


async def broker(port: int, folder: Path) -> Process:
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nuser root\n"
    )
    return await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(configuration), stdout=DEVNULL, stderr=DEVNULL
    )


async def test_a_mosquitto_that_is_killed_and_comes_back_has_everything_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bus = Bus()
    bus.publish("evhub/garage/state", {"power": 1}, retain=True)
    address = BrokerAddress("127.0.0.1", port, "tcp", False)
    tasks = [
        asyncio.create_task(StateClient(bus, address, Credentials(), "evhub").run()),
        asyncio.create_task(CommandClient(bus, address, Credentials(), "evhub").run()),
    ]
    for power in (1, 2):
        process = await broker(port, tmp_path)
        await watched(port, "evhub/garage/state", f'{{"power":{power}}}')
        process.kill()
        await process.wait()
        bus.publish("evhub/garage/state", {"power": power + 1}, retain=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_mosquitto_forgets_a_retained_command(tmp_path: Path, version: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await broker(port, tmp_path)
    publish = (
        "mosquitto_pub",
        "-p",
        str(port),
        "-q",
        "1",
        "-r",
        "-t",
        "evhub/garage/cmd",
        "-m",
        '{"op":"x"}',
    )
    while await (await asyncio.create_subprocess_exec(*publish, stdout=DEVNULL, stderr=DEVNULL)).wait():
        await asyncio.sleep(0.05)
    bus, heard = Bus(), list[Message]()
    bus.subscribe("evhub/garage/cmd", heard.append)
    address = BrokerAddress("127.0.0.1", port, "tcp", False, version=version)
    task = asyncio.create_task(CommandClient(bus, address, Credentials(), "evhub").run())
    kept = "mosquitto_sub", "-p", str(port), "-t", "evhub/garage/cmd", "-C", "1", "-W", "1"
    async with asyncio.timeout(20):
        while not heard:
            await asyncio.sleep(0.02)
        while not await (await asyncio.create_subprocess_exec(*kept, stdout=DEVNULL, stderr=DEVNULL)).wait():
            await asyncio.sleep(0.05)
    assert [message.properties["retained"] for message in heard if message.properties] == [True]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    process.kill()
    await process.wait()


async def test_mosquitto_gets_the_truth_again_when_somebody_else_writes_it(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await broker(port, tmp_path)
    bus = Bus()
    bus.publish("evhub/garage/state", {"power": 1}, retain=True)
    address = BrokerAddress("127.0.0.1", port, "tcp", False)
    task = asyncio.create_task(StateClient(bus, address, Credentials(), "evhub").run())
    await watched(port, "evhub/garage/state", '{"power":1}')
    for foreign in ("wrong", ""):
        await run(
            "mosquitto_pub", "-p", str(port), "-q", "1", "-r", "-t", "evhub/garage/state", "-m", foreign
        )
        await watched(port, "evhub/garage/state", '{"power":1}')
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    process.kill()
    await process.wait()


async def watched(port: int, topic: str, wanted: str) -> None:
    """Until the broker is there and tells the wanted value."""
    for _ in range(100):
        process = await asyncio.create_subprocess_exec(
            "mosquitto_sub", "-p", str(port), "-t", topic, "-C", "1", "-W", "3", stdout=PIPE, stderr=DEVNULL
        )
        out, _ = await process.communicate()
        if out.decode().strip() == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{topic} never told {wanted}")
