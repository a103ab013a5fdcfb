"""A blueprint with its inputs bound: from raw values to a reading, and from an action to what must be written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.blueprint.convert import Conversion, Raw
from hub.blueprint.expression import Compiled, compile_expression
from hub.blueprint.since import since
from hub.errors import DeviceRefused, Unsupported
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Abilities, Identity, Ratings, Status
from hub.model.entity import Scalar

ORDINARY: Mapping[str, Any] = {"reachable": True, "tx": False, "waking": False}
"""What a rule may ask of the world, while nobody says otherwise."""
UNASKED = frozenset({"on_connect", "on_release"})
RawValues = Mapping[tuple[str, int], Raw]
"""By element name and EVSE (0: shared)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One declared value. `elements`: itself, or name_l1.. for phases. `keys`: the protocol's own."""

    name: str
    elements: tuple[str, ...]
    keys: Mapping[str, Any]
    conversion: Conversion
    poll: str = "normal"
    access: str = "ro"
    shared: bool = False
    optional: bool = False
    stored: bool = False
    when: Compiled | None = None
    ready: Compiled | None = None


@dataclass(frozen=True, slots=True)
class Write:
    point: Point
    raw: Raw
    value: Scalar


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    holds: Compiled
    within_s: float


@dataclass(frozen=True, slots=True)
class Together:
    """Writes that must arrive as one."""

    writes: tuple[Write, ...]


