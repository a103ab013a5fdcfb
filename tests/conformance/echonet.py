"""An ECHONET Lite charger as the device of a case: its properties by the stand-in, its state by the blueprint."""

from functools import cache
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping, Until, Wait, Write
from hub.charger.snapshot import snapshot
from hub.integration.loader import load_codec
from hub.shipped import shipped
from hub.simulate.ev import Car
from integrations.echonet_lite.points import edt, epc_of, raw_values
from integrations.echonet_lite.simulated import CHARGE, ChargerObject, Traits
from tests.conformance.bench import Bench, Outlet

VOLTS = 690
"""One phase that gives what the three of other devices give."""
POWER_W = (6 * VOLTS, 30 * VOLTS)
MUCH_WH = 30_000.0
KINDS = {"ev_charger": 0x02A1, "ev_charger_discharger": 0x027E}


@cache
def mapping(kind: str) -> BlueprintMapping:
    return load_blueprint(
        f"echonet/{kind}", {"host": "x", "voltage": VOLTS}, (shipped("blueprints"),), load_codec
    )


class EchonetOutlet(Outlet):
    """What the hub wants becomes the blueprint's actions on the object; what the object says becomes the state."""

    def __init__(self, bench: Bench, evse: int, kind: str) -> None:
        super().__init__()
        self.object = ChargerObject(Traits(class_code=KINDS[kind], power_w=POWER_W, volts=VOLTS, stays=True))
        self._mapping = mapping(kind)
        self._bench, self._evse = bench, evse
        self._told: str | None = None

    def state(self) -> dict[str, Any]:
        self._move_the_car()
        self._follow()
        seen = snapshot(self._reading(), 1)
        return {key: value for key, value in seen.items() if key in KEPT}

    @property
    def offered_a(self) -> float:
        self._follow()
        return self.object.outlet.limit_a if self.object.mode == CHARGE and self.permitted else 0.0

    @property
    def charging(self) -> bool:
        self._move_the_car()
        self._follow()
        return self.object.power_w > 0

    @property
    def current_a(self) -> float:
        return self.object.outlet.current_a if self.charging else 0.0

    def _move_the_car(self) -> None:
        if self.plugged and not self.object.plugged:
            self.object.plug(Car(needs_wh=MUCH_WH, phases=1, max_current=16))
        elif not self.plugged and self.object.plugged:
            self.object.unplug()
            self._told = None
        car = self.object.outlet.car
        if car is not None:
            car.taken_wh, car.needs_wh = 0.0, MUCH_WH if self.wants else 0.0
        self.object.fault = 0x16 if self.fault else 0
        self.object.register_wh = self.energy_wh

    def _follow(self) -> None:
        """As the hub's driver does it: start when it may and can, tell a new limit, pause when it may not."""
        limit = 30.0 if self.limit_a is None else self.limit_a
        may = self.permitted and self.plugged and limit >= 6
        if may and self.object.mode != CHARGE and not self.fault:
            self._act("start", limit)
        elif may and abs(self.object.outlet.limit_a - min(limit, 30.0)) > 0.05:
            self._act("set_limit", limit)
        elif not may and self.object.mode == CHARGE:
            self._act("pause", limit)

    def _act(self, action: str, limit: float) -> None:
        env = self._mapping.env(self._reading(), 1, **self._context(), limit=min(limit, 30.0))
        for step in self._mapping.steps(action, env):
            if isinstance(step, Write):
                assert self.object.write(epc_of(step.point), edt(step.point, step.raw)), step
            else:
                assert isinstance(step, Until | Wait)
        if action != "set_limit":
            self._told = action

    def _reading(self) -> Any:
        return self._mapping.reading(raw_values(self._mapping, {1: self.object.values}), {1: self._context()})

    def _context(self) -> dict[str, Any]:
        settable = {
            p.name
            for p in self._mapping.points.values()
            if p.access != "ro" and epc_of(p) in self.object.settable
        }
        flows = self._bench.station.evses.flows
        known = {
            "tx": self._evse in flows and flows[self._evse].transaction is not None,
            "settable": settable,
        }
        return known if self._told is None else {**known, "told": self._told}


KEPT = frozenset(
    {
        "status",
        "plugged",
        "power",
        "energy_total",
        "charging_enabled",
        "error_code",
        "soc",
        "current_l1",
        "voltage_l1",
        "offered_current",
    }
)
