"""An EV charger (02A1) or charger-discharger (027E) as a stand-in: what its properties say, and what may be set.

Pure: time is passed to it. What it draws is decided by the car, its mode and its limits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hub.simulate.ev import Car, Outlet

CHARGER, DISCHARGER = 0x02A1, 0x027E
ON, OFF = b"\x30", b"\x31"
CHARGE, DISCHARGE, STANDBY, IDLE, OTHER, PREPARATION = 0x42, 0x43, 0x44, 0x47, 0x40, 0x48
MODES = {CHARGER: (CHARGE, STANDBY, IDLE), DISCHARGER: (CHARGE, DISCHARGE, STANDBY, IDLE)}
UNPLUGGED, READY, FOR_BOTH, UNDETERMINED = 0x30, 0x41, 0x43, 0x44
CAPACITY_WH = 40_000.0
LEAST_LEFT_WH = 4_000.0
"""A car doesn't give its last tenth away."""
FULL = 1.0
MAKER, PRODUCT = b"\xff\xff\xfe", b"evhub sim"
ANNOUNCED = frozenset({0x80, 0x81, 0x88, 0xC7, 0xDA})


@dataclass(frozen=True, slots=True)
class Traits:
    """What a make has, and how it misbehaves. `rejects`: refused; `ignores`: accepted, and nothing happens."""

    class_code: int = CHARGER
    release: str = "R"
    power_w: tuple[int, int] = (1200, 6000)
    volts: int = 200
    connector: int = 0x11
    limits: frozenset[int] = frozenset({0xEB, 0xED})
    meter: bool = True
    soc: bool = True
    confirms: bool = False
    """Only after CD = 10 does it know whether a car is there."""
    lag_s: float = 0.0
    """How long after the answer a mode is another one."""
    rejects: frozenset[int] = frozenset()
    ignores: frozenset[int] = frozenset()
    stays: bool = False
    """It stays in the mode `charge` when the car is full."""
    others: bool = False
    """The mode `charge` reads back as `other`."""


