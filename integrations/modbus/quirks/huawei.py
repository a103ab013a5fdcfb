"""Power from an energy counter, for chargers that tell nothing else (Huawei SCharger behind its gateway)."""

from collections import deque
from collections.abc import Mapping

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.quirks.base import Give, Quirk
from integrations.modbus.registers import Registers

WINDOW_S = 60.0
"""At 1.4 kW, the least that charges, a counter in watt-hours moves 23 times in it: good to 5 %."""
SHORTEST_S = 10.0


class Rate:
    """Watts between the oldest and the newest of the last minute's counter readings in watt-hours."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def forget(self) -> None:
        self._seen.clear()

    def add(self, energy_wh: float, now: float) -> float | None:
        """None: not known yet. A counter that went backwards begins anew."""
        if self._seen and energy_wh < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, energy_wh))
        # One reading beyond the window is kept: the rate is over the whole of it.
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW_S:
            self._seen.popleft()
        first_at, first = self._seen[0]
        if now - first_at < SHORTEST_S:
            return None
        return round((energy_wh - first) * 3600.0 / (now - first_at), 1)


class EnergyRate(Quirk):
    """Gives `energy_rate` (W), from the point `energy` (Wh)."""

    def __init__(self, mapping: BlueprintMapping, registers: Registers, give: Give) -> None:
        super().__init__(mapping, registers, give)
        self._rates = {evse: Rate() for evse in range(1, mapping.evses + 1)}

    def look(self, raw: Mapping[tuple[str, int], Raw], now: float) -> None:
        for evse, rate in self._rates.items():
            value = self.mapping.points["energy"].conversion.value(raw.get(("energy", evse)))
            if isinstance(value, bool) or not isinstance(value, int | float):
                rate.forget()
                self.give(evse, "energy_rate", None)
            else:
                self.give(evse, "energy_rate", rate.add(float(value), now))
