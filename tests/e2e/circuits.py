"""A site of three chargers on one circuit, and a witness at the wires."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.simulate.ev import Car, Outlet
from integrations.modbus.simulator import SimulatedCharger
from tests.e2e.world import World

FUSE_A = 32.0
CIRCUITS = "circuits: {shed: {max_current: 32, members: [left, middle, right], raise_delay: 1}}"
HUNGRY = 1e9


def speaks(version: str) -> str:
    return f", tokens: {{free: true}}, csms: {{versions: [{version}]}}"


CHARGERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "left": ("keba/p30", {}, speaks("ocpp1.6")),
    "middle": ("abb/terra_ac", {}, speaks("ocpp2.0.1")),
    "right": ("keba/p30", {}, speaks("ocpp2.0.1")),
}


class Witness:
    """The most that the chargers have offered their cars at any moment: looked at after each write and each step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most_a = 0.0
        self._chargers: list[SimulatedCharger] = []
        before = SimulatedCharger.update

        def update(charger: SimulatedCharger) -> None:
            before(charger)
            if charger not in self._chargers:
                self._chargers.append(charger)
            self.look()

        monkeypatch.setattr(SimulatedCharger, "update", update)

    def look(self) -> None:
        self.most_a = max(self.most_a, sum(offered(outlet) for outlet in self._outlets()))

    def _outlets(self) -> Iterator[Outlet]:
        for charger in self._chargers:
            yield from charger.outlets.values()


def offered(outlet: Outlet) -> float:
    """What a car could draw."""
    return outlet.limit_a if outlet.car is not None and outlet.enabled else 0.0


class Shed(World):
    def __init__(self, folder: Path, *, also: str = CIRCUITS) -> None:
        super().__init__(folder, CHARGERS, also=also)

    def offers(self) -> list[float]:
        return [round(offered(self.chargers[name].outlets[1]), 2) for name in CHARGERS]

    async def plug(self, *names: str, phases: int = 3) -> None:
        """Cars that take all they get, one after the other."""
        for name in names:
            self.chargers[name].plug(Car(needs_wh=HUNGRY, max_current=32, phases=phases))
            await self.until(partial(self.state, name, "plugged"))

    async def idle(self) -> None:
        await self.until(lambda: all(self.status(name) == "available" for name in CHARGERS), 30)
        await self.until(
            lambda: not any(c.outlets[1].enabled and c.outlets[1].limit_a for c in self.chargers.values())
        )
