"""A link against peers that answer late, wrong, short, or not at all: never a wrong value."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub.errors import DeviceOffline
from integrations.modbus.address import TcpAddress
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, STOP, WRITE, BusLink, Manner, NoAnswer, Replaced
from integrations.modbus.sharing import LINKS

Answer = Callable[[int, int, bytes], list[bytes]]


def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def good(transaction: int, unit: int, pdu: bytes) -> list[bytes]:
    """Each register holds its own address."""
    function, address, count = struct.unpack(">BHH", pdu[:5])
    if function in (6, 16):
        return [frame(transaction, unit, pdu[:5])]
    values = struct.pack(f">{count}H", *range(address, address + count))
    return [frame(transaction, unit, bytes([function, len(values)]) + values)]


class Asker:
    """A device on the link."""

    def __init__(self, link: BusLink, timeout_s: float) -> None:
        self.link = link
        self.manner = Manner(timeout_s, gap_s=0.001)

    async def ask(
        self, request: Request, priority: int, *, tries: int = 1, newest: bool = False
    ) -> list[int]:
        return await self.link.ask(request, priority, tries=tries, manner=self.manner, newest=newest)


@asynccontextmanager
async def linked(
    answers: list[Answer], *, timeout_s: float = 0.15
) -> AsyncIterator[tuple[Asker, list[bytes]]]:
    """`answers`: one for each request, the last one for ever. A connection is closed by an answer of [b""]."""
    seen: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                pdu = await reader.readexactly(length - 1)
                seen.append(pdu)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                for part in answer(transaction, unit, pdu):
                    if not part:
                        writer.close()
                        return
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with LINKS.open(TcpAddress("127.0.0.1", port)) as link:
        yield Asker(link, timeout_s), seen
    for writer in writers:
        writer.transport.abort()
    server.close()


READ = Request(1, 3, 1000, 2)
BAD: dict[str, Answer] = {
    "a stale answer first": lambda t, u, p: [frame(t - 1, u, b"\x03\x04\0\1\0\2"), *good(t, u, p)],
    "another unit first": lambda t, u, p: [frame(t, 9, b"\x03\x04\0\1\0\2"), *good(t, u, p)],
    "too short first": lambda t, u, p: [frame(t, u, b"\x03\x02\0\1"), *good(t, u, p)],
    "another function first": lambda t, u, p: [frame(t, u, b"\x04\x04\0\1\0\2"), *good(t, u, p)],
    "transaction 0 first": lambda t, u, p: [frame(0, u, b"\x03\x04\0\1\0\2"), *good(t, u, p)],
    "drip": lambda t, u, p: [bytes([byte]) for byte in good(t, u, p)[0]],
}


@pytest.mark.parametrize("fault", BAD)
async def test_only_the_right_answer_counts(fault: str) -> None:
    async with linked([BAD[fault]]) as (link, _):
        assert await link.ask(READ, POLL) == [1000, 1001]


@pytest.mark.parametrize(
    "answer",
    [
        lambda t, u, p: [],
        lambda t, u, p: [b"garbage!garbage!"],
        lambda t, u, p: [b""],
        lambda t, u, p: good(t, u, p)[0][:9:1] and [good(t, u, p)[0][:9]],
    ],
)
async def test_silence_garbage_and_a_closed_connection_fail_the_request(answer: Answer) -> None:
    async with linked([answer]) as (link, _):
        with pytest.raises(DeviceOffline):
            await link.ask(READ, POLL)


async def test_a_read_is_tried_again_and_a_write_is_not() -> None:
    silent: Answer = lambda t, u, p: []  # noqa: E731
    async with linked([silent, good]) as (link, seen):
        assert await link.ask(READ, POLL, tries=2) == [1000, 1001]
        assert len(seen) == 2
    async with linked([silent, good]) as (link, seen):
        with pytest.raises(DeviceOffline):
            await link.ask(Request(1, 6, 5, 1, (7,)), WRITE)
        assert len(seen) == 1


async def test_a_busy_device_is_asked_again_and_a_refusal_is_told() -> None:
    busy: Answer = lambda t, u, p: [frame(t, u, b"\x83\x06")]  # noqa: E731
    refuse: Answer = lambda t, u, p: [frame(t, u, b"\x83\x02")]  # noqa: E731
    async with linked([busy, good]) as (link, _):
        assert await link.ask(READ, POLL) == [1000, 1001]
    async with linked([refuse]) as (link, _):
        with pytest.raises(ModbusException) as refusal:
            await link.ask(READ, POLL)
        assert refusal.value.code == 2


async def test_a_stop_overtakes_the_polls_that_wait() -> None:
    async with linked([good]) as (link, seen):
        polls = [asyncio.create_task(link.ask(Request(1, 3, address, 1), POLL)) for address in range(20)]
        await asyncio.sleep(0)
        await link.ask(Request(1, 6, 99, 1, (0,)), STOP)
        assert [pdu[0] for pdu in seen].index(6) <= 2
        assert await asyncio.gather(*polls) == [[address] for address in range(20)]


async def test_writes_do_not_starve_the_polls() -> None:
    async with linked([good]) as (link, seen):
        jobs = [asyncio.create_task(link.ask(Request(1, 6, n, 1, (n,)), WRITE)) for n in range(30)]
        jobs.append(asyncio.create_task(link.ask(READ, POLL)))
        await asyncio.gather(*jobs)
        assert [pdu[0] for pdu in seen].index(3) < 20


async def test_a_half_open_link_is_dropped_and_a_silent_unit_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("integrations.modbus.conversation.SILENCE_TO_DROP_S", 0.1)
    monkeypatch.setattr("integrations.modbus.health.MISSES_OF_A_STRANGER", 9)
    connections: list[asyncio.StreamWriter] = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with LINKS.open(TcpAddress("127.0.0.1", server.sockets[0].getsockname()[1])) as link:
        asker = Asker(link, 0.05)
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await asker.ask(READ, POLL)
        with pytest.raises(NoAnswer, match="not connected") as told:
            await asker.ask(READ, POLL)
        assert told.value.again_s > 0.1
    for writer in connections:
        writer.transport.abort()
    server.close()
    assert len(connections) == 1


async def test_who_is_silent_costs_nothing_until_the_next_probe() -> None:
    silent: Answer = lambda t, u, p: []  # noqa: E731
    async with linked([silent], timeout_s=0.05) as (link, seen):
        with pytest.raises(NoAnswer):
            await link.ask(READ, POLL, tries=5)
        with pytest.raises(NoAnswer, match="silent") as told:
            await link.ask(READ, POLL)
        assert told.value.again_s > 0.5
        assert len(seen) == 2


async def test_nobody_listens() -> None:
    async with LINKS.open(TcpAddress("127.0.0.1", 1)) as dead:
        for _ in range(2):
            with pytest.raises(NoAnswer):
                await dead.ask(READ, POLL)


async def test_the_newest_set_point_replaces_the_one_that_waits() -> None:
    async with linked([good]) as (link, seen):
        first = asyncio.create_task(link.ask(Request(1, 3, 1, 1), POLL))
        writes = [
            asyncio.create_task(link.ask(Request(1, 6, 9, 1, (amps,)), WRITE, newest=True))
            for amps in (6, 7, 8)
        ]
        results = await asyncio.gather(first, *writes, return_exceptions=True)
        assert [pdu[-1] for pdu in seen if pdu[0] == 6] == [8]
        assert [type(result) for result in results[1:]] == [Replaced, Replaced, list]


async def test_who_asks_may_see_the_frames_as_they_are_on_the_wire() -> None:
    frames: list[tuple[str, bytes | str]] = []
    async with linked([good]) as (link, _):
        link.manner.trace = lambda direction, frame: frames.append((direction, frame))
        await link.ask(READ, POLL)
        link.manner.trace = None
        await link.ask(READ, POLL)
    (down, asked), (up, answered) = frames
    assert (down, up) == ("down", "up")
    assert isinstance(asked, bytes)
    assert isinstance(answered, bytes)
    assert asked[2:6] == bytes([0, 0, 0, 6])
    assert answered[:2] == asked[:2]