Step = Write | Wait | Until | Together


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step before its values are known."""

    point: Point | None = None
    value: Compiled | None = None
    condition: Compiled | None = None
    wait_s: float | None = None
    until: Compiled | None = None
    within_s: float = 30.0
    action: str | None = None
    together: "tuple[StepPlan, ...]" = ()
    uses: frozenset[str] = frozenset()
    """What its expressions ask for."""


@dataclass(frozen=True, slots=True)
class Heal:
    """What is to be done whenever `when` holds."""

    when: Compiled
    steps: tuple[StepPlan, ...]


@dataclass(frozen=True, slots=True)
class KeepAlive:
    every: Compiled
    when: Compiled | None = None
    read: str | None = None
    steps: tuple[StepPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class StateRules:
    """First matching rule, then `map` of `source`, then `other`."""

    rules: tuple[tuple[Compiled, Status], ...] = ()
    source: str | None = None
    map: Mapping[Scalar, Status | tuple[tuple[Compiled, Status], ...]] = field(default_factory=dict)
    other: Status = Status.UNKNOWN
    enabled: Compiled | None = None

    def status(self, env: Mapping[str, Any]) -> Status:
        for when, status in self.rules:
            if when(env):
                return status
        if self.source is not None:
            found = self.map.get(env.get(self.source))
            if isinstance(found, Status):
                return found
            for when, status in found or ():
                if when(env):
                    return status
        return self.other


@dataclass(slots=True)
class BlueprintMapping:
    """Everything that a device needs to know of its product."""

    path: str
    name: str
    identity: Identity
    protocol: str
    quirk: str | None
    """The name of what the integration adds in code."""
    link: Mapping[str, Any]
    groups: Mapping[str, float]
    """Poll group -> seconds; `once`: 0."""
    evses: int
    places: tuple[Mapping[str, Any], ...]
    """For each EVSE what `connectors.each` says: unit_id, offset, port."""
    points: Mapping[str, Point]
    derive: tuple[tuple[str, Compiled], ...]
    state: StateRules
    faults: Callable[[Mapping[str, Any]], str | None]
    limits: Mapping[str, Compiled]
    actions: Mapping[str, tuple[StepPlan, ...]]
    keep_alive: KeepAlive | None
    heal: tuple[Heal, ...]
    present: Compiled
    """Does the device have this EVSE?"""
    verify: Mapping[str, tuple[str, float]]
    inputs: Mapping[str, Any]
    simulate: Mapping[str, Any]
    tests: Sequence[Mapping[str, Any]]
    files: tuple[Path, ...] = ()
    """Where it was read from: the blueprint's own file and those that it extends."""
    digest: str = ""
    """Of those files' texts."""

    @property
    def abilities(self) -> Abilities:
        return Abilities(frozenset(self.actions), frozenset(self._readable()))

    @property
    def ratings(self) -> Ratings:
        return self.rated(self.inputs) or Ratings(step=self._step(self.inputs))

    def _readable(self) -> Iterator[str]:
        for point in self.points.values():
            if point.access != "wo":
                yield from point.elements
        yield from (name for name, _ in self.derive)

    def rated(self, env: Mapping[str, Any]) -> Ratings | None:
        low, high = self.limits["min"](env), self.limits["max"](env)
        if not isinstance(high, int | float) or not isinstance(low, int | float) or high <= 0:
            return None
        return Ratings(float(low), float(high), self._step(env))

    def _step(self, env: Mapping[str, Any]) -> float:
        step = self.limits["step"](env)
        return float(step) if isinstance(step, int | float) and step > 0 else 1.0

    def reading(self, raw: RawValues, context: Mapping[int, Mapping[str, Any]] | None = None) -> Reading:
        """`context` by EVSE: tx and what else a rule may ask."""
        shared = self._values(raw, 0, {})
        evses = {
            number: self._evse(raw, number, shared, (context or {}).get(number, {}))
            for number in range(1, self.evses + 1)
        }
        return Reading(evses, self._identity(shared, evses.get(1)), shared)

    def env(self, reading: Reading, evse: int, **more: Any) -> dict[str, Any]:
        """What an action's expressions see."""
        return {
            **self.inputs,
            **ORDINARY,
            **reading.shared,
            **reading.evses[evse].values,
            **self._groups(reading.evses[evse].values),
            "n": evse,
            "connector": evse,
            **more,
        }

    def steps(self, action: str, env: Mapping[str, Any]) -> Iterator[Step]:
        """What an action does now, in order. KeyError: there is no such action.

        Raises Unsupported when this model has none of the points that it would write, DeviceRefused for a
        value that isn't known or that the point doesn't take."""
        missing = [point.name for point in self._written_by(action) if not _there(point, env)]
        if missing and len(missing) == len(self._written_by(action)) and action not in UNASKED:
            raise Unsupported(f"{self.name}: this model has no {', '.join(missing)}")
        yield from self.plan(self.actions[action], env)

    def plan(self, plans: Sequence[StepPlan], env: Mapping[str, Any]) -> Iterator[Step]:
        env = since(env)
        for plan in plans:
            if plan.condition is not None and not plan.condition(env):
                continue
            if plan.action is not None:
                yield from self.steps(plan.action, env)
            elif plan.wait_s is not None:
                yield Wait(plan.wait_s)
            elif plan.until is not None:
                yield Until(plan.until, plan.within_s)
            elif plan.together:
                yield Together(tuple(_write(part, env) for part in plan.together))
            elif plan.point is not None and _there(plan.point, env):
                yield _write(plan, env)

    def _written_by(self, action: str) -> list[Point]:
        return [plan.point for plan in self.actions[action] if plan.point is not None]

    def _values(self, raw: RawValues, evse: int, env: Mapping[str, Any]) -> dict[str, Scalar]:
        values: dict[str, Scalar] = {}
        for point in self.points.values():
            if point.access == "wo" or point.shared != (evse == 0):
                continue
            for element in point.elements:
                if (element, evse) in raw:
                    values[element] = point.conversion.value(raw[element, evse])
        return values

    def _evse(
        self, raw: RawValues, evse: int, shared: Mapping[str, Scalar], context: Mapping[str, Any]
    ) -> EvseReading:
        values = self._values(raw, evse, shared)
        env: dict[str, Any] = {**self.inputs, **ORDINARY, "n": evse, "connector": evse}
        env.update(context)
        env.update(shared)
        env.update(values)
        env.update(self._groups(values))
        for point in self.points.values():
            if point.when is not None or point.ready is not None:
                self._gate(point, values, env)
        for name, expression in self.derive:
            env[name] = values[name] = expression(env)
        enabled = self.state.enabled(env) if self.state.enabled is not None else None
        here = self.present(env) is not False
        return EvseReading(
            values,
            self.state.status(env) if here else Status.UNAVAILABLE,
            enabled if isinstance(enabled, bool) else None,
            self.faults(env),
            self.rated(env),
        )

    def _gate(self, point: Point, values: dict[str, Scalar], env: dict[str, Any]) -> None:
        """A point that isn't there for this model, or whose value isn't ready, has no value."""
        for test in (point.when, point.ready):
            if test is not None and not test(env):
                for element in point.elements:
                    if element in values:
                        values[element] = env[element] = None

    def _groups(self, values: Mapping[str, Scalar]) -> dict[str, Any]:
        """`current` in an expression is all its phases."""
        return {
            point.name: tuple(values[element] for element in point.elements)
            for point in self.points.values()
            if len(point.elements) > 1 and all(values.get(element) is not None for element in point.elements)
        }

    def _identity(self, shared: Mapping[str, Scalar], first: EvseReading | None) -> Identity:
        values = {**(first.values if first else {}), **shared}

        def told(name: str, known: str) -> str:
            value = values.get(name)
            return known if value is None else str(value)

        return Identity(
            self.identity.vendor,
            told("model", self.identity.model),
            told("serial", self.identity.serial),
            told("firmware", self.identity.firmware),
        )


def _there(point: Point, env: Mapping[str, Any]) -> bool:
    return point.when is None or bool(point.when(env))


def _write(plan: StepPlan, env: Mapping[str, Any]) -> Write:
    assert plan.point is not None
    assert plan.value is not None
    value = plan.value(env)
    try:
        return Write(plan.point, plan.point.conversion.raw(value), value)
    except ValueError as error:
        raise DeviceRefused(f"{plan.point.name}: {error}") from error


def conditions(
    rules: Sequence[Mapping[str, Any]], names: frozenset[str]
) -> tuple[tuple[Compiled, Status], ...]:
    return tuple((compile_expression(rule["when"], names)[0], Status(rule["is"])) for rule in rules)
