"""What a simulated Modbus charger can be told at its control port."""

from dataclasses import asdict
from typing import Any

from hub.simulate.control import Orders
from hub.simulate.ev import Car
from integrations.modbus.served import KINDS, Fault
from integrations.modbus.simulator import SimulatedCharger


def orders(charger: SimulatedCharger) -> Orders:
    """By name."""
    told = _Orders(charger)
    return {
        "plug": told.plug,
        "unplug": told.unplug,
        "swipe": told.swipe,
        "fault": told.fault,
        "time": told.time,
        "speed": told.speed,
        "set": told.set,
        "get": told.get,
        "written": told.written,
        "silent": told.silent,
        "disturb": told.disturb,
        "calm": told.calm,
        "state": told.state,
    }


class _Orders:
    def __init__(self, charger: SimulatedCharger) -> None:
        self._charger = charger

    def plug(
        self, evse: int = 1, needs_wh: float = 20_000.0, max_current: float = 16.0, phases: int = 3
    ) -> dict[str, Any]:
        self._charger.plug(Car(float(needs_wh), float(max_current), int(phases)), evse)
        return self.state()

    def unplug(self, evse: int = 1) -> dict[str, Any]:
        self._charger.unplug(evse)
        return self.state()

    def swipe(self, card: str, evse: int = 1) -> dict[str, Any]:
        self._charger.swipe(str(card), evse)
        return self.state()

    def fault(self, faulted: bool = True, evse: int = 1) -> dict[str, Any]:
        self._charger.fault(bool(faulted), evse)
        return self.state()

    def time(self, seconds: float) -> dict[str, Any]:
        """It passes at once."""
        self._charger.pass_time(float(seconds))
        return self.state()

    def speed(self, value: float) -> dict[str, Any]:
        self._charger.speed = float(value)
        return self.state()

    def set(self, point: str, value: Any, evse: int = 1) -> dict[str, Any]:
        """A point's value in its unit, until the car changes it."""
        self._charger.set(point, value, evse)
        return self.get(point, evse)

    def get(self, point: str, evse: int = 1) -> dict[str, Any]:
        return {point: self._charger.get(point, evse)}

    def written(self) -> list[Any]:
        """[point, EVSE, value] of all writes so far."""
        return [list(entry) for entry in self._charger.written]

    def silent(self, on: bool = True) -> dict[str, Any]:
        self._charger.silent = bool(on)
        return self.state()

    def disturb(self, kind: str, **how: Any) -> list[Any]:
        """The next replies go wrong: drop, delay, short, unit, exception or crc, as `Fault` says."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
        if kind == "crc" and self._charger.served.framer == "tcp":
            raise ValueError("Modbus TCP has no checksum")
        self._charger.served.faults.all.append(Fault(kind, **how))
        return [asdict(fault) for fault in self._charger.served.faults.all]

    def calm(self) -> list[Any]:
        """Nothing goes wrong any more."""
        self._charger.served.faults.all.clear()
        return []

    def state(self) -> dict[str, Any]:
        return {
            str(number): {
                "state": outlet.state,
                "current_a": outlet.current_a,
                "limit_a": outlet.limit_a,
                "energy_wh": round(outlet.register_wh, 1),
            }
            for number, outlet in self._charger.outlets.items()
        }
