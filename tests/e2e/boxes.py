"""Chargers written by hand from what their makers' registers do: they know nothing of the blueprints."""

import asyncio
import struct
from dataclasses import dataclass, field

from tests.integrations.modbus.served import Served

Image = dict[int, int]


def words(kind: str, *values: float) -> list[int]:
    """Of numbers, big endian."""
    packed = b"".join(struct.pack(f">{kind}", value) for value in values)
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


def text(value: str, count: int) -> list[int]:
    return list(struct.unpack(f">{count}H", value.encode().ljust(2 * count, b"\0")))


def at(*parts: tuple[int, list[int]]) -> Image:
    return {address + offset: word for address, told in parts for offset, word in enumerate(told)}


@dataclass
class Box:
    """`mistakes`: what no hub may do to it."""

    plugged: bool = False
    fault: bool = False
    limit_a: float = 16.0
    mistakes: list[str] = field(default_factory=list)
    framer = "tcp"
    functions = (3, 6, 16)

    def __post_init__(self) -> None:
        self.served = Served(self._answer, self.framer)

    def image(self, unit: int) -> Image | None:
        """None: no such unit."""
        raise NotImplementedError

    def write(self, address: int, given: list[int]) -> bool:
        """False: there is no such register."""
        raise NotImplementedError

    def may_read(self, address: int, count: int) -> bool:
        return True

    @property
    def allowed(self) -> bool:
        return self.limit_a >= 6

    @property
    def amperes(self) -> float:
        return self.limit_a if self.plugged and self.allowed and not self.fault else 0.0

    def wrong(self, what: object) -> bool:
        self.mistakes.append(str(what))
        return False

    def limited(self, amperes: float) -> bool:
        if amperes and not 6 <= amperes <= 32:
            return self.wrong(f"limit {amperes}")
        self.limit_a = amperes
        return True

    def _answer(self, unit: int, pdu: bytes) -> bytes | None:
        function, address, count = struct.unpack(">BHH", pdu[:5])
        image = self.image(unit)
        if image is None:
            return None
        if function not in self.functions:
            self.wrong(f"function {function}")
            return bytes([function | 0x80, 1])
        if function in (6, 16):
            given = [count] if function == 6 else list(struct.unpack(f">{count}H", pdu[6:]))
            return pdu[:5] if self.write(address, given) else bytes([function | 0x80, 2])
        asked = range(address, address + count)
        if not self.may_read(address, count) or not all(one in image for one in asked):
            return bytes([function | 0x80, 2])
        return struct.pack(f">BB{count}H", function, 2 * count, *(image[one] for one in asked))


class Keba(Box):
    """One value of 32 bits in a request; a fail-safe current where nothing is written for 30 s."""

    functions = (3, 6)
    enabled = 1
    lapses = 0
    _written_at = float("inf")

    @property
    def allowed(self) -> bool:
        return self.enabled == 1 and self.limit_a >= 6

    def may_read(self, address: int, count: int) -> bool:
        return count == 2 or self.wrong(f"{count} words at {address}")

    def image(self, unit: int) -> Image | None:
        now = asyncio.get_running_loop().time()
        if now - self._written_at > 30:
            self.lapses, self._written_at = self.lapses + 1, now
        state = 4 if self.fault else 1 if not self.plugged else 3 if self.amperes else 5
        currents = [(1008 + 2 * phase, self.amperes * 1000) for phase in range(3)]
        told = {
            1000: state,
            1004: 7 if self.plugged else 1,
            1006: 16 if self.fault else 0,
            1014: 4711,
            1016: 3240110,
            1018: 0x030A2A00,
            1020: self.amperes * 690_000,
            1036: 1000,
            1046: 1000,
            1040: 230,
            1042: 230,
            1044: 230,
            1100: self.limit_a * 1000,
            1110: 32000,
            1502: 0,
            1550: 0,
            1552: 1,
            1600: 6000,
            1602: 30,
            **dict(currents),
        }
        return at(*((address, words("I", int(value))) for address, value in told.items()))

    def write(self, address: int, given: list[int]) -> bool:
        self._written_at = asyncio.get_running_loop().time()
        if address == 5004:
            return self.limited(given[0] / 1000)
        if address == 5014:
            self.enabled = given[0]
        return address in (5014, 5018) or self.wrong(f"write {address}")


class Abl(Box):
    """ASCII; whoever hasn't been asked for a second sleeps through the next question. A limit is a duty cycle."""

    framer = "ascii"
    functions = (3, 16)
    _heard_at = float("-inf")

    def image(self, unit: int) -> Image | None:
        now = asyncio.get_running_loop().time()
        asleep, self._heard_at = now - self._heard_at > 1.0, now
        if asleep or unit != 1:
            return None
        state = 0xF9 if self.fault else 0xA1 if not self.plugged else 0xC2 if self.amperes else 0xB1
        duty = round(self.limit_a / 0.06) if self.limit_a else 1000
        current = [round(self.amperes * 10) or 1] * 3
        return at((1, [0x102, 0x20]), (4, [state]), (0xF, [0, 0, 0, duty, 0]), (0x2E, [0, 0, *current]))

    def write(self, address: int, given: list[int]) -> bool:
        if address == 0x14:
            return self.limited(0.0 if given[0] == 1000 else round(given[0] * 0.06, 2))
        return address == 5 or self.wrong(f"write {address}")


class Alfen(Box):
    """Units for the station (200) and its sockets; a limit holds for 60 s."""

    lapses = 0
    _until = float("inf")

    def image(self, unit: int) -> Image | None:
        if unit == 200:
            return at(
                *((100, text("ALF", 17)), (117, [*text("Alfen", 5), 1]), (123, text("6.4.0", 17))),
                *((140, text("NG910", 17)), (157, text("ace01", 11))),
                *((168, [0] * 11), (1100, [*words("f", 32, 25), 0, 1])),
            )
        if unit != 1:
            return None
        now = asyncio.get_running_loop().time()
        if now > self._until:
            self.lapses, self._until, self.limit_a = self.lapses + 1, float("inf"), 6.0
        state = "F" if self.fault else "E" if not self.plugged else "C2" if self.amperes else "C1"
        nothing, power = float("nan"), self.amperes * 230
        return at(
            *((300, [3]), (306, words("f", 230, 230, 230)), (320, words("f", *[self.amperes] * 3))),
            *((336, words("f", 50, power, power, power, 3 * power) + words("f", *[nothing] * 14)),),
            *((374, words("d", 1_000_000.0)), (1200, [1, *text(state, 5), *words("f", self.limit_a)])),
            *((1208, words("I", 60)), (1210, [*words("f", self.limit_a, 6), 1, 3])),
        )

    def write(self, address: int, given: list[int]) -> bool:
        if address != 1210 or len(given) != 2:
            return self.wrong(f"write {address}")
        self._until = asyncio.get_running_loop().time() + 60
        return self.limited(struct.unpack(">f", struct.pack(">2H", *given))[0])
