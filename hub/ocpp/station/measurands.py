"""Measurands: where each comes from in an EVSE's state, and in which unit it is reported."""

from collections.abc import Collection
from dataclasses import dataclass

from hub.model.entity import State
from hub.model.moment import Moment
from hub.ocpp.station.messages import Sample

ENERGY = "Energy.Active.Import.Register"


@dataclass(frozen=True, slots=True)
class Source:
    """`flow` 1: what flows to the car, -1: what the car gives; a state's value is positive for the first."""

    key: str
    unit: str
    phase: str | None = None
    flow: int = 0
    scale: float = 1

    def value(self, state: State) -> int | float | None:
        value = state.get(self.key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if self.flow < 0 and value >= 0 and not gives(state):
            return None
        told = max(0, value * self.flow) if self.flow else value
        return told if self.scale == 1 else round(told * self.scale, 3)


def gives(state: State) -> bool:
    """Can this charger take energy from a car?"""
    return state.get("energy_export") is not None


PHASED = {
    "Current.Import": ("current", "A", "", 1),
    "Current.Export": ("current", "A", "", -1),
    "Voltage": ("voltage", "V", "-N", 0),
}
SOURCES: dict[str, tuple[Source, ...]] = {
    ENERGY: (),
    "Power.Active.Import": (Source("power", "W", flow=1),),
    "Power.Active.Export": (Source("power", "W", flow=-1),),
    "Energy.Active.Export.Register": (Source("energy_export", "Wh", scale=1000),),
    **{
        name: tuple(Source(f"{key}_l{n}", unit, f"L{n}{suffix}", flow) for n in (1, 2, 3))
        for name, (key, unit, suffix, flow) in PHASED.items()
    },
    "Current.Offered": (Source("offered_current", "A"),),
    "Power.Offered": (Source("offered_power", "W"),),
    "SoC": (Source("soc", "Percent"),),
    "Temperature": (Source("temperature", "Celsius"),),
    "Frequency": (Source("frequency", "Hz"),),
}
MEASURANDS = tuple(SOURCES)
SINGLE: dict[str, tuple[str, Source]] = {
    f"{name}.{phase}": (name, source)
    for name, sources in SOURCES.items()
    for source in sources
    if source.phase
    for phase in (source.phase, source.phase.removesuffix("-N"))
}
"""One phase of a measurand, as 1.6 names it (9.1.17): `Voltage.L1`."""
METERED = (*MEASURANDS, *SINGLE)
WANTED = {name: tuple((name, source) for source in sources) for name, sources in SOURCES.items()} | {
    name: (single,) for name, single in SINGLE.items()
}
GIVERS = frozenset({"energy_export", "soc"})
"""Of chargers that may take energy from a car at least one is known."""


def measurable(keys: Collection[str]) -> tuple[str, ...]:
    """What a charger with these keys in its state can be metered for; the register always, if only by the power."""
    least = -1 if GIVERS & set(keys) else 0
    return tuple(
        name
        for name, sources in SOURCES.items()
        if name == ENERGY or any(source.key in keys and source.flow >= least for source in sources)
    )


def samples(names: list[str], state: State, register_wh: int | None, context: str) -> tuple[Sample, ...]:
    """The values that the charger gives, of those that are wanted. `register_wh` None: nobody has read it yet."""
    found = []
    state = _with_offered_power(state) if "Power.Offered" in names else state
    for name in names:
        if name == ENERGY and register_wh is not None:
            found.append(Sample(name, register_wh, "Wh", None, context))
        for measurand, source in WANTED[name]:
            value = source.value(state)
            if value is not None:
                found.append(Sample(measurand, value, source.unit, source.phase, context))
    return tuple(found)


def _with_offered_power(state: State) -> State:
    """What the offered current is in power, where the voltages are known."""
    current = state.get("offered_current")
    voltages = [state.get(f"voltage_l{phase}") for phase in (1, 2, 3)]
    volts = sum(voltage for voltage in voltages if isinstance(voltage, int | float))
    if not isinstance(current, int | float) or not volts:
        return state
    return {**state, "offered_power": round(current * volts, 3)}


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
        self.heard = counting
        """The charger has said something that it stands on."""

    @property
    def wh(self) -> int:
        return round(self._base + self._last)

    def document(self) -> list[float | bool]:
        return [self._base, self._last, self._counting]

    def read(self, state: State, now: Moment, *, in_transaction: bool = False) -> None:
        """Take what a state says."""
        total = state.get("energy_total")
        self.heard = (
            self.heard or isinstance(total, int | float) or isinstance(state.get("power"), int | float)
        )
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
