"""A charger with two sockets on Modbus TCP, as its maker's paper (blueprints/acme/twin.yaml) describes it."""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field

FREE, PLUGGED, CHARGING, CAR_PAUSED, BOX_PAUSED, INOPERATIVE, FAULT = 0, 1, 2, 3, 4, 5, 9
FAULTS = {"GroundFailure": 1, "HighTemperature": 2, "ConnectorLockFailure": 3, "the door is open": 4}
TICK_S = 0.1
CARD_S = 1.0
"""How long a card's number stays to be read."""


@dataclass(slots=True)
class Socket:
    """What a driver does to it, and the registers that tell of it."""

    energy_wh: float = 1000.0
    car_a: float | None = None
    full: bool = False
    error: int = 0
    faulted: bool = False
    card: str = ""
    card_left_s: float = 0.0
    limit_a: float = 0.0
    operative: bool = True
    limits: list[float] = field(default_factory=list)
    unlocked: int = 0
    stuck: bool = False
    rogue_a: float = 0.0
    """What flows although nobody has allowed it."""
    resets: int = 0

    @property
    def current_a(self) -> float:
        if self.car_a is None or self.full or self.faulted or self.limit_a < 6:
            return self.rogue_a
        return min(self.limit_a, self.car_a)

    @property
    def status(self) -> int:
        if self.faulted:
            return FAULT
        if not self.operative and self.car_a is None:
            return INOPERATIVE
        if self.car_a is None:
            return FREE
        if self.rogue_a:
            return CHARGING
        if self.limit_a < 6:
            return PLUGGED
        return CAR_PAUSED if self.full else CHARGING

    def plug(self, amperes: float = 16.0) -> None:
        self.car_a, self.full = amperes, False

    def unplug(self) -> None:
        self.car_a = None

    def swipe(self, card: str) -> None:
        self.card, self.card_left_s = card, CARD_S

    def fault(self, name: str, *, stops: bool = True) -> None:
        self.error, self.faulted = FAULTS[name], stops

    def mend(self) -> None:
        self.error, self.faulted = 0, False

    def pass_time(self, seconds: float, speed: float) -> None:
        self.energy_wh += self.current_a * 3 * 230 * seconds * speed / 3600
        self.card_left_s -= seconds
        if self.card_left_s <= 0:
            self.card = ""

    def words(self) -> list[int]:
        milli = int(self.current_a * 1000)
        head = struct.pack(
            ">HH3III",
            self.status,
            self.error,
            milli,
            milli,
            milli,
            int(self.current_a * 690),
            int(self.energy_wh),
        )
        text = self.card.encode().ljust(16, b"\0")
        tail = struct.pack(">HHHH", round(self.limit_a * 10), 0, self.operative, 0)
        return list(struct.unpack(">24H", head + text + tail))

    def write(self, offset: int, value: int, box: "Box") -> None:
        if offset == 20:
            self.limit_a = value / 10
            self.limits.append(self.limit_a)
        elif offset == 21 and not self.stuck:
            self.unlocked += 1
            box.later(self.unplug)
        elif offset == 22:
            self.operative = bool(value)
        elif offset == 23:
            self.resets += 1


class Box:
    """`sockets` are driven by the test; `speed` makes seconds long for the meter alone."""

    def __init__(self, speed: float = 60.0) -> None:
        self.sockets = {1: Socket(), 2: Socket()}
        self.speed = speed
        self.reboots = 0
        self.reboot_s = 0.0
        """How long its network is away after a reboot."""
        self.silent = False
        self.refuses = False
        """Every write is answered with an exception."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._clock: asyncio.Task[None] | None = None
        self._away: asyncio.Task[None] | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def __getitem__(self, evse: int) -> Socket:
        return self.sockets[evse]

    async def __aenter__(self) -> "Box":
        await self.power_on()
        self._clock = asyncio.create_task(self._live())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._clock is not None
        self._clock.cancel()
        await self.power_off()

    async def power_on(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def power_off(self) -> None:
        """Its network is gone; what a driver does goes on."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _reboot(self) -> None:
        await asyncio.sleep(0.1)
        await self.power_off()
        await asyncio.sleep(self.reboot_s)
        await self.power_on()

    def later(self, act: object) -> None:
        assert callable(act)
        asyncio.get_running_loop().call_later(0.3, act)

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for socket in self.sockets.values():
                socket.pass_time(TICK_S, self.speed)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                tid, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                pdu = await reader.readexactly(length - 1)
                if self.silent:
                    continue
                reply = self._answer(pdu)
                writer.write(struct.pack(">HHHB", tid, 0, len(reply) + 1, unit) + reply)
        self._writers.discard(writer)
        writer.close()

    def _answer(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function == 3:
            at, count = struct.unpack(">HH", pdu[1:5])
            words = self._image()[at : at + count]
            return struct.pack(f">BB{count}H", 3, 2 * count, *words)
        if function == 16 and self.refuses:
            return bytes((function | 0x80, 4))
        if function == 16:
            at, count = struct.unpack(">HH", pdu[1:5])
            for n, value in enumerate(struct.unpack(f">{count}H", pdu[6:])):
                self._write(at + n, value)
            return pdu[:5]
        return bytes((function | 0x80, 1))

    def _image(self) -> list[int]:
        image = [0] * 1100
        for evse, socket in self.sockets.items():
            image[100 * evse : 100 * evse + 24] = socket.words()
        image[1000:1008] = struct.unpack(">8H", b"TWIN-0001".ljust(16, b"\0"))
        image[1008:1012] = struct.unpack(">4H", b"1.2".ljust(8, b"\0"))
        return image

    def _write(self, at: int, value: int) -> None:
        if at == 1020:
            self.reboots += 1
            for socket in self.sockets.values():
                socket.limit_a = 0.0
            if self.reboot_s:
                self._away = asyncio.get_running_loop().create_task(self._reboot())
        else:
            self.sockets[at // 100].write(at % 100, value, self)
