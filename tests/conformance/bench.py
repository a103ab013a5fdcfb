"""A station with devices and cars on a virtual clock: what a case of the certification drives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.model.command import CommandResult, Outcome
from hub.ocpp.station.effects import Act, Limit, Permit, Reconnect
from hub.ocpp.station.messages import Token
from tests.hub.ocpp.world import SETUP, World

VOLTAGE = 230.0
CAR_A = 16.0
LEAST_A = 6.0
STEP_S = 10.0
"""How often a device that charges reports."""


@dataclass(slots=True)
class Outlet:
    """One EVSE of the device, and the car at it."""

    plugged: bool = False
    wants: bool = True
    """The car takes energy when it is given any."""
    permitted: bool = False
    limit_a: float | None = None
    phases: int | None = None
    fault: str | None = None
    jammed: bool = False
    """The lock doesn't open."""
    energy_wh: float = 10_000.0

    @property
    def offered_a(self) -> float:
        offered = CAR_A if self.limit_a is None else min(self.limit_a, CAR_A)
        return offered if self.permitted and offered >= LEAST_A else 0.0

    @property
    def charging(self) -> bool:
        return self.plugged and self.wants and self.fault is None and self.offered_a > 0

    @property
    def current_a(self) -> float:
        return self.offered_a if self.charging else 0.0

    @property
    def status(self) -> str:
        if self.fault is not None:
            return "faulted"
        if not self.plugged:
            return "available"
        if not self.permitted:
            return "preparing"
        if not self.offered_a:
            return "suspended_evse"
        return "charging" if self.wants else "suspended_ev"

    def state(self) -> dict[str, Any]:
        known = {
            "status": self.status,
            "plugged": self.plugged,
            "power": self.current_a * VOLTAGE * 3,
            "energy_total": round(self.energy_wh) / 1000,
            "charging_enabled": self.permitted and self.offered_a > 0,
            **{f"current_l{phase}": self.current_a for phase in (1, 2, 3)},
            **{f"voltage_l{phase}": VOLTAGE for phase in (1, 2, 3)},
        }
        return known if self.fault is None else {**known, "error_code": self.fault}


class Bench(World):
    """`boot` False: switched off; `power_up` starts it."""

    def __init__(self, version: str, *, boot: bool = True, evses: int = 1, **more: Any) -> None:
        self.outlets = {evse: self.outlet(evse) for evse in range(1, evses + 1)}
        self._seen = 0
        self.resets = 0
        self.reachable = True
        super().__init__(version, setup=SETUP, boot=False, evses=evses, **more)
        if boot:
            self.power_up()
            self.sent.clear()

    def outlet(self, evse: int) -> Outlet:
        return Outlet()

    # Power and network

    def power_up(self) -> None:
        self.connect()
        self.report()

    def power_loss(self, seconds: float = 30.0) -> None:
        """Everything stops, and starts again: what isn't on disk is gone."""
        self.clock.advance(seconds)
        for outlet in self.outlets.values():
            outlet.permitted, outlet.limit_a = False, None
        self.restart()
        self.power_up()

    def offline(self) -> None:
        self.reachable = False
        self.disconnect()

    def online(self) -> None:
        self.reachable = True
        self.connect()

    # Cars, drivers, devices

    def plug(self, evse: int = 1, *, wants: bool = True) -> None:
        self.outlets[evse].plugged, self.outlets[evse].wants = True, wants
        self.report(evse)

    def unplug(self, evse: int = 1) -> None:
        self.outlets[evse].plugged = False
        self.report(evse)

    def wants(self, energy: bool, evse: int = 1) -> None:
        self.outlets[evse].wants = energy
        self.report(evse)

    def fault(self, code: str | None = "GroundFailure", evse: int = 1) -> None:
        self.outlets[evse].fault = code
        self.report(evse)

    def present(self, token: str, evse: int = 1, kind: str = "ISO14443") -> str:
        said = self.station.token(evse, Token(token, kind), self.clock.now())
        self.pump()
        return said

    def report(self, evse: int | None = None) -> None:
        """The device tells its state."""
        for number in self.outlets if evse is None else [evse]:
            self.state(self.outlets[number].state(), number)

    # Time

    def advance(self, seconds: float) -> None:
        end = self.clock.now().mono + seconds
        while (now := self.clock.now().mono) < end:
            deadline = self.station.deadline()
            due = end if deadline is None else max(deadline, now + 0.01)
            charging = any(outlet.charging for outlet in self.outlets.values())
            self._pass(min(due, end, now + STEP_S if charging else end) - now)
            self.station.tick(self.clock.now())
            self.pump()

    def _pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for number, outlet in self.outlets.items():
            if outlet.charging:
                outlet.energy_wh += outlet.current_a * VOLTAGE * 3 * seconds / 3600
                self.state(outlet.state(), number)

    # The device does what the station wants

    def pump(self, answering: str = "") -> None:
        super().pump(answering)
        while self._seen < len(self.effects):
            effect = self.effects[self._seen]
            self._seen += 1
            match effect:
                case Permit(evse=evse, allowed=allowed):
                    self.outlets[evse].permitted = allowed
                    self.report(evse)
                case Limit(evse=evse, current_a=current, phases=phases):
                    self.outlets[evse].limit_a, self.outlets[evse].phases = current, phases
                    self.report(evse)
                case Act():
                    self._act(effect)
                case Reconnect() if self.reachable:
                    self.disconnect()
                    self.connect()

    def _act(self, act: Act) -> None:
        good = not (act.action == "unlock" and self.outlets[act.evse].jammed)
        self.resets += act.action in ("reset", "reset_evse")
        result = CommandResult(Outcome.ACCEPTED if good else Outcome.REJECTED)
        self.station.device_done(act.ref, result, self.clock.now())
        self.pump()

    # What the CSMS does and saw

    def set(self, place: str, value: str) -> str:
        """2.0.1: sets `Component.Variable`; the status."""
        component, variable = place.split(".")
        asked = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
        (result,) = self.ask("SetVariables", {"setVariableData": [asked]})["setVariableResult"]
        return str(result["attributeStatus"])

    @property
    def transaction(self) -> str:
        """The id of the transaction that runs at the first EVSE."""
        running = self.station.evses.flows[1].transaction
        assert running is not None
        return running.id

    def told(self, action: str) -> list[Mapping[str, Any]]:
        return [payload for said, payload in self.sent if said == action]

    def statuses(self, evse: int = 1) -> list[str]:
        """The statuses of a connector, in the order they came."""
        name, where = ("status", "connectorId") if self.version == "1.6" else ("connectorStatus", "evseId")
        return [said[name] for said in self.told("StatusNotification") if said[where] == evse]

    def unlocks(self) -> int:
        """How often the device was told to unlock."""
        return sum(isinstance(effect, Act) and effect.action == "unlock" for effect in self.effects)

    def answer_token(self, action: str, status: str, **more: Any) -> None:
        """What the CSMS says of tokens in its answers to `action`."""
        info = {self._info: {"status": status, **more}}
        if action != "StartTransaction":
            self.answers[action] = info
            return
        self.answers[action] = lambda *_: {"transactionId": next(self.transaction_ids), **info}
