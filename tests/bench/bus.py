"""25 units on a serial bus with the timing of its baud rate and strict silences, as the links of the hub poll them:
reads a second against the arithmetic, how soon a stop starts, and what five dead units cost the others.

usage: python -m tests.bench.bus [BAUDRATE ...]
"""

import asyncio
import contextlib
import statistics
import struct
import sys
from collections import Counter

import psutil

from integrations.modbus.address import SerialAddress
from integrations.modbus.frame import Request
from integrations.modbus.links import POLL, STOP, BusLink, Manner, NoAnswer
from integrations.modbus.sharing import LINKS
from integrations.modbus.timing import line_of
from tests.integrations.modbus.served import Served

UNITS, WORDS, DEVICE_S, MEASURE_S = 25, 14, 0.005, 20.0


async def polled(link: BusLink, unit: int, reads: Counter[int]) -> None:
    manner = Manner(timeout_s=1.0)
    while True:
        try:
            await link.ask(Request(unit, 3, 100, WORDS), POLL, tries=2, manner=manner)
            reads[unit] += 1
        except NoAnswer as failure:
            await asyncio.sleep(max(failure.again_s, 0.05))


async def stops(link: BusLink, delays: list[float]) -> None:
    loop, manner = asyncio.get_running_loop(), Manner()
    while True:
        await asyncio.sleep(0.37)
        began = loop.time()
        with contextlib.suppress(NoAnswer):
            await link.ask(Request(UNITS, 6, 9, 1, (0,)), STOP, manner=manner)
            line = line_of(link.address)
            own_s = line.transaction_s(Request(UNITS, 6, 9, 1, (0,)), DEVICE_S) - line.silence_s
            delays.append(loop.time() - began - own_s)


async def measured(baudrate: int, dead: int) -> tuple[Counter[int], list[float], int, float]:
    def answer(unit: int, pdu: bytes) -> bytes | None:
        if unit <= dead:
            return None
        return pdu[:5] if pdu[0] == 6 else struct.pack(f">BB{WORDS}H", 3, 2 * WORDS, *[unit] * WORDS)

    served = Served(answer, "rtu", delay_s=DEVICE_S)
    path = served.open_pty(baudrate=baudrate, strict=True)
    reads: Counter[int] = Counter()
    delays: list[float] = []
    async with LINKS.open(SerialAddress(path, baudrate=baudrate)) as link:
        tasks = [asyncio.create_task(polled(link, unit, reads)) for unit in range(1, UNITS + 1)]
        tasks.append(asyncio.create_task(stops(link, delays)))
        process = psutil.Process()
        before = sum(process.cpu_times()[:2])
        await asyncio.sleep(MEASURE_S)
        cpu = (sum(process.cpu_times()[:2]) - before) / MEASURE_S
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await served.close()
    return reads, delays, served.early, cpu


async def main(baudrates: list[int]) -> None:
    print("baud     reads/s  of possible  early  a stop waits (median, worst)  with 5 dead  CPU (both ends)")
    for baudrate in baudrates:
        reads, delays, early, cpu = await measured(baudrate, 0)
        possible = 1 / line_of(SerialAddress("", baudrate=baudrate)).transaction_s(
            Request(1, 3, 0, WORDS), DEVICE_S
        )
        rate = (sum(reads.values()) + len(delays)) / MEASURE_S
        left, _, _, _ = await measured(baudrate, 5)
        alive = [left[unit] / max(reads[unit], 1) for unit in range(6, UNITS + 1)]
        print(
            f"{baudrate:<9}{rate:<9.1f}{rate / possible:<13.0%}{early:<7}"
            f"{1000 * statistics.median(delays):.0f} ms, {1000 * max(delays):.0f} ms".ljust(68)
            + f"x {statistics.mean(alive):<11.2f}{cpu:.0%}"
        )


if __name__ == "__main__":
    asyncio.run(main([int(word) for word in sys.argv[1:]] or [9600, 19200, 115200]))
