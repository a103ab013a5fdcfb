"""Measurands: where each comes from in an EVSE's state, and in which unit it is reported."""

from dataclasses import dataclass

from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.station.messages import Sample

ENERGY = "Energy.Active.Import.Register"


@dataclass(frozen=True, slots=True)
class Source:
    key: str
    unit: str
    phase: str | None = None


PHASED = {"Current.Import": ("current", "A", ""), "Voltage": ("voltage", "V", "-N")}
SOURCES: dict[str, tuple[Source, ...]] = {
    ENERGY: (),
    "Power.Active.Import": (Source("power", "W"),),
    **{
        name: tuple(Source(f"{key}_l{n}", unit, f"L{n}{suffix}") for n in (1, 2, 3))
        for name, (key, unit, suffix) in PHASED.items()
    },
    "Current.Offered": (Source("offered_current", "A"),),
    "SoC": (Source("soc", "Percent"),),
    "Temperature": (Source("temperature", "Celsius"),),
    "Frequency": (Source("frequency", "Hz"),),
}
MEASURANDS = tuple(SOURCES)


def samples(names: list[str], state: State, register_wh: int, context: str) -> tuple[Sample, ...]:
    """The values that the charger gives, of those that are wanted."""
    found = []
    for name in names:
        if name == ENERGY:
            found.append(Sample(name, register_wh, "Wh", None, context))
        for source in SOURCES[name]:
            value = state.get(source.key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.append(Sample(name, value, source.unit, source.phase, context))
    return tuple(found)


class Register:
    """An energy register in Wh that never runs backwards. Without any in the charger the power's integral serves.

    The charger's `energy_total` doesn't run backwards either, but its store may have forgotten a minute that a
    CSMS was told of: then both go on from there. One that appears late is no energy that anybody has drawn: in a
    transaction, and after an integral, the register goes on from where it stands.
    """

    def __init__(self, base_wh: float = 0.0, last_wh: float = 0.0, counting: bool = False) -> None:
        self._base = base_wh
        self._last = last_wh
        self._counting = counting
        self._power: tuple[float, float] | None = None

    @property
    def wh(self) -> int:
        return round(self._base + self._last)

    def document(self) -> list[float | bool]:
        return [self._base, self._last, self._counting]

    def read(self, state: State, now: Moment, *, in_transaction: bool = False) -> None:
        """Take what a state says."""
        total = state.get("energy_total")
        if isinstance(total, int | float) and total >= 0:
            self._count(total * 1000, in_transaction)
        elif not self._counting:
            self._integrate(state.get("power"), now.mono)

    def _count(self, wh: float, in_transaction: bool) -> None:
        late = not self._counting and (in_transaction or self._last > 0)
        if late or wh < self._last:
            self._base += self._last - wh
        self._last, self._counting = wh, True

    def _integrate(self, power: object, mono: float) -> None:
        if self._power is not None:
            watts, since = self._power
            self._last += watts * min(max(mono - since, 0.0), 60.0) / 3600
        usable = isinstance(power, int | float) and power > 0
        self._power = (float(power), mono) if usable and isinstance(power, int | float) else None
