"""One EVSE as it is known now: what its device says, what the station notes, its limits, session and meter."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from hub.charger.claim import Claim, claim, held, wants
from hub.charger.control import Control
from hub.charger.energy import Energy
from hub.charger.limits import CIRCUIT, PHASES, VOLTAGE, Fallback, Limits, Offer, Outside
from hub.charger.meter import By, Meter
from hub.charger.sessions import Session
from hub.charger.snapshot import read_back, session_counter, snapshot
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Abilities, Ratings, Status
from hub.model.entity import EMPTY, Scalar, State
from hub.model.moment import Moment, rfc3339

VOLTAGE_STEP = 5.0
STATION_KEYS = ("transaction_id", "id_tag", "operative")
SELDOM_KEYS = ("tariff", "total_cost", "display_message", "charging_priority")
"""Shown once there was anything to show."""
LOOK_AGAIN_S = 30.0
"""So often a reading that says nothing new is told all the same: energy may be counted from power and time."""
DECLARED = {"energy": By.REGISTER, "energy_session": By.SESSION}
SUPPLIED = frozenset(
    {"power", "frequency", *(f"{name}_l{phase}" for name in ("current", "voltage") for phase in (1, 2, 3))}
)
"""What a meter beside the charger may say in its stead, by point name; and `energy`, which is counted for itself."""


class Evse:
    """`device`: its own view in catalog keys; `shown`: that with everything the hub knows laid over it."""

    def __init__(self, number: int, abilities: Abilities, ratings: Ratings, fallback: Fallback) -> None:
        self.number = number
        self.control = Control(abilities.actions)
        self.limits = Limits(ratings, fallback)
        declared = frozenset(by for point, by in DECLARED.items() if point in abilities.readings)
        self._energy = Energy(ratings.max_current * PHASES * VOLTAGE, declared)
        self.device: State = EMPTY
        self.shown: State = EMPTY
        self.last_known: State = EMPTY
        """The device's own view before it went away."""
        self.notes: dict[str, Scalar] = {}
        self.session: Session | None = None
        self.read_back: float | None = None
        self.enabled: bool | None = None
        self.left_a: float | None = None
        """What it may have been drawing when it went away, by what it showed."""
        self.restrained = False
        """Does its circuit give less than it could have otherwise, with no change to be awaited?"""
        self._card: str | None = None
        self._card_known = False
        self._seen: EvseReading | None = None
        self._shared: Mapping[str, Scalar] = EMPTY
        self._supplied: Mapping[str, Scalar] = EMPTY
        self._seen_at = 0.0
        self._voltage = VOLTAGE
        self._confirmed = self.limits.offer()

    @property
    def meter(self) -> Meter:
        return self._energy.meter

    def rate(self, told: Ratings, ratings: Ratings) -> None:
        """The device says what it can (now): `told`, and `ratings` as the configuration lowers it."""
        self.limits.ratings = ratings
        self.meter.most_w = told.max_current * PHASES * VOLTAGE

    def same(self, seen: EvseReading, shared: Mapping[str, Scalar], now: Moment) -> bool:
        """Nothing new in this reading (and no doubt about the one before)?"""
        if self.meter.doubted is not None or now.mono - self._seen_at >= LOOK_AGAIN_S:
            return False
        if self._seen != seen or self._shared != shared:
            return False
        self.meter.unchanged(now.mono)
        return True

    def take(self, reading: Reading, now: Moment) -> dict[str, Scalar]:
        """The device's view of a new reading."""
        seen = reading.evses[self.number]
        self._seen, self._shared, self._seen_at = seen, reading.shared, now.mono
        self.read_back, self.enabled = read_back(seen.values), seen.enabled
        return self._view(reading, now)

    def supply(self, values: Mapping[str, Scalar], now: Moment) -> dict[str, Scalar] | None:
        """The device's view with what a meter beside it says; None: the device is silent."""
        self._supplied = values
        if self._seen is None:
            return None
        return self._view(Reading({self.number: self._seen}, shared=self._shared), now)

    def lose(self) -> dict[str, Scalar]:
        """The view of a device that is away: faulted, and every value unknown."""
        if self._seen is not None:
            self.left_a = held(self, available=True)
        self._seen = self.read_back = self.enabled = None
        self._energy.lost()
        if any(
            value is not None for key, value in self.device.items() if key not in ("status", "error_code")
        ):
            self.last_known = self.device
        unknown: dict[str, Scalar] = dict.fromkeys(self.device)
        unknown.update(status=Status.FAULTED.value, error_code="OtherError", vendor_error="offline")
        return unknown

    def card(self) -> str | None:
        """A card that was presented since the last call. What stood in the reader when the hub came is one only if
        somebody waits for it: its number stays in the register of many chargers when all is over. A fault hides the
        number at some: what comes back with the charger wasn't presented again."""
        if self._seen is not None and self._seen.status is Status.FAULTED:
            return None
        value = None if self._seen is None else self._seen.values.get("rfid")
        tag = value if isinstance(value, str) and value.strip("0 ") else None
        first, self._card_known = not self._card_known, True
        changed, self._card = tag != self._card, tag
        if tag is None or not changed:
            return None
        return tag if not first or self._waits_for(tag) else None

    def offer(self, *, but: str | None = None) -> Offer:
        return self.limits.offer(*self._supply(), but=but)

    def told_offer(self) -> Offer:
        """As it is shown and answered: what a circuit holds back concerns nobody as long as nobody charges."""
        return self.offer(but=self._unsaid())

    def outside(self) -> Outside | None:
        """The lowest limit of anybody but the CSMS, as far as it is worth telling."""
        return self.limits.outside(*self._supply(), but=self._unsaid())

    def claim(self, actions: frozenset[str], *, available: bool, safe_a: float) -> Claim:
        return claim(self, actions, available=available, safe_a=safe_a)

    def noted(self) -> Mapping[str, Scalar]:
        """The device's view with who charges."""
        return {**self.device, **{key: value for key, value in self.notes.items() if key in STATION_KEYS}}

    def overlaid(self, *, available: bool) -> State:
        """Nothing is shown as set before the device has confirmed it."""
        offer = self.told_offer()
        pending = self.control.pending(offer)
        if not pending:
            self._confirmed = offer
        held = self._confirmed
        state: dict[str, Scalar] = {
            **self.device,
            "current_limit": held.current_a,
            "power_limit": held.power_w,
            "limit_source": held.source,
            "limit_until": None if held.until is None else rfc3339(held.until.wall),
            "pending": pending,
        }
        if self.session:
            state["session_energy"] = round(self.session.counted, 3)
            state["session_start"] = self.session.started
        status = self.notes.get("status")
        if status and available:
            state["status"] = status
        state.update((key, self.notes.get(key)) for key in STATION_KEYS)
        state.update((key, self.notes[key]) for key in SELDOM_KEYS if key in self.notes)
        self.shown = MappingProxyType(state)
        return self.shown

    def _supply(self) -> tuple[int, float]:
        phases = self.device.get("phases_active")
        return phases if isinstance(phases, int) and phases > 0 else PHASES, self._voltage

    def _unsaid(self) -> str | None:
        return None if self.restrained and wants(self) else CIRCUIT

    def _view(self, reading: Reading, now: Moment) -> dict[str, Scalar]:
        seen = reading.evses[self.number]
        state = snapshot(
            Reading({self.number: self._completed(seen, reading.shared)}, shared=reading.shared), self.number
        )
        counters = {
            By.REGISTER: state.get("energy_total"),
            By.SESSION: session_counter(seen.values),
            By.METER: self._supplied_kwh(),
        }
        told = {by: float(value) for by, value in counters.items() if isinstance(value, int | float)}
        power = state.get("power")
        known = power if isinstance(power, int | float) else None
        state["energy_total"] = self._energy.take(told, known, now.mono)
        self._measure(state)
        return state

    def _completed(self, seen: EvseReading, shared: Mapping[str, Scalar]) -> EvseReading:
        """What the device itself says goes before what is said in its stead."""
        added = {
            point: value
            for point, value in self._supplied.items()
            if point in SUPPLIED and seen.values.get(point, shared.get(point)) is None
        }
        return replace(seen, values={**seen.values, **added}) if added else seen

    def _supplied_kwh(self) -> float | None:
        energy = self._supplied.get("energy")
        return energy / 1000 if isinstance(energy, int | float) else None

    def _waits_for(self, tag: str) -> bool:
        if self.session is None or not self.device.get("plugged"):
            return False
        known = self.session.id_tag
        return known is None or known.casefold() != tag.casefold()

    def _measure(self, state: Mapping[str, Scalar]) -> None:
        """The voltage that power limits are converted with: rather too high, and not a new one each second."""
        told = [state.get(f"voltage_l{phase}") for phase in (1, 2, 3)]
        volts = max((v for v in told if isinstance(v, int | float) and v > 50), default=None)
        if volts is not None and not self._voltage - 1.5 * VOLTAGE_STEP <= volts <= self._voltage:
            self._voltage = math.ceil(volts / VOLTAGE_STEP) * VOLTAGE_STEP
