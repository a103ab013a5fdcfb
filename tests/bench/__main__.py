"""make bench: the hub beside a straight-line program that does only the wire work, in one run, as ratios.

For 1, 10 and 100 chargers at a poll a second, on TLS, with a frame a minute and with a frame for each poll: CPU,
memory, the delay from the reply that first tells a change to MQTT and to the CSMS, and from a profile to the register.

usage: python -m tests.bench [COUNT ...]
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from hub.bus import Bus
from hub.cli.demo import free_port
from hub.cli.run import run_loop
from hub.clock import SystemClock
from hub.mqtt.access import Access
from hub.mqtt.listener import Listener
from tests.bench.peers import CHARGING, FULL, Image, TimedCsms, Wallbox, certificates, watch

ROOT = Path(__file__).parents[2]
SETTLE_S, MEASURE_S, TURNS = 6.0, 20.0, 12
NAMES = {CHARGING: "charging", FULL: "suspended_ev"}


@dataclass(slots=True)
class Found:
    """What one program showed."""

    cpu: float = 0.0
    memory: float = 0.0
    start_s: float = 0.0
    to_mqtt: list[float] = field(default_factory=list)
    to_csms: list[float] = field(default_factory=list)
    to_register: list[float] = field(default_factory=list)


class Round:
    """N chargers, one CSMS, and one program after the other between them."""

    def __init__(self, count: int, every_s: int, folder: Path) -> None:
        self.images = [Image() for _ in range(count)]
        self.every_s = every_s
        self.folder = folder
        self.csms = TimedCsms()
        self.seen: dict[str, str] = {}
        self.waiting: dict[tuple[str, str], asyncio.Event] = {}

    async def measure(self) -> tuple[Found, Found]:
        """(straight, hub)"""
        ca, tls = certificates(self.folder)
        csms_port = await self.csms.start(tls=tls)
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(lambda image=image: Wallbox(image), "127.0.0.1", 0)  # type: ignore[misc]
            for image in self.images
        ]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        listener = Listener(
            Bus(), Access({}, "other"), SystemClock(), host="127.0.0.1", port=0, anonymous=True
        )
        await listener.start()
        broker = asyncio.create_task(listener.run())
        arguments = [str(ca), str(csms_port), str(listener.port), str(self.every_s), *map(str, ports)]
        straight = await self.program(listener.port, "tests.bench.straight", *arguments)
        broker.cancel()
        await listener.close()
        mqtt = free_port(0)
        config = self.configuration(ca, csms_port, mqtt, ports)
        hub = await self.program(mqtt, "hub.cli.main", "run", "-c", str(config))
        for server in servers:
            server.close()
        await self.csms.close()
        return straight, hub

    def configuration(self, ca: Path, csms: int, mqtt: int, ports: list[int]) -> Path:
        defaults = f"defaults: {{TxUpdatedInterval: {self.every_s}}}"
        lines = [
            "hub: {state_dir: state}",
            "log: {level: error}",
            f"mqtt: {{listen: '127.0.0.1:{mqtt}'}}",
            f"csms: {{url: 'wss://127.0.0.1:{csms}', versions: [ocpp2.0.1], ca: '{ca}', {defaults}}}",
            "chargers:",
        ]
        for number, port in enumerate(ports):
            blueprint = f"{{path: abb/terra_ac, input: {{host: 127.0.0.1, port: {port}}}}}"
            lines.append(f"  c{number}: {{use_blueprint: {blueprint}, tokens: {{free: true}}}}")
        path = self.folder / "evhub.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    async def program(self, mqtt: int, *command: str) -> Found:
        found = Found()
        self.csms.accepted.clear()
        self.csms.charging.clear()
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *command, cwd=ROOT)
        watched = psutil.Process(process.pid)
        watcher = asyncio.create_task(self._watching(mqtt))
        try:
            await self._until(lambda: len(self.csms.accepted) == len(self.images))
            found.start_s = time.perf_counter() - began
            await self._until(lambda: len(self.csms.charging) == len(self.images))
            await asyncio.sleep(SETTLE_S)
            before = watched.cpu_times()
            await asyncio.sleep(MEASURE_S)
            after = watched.cpu_times()
            found.cpu = 100 * (after.user + after.system - before.user - before.system) / MEASURE_S
            found.memory = watched.memory_info().rss / 1e6
            await self._delays(found)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        return found

    async def _until(self, ready: Any) -> None:
        async with asyncio.timeout(90):
            while not ready():
                await asyncio.sleep(0.05)

    async def _watching(self, port: int) -> None:
        while True:
            try:
                await watch(port, self._state)
            except Exception:  # noqa: BLE001 - the program isn't there yet
                await asyncio.sleep(0.2)

    def _state(self, charger: str, state: Mapping[str, Any]) -> None:
        status = str(state.get("status"))
        self.seen[charger] = status
        if (charger, status) in self.waiting:
            self.waiting.pop((charger, status)).set()

    async def _delays(self, found: Found) -> None:
        for turn in range(TURNS):
            some = [(turn * 7 + offset) % len(self.images) for offset in range(min(10, len(self.images)))]
            await self._spread([self._change(found, number) for number in set(some)])
            await self._spread([self._profile(found, number, turn) for number in set(some)])
            await asyncio.sleep(1.1)

    async def _spread(self, work: list[Coroutine[Any, Any, None]]) -> None:
        """Not all at once: a delay is that of one change, not of ten that queue up."""
        tasks = []
        for item in work:
            tasks.append(asyncio.create_task(item))
            await asyncio.sleep(0.11)
        await asyncio.gather(*tasks)

    async def _change(self, found: Found, number: int) -> None:
        image, charger = self.images[number], f"c{number}"
        status = FULL if image.words[0x0D] == CHARGING else CHARGING
        mqtt, csms = asyncio.Event(), asyncio.Event()
        self.waiting[charger, NAMES[status]] = mqtt
        self.csms.arrived[charger] = csms.set
        image.turn(status)

        async def noted(event: asyncio.Event, into: list[float]) -> None:
            await event.wait()
            into.append(1000 * (time.perf_counter() - image.served_at))

        async with asyncio.timeout(15):
            await asyncio.gather(noted(mqtt, found.to_mqtt), noted(csms, found.to_csms))

    async def _profile(self, found: Found, number: int, turn: int) -> None:
        image = self.images[number]
        written = asyncio.Event()
        image.written = written.set
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 30.0 - turn}],
        }
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        began = time.perf_counter()
        call = self.csms.call(f"c{number}", "SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
        async with asyncio.timeout(15):
            await asyncio.gather(call, written.wait())
        found.to_register.append(1000 * (image.written_at - began))


def line(name: str, found: Found) -> str:
    delays = "".join(f"{part(values):>15}" for values in (found.to_mqtt, found.to_csms, found.to_register))
    return f"  {name:<9}{found.cpu:7.1f} %{found.memory:7.0f} MB{found.start_s:8.1f} s{delays}"


def part(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} / {ordered[int(len(ordered) * 0.99)]:.1f}"


async def main() -> None:
    print(
        "p50 / p99 ms      CPU     memory    all up        to MQTT        to CSMS    to register", flush=True
    )
    for count in [int(word) for word in sys.argv[1:]] or [1, 10, 100]:
        for every_s, words in ((60, "a frame a minute"), (1, "a frame for each poll")):
            with tempfile.TemporaryDirectory() as folder:
                straight, hub = await Round(count, every_s, Path(folder)).measure()
            ratio = hub.cpu / max(straight.cpu, 0.05)
            print(f"{count} chargers, {words}: the hub costs {ratio:.1f} times the straight-line program")
            print(line("straight", straight))
            print(line("hub", hub), flush=True)


if __name__ == "__main__":
    run_loop(main)
