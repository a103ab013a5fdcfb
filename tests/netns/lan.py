"""Network namespaces as the machines of a house, on one switch. Needs root; nothing of it touches the real network."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hub.control import ask

ROOT = Path(__file__).parents[2]
NUMBERS = itertools.count()


def why_not() -> str | None:
    """The reason for skipping; None: it works here."""
    if not shutil.which("ip") or os.geteuid() != 0:
        return "network namespaces need root and iproute2"
    name = f"evh{os.getpid()}probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.decode().strip()}"
    try:
        bridge = ["ip", "-n", name, "link", "add", "br0", "type", "bridge"]
        tried = subprocess.run(bridge, capture_output=True, check=False)
        return None if tried.returncode == 0 else f"no bridges here: {tried.stderr.decode().strip()}"
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Lan:
    """A switch. `async with`: everything is gone afterwards."""

    async def __aenter__(self) -> "Lan":
        self._stack = AsyncExitStack()
        self.switch = self._namespace("switch")
        ip("-n", self.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        ip("-n", self.switch, "link", "set", "br0", "up")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def host(self, address: str) -> "Host":
        """Another machine, `192.0.2.x/24`."""
        name = self._namespace("host")
        ip("-n", name, "link", "set", "lo", "up")
        port = self.plug(name, "eth0", address)
        ip("-n", name, "route", "add", "default", "dev", "eth0")
        return Host(self, name, port, address)

    def plug(self, name: str, device: str, address: str) -> str:
        """A cable from that machine to this switch. Returns the switch's port."""
        port = f"p{next(NUMBERS)}"
        ip("-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", device, "netns", name)
        ip("-n", self.switch, "link", "set", port, "master", "br0", "up")
        ip("-n", name, "link", "set", device, "up")
        ip("-n", name, "address", "add", address, "dev", device)
        return port

    def flood(self, host: "Host", multicast: bool) -> None:
        """Does the switch hand multicast on to that machine?"""
        state = "on" if multicast else "off"
        subprocess.run(
            [
                "ip",
                "netns",
                "exec",
                self.switch,
                "bridge",
                "link",
                "set",
                "dev",
                host.port,
                "mcast_flood",
                state,
            ],
            check=True,
        )

    async def enter(self, process: "Program") -> "Program":
        return await self._stack.enter_async_context(process)

    def _namespace(self, kind: str) -> str:
        name = f"evh{os.getpid()}-{kind}{next(NUMBERS)}"
        ip("netns", "add", name)
        self._stack.callback(ip, "netns", "del", name)
        return name


class Host:
    """One machine."""

    def __init__(self, lan: Lan, name: str, port: str, address: str) -> None:
        self.lan, self.name, self.port, self.address = lan, name, port, address

    @property
    def ip(self) -> str:
        return self.address.partition("/")[0]

    @property
    def link_local(self) -> str:
        """Empty until the kernel has made sure that it's the only one."""
        words = ["ip", "-n", self.name, "-6", "-j", "address", "show", "dev", "eth0", "scope", "link"]
        told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout or "[]")
        known = [one for link in told for one in link.get("addr_info", []) if not one.get("tentative")]
        return str(known[0]["local"]) if known else ""

    def readdress(self, address: str) -> None:
        """As DHCP does it."""
        ip("-n", self.name, "address", "del", self.address, "dev", "eth0")
        ip("-n", self.name, "address", "add", address, "dev", "eth0")
        ip("-n", self.name, "route", "replace", "default", "dev", "eth0")
        self.address = address

    async def run(self, *command: str, cwd: Path = ROOT) -> "Program":
        return await self.lan.enter(Program(self.name, command, cwd))

    async def python(self, module: str, *arguments: str) -> "Program":
        return await self.run(sys.executable, "-m", module, *arguments)

    async def hub(
        self, folder: Path, chargers: str = "", section: str = "interfaces: [eth0]"
    ) -> "HubProgram":
        file = folder / "evhub.yaml"
        file.write_text(
            f"hub: {{state_dir: state}}\nlog: {{level: info}}\nmqtt: {{listen: '127.0.0.1:1883'}}\n"
            f"echonet_lite: {{{section}}}\nchargers: {{{chargers}}}\n"
        )
        program = HubProgram(self.name, (sys.executable, "-m", "hub.cli.main", "run", "-c", str(file)), ROOT)
        program.socket = folder / "state" / "control.sock"
        await self.lan.enter(program)
        await until(lambda: program.socket.exists() and program.hears, program)
        return program


class Program:
    """A process in a machine; its lines are kept."""

    def __init__(self, namespace: str, command: tuple[str, ...], cwd: Path) -> None:
        self._command = ("ip", "netns", "exec", namespace, *command)
        self._cwd = cwd
        self.lines: list[str] = []

    async def __aenter__(self) -> "Program":
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._cwd,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        await self._reader

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())


class HubProgram(Program):
    """`evhub run`, asked through its control socket."""

    socket: Path

    @property
    def hears(self) -> bool:
        """Is anybody at port 3610 of its machine? Some peers ask once, and never again."""
        told = Path(f"/proc/{self._process.pid}/net/udp").read_text()
        return any(line.split()[1].endswith(":0E1A") for line in told.splitlines()[1:])

    async def found(self) -> list[dict[str, Any]]:
        return list((await ask(self.socket, "discovery/list"))["devices"])

    async def states(self, charger: str) -> dict[str, Any]:
        told = await ask(self.socket, "status")
        return dict(told["states"].get(charger, {}).get("1", {}))

    async def status(self, charger: str = "c") -> Any:
        return (await self.states(charger)).get("status")

    async def command(self, op: str, message: dict[str, Any], charger: str = "c") -> dict[str, Any]:
        return dict(await ask(self.socket, "cmd", charger=charger, operation=op, message=message))


async def until(holds: Any, program: Program | None, seconds: float = 20.0) -> None:
    """Waits for a fact (a function, or one that must be awaited); fails with what the program said."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                result = holds()
                if asyncio.iscoroutine(result):
                    result = await result
                if result:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(program.output if program else "it doesn't come true") from None
