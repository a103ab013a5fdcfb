"""A car at a charger: plugs in, draws what it is offered, fills up, leaves. Time is an argument."""

from dataclasses import dataclass

VOLTAGE = 230.0


@dataclass(slots=True)
class Car:
    """`needs_wh`: what its battery can still take."""

    needs_wh: float = 20_000.0
    max_current: float = 16.0
    phases: int = 3
    taken_wh: float = 0.0

    def current(self, offered_a: float) -> float:
        """Amperes per phase now; the last tenth is taken ever more slowly."""
        left = self.needs_wh - self.taken_wh
        if offered_a < 6 or left <= 0:
            return 0.0
        taper = min(1.0, max(0.15, left / (self.needs_wh * 0.1)))
        return round(min(offered_a, max(6.0, self.max_current * taper)), 2)


@dataclass(slots=True)
class Outlet:
    """What the charger knows of the car, and what it was told. `register_wh` is the meter."""

    register_wh: float = 0.0
    session_wh: float = 0.0
    car: Car | None = None
    limit_a: float = 32.0
    phases: int = 3
    """How many the charger switches through."""
    enabled: bool = True
    faulted: bool = False
    card: str = ""
    voltage: float = VOLTAGE

    @property
    def phases_used(self) -> int:
        return min(self.phases, self.car.phases) if self.car else 0

    @property
    def current_a(self) -> float:
        if self.car is None or self.faulted or not self.enabled:
            return 0.0
        return self.car.current(self.limit_a)

    @property
    def power_w(self) -> float:
        return self.current_a * self.voltage * self.phases_used

    @property
    def state(self) -> str:
        """unplugged, waiting (for the charger), charging, full, faulted: as in a blueprint's `simulate.states`."""
        if self.faulted:
            return "faulted"
        if self.car is None:
            return "unplugged"
        if self.current_a:
            return "charging"
        return "full" if self.car.taken_wh >= self.car.needs_wh else "waiting"

    def pass_time(self, seconds: float) -> None:
        wh = self.power_w * seconds / 3600
        if self.car:
            wh = min(wh, self.car.needs_wh - self.car.taken_wh)
            self.car.taken_wh += wh
        self.register_wh += wh
        self.session_wh += wh

    def plug(self, car: Car) -> None:
        self.car, self.session_wh = car, 0.0

    def unplug(self) -> None:
        self.car, self.card = None, ""
