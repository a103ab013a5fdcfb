"""The embedded broker and the mirror's clients, on real sockets, with paho and aiomqtt as the other side."""

import asyncio
from collections.abc import AsyncIterator

import aiomqtt
import pytest

from hub.bus import Bus, Message
from hub.clock import SystemClock
from hub.errors import HubError
from hub.mqtt.access import Access, Account
from hub.mqtt.address import BrokerAddress, Credentials
from hub.mqtt.client import CommandClient, StateClient
from hub.mqtt.listener import Listener
from hub.mqtt.session import Limits


@pytest.fixture
async def bus() -> Bus:
    return Bus()


@pytest.fixture
async def listener(bus: Bus) -> AsyncIterator[Listener]:
    listener = Listener(bus, Access({}, "evhub"), SystemClock(), port=0)
    await listener.start()
    yield listener
    await listener.close()


async def until(bus: Bus, topic: str) -> Message:
    """The next message on a topic, or the one that is kept."""
    found: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    end = bus.subscribe(topic, lambda message: None if found.done() else found.set_result(message))
    try:
        return await asyncio.wait_for(found, 10)
    finally:
        end()


@pytest.mark.parametrize("version", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
async def test_a_real_client_reads_state_and_writes_commands(
    bus: Bus, listener: Listener, version: aiomqtt.ProtocolVersion
) -> None:
    bus.publish("evhub/garage/state", {"power": 1}, retain=True)
    async with aiomqtt.Client("127.0.0.1", listener.port, protocol=version) as client:
        await client.subscribe("evhub/#", qos=1)
        heard = asyncio.create_task(until(bus, "evhub/garage/cmd"))
        await asyncio.sleep(0)
        await client.publish("evhub/garage/cmd", b'{"op":"refresh"}', qos=1)
        assert (await heard).payload == b'{"op":"refresh"}'
        message = await anext(client.messages)
        assert (str(message.topic), message.payload, message.retain) == (
            "evhub/garage/state",
            b'{"power":1}',
            True,
        )


async def test_a_large_backlog_reaches_a_client(bus: Bus, listener: Listener) -> None:
    async with aiomqtt.Client("127.0.0.1", listener.port) as client:
        await client.subscribe("evhub/#", qos=1)
        for number in range(2000):
            bus.publish("evhub/e", "x" * 2000 + str(number))
        numbers = []
        async for message in client.messages:
            numbers.append(int(bytes(message.payload)[2000:]))  # type: ignore[arg-type]
            if len(numbers) == 2000:
                break
        assert numbers == list(range(2000))


async def test_users_are_asked_for_their_password(bus: Bus) -> None:
    access = Access({"ems": Account("ems", "secret")}, "evhub")
    listener = Listener(bus, access, SystemClock(), host="0.0.0.0", port=0, anonymous=False)
    await listener.start()
    async with aiomqtt.Client("127.0.0.1", listener.port, username="ems", password="secret"):
        assert listener.broker.counters()["clients"] == 1
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", listener.port, username="ems", password="guess"):
            pass
    await listener.close()


def test_without_users_it_stays_on_loopback(bus: Bus) -> None:
    with pytest.raises(HubError, match="users"):
        Listener(bus, Access({}, "evhub"), SystemClock(), host="0.0.0.0")


async def test_a_taken_port_is_said(bus: Bus, listener: Listener) -> None:
    with pytest.raises(HubError, match="cannot listen"):
        await Listener(bus, Access({}, "evhub"), SystemClock(), port=listener.port).start()
    await Listener(bus, Access({}, "evhub"), SystemClock()).close()


async def test_one_connection_too_many_is_refused(bus: Bus) -> None:
    listener = Listener(bus, Access({}, "evhub"), SystemClock(), port=0, limits=Limits(connections=1))
    await listener.start()
    async with aiomqtt.Client("127.0.0.1", listener.port):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        assert await reader.read() == b""
        writer.close()
    await listener.close()


async def test_the_mirror_carries_the_bus_to_a_broker_and_commands_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    remote, local = Bus(), Bus()
    broker = Listener(remote, Access({}, "evhub"), SystemClock(), port=0)
    broker.broker._access.may_write = lambda account, topic: True  # type: ignore[method-assign]
    await broker.start()
    address, credentials = BrokerAddress("127.0.0.1", broker.port, "tcp", False), Credentials()
    local.publish("evhub/garage/state", {"power": 7}, retain=True)
    local.publish("evhub/garage/event", "plugged")
    state = StateClient(local, address, credentials, "evhub")
    tasks = [
        asyncio.create_task(state.run()),
        asyncio.create_task(CommandClient(local, address, credentials, "evhub").run()),
    ]
    assert (await until(remote, "evhub/garage/state")).payload == b'{"power":7}'
    while broker.broker.counters()["clients"] < 2 or not any(
        seat.routes for seat in broker.broker._seats.values()
    ):
        await asyncio.sleep(0.01)
    heard = asyncio.create_task(until(local, "evhub/garage/cmd"))
    await asyncio.sleep(0.05)
    remote.publish(
        "evhub/garage/cmd", b'{"op":"x"}', properties={"response_topic": "r", "correlation_data": b"9"}
    )
    message = await heard
    assert message.payload == b'{"op":"x"}'
    assert message.properties == {
        "origin": "broker",
        "retained": False,
        "response_topic": "r",
        "correlation_data": b"9",
    }
    answered = asyncio.create_task(until(remote, "r"))
    await asyncio.sleep(0)
    local.publish("r", "done", properties={"correlation_data": b"9"})
    assert (await answered).properties["correlation_data"] == b"9"  # type: ignore[index]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [kept.payload for kept in remote.retained("evhub/bridge/state")] == [b"offline"]
    assert "is away" not in caplog.text
    await broker.close()


async def test_a_broker_of_mqtt_3_1_1_is_served_as_well() -> None:
    remote, local = Bus(), Bus()
    broker = Listener(remote, Access({}, "other"), SystemClock(), port=0)
    await broker.start()
    address = BrokerAddress("127.0.0.1", broker.port, "tcp", False, version="3.1.1")
    local.publish("evhub/garage/state", {"power": 7}, retain=True)
    commands = CommandClient(local, address, Credentials(), "evhub")
    tasks = [
        asyncio.create_task(StateClient(local, address, Credentials(), "evhub").run()),
        asyncio.create_task(commands.run()),
    ]
    assert (await until(remote, "evhub/garage/state")).payload == b'{"power":7}'
    heard = asyncio.create_task(until(local, "evhub/garage/cmd"))
    async with aiomqtt.Client("127.0.0.1", broker.port) as ems:
        while not heard.done():
            await ems.publish("evhub/garage/cmd", b'{"op":"x"}', qos=1)
    assert heard.result().properties == {"origin": "broker", "retained": False}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [kept.payload for kept in remote.retained("evhub/bridge/state")] == [b"offline"]
    await broker.close()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_retained_command_is_told_as_such_and_cleared_at_the_broker(version: str) -> None:
    remote, local = Bus(), Bus()
    broker = Listener(remote, Access({}, "other"), SystemClock(), port=0)
    await broker.start()
    remote.publish("evhub/garage/cmd", b'{"op":"x"}', retain=True)
    address = BrokerAddress("127.0.0.1", broker.port, "tcp", False, version=version)
    heard: list[Message] = []
    local.subscribe("evhub/garage/cmd", heard.append)
    task = asyncio.create_task(CommandClient(local, address, Credentials(), "evhub").run())
    async with asyncio.timeout(5):
        while list(remote.retained("evhub/#")):
            await asyncio.sleep(0.01)
        if version == "5":
            async with aiomqtt.Client("127.0.0.1", broker.port) as ems:
                await ems.publish("evhub/garage/cmd", b'{"op":"y"}', qos=1, retain=True)
            while len(heard) < 2 or list(remote.retained("evhub/#")):
                await asyncio.sleep(0.01)
    assert all(message.properties and message.properties["retained"] for message in heard)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.close()


async def test_what_somebody_else_writes_on_the_hubs_topics_is_overwritten_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hub.mqtt.client.CORRECT_S", 0.2)
    remote, local = Bus(), Bus()
    broker = Listener(remote, Access({}, "other"), SystemClock(), port=0)
    await broker.start()
    address = BrokerAddress("127.0.0.1", broker.port, "tcp", False)
    local.publish("evhub/garage/state", "true", retain=True)
    task = asyncio.create_task(StateClient(local, address, Credentials(), "evhub").run())
    assert (await until(remote, "evhub/garage/state")).payload == b"true"
    seen: list[object] = []
    remote.subscribe("evhub/garage/state", lambda message: seen.append(message.payload))
    async with aiomqtt.Client("127.0.0.1", broker.port) as foreign, asyncio.timeout(5):
        for number in range(3):
            await foreign.publish("evhub/garage/state", b"wrong", qos=1, retain=True)
            while seen.count(b"wrong") <= number:
                await asyncio.sleep(0.01)
        while seen[-1] != b"true" or seen.count(b"true") < 3:
            await asyncio.sleep(0.01)
    said = [record for record in caplog.records if "somebody else writes" in record.getMessage()]
    assert 1 <= len(said) <= 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.close()