@dataclass(slots=True)
class ChargerObject:
    """One instance. `values` are its readable properties now; b"": it has nothing to say."""

    traits: Traits = field(default_factory=Traits)
    serial: str = "SIM-0001"
    outlet: Outlet = field(default_factory=lambda: Outlet(enabled=False))
    fault: int = 0
    mode: int = STANDBY
    powered: bool = True
    register_wh: float = 1_000.0
    export_wh: float = 0.0
    discharge_w: int = 3_000
    written: list[tuple[int, bytes]] = field(default_factory=list)
    """Every Set that was accepted, in order."""
    _asked: int | None = None
    _left_s: float = 0.0
    _seen: bool = True
    _power_set: int = 0
    _current_set: int = 0
    _method: int = 0x01
    _target_wh: int = 0
    _location: bytes = b"\0"

    def __post_init__(self) -> None:
        self.outlet.voltage = self.traits.volts
        self._power_set = self.traits.power_w[1]
        self._current_set = round(self.traits.power_w[1] / self.traits.volts * 10)
        self._offer()

    # The car

    def plug(self, car: Car | None = None) -> None:
        self.outlet.plug(car or Car(phases=1, max_current=30))
        self._seen = not self.traits.confirms
        self._offer()

    def unplug(self) -> None:
        self.outlet.unplug()
        self._seen = True
        self._become(STANDBY)

    def pass_time(self, seconds: float, *, speed: float = 1.0) -> None:
        """`speed`: how many seconds of the car's life pass in one; a mode's lag is in the charger's own."""
        if self._asked is not None:
            self._left_s -= seconds
            if self._left_s <= 0:
                self._become(self._asked)
        if self.power_w < 0:
            self._discharge(seconds * speed)
            return
        before = self.outlet.register_wh
        self.outlet.pass_time(seconds * speed)
        self.register_wh += self.outlet.register_wh - before
        if self.full and self.mode == CHARGE and not self.traits.stays:
            self._become(STANDBY)

    @property
    def power_w(self) -> float:
        """Negative: discharging."""
        car = self.outlet.car
        if car is None or self.fault or not self.powered:
            return 0.0
        if self.mode == DISCHARGE:
            left = CAPACITY_WH - (car.needs_wh - car.taken_wh)
            return -float(self.discharge_w) if left > LEAST_LEFT_WH else 0.0
        return self.outlet.power_w if self.mode == CHARGE else 0.0

    @property
    def plugged(self) -> bool:
        return self.outlet.car is not None

    @property
    def full(self) -> bool:
        car = self.outlet.car
        return car is not None and car.needs_wh - car.taken_wh < FULL

    def _discharge(self, seconds: float) -> None:
        wh = -self.power_w * seconds / 3600
        self.export_wh += wh
        if self.outlet.car:
            self.outlet.car.taken_wh -= wh

    def _become(self, mode: int) -> None:
        self.mode, self._asked = mode, None
        self._offer()

    def _offer(self) -> None:
        """What the outlet gives by mode and limits."""
        most = self.traits.power_w[1] / self.traits.volts
        if 0xED in self.traits.limits:
            most = min(most, self._current_set / 10)
        if 0xEB in self.traits.limits:
            most = min(most, self._power_set / self.traits.volts)
        self.outlet.limit_a = most
        self.outlet.faulted = bool(self.fault)
        self.outlet.enabled = self.mode == CHARGE and self.powered and self._seen

    # The wire

    @property
    def settable(self) -> frozenset[int]:
        more = {0xDC} if self.traits.class_code == DISCHARGER else set()
        return frozenset({0x80, 0x81, 0xCD, 0xDA, 0xE7}) | self.traits.limits | more

    @property
    def announced(self) -> frozenset[int]:
        return ANNOUNCED | ({0xE1} if self._tells_actual else set())

    @property
    def values(self) -> Mapping[int, bytes]:
        return {**self._identity(), **self._now(), **self._settings(), **self._meters(), **self._battery()}

    def write(self, epc: int, edt: bytes) -> bool:
        """False: refused."""
        if epc not in self.settable or epc in self.traits.rejects or not self._fits(epc, edt):
            return False
        self.written.append((epc, edt))
        if epc not in self.traits.ignores:
            self._setters()[epc](edt)
            self._offer()
        return True

    @property
    def _tells_actual(self) -> bool:
        return self.traits.class_code == DISCHARGER and self.traits.release >= "Q"

    def _fits(self, epc: int, edt: bytes) -> bool:
        low, high = self.traits.power_w
        value = int.from_bytes(edt, "big")
        rules: dict[int, Callable[[], bool]] = {
            0x80: lambda: edt in (ON, OFF),
            0xCD: lambda: edt == b"\x10",
            0xDA: lambda: len(edt) == 1 and value in MODES[self.traits.class_code],
            0xEB: lambda: len(edt) == 4 and low <= value <= high,
            0xED: lambda: len(edt) == 2 and low <= value / 10 * self.traits.volts <= high + 1,
            0xE7: lambda: len(edt) == 4,
            0xDC: lambda: len(edt) == 1 and value <= 6,
        }
        return rules.get(epc, lambda: bool(edt))()

    def _setters(self) -> dict[int, Callable[[bytes], None]]:
        return {
            0x80: self._switch,
            0x81: lambda edt: setattr(self, "_location", edt),
            0xCD: lambda edt: setattr(self, "_seen", True),
            0xDA: lambda edt: self._ask(edt[0]),
            0xDC: lambda edt: setattr(self, "_method", edt[0]),
            0xE7: lambda edt: setattr(self, "_target_wh", int.from_bytes(edt, "big")),
            0xEB: lambda edt: setattr(self, "_power_set", int.from_bytes(edt, "big")),
            0xED: lambda edt: setattr(self, "_current_set", int.from_bytes(edt, "big")),
        }

    def _switch(self, edt: bytes) -> None:
        self.powered = edt == ON

    def _ask(self, mode: int) -> None:
        if self.traits.lag_s:
            self._asked, self._left_s = mode, self.traits.lag_s
        else:
            self._become(mode)

    def _identity(self) -> dict[int, bytes]:
        return {
            0x81: self._location,
            0x82: b"\0\0" + self.traits.release.encode() + b"\0",
            0x8A: MAKER,
            0x8C: PRODUCT.ljust(12, b"\0"),
            0x8D: self.serial.encode().ljust(12, b"\0")[:12],
        }

    def _now(self) -> dict[int, bytes]:
        actual = PREPARATION if self._asked == CHARGE else self.mode
        return {
            0x80: ON if self.powered else OFF,
            0x88: b"\x41" if self.fault else b"\x42",
            0x89: self.fault.to_bytes(2, "big"),
            0xC7: bytes([self._connection()]),
            0xDA: bytes([OTHER if self.traits.others and self.mode == CHARGE else self.mode]),
            **({0xE1: bytes([actual])} if self._tells_actual else {}),
        }

    def _connection(self) -> int:
        if not self._seen:
            return UNDETERMINED
        if not self.plugged:
            return UNPLUGGED
        return FOR_BOTH if self.traits.class_code == DISCHARGER else READY

    def _settings(self) -> dict[int, bytes]:
        low, high = self.traits.power_w
        amperes = [round(power / self.traits.volts * 10) for power in (low, high)]
        told = {
            0xC5: high.to_bytes(4, "big"),
            0xC8: low.to_bytes(4, "big") + high.to_bytes(4, "big"),
            0xCA: b"".join(each.to_bytes(2, "big") for each in amperes),
            0xCC: bytes([self.traits.connector]),
            0xD2: self.traits.volts.to_bytes(2, "big"),
            0xE7: self._target_wh.to_bytes(4, "big"),
            0xEB: self._power_set.to_bytes(4, "big"),
            0xED: self._current_set.to_bytes(2, "big"),
        }
        absent = {0xEB, 0xED} - self.traits.limits
        more = {0xDC: bytes([self._method])} if self.traits.class_code == DISCHARGER else {}
        return {epc: edt for epc, edt in told.items() if epc not in absent} | more

    def _meters(self) -> dict[int, bytes]:
        if not self.traits.meter:
            return {}
        power = round(self.power_w)
        told = {0xD8: round(self.register_wh).to_bytes(4, "big")}
        if self.traits.class_code == CHARGER:
            return told | {0xD3: max(0, power).to_bytes(4, "big")}
        tenths = round(self.power_w / self.traits.volts * 10)
        return told | {
            0xD3: power.to_bytes(4, "big", signed=True),
            0xD4: tenths.to_bytes(2, "big", signed=True),
            0xD5: self.traits.volts.to_bytes(2, "big"),
            0xD6: round(self.export_wh).to_bytes(4, "big"),
        }

    def _battery(self) -> dict[int, bytes]:
        car = self.outlet.car
        if not self.traits.soc or car is None or not self._seen:
            return dict.fromkeys((0xD0, 0xE2, 0xE4, 0xE6), b"")
        stored = max(0.0, CAPACITY_WH - (car.needs_wh - car.taken_wh))
        return {
            0xD0: round(CAPACITY_WH).to_bytes(4, "big"),
            0xE2: round(stored).to_bytes(4, "big"),
            0xE4: bytes([min(100, round(100 * stored / CAPACITY_WH))]),
            0xE6: b"\x04SIM1",
        }
