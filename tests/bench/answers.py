"""How long a CSMS waits for the answers to its CALLs: 100 stations on TLS that are polled each second, and one more
whose only unit on an RS-485 bus answers after two seconds.

usage: python -m tests.bench.answers [COUNT] [SECONDS]
"""

import asyncio
import itertools
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from hub.cli.demo import free_port
from hub.cli.run import run_loop
from hub.shipped import shipped
from tests.bench.__main__ import ROOT
from tests.bench.peers import Image, TimedCsms, Wallbox, certificates
from tests.integrations.modbus.served import Served

SLOW = "slow"
DEVICE_S, PATIENCE = 2.0, "5s"
EVERY_S = 0.02
"""A CALL to some station."""
WARM_S = 5.0
LIMIT_MS = 50.0
"""What the hub promises of 99 in 100 answers."""
PLACE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
INTERVAL = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}


def profile(turn: int) -> dict[str, Any]:
    limit = {"startPeriod": 0, "limit": 10.0 + turn % 16}
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [limit]}],
    }


CALLS: tuple[tuple[str, Callable[[int], dict[str, Any]]], ...] = (
    ("GetVariables", lambda _: {"getVariableData": [PLACE]}),
    ("SetVariables", lambda turn: {"setVariableData": [{**INTERVAL, "attributeValue": str(60 + turn % 9)}]}),
    ("TriggerMessage", lambda _: {"requestedMessage": "Heartbeat"}),
    ("SetChargingProfile", lambda turn: {"evseId": 1, "chargingProfile": profile(turn)}),
    ("GetCompositeSchedule", lambda _: {"evseId": 1, "duration": 3600}),
    ("GetTransactionStatus", lambda _: {}),
    ("ChangeAvailability", lambda _: {"operationalStatus": "Operative"}),
    ("ClearChargingProfile", lambda _: {"chargingProfileId": 1}),
)


@dataclass(slots=True)
class Waits:
    """Milliseconds, by the name of the CALL."""

    by_call: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def all(self) -> list[float]:
        return sorted(itertools.chain.from_iterable(self.by_call.values()))


class Site:
    """Chargers, a CSMS on TLS and the hub in a process of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self.csms = TimedCsms()
        self.images = [Image() for _ in range(count + 1)]
        self._servers: list[asyncio.Server] = []
        self._bus = Served(self._bus_answer, "rtu", delay_s=DEVICE_S)
        self._process: asyncio.subprocess.Process | None = None

    def _bus_answer(self, _unit: int, pdu: bytes) -> bytes:
        return self.images[-1].answer(pdu)

    async def __aenter__(self) -> "Site":
        ca, tls = certificates(self.folder)
        port = await self.csms.start(tls=tls)
        loop = asyncio.get_running_loop()
        for image in self.images[:-1]:
            made = await loop.create_server(lambda image=image: Wallbox(image), "127.0.0.1", 0)  # type: ignore[misc]
            self._servers.append(made)
        ports = [server.sockets[0].getsockname()[1] for server in self._servers]
        config = self._configuration(ca, port, ports, self._bus.open_pty())
        command = (sys.executable, "-m", "hub.cli.main", "run", "-c", str(config))
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        async with asyncio.timeout(120):
            while len(self.csms.charging) <= self.count:
                await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
        for server in self._servers:
            server.close()
        await self._bus.close()
        await self.csms.close()

    def _configuration(self, ca: Path, csms: int, ports: list[int], terminal: str) -> Path:
        self._slow_blueprint()
        lines = [
            "hub: {state_dir: state}",
            "log: {level: error}",
            f"mqtt: {{listen: '127.0.0.1:{free_port(0)}'}}",
            f"csms: {{url: 'wss://127.0.0.1:{csms}', versions: [ocpp2.0.1], ca: '{ca}'}}",
            "chargers:",
            f"  {SLOW}: {{use_blueprint: {{path: bench/slow, input: {{serial: {terminal}}}}}, tokens: {{free: true}}}}",
        ]
        for number, port in enumerate(ports):
            blueprint = f"{{path: abb/terra_ac, input: {{host: 127.0.0.1, port: {port}}}}}"
            lines.append(f"  c{number}: {{use_blueprint: {blueprint}, tokens: {{free: true}}}}")
        path = self.folder / "evhub.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def _slow_blueprint(self) -> None:
        """The same charger behind RS-485, patient enough for its unit."""
        text = (shipped("blueprints") / "abb/terra_ac.yaml").read_text()
        wire = "serial: !input serial, baudrate: 19200, parity: even"
        link = f"link: {{{wire}, unit_id: 1, max_hole: 0, timeout: {PATIENCE}}}"
        lines = [link if line.startswith("link:") else line for line in text.splitlines()]
        lines = [
            line.replace("    host: {", "    serial: {") for line in lines if not line.startswith("    port:")
        ]
        path = self.folder / "blueprints/bench/slow.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n")

    @property
    def hub(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)


async def asked(site: Site, station: str, turn: int, waits: Waits) -> None:
    action, payload = CALLS[turn % len(CALLS)]
    began = time.perf_counter()
    async with asyncio.timeout(30):
        await site.csms.call(station, action, payload(turn))
    waits.by_call[action].append(1000 * (time.perf_counter() - began))


async def asking(site: Site, stations: list[str], seconds: float) -> Waits:
    """One CALL after another, to one station after another; a station's next one waits for its answer."""
    waits, tasks = Waits(), []
    end = time.perf_counter() + seconds
    for turn in itertools.count():
        if time.perf_counter() >= end:
            break
        rounds, number = divmod(turn, len(stations))
        tasks.append(asyncio.create_task(asked(site, stations[number], rounds + number, waits)))
        await asyncio.sleep(EVERY_S)
    await asyncio.gather(*tasks)
    return waits


def told(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    share = ordered[int(len(ordered) * 0.99)]
    parts = (sum(ordered) / len(ordered), ordered[len(ordered) // 2], share, ordered[-1])
    return f"  {name:<24}{len(ordered):>6}" + "".join(f"{part:>10.1f}" for part in parts)


async def main(count: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Site(Path(folder), count) as site:
            await asyncio.sleep(WARM_S)
            before = site.hub.cpu_times()
            fleet = await asking(site, [f"c{number}" for number in range(count)], seconds)
            after = site.hub.cpu_times()
            slow = await asking(site, [SLOW], seconds / 2)
            words = f"{100 * (after.user + after.system - before.user - before.system) / seconds:.0f} % CPU"
    print(
        f"answers to a CSMS's CALLs on TLS, ms           n      mean       p50       p99     worst   ({words})"
    )
    for name, waits in (
        (f"{count} stations, 1 s polls", fleet),
        (f"a bus of {DEVICE_S:.0f} s answers", slow),
    ):
        values = waits.all()
        share = values[int(len(values) * 0.99)] / LIMIT_MS
        print(f"{name}: p99 is {share:.2f} of the {LIMIT_MS:.0f} ms that are promised")
        for action, _ in CALLS:
            print(told(action, waits.by_call[action]))
        print(told("all", values), flush=True)


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    run_loop(lambda: main(int(given[0]) if given else 100, given[1] if given[1:] else 30.0))
