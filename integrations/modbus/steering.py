"""What a simulated charger's control port understands: one JSON object for each line, one for each answer."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.model.entity import Scalar
from hub.simulate.ev import Car
from integrations.modbus.simulator import SimulatedCharger

Told = dict[str, Any]


def steer(charger: SimulatedCharger, message: object) -> Told:
    """`{"do": NAME, ...}` with what it takes; never raises."""
    if not isinstance(message, Mapping):
        return {"error": "expected an object"}
    name, given = message.get("do"), {str(key): value for key, value in message.items() if key != "do"}
    work = COMMANDS.get(str(name))
    if work is None:
        return {"error": f"no command {name!r}; there are {', '.join(sorted(COMMANDS))}"}
    try:
        return {"ok": True, **work(charger, given)}
    except (ValueError, TypeError, KeyError) as error:
        return {"error": f"{name}: {error}"}


def _evse(charger: SimulatedCharger, given: Told) -> int:
    evse = given.pop("evse", 1)
    if evse not in charger.outlets:
        raise ValueError(f"evse: expected 1 to {len(charger.outlets)}, not {evse!r}")
    return int(evse)


def _plug(charger: SimulatedCharger, given: Told) -> Told:
    evse = _evse(charger, given)
    charger.plug(Car(**given), evse)
    return {}


def _unplug(charger: SimulatedCharger, given: Told) -> Told:
    charger.unplug(_evse(charger, given))
    return {}


def _swipe(charger: SimulatedCharger, given: Told) -> Told:
    charger.swipe(str(given["card"]), _evse(charger, given))
    return {}


def _fault(charger: SimulatedCharger, given: Told) -> Told:
    charger.fault(bool(given.get("on", True)), _evse(charger, given))
    return {}


def _wire(charger: SimulatedCharger, given: Told) -> Told:
    if "silent" in given:
        charger.silent = bool(given.pop("silent"))
    charger.faults.set(given)
    return {}


def _time(charger: SimulatedCharger, given: Told) -> Told:
    if "speed" in given:
        charger.speed = max(0.0, float(given["speed"]))
    charger.pass_time(max(0.0, float(given.get("pass", 0))))
    return {}


def _set(charger: SimulatedCharger, given: Told) -> Told:
    evse = _evse(charger, given)
    for name, value in given.items():
        charger.poke(name, value, evse)
    return {}


def _state(charger: SimulatedCharger, given: Told) -> Told:
    evse = _evse(charger, given)
    outlet = charger.outlets[evse]
    values: Mapping[str, Scalar] = charger.registers.values(evse)
    return {
        "state": outlet.state,
        "current": outlet.current_a,
        "power": outlet.power_w,
        "limit": outlet.limit_a,
        "phases": outlet.phases,
        "enabled": outlet.enabled,
        "registers": dict(values),
        "written": [list(write) for write in charger.written],
        "refused": [list(request) for request in charger.refused],
    }


def _forget(charger: SimulatedCharger, given: Told) -> Told:
    charger.written.clear()
    charger.refused.clear()
    return {}


COMMANDS: Mapping[str, Callable[[SimulatedCharger, Told], Told]] = {
    "plug": _plug,
    "unplug": _unplug,
    "swipe": _swipe,
    "fault": _fault,
    "wire": _wire,
    "time": _time,
    "set": _set,
    "state": _state,
    "forget": _forget,
}
