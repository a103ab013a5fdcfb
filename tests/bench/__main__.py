"""make bench: CPU, memory and delays for 1, 10, 100 chargers, as ratios to the straight-line program of the run."""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

import aiomqtt
import psutil

from hub.cli.demo import free_port
from hub.cli.simulate import simulated
from hub.simulate.csms import Csms
from hub.simulate.ev import Car

ROOT = Path(__file__).parents[2]
WARM_S, MEASURE_S = 8.0, 15.0


async def cost(*command: str) -> tuple[float, float]:
    """(percent of a core, MB) of a program while it runs."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *command, cwd=ROOT)
    watched = psutil.Process(process.pid)
    await asyncio.sleep(WARM_S)
    before = watched.cpu_times()
    await asyncio.sleep(MEASURE_S)
    after = watched.cpu_times()
    memory = watched.memory_info().rss / 1e6
    if "run" in command:
        await delays.measure()
    process.terminate()
    await process.wait()
    used = after.user + after.system - before.user - before.system
    return 100 * used / MEASURE_S, memory


class Delays:
    """From a register's change to MQTT, in ms."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self.charger: object = None
        self.port = 0

    async def measure(self) -> None:
        """How late `status` is on MQTT after it changed in the charger; the poll's second is part of it."""
        self.found = []
        loop = asyncio.get_running_loop()
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            await client.subscribe("evhub/c0/evse/1/state/status", qos=0)
            await anext(client.messages)
            for turn in range(6):
                began = loop.time()
                if turn % 2:
                    self.charger.unplug()  # type: ignore[attr-defined]
                else:
                    self.charger.plug(Car(needs_wh=1e6))  # type: ignore[attr-defined]
                await asyncio.wait_for(anext(client.messages), 10)
                self.found.append(1000 * (loop.time() - began))
                await asyncio.sleep(2.5)


delays = Delays()


def configuration(folder: Path, csms: int, mqtt: int, ports: list[int]) -> Path:
    more = "tokens: {free: false}"
    lines = [
        "hub: {state_dir: state}",
        "log: {level: error}",
        f"mqtt: {{listen: '127.0.0.1:{mqtt}'}}",
        f"csms: {{url: 'ws://127.0.0.1:{csms}/ocpp', versions: [ocpp2.0.1]}}",
        "chargers:",
        *(
            f"  c{n}: {{use_blueprint: {{path: keba/p30, input: {{host: 127.0.0.1, port: {port}}}}}, {more}}}"
            for n, port in enumerate(ports)
        ),
    ]
    path = folder / "evhub.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


async def round_(count: int) -> None:
    csms = Csms()
    csms_port = await csms.start()
    chargers = [simulated("keba/p30", {}, speed=1.0) for _ in range(count)]
    ports = [await charger.start() for charger in chargers]
    delays.charger, delays.port = chargers[0], free_port(0)
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(Path(folder), csms_port, delays.port, ports)
        straight = await cost("tests.bench.straight", str(csms_port), *map(str, ports))
        hub = await cost("hub.cli.main", "run", "-c", str(config))
    for charger in chargers:
        await charger.close()
    await csms.close()
    print(
        f"{count:>4} chargers: hub {hub[0]:5.1f} % {hub[1]:5.0f} MB"
        f" | straight {straight[0]:5.1f} % {straight[1]:4.0f} MB"
        f" | ratio {hub[0] / max(straight[0], 0.01):4.1f}"
        f" | register to MQTT (a poll of 1 s included) median {statistics.median(delays.found):.0f} ms",
        flush=True,
    )


async def main() -> None:
    for count in (1, 10, 100):
        await round_(count)


if __name__ == "__main__":
    asyncio.run(main())
