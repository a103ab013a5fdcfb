"""Modbus servers of other makers: libmodbus (C), whose answers are spoilt in nineteen ways, and npm's modbus-serial."""

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec, load_factory
from tests.interop.modbuspeer import Peer, free_port, started, until

pytestmark = pytest.mark.interop

KINDS = (
    *("silent", "late", "exception1", "exception4", "exception6", "short", "long", "tid", "unit", "function"),
    *("bytecount", "protocol", "length", "split", "twice", "close", "garbage", "half", "older"),
)
TRUTH = {"near": 4711, "pair": 305419896, "real": 2.5, "far": -2}
BLUEPRINT = """
blueprint: {name: Truth, domain: charger, vendor: Acme, model: Truth, input: {port: {default: 502}}}
protocol: modbus
link: {LINK, timeout: 200ms}
poll: {fast: 50ms}
points:
  near: {at: 100, poll: fast}
  pair: {at: 101, type: u32, poll: fast}
  real: {at: 300, type: f32, table: input, poll: fast}
  far: {at: 900, type: i16, poll: fast}
  limit_set: {at: 400, access: wo, write: fc6}
state: {else: available}
actions: {set_limit: {limit_set: limit * 10}}
tests: [{name: t, expect: {state: available}}]
"""


def truth(peer: Peer) -> None:
    peer.say("set holding 100 4711 4660 22136")
    peer.say("set input 300 16416 0")
    peer.say("set holding 900 65534")


class Seen:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.losses = 0

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def offline(self, reason: str) -> None:
        self.losses += 1

    @property
    def now(self) -> dict[str, Any]:
        values = self.readings[-1].evses[1].values if self.readings else {}
        return {name: values.get(name) for name in TRUTH}

    def wrong(self) -> list[dict[str, Any]]:
        """Readings that say anything but the truth, or that something isn't known."""
        told = ({name: reading.evses[1].values.get(name) for name in TRUTH} for reading in self.readings)
        return [one for one in told if any(one[name] not in (None, TRUTH[name]) for name in TRUTH)]


@contextlib.asynccontextmanager
async def polled(folder: Path, link: str, **inputs: Any) -> AsyncIterator[tuple[Any, Seen]]:
    (folder / "truth.yaml").write_text(BLUEPRINT.replace("LINK", link), encoding="utf-8")
    mapping = load_blueprint("truth", inputs, (folder,), load_codec)
    device = load_factory("modbus")(DeviceSetup("c", mapping, {}, SystemClock()))
    seen = Seen()
    task = asyncio.create_task(device.run(seen))
    try:
        yield device, seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


TCP = "host: 127.0.0.1, port: !input port"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_spoilt_answer_never_becomes_a_value(libmodbus: list[str], tmp_path: Path, kind: str) -> None:
    peer = await started(*libmodbus, "tcp", "0")
    truth(peer)
    async with polled(tmp_path, TCP, port=peer.port) as (_, seen):
        await until(lambda: seen.now == TRUTH)
        for _ in range(3):
            before = len(seen.readings)
            peer.say(f"fault {kind}")
            await asyncio.sleep(0.3)
            peer.say("set holding 900 65533")
            await until(lambda: seen.now["far"] == -3)
            peer.say("set holding 900 65534")
            await until(lambda: seen.now["far"] == -2)
            assert len(seen.readings) > before
        assert seen.losses == 0
    await peer.close()
    assert all(reading.evses[1].values.get("far") in (-2, -3, None) for reading in seen.readings)
    assert [w for w in seen.wrong() if w["far"] != -3] == []


@pytest.mark.parametrize("seed", range(3))
async def test_a_long_run_of_spoilt_answers_has_no_wrong_value(
    libmodbus: list[str], tmp_path: Path, seed: int
) -> None:
    peer = await started(*libmodbus, "tcp", "0")
    truth(peer)
    async with polled(tmp_path, TCP, port=peer.port) as (_, seen):
        await until(lambda: seen.now == TRUTH)
        peer.say(f"faults {seed}")
        await asyncio.sleep(20)
    await peer.close()
    assert seen.wrong() == []
    assert sum(reading.evses[1].values.get("near") == TRUTH["near"] for reading in seen.readings) > 0


async def test_modbus_serial_is_read_and_written(modbus_serial: list[str], tmp_path: Path) -> None:
    peer = await started(*modbus_serial, "tcp", str(free_port()))
    truth(peer)
    async with polled(tmp_path, TCP, port=peer.port) as (device, seen):
        await until(lambda: seen.now == TRUTH)
        await device.execute("set_limit", 1, {"limit": 16.0})
        await until(lambda: peer.wrote == [[6, 400, 160]])
    await peer.close()


@pytest.mark.parametrize("baud", [9600, 19200, 115200])
async def test_libmodbus_is_read_and_written_on_a_serial_line(
    libmodbus: list[str], tmp_path: Path, baud: int
) -> None:
    async with serial_line() as (hub_end, peer_end):
        peer = await started(*libmodbus, "rtu", peer_end, str(baud), "7")
        truth(peer)
        link = f"serial: {hub_end}, baudrate: {baud}, unit_id: 7, parity: none"
        async with polled(tmp_path, link) as (device, seen):
            await until(lambda: seen.now == TRUTH)
            await device.execute("set_limit", 1, {"limit": 16.0})
            await until(lambda: peer.wrote == [[6, 400, 160]])
        await peer.close()


@contextlib.asynccontextmanager
async def serial_line() -> AsyncIterator[tuple[str, str]]:
    """Two serial ports that are joined."""
    loop = asyncio.get_running_loop()
    pairs = [os.openpty(), os.openpty()]
    for (ours, theirs), (other, _) in zip(pairs, reversed(pairs), strict=True):
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        loop.add_reader(ours, lambda a=ours, b=other: os.write(b, os.read(a, 4096)))
    try:
        yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
    finally:
        for ours, theirs in pairs:
            loop.remove_reader(ours)
            os.close(ours)
            os.close(theirs)
