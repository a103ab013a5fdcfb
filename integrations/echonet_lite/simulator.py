"""Stand-in chargers on UDP 3610 of a loopback address: the thin shell around `simulation`."""

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Callable

from hub.blueprint.mapping import BlueprintMapping
from hub.errors import HubError
from hub.simulate.ev import Car, Outlet
from integrations.echonet_lite.simulated import ChargerObject, Traits
from integrations.echonet_lite.simulation import Faults, SimulatedNode, instances
from integrations.echonet_lite.udp import GROUP_4, PORT

STEP_S = 0.2
FIRST_HOST = "127.0.0.21"


class Simulator:
    """One node at one address. `speed`: how many seconds of the cars' life pass in one second."""

    def __init__(self, node: SimulatedNode, host: str = FIRST_HOST, *, speed: float = 1.0) -> None:
        self.node, self.host, self.speed = node, host, speed
        self._one: socket.socket | None = None
        self._all: socket.socket | None = None

    def open(self) -> None:
        """Raises HubError when the address can't be had."""
        self._loop = asyncio.get_running_loop()
        try:
            self._one = _unicast(self.host)
            self._all = _multicast(self.host)
        except OSError as error:
            self.close()
            taken = error.errno == errno.EADDRINUSE
            words = "is taken" if taken else error.strerror
            raise HubError(f"UDP {PORT} on {self.host}: {words}") from error
        for sock in (self._one, self._all):
            self._loop.add_reader(sock, self._read, sock)
        self.node.start(self._loop.time())
        self._flush()

    def close(self) -> None:
        for sock in (self._one, self._all):
            if sock is not None:
                self._loop.remove_reader(sock)
                sock.close()
        self._one = self._all = None

    def move(self, host: str) -> None:
        """To another address, as DHCP does it. Raises HubError."""
        self.close()
        self.host = host
        self.open()

    async def run(self) -> None:
        """Time passes, until cancelled."""
        while True:
            await asyncio.sleep(STEP_S)
            self.pass_time(STEP_S)

    def pass_time(self, seconds: float) -> None:
        self.node.pass_time(seconds, self._loop.time(), speed=self.speed)
        self._flush()

    def tell(self) -> None:
        """Something was done to an object: what it announces goes out."""
        if self._one is not None:
            self.node.tell(self._loop.time())
            self._flush()

    def _read(self, sock: socket.socket) -> None:
        while True:
            try:
                payload, source = sock.recvfrom(65535)
            except OSError:
                return
            if source[0] != self.host:
                self.node.receive(source[0], payload, self._loop.time())
                self._flush()

    def _flush(self) -> None:
        outbox, self.node.outbox = self.node.outbox, []
        now = self._loop.time()
        for item in outbox:
            if item.at <= now:
                self._send(item.host, item.payload)
            else:
                self._loop.call_at(item.at, self._send, item.host, item.payload)

    def _send(self, host: str | None, payload: bytes) -> None:
        if self._one is not None:
            with contextlib.suppress(OSError):
                self._one.sendto(payload, (host or GROUP_4, PORT))


class SimulatedCharger:
    """What the demo and `evhub mapping` run: one charger of a blueprint's class, alone on its node."""

    def __init__(self, mapping: BlueprintMapping, *, speed: float = 1.0, seed: int = 0) -> None:
        self.mapping = mapping
        self.object = ChargerObject(Traits(class_code=int(mapping.link["eoj"])))
        eoj = next(iter(instances(int(mapping.link["eoj"]), 1)))
        self.simulator = Simulator(SimulatedNode({eoj: self.object}, seed=seed), speed=speed)
        self.outlets: dict[int, Outlet] = {1: self.object.outlet}

    @property
    def silent(self) -> bool:
        return self.simulator.node.faults.silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self.simulator.node.faults.silent = silent

    async def start(self, host: str = FIRST_HOST, port: int = PORT) -> int:
        """Returns the port, which is always the same. Raises HubError."""
        if port not in (0, PORT):
            raise HubError(f"ECHONET Lite nodes listen on port {PORT} only")
        self.simulator.host = host
        self.simulator.open()
        return PORT

    async def run(self) -> None:
        await self.simulator.run()

    async def close(self) -> None:
        self.simulator.close()

    def plug(self, car: Car | None = None, evse: int = 1) -> None:
        self._do(lambda: self.object.plug(car))

    def unplug(self, evse: int = 1) -> None:
        self._do(self.object.unplug)

    def fault(self, faulted: bool, evse: int = 1) -> None:
        self.object.fault = 0x0016 if faulted else 0
        self.simulator.tell()

    def _do(self, work: Callable[[], None]) -> None:
        work()
        self.simulator.tell()


def site(
    host: str, count: int, *, traits: Traits, faults: Faults, speed: float = 1.0, seed: int = 0
) -> Simulator:
    """`count` chargers behind one address. Raises ValueError."""
    objects = {
        eoj: ChargerObject(traits, f"SIM-{number:04d}")
        for number, eoj in enumerate(instances(traits.class_code, count), 1)
    }
    number = int.from_bytes(socket.inet_aton(host), "big")
    return Simulator(SimulatedNode(objects, number, faults, seed), host, speed=speed)


def _unicast(host: str) -> socket.socket:
    sock = _socket()
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _member(host)[4:])
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.bind((host, PORT))
    except OSError:
        sock.close()
        raise
    return sock


def _multicast(host: str) -> socket.socket:
    sock = _socket()
    try:
        sock.bind((GROUP_4, PORT))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _member(host))
    except OSError:
        sock.close()
        raise
    return sock


def _member(host: str) -> bytes:
    return struct.pack("4s4s", socket.inet_aton(GROUP_4), socket.inet_aton(host))


def _socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock
