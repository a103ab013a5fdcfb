"""Bender's phase switching: a SEMP server on a real socket."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.errors import DeviceOffline, DeviceRefused, Unsupported
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.jobs import Manner
from integrations.modbus.quirks import bender
from integrations.modbus.quirks.bender import BenderSemp
from integrations.modbus.quirks.http import exchange
from integrations.modbus.quirks.semp import PATH
from integrations.modbus.registers import Registers
from tests.integrations.modbus.quirks.test_semp import ANSWER


class SempServer:
    def __init__(self) -> None:
        self.port = 0
        self.answer = ANSWER
        self.status = "200 OK"
        self.powers: list[int] = []
        self.paths: set[str] = set()
        self.told = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        body = (await reader.readexactly(int(length[1]))).decode() if length else ""
        self.paths.add(head.split()[1])
        self.powers += [int(told) for told in re.findall(r"<RecommendedPowerConsumption>(\d+)<", body)]
        writer.write(f"HTTP/1.0 {self.status}\r\nContent-Type: application/xml\r\n\r\n".encode())
        writer.write(b"" if body else self.answer.encode())
        await writer.drain()
        writer.close()
        self.told.set()


@pytest.fixture
async def server() -> AsyncIterator[SempServer]:
    one = SempServer()
    running = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = running.sockets[0].getsockname()[1]
    yield one
    running.close()
    await running.wait_closed()


def quirk(port: int, *, wanted: bool = True) -> tuple[BenderSemp, list[Any]]:
    inputs = {"host": "127.0.0.1", "phase_switching": wanted, "semp_port": port}
    mapping = load_blueprint("bender/cc612", inputs, (shipped("blueprints"),), load_codec)
    given: list[Any] = []
    registers = Registers("garage", mapping, Manner())
    return BenderSemp(mapping, registers, lambda evse, name, value: given.append((evse, name, value))), given


async def test_phases_are_switched_by_a_power_that_only_they_can_take(server: SempServer) -> None:
    one, given = quirk(server.port)
    await one.came()
    assert server.powers == [0xFFFF]
    assert await one.act("set_phases", 1, {"phases": 1})
    assert await one.act("set_phases", 1, {"phases": 3})
    assert server.powers == [0xFFFF, 1518, 9936]
    assert server.paths == {PATH}
    assert given == [(1, "semp_phases", 1), (1, "semp_phases", 3)]


async def test_other_actions_are_left_to_the_blueprint(server: SempServer) -> None:
    one, _ = quirk(server.port)
    assert await one.act("pause", 1, {}) is False


async def test_the_manager_is_heard_again_in_time(
    server: SempServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bender, "HEARD_EVERY_S", 0.01)
    one, _ = quirk(server.port)
    await one.came()
    server.told.clear()
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(5):
        await server.told.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert server.powers[:2] == [0xFFFF, 0xFFFF]


async def test_a_box_that_can_not_switch_says_so(server: SempServer) -> None:
    server.answer = ANSWER.replace("1380", "4140")
    one, given = quirk(server.port)
    await one.came()
    with pytest.raises(Unsupported, match="doesn't switch phases over SEMP"):
        await one.act("set_phases", 1, {"phases": 1})
    assert (server.powers, given) == ([], [])


async def test_two_phases_are_refused(server: SempServer) -> None:
    one, _ = quirk(server.port)
    await one.came()
    with pytest.raises(DeviceRefused, match="2 phases are none of 1 and 3"):
        await one.act("set_phases", 1, {"phases": 2})


async def test_nothing_is_asked_where_nobody_wants_it(server: SempServer) -> None:
    one, _ = quirk(server.port, wanted=False)
    await one.came()
    await one.run()
    assert server.paths == set()
    assert one.without == {"set_phases"}
    assert quirk(server.port)[0].without == frozenset()


async def test_a_box_without_semp_works_without_it(server: SempServer) -> None:
    server.status = "404 Not Found"
    one, _ = quirk(server.port)
    await one.came()
    with pytest.raises(Unsupported):
        await one.act("set_phases", 1, {"phases": 1})


async def test_an_http_refusal_and_a_silent_port_are_told_apart(server: SempServer) -> None:
    server.status = "500 Busy"
    with pytest.raises(DeviceRefused, match="500 Busy"):
        await exchange("127.0.0.1", server.port, "/")
    with pytest.raises(DeviceOffline, match="no answer from http://127"):
        await exchange("127.0.0.1", 1, "/")
