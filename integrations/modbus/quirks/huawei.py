"""Huawei's SCharger is a sub-device of an EMMA: it is found by asking, and its power is how fast its energy grows."""

import logging
from collections import deque
from collections.abc import Mapping

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping
from hub.errors import DeviceOffline, DeviceRefused
from integrations.modbus.codec import decode
from integrations.modbus.frame import READ, ModbusException, Request
from integrations.modbus.links import POLL, Manner, NoAnswer
from integrations.modbus.quirks.base import Give, Quirk
from integrations.modbus.registers import Registers

log = logging.getLogger(__name__)
GATEWAY, CHARGERS, LAST_UNIT = 0, 30804, 247
"""The EMMA itself is unit 0; where it says how many chargers it has."""
ANSWER_S = 1.0
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
    """Gives `energy_rate` (W), from the point `energy` (Wh). Where the unit id is 0 the sub-devices are asked one
    by one, and the first that has the charger's registers is it (or the second, as the input `number` says)."""

    def __init__(self, mapping: BlueprintMapping, registers: Registers, give: Give) -> None:
        super().__init__(mapping, registers, give)
        self._rates = {evse: Rate() for evse in range(1, mapping.evses + 1)}

    async def prepare(self) -> None:
        if int(self.mapping.link.get("unit_id", 0)) != GATEWAY:
            return
        wanted = int(self.mapping.inputs.get("input.number", 1))
        if await self._listed() < wanted:
            raise DeviceRefused(f"the EMMA at {self.mapping.link['host']} has no charger {wanted}")
        found = 0
        for unit in range(1, LAST_UNIT + 1):
            if await self._is_charger(unit):
                found += 1
                if found == wanted:
                    log.info(
                        "the charger is sub-device %d of the EMMA at %s", unit, self.mapping.link["host"]
                    )
                    self.registers.answers_as(unit)
                    return
        raise DeviceOffline(f"none of the EMMA's sub-devices answers as charger {wanted}")

    async def _listed(self) -> int:
        """How many chargers the EMMA says it has."""
        try:
            return (await self._ask(GATEWAY, CHARGERS, 1))[0]
        except ModbusException as refusal:
            raise DeviceRefused(f"the EMMA's number of chargers: {refusal}") from refusal

    async def _is_charger(self, unit: int) -> bool:
        """It has an energy counter, and a model's name where only chargers have one."""
        model, energy = self.mapping.points["model"], self.mapping.points["energy"]
        try:
            await self._ask(unit, int(energy.keys["at"]), 2)
            words = await self._ask(unit, int(model.keys["at"]), int(model.keys["len"]))
        except (ModbusException, NoAnswer):
            return False
        name = str(decode(model.keys, words))
        return bool(name) and name.isascii() and name.isprintable()

    async def _ask(self, unit: int, address: int, count: int) -> list[int]:
        request = Request(unit, READ["holding"], address, count)
        return await self.registers.links[None].ask(request, POLL, manner=Manner(ANSWER_S))

    def look(self, raw: Mapping[tuple[str, int], Raw], now: float) -> None:
        for evse, rate in self._rates.items():
            value = self.mapping.points["energy"].conversion.value(raw.get(("energy", evse)))
            if isinstance(value, bool) or not isinstance(value, int | float):
                rate.forget()
                self.give(evse, "energy_rate", None)
            else:
                self.give(evse, "energy_rate", rate.add(float(value), now))
