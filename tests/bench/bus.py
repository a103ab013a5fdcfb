"""25 units on a serial bus with the timing of its baud rate and strict silences, in a process of their own
(serial_units.c), as the links of the hub poll them on its loop: reads a second against the arithmetic, frames that
came too early, how soon a stop's frame begins, what five dead units cost the others, and the hub's CPU.

usage: python -m tests.bench.bus [--rounds N] [--device-ms MS] [BAUDRATE ...]
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import subprocess
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from hub.cli.run import run_loop
from integrations.modbus.address import SerialAddress
from integrations.modbus.frame import Request
from integrations.modbus.links import POLL, STOP, BusLink, Manner, NoAnswer
from integrations.modbus.sharing import LINKS
from integrations.modbus.timing import Line, line_of

UNITS, WORDS, MEASURE_S = 25, 14, 10.0
BITS, CHUNK = 11, 8
READ, WRITE = Request(1, 3, 100, WORDS), Request(UNITS, 6, 9, 1, (0,))


@dataclass
class Found:
    """Of one run."""

    reads: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    stops_s: list[float] = field(default_factory=list)
    early: int = 0
    cpu: float = 0.0
    seconds: float = MEASURE_S

    @property
    def rate(self) -> float:
        return sum(self.reads.values()) / self.seconds

    def of_possible(self, line: Line, device_s: float) -> float:
        """What reads and stops take by the arithmetic, of the time that they took."""
        stops_s = len(self.stops_s) * line.transaction_s(WRITE, device_s)
        return self.rate * line.transaction_s(READ, device_s) + stops_s / self.seconds


class Units:
    """The process that plays them."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def told(self) -> list[int]:
        """[requests, early ones, replies, when the last write's frame began in ns]"""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return [int(word) for word in (await self._process.stdout.readline()).split()]


@contextlib.asynccontextmanager
async def units(
    program: Path, baudrate: int, *, device_s: float, dead: int = 0, chunk: int = CHUNK
) -> AsyncIterator[tuple[Units, str]]:
    """(their process, the path of their port)"""
    words = [baudrate, BITS, UNITS, dead, round(device_s * 1e6), chunk]
    process = await asyncio.create_subprocess_exec(program, *map(str, words), stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Units(process), (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


def built(folder: Path) -> Path:
    """Raises CalledProcessError."""
    source = Path(__file__).with_name("serial_units.c")
    subprocess.run(["cc", "-O2", "-o", str(folder / source.stem), str(source)], check=True)
    return folder / source.stem


async def polled(link: BusLink, unit: int, found: Found) -> None:
    manner, request = Manner(timeout_s=1.0), Request(unit, READ.function, READ.address, READ.count)
    truth = [(7919 * unit + 31 * (READ.address + n)) & 0xFFFF for n in range(WORDS)]
    while True:
        try:
            found.wrong += await link.ask(request, POLL, tries=2, manner=manner) != truth
            found.reads[unit] += 1
        except NoAnswer as failure:
            await asyncio.sleep(max(failure.again_s, 0.05))


async def stops(link: BusLink, served: Units, found: Found) -> None:
    """Now and then; how long its frame waited for the line."""
    loop, manner = asyncio.get_running_loop(), Manner()
    while True:
        await asyncio.sleep(random.uniform(0.2, 0.5))
        asked = loop.time()
        with contextlib.suppress(NoAnswer):
            await link.ask(WRITE, STOP, manner=manner)
            found.stops_s.append((await served.told())[3] / 1e9 - asked)


async def measured(program: Path, baudrate: int, device_s: float, dead: int = 0) -> Found:
    found, process = Found(), psutil.Process()
    async with units(program, baudrate, device_s=device_s, dead=dead) as (served, path):
        async with LINKS.open(SerialAddress(path, baudrate=baudrate)) as link:
            tasks = [asyncio.create_task(polled(link, unit, found)) for unit in range(1, UNITS + 1)]
            tasks.append(asyncio.create_task(stops(link, served, found)))
            await asyncio.sleep(1.0)
            found.reads.clear()
            found.stops_s.clear()
            before, began = sum(process.cpu_times()[:2]), asyncio.get_running_loop().time()
            await asyncio.sleep(MEASURE_S)
            found.seconds = asyncio.get_running_loop().time() - began
            found.cpu = (sum(process.cpu_times()[:2]) - before) / found.seconds
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        found.early = (await served.told())[1]
    return found


def row(baudrate: int, device_s: float, found: Found, left: Found) -> str:
    share = found.of_possible(line_of(SerialAddress("", baudrate=baudrate)), device_s)
    alive = statistics.mean(left.reads[unit] / max(found.reads[unit], 1) for unit in range(6, UNITS + 1))
    stop = f"{1000 * statistics.median(found.stops_s):.0f} ms, {1000 * max(found.stops_s):.0f} ms"
    return (
        f"{baudrate:<9}{found.rate:<9.1f}{share:<13.1%}{found.early:<7}{found.wrong:<7}{stop:<19}"
        f"x {alive:<11.2f}{found.cpu:<7.1%}{os.getloadavg()[0]:.1f}"
    )


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--device-ms", type=float, default=5.0)
    parser.add_argument("baudrates", type=int, nargs="*", default=[9600, 19200, 115200])
    given = parser.parse_args()
    print("baud     reads/s  of possible  early  wrong  stop: median, worst  5 dead     CPU    load")
    with tempfile.TemporaryDirectory() as folder:
        program, device_s = built(Path(folder)), given.device_ms / 1000
        for baudrate in given.baudrates * given.rounds:
            found = await measured(program, baudrate, device_s)
            left = await measured(program, baudrate, device_s, dead=5)
            print(row(baudrate, device_s, found, left), flush=True)


if __name__ == "__main__":
    run_loop(main)
