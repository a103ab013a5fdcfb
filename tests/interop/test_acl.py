"""The access list that is shipped for mosquitto: each user and each topic of the contract, with a real broker."""

import asyncio
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from hub.mqtt.topic_table import TOPICS
from hub.shipped import shipped

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="mosquitto is not installed"),
    pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto_passwd is not installed"),
]
USERS = ("evhub", "ems", "operator", "watcher", "tenant")
ASKS = (
    "{charger}/cmd",
    "{charger}/evse/{evse}/set",
    "{charger}/evse/{evse}/set/{key}",
    "{charger}/evse/{evse}/get",
)
SHARED = "circuit/{circuit}/cmd"
RUNS = (*ASKS, SHARED, "{charger}/update/set", "bridge/request/{op}")


def named(pattern: str, charger: str) -> str:
    filled = (
        pattern.replace("{charger}", charger)
        .replace("{evse}", "1")
        .replace("{op}", "reload")
        .replace("{circuit}", "shed")
    )
    return "evhub/" + filled.replace("{key}", "power").replace("{direction}", "up")


ALL = sorted({named(topic.pattern, charger) for topic in TOPICS for charger in ("garage", "street")})
GARAGE = {topic for topic in ALL if topic.startswith("evhub/garage/")}


def asks(patterns: tuple[str, ...], *chargers: str) -> set[str]:
    return {named(pattern, charger) for pattern in patterns for charger in chargers}


WRITES = {
    "evhub": set(ALL),
    "ems": asks((*ASKS, SHARED), "garage", "street"),
    "operator": asks(RUNS, "garage", "street"),
    "watcher": set(),
    "tenant": asks(ASKS, "garage"),
}
READS = {user: set(ALL) for user in USERS} | {"tenant": GARAGE | {"evhub/bridge/state"}}


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    passwords, access = tmp_path / "passwords", tmp_path / "acl"
    passwords.write_text("".join(f"{user}:word-of-{user}\n" for user in USERS))
    hashing = await asyncio.create_subprocess_exec("mosquitto_passwd", "-U", str(passwords))
    assert await hashing.wait() == 0
    shutil.copy(shipped("config") / "mosquitto.acl", access)
    for file in (passwords, access):
        file.chmod(0o600)
    configuration = tmp_path / "mosquitto.conf"
    lines = (f"listener {number} 127.0.0.1", "user root", f"password_file {passwords}", f"acl_file {access}")
    configuration.write_text("\n".join((*lines, "allow_anonymous false", "")))
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(configuration), stdout=DEVNULL, stderr=DEVNULL
    )
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", number)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            break
    yield number
    process.kill()
    await process.wait()


def client(port: int, user: str) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, username=user, password=f"word-of-{user}")


async def heard(listener: aiomqtt.Client, end: str) -> set[str]:
    """The topics of everything until the one that `end` names."""
    topics: set[str] = set()
    async with asyncio.timeout(10):
        async for message in listener.messages:
            if str(message.topic) == end:
                break
            topics.add(str(message.topic))
    return topics


@pytest.mark.parametrize("user", USERS)
async def test_a_user_writes_what_is_his_to_write(port: int, user: str) -> None:
    async with client(port, "evhub") as hub, client(port, user) as writer:
        await hub.subscribe("#", qos=1)
        for topic in ALL:
            await writer.publish(topic, "x", qos=1)
        await hub.publish("evhub/end", "x", qos=1)
        assert await heard(hub, "evhub/end") == WRITES[user]


@pytest.mark.parametrize("user", USERS)
async def test_a_user_reads_what_is_his_to_read(port: int, user: str) -> None:
    async with client(port, "evhub") as hub, client(port, user) as reader:
        await reader.subscribe("#", qos=1)
        for topic in ALL:
            await hub.publish(topic, "x", qos=1)
        last = "evhub/garage/end"
        await hub.publish(last, "x", qos=1)
        assert await heard(reader, last) == READS[user]


async def test_nobody_comes_in_without_a_password(port: int) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", port):
            pass
