"""From a checked source and its inputs to a mapping."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.blueprint.check import Checker
from hub.blueprint.convert import Conversion
from hub.blueprint.expression import Compiled, compile_expression
from hub.blueprint.load import Source, read_source
from hub.blueprint.mapping import BlueprintMapping, Heal, KeepAlive, Point, StateRules, StepPlan, conditions
from hub.blueprint.schema import BEFORE, LIMITS, bits, seconds
from hub.errors import BlueprintError
from hub.integration.api import PointCodec
from hub.model.charger import Identity, Status
from hub.yaml import Tagged, suggestion

DEFAULT_GROUPS = {"once": 0.0, "fast": 1.0, "normal": 10.0, "slow": 300.0}
Codecs = Callable[[str], PointCodec | None]
"""The codec of a protocol; None: the hub doesn't speak it."""


def load_blueprint(
    path: str, inputs: Mapping[str, Any], search: Sequence[Path], codecs: Codecs
) -> BlueprintMapping:
    """Raises BlueprintError with all problems, each at file:line:column."""
    try:
        source = read_source(path, search)
    except FileNotFoundError as error:
        raise BlueprintError([str(error)]) from error
    checker = Checker(source, codecs(str(source.value.get("protocol"))))
    if checker.check():
        raise BlueprintError(checker.problems)
    bound = bind(source, inputs, checker)
    if checker.problems:
        raise BlueprintError(checker.problems)
    return _Compiler(source, bound, checker.names()).mapping()


def bind(source: Source, given: Mapping[str, Any], checker: Checker) -> dict[str, Any]:
    """The inputs' values, defaults included; what is missing, unknown or out of bounds becomes a problem."""
    declared = source.value["blueprint"].get("input", {})
    for name in given:
        if name not in declared:
            checker.say(("blueprint", "input"), f"input {name!r} is not declared{suggestion(name, declared)}")
    bound = {}
    for name, about in declared.items():
        value = given.get(name, about.get("default"))
        problem = _input_problem(value, about.get("selector", {}))
        if problem:
            checker.say(("blueprint", "input", name), f"input {name}: {problem}")
        bound[name] = value
    return bound


def _input_problem(value: Any, selector: Mapping[str, Any]) -> str | None:
    if value is None:
        return "is required"
    if "number" in selector:
        bounds = selector["number"] or {}
        low, high = bounds.get("min", float("-inf")), bounds.get("max", float("inf"))
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return f"expected a number from {low:g} to {high:g}, not {value!r}"
    if "select" in selector and value not in selector["select"].get("options", []):
        return f"expected one of {', '.join(map(str, selector['select']['options']))}, not {value!r}"
    if "boolean" in selector and not isinstance(value, bool):
        return f"expected true or false, not {value!r}"
    if "text" in selector and not isinstance(value, str | int | float):
        return f"expected a text, not {value!r}"
    return None


class _Compiler:
    def __init__(self, source: Source, inputs: Mapping[str, Any], names: frozenset[str]) -> None:
        self._source = source
        self._value: dict[str, Any] = self._resolved(source.value, inputs)
        self._inputs = {f"input.{name}": value for name, value in inputs.items()}
        self._names = names

    def mapping(self) -> BlueprintMapping:
        value, about = self._value, self._value["blueprint"]
        name = about["name"] if isinstance(about["name"], str) else next(iter(about["name"].values()))
        points = {name: self._point(name, keys) for name, keys in value["points"].items()}
        evses = self._evses()
        limits = {"min": 6, "max": 32, "step": 1, **value.get("limits", {})}
        return BlueprintMapping(
            path=self._source.path,
            name=name,
            identity=Identity(about.get("vendor", ""), about.get("model", name)),
            protocol=value["protocol"],
            quirk=value.get("quirk"),
            link=value.get("link", {}),
            groups=DEFAULT_GROUPS | {group: seconds(every) for group, every in value.get("poll", {}).items()},
            evses=evses,
            places=tuple(self._place(number) for number in range(1, evses + 1)),
            points=points,
            derive=tuple((name, self._compiled(text)) for name, text in value.get("derive", {}).items()),
            state=self._state(value.get("state", {})),
            faults=self._faults(value.get("faults", {})),
            limits={key: self._compiled(limits[key]) for key in LIMITS},
            actions={name: self._plans(steps, points) for name, steps in value.get("actions", {}).items()},
            keep_alive=self._keep_alive(value.get("keep_alive"), points),
            heal=self._heal(value.get("heal", []), points),
            present=self._compiled(value.get("connectors", {}).get("present", True)),
            verify={
                n: (rule["read"], seconds(rule.get("within", 5)))
                for n, rule in value.get("verify", {}).items()
            },
            inputs=self._inputs,
            simulate=value.get("simulate", {}),
            tests=value.get("tests", []),
            files=tuple(self._source.files),
            digest=self._source.digest,
        )

    def _resolved(self, node: Any, inputs: Mapping[str, Any]) -> Any:
        """`!input name` -> its value."""
        if isinstance(node, Tagged):
            return inputs.get(node.value)
        if isinstance(node, Mapping):
            return {key: self._resolved(item, inputs) for key, item in node.items()}
        if isinstance(node, list):
            return [self._resolved(item, inputs) for item in node]
        return node

    def _compiled(self, text: Any) -> Compiled:
        return compile_expression(text, self._names)[0]

    def _used(self, text: Any) -> frozenset[str]:
        used = () if text is None else compile_expression(text, self._names)[1]
        return frozenset(name.removeprefix(BEFORE) for name in used)

    def _optional(self, text: Any) -> Compiled | None:
        return None if text is None else self._compiled(text)

    def _constant(self, text: Any, **env: Any) -> Any:
        return self._compiled(text)({**self._inputs, **env})

    def _evses(self) -> int:
        count = self._constant(self._value.get("connectors", {}).get("count", 1))
        if not isinstance(count, int) or not 1 <= count <= 64:
            place = self._source.where(("connectors", "count"))
            raise BlueprintError([f"{place}: connectors.count: expected 1 to 64, not {count!r}"])
        return count

    def _place(self, evse: int) -> Mapping[str, Any]:
        each = self._value.get("connectors", {}).get("each", {})

        def place(formula: Any) -> Any:
            if isinstance(formula, Mapping):
                return {table: place(part) for table, part in formula.items()}
            return self._constant(formula, n=evse, connector=evse)

        return {key: place(formula) for key, formula in each.items()}

    def _point(self, name: str, declared: Mapping[str, Any]) -> Point:
        keys = {**self._value.get("defaults", {}), **declared}
        count = keys.get("count", 1)
        elements = tuple(f"{name}_l{n}" for n in range(1, count + 1)) if count > 1 else (name,)
        scale = keys.get("scale", 1)
        conversion = Conversion(
            none=tuple(keys.get("none", ())),
            bits=bits(keys["bits"]) if "bits" in keys else None,
            map=keys.get("map"),
            scale=float(self._constant(scale)),
            offset=float(keys.get("offset", 0)),
            valid=tuple(keys["valid"]) if "valid" in keys else None,
        )
        return Point(
            name,
            elements,
            keys,
            conversion,
            keys.get("poll", "normal"),
            keys.get("access", "ro"),
            keys.get("shared", False),
            keys.get("optional", False),
            keys.get("stored", False),
            self._optional(keys.get("when")),
            self._optional(keys.get("ready")),
        )

    def _state(self, state: Mapping[str, Any]) -> StateRules:
        words = {
            raw: conditions(word, self._names) if isinstance(word, list) else Status(word)
            for raw, word in state.get("map", {}).items()
        }
        return StateRules(
            conditions(state.get("rules", []), self._names),
            state.get("from"),
            words,
            Status(state.get("else", "unknown")),
            self._optional(state.get("enabled")),
        )

    def _faults(self, faults: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str | None]:
        source, labels, flags = faults.get("from"), faults.get("map", {}), faults.get("bits", {})
        other = faults.get("else")

        def fault(env: Mapping[str, Any]) -> str | None:
            value = env.get(source) if source else None
            if value is None or not isinstance(value, int | str):
                return None
            if flags and isinstance(value, int):
                return next((label for bit, label in flags.items() if value >> bit & 1), None)
            label = labels.get(value, other or (None if value in (0, "") else f"{source} {value}"))
            return None if label == "NoError" else label

        return fault

    def _plans(self, steps: Any, points: Mapping[str, Point]) -> tuple[StepPlan, ...]:
        listed = steps if isinstance(steps, list) else [steps]
        return tuple(plan for step in listed for plan in self._plan(step, points))

    def _plan(self, step: Any, points: Mapping[str, Point]) -> list[StepPlan]:
        if isinstance(step, str):
            return [StepPlan(action=step)]
        condition = self._optional(step.get("if"))
        if "wait" in step:
            return [StepPlan(wait_s=seconds(step["wait"]), condition=condition)]
        if "until" in step:
            within = seconds(step.get("within", 30))
            return [StepPlan(until=self._compiled(step["until"]), within_s=within, condition=condition)]
        if "together" in step:
            parts = tuple(StepPlan(points[name], self._compiled(v)) for name, v in step["together"].items())
            uses = frozenset[str]().union(*(self._used(v) for v in step["together"].values()))
            return [StepPlan(together=parts, condition=condition, uses=uses | self._used(step.get("if")))]
        return [
            StepPlan(
                points[name],
                self._compiled(value),
                condition,
                uses=self._used(value) | self._used(step.get("if")),
            )
            for name, value in step.items()
            if name in points
        ]

    def _heal(self, rules: Sequence[Mapping[str, Any]], points: Mapping[str, Point]) -> tuple[Heal, ...]:
        return tuple(Heal(self._compiled(rule["when"]), self._plans(rule["do"], points)) for rule in rules)

    def _keep_alive(self, keep: Mapping[str, Any] | None, points: Mapping[str, Point]) -> KeepAlive | None:
        if not keep:
            return None
        every = keep["every"]
        try:
            period: Compiled = self._compiled(seconds(every))
        except ValueError:
            period = self._compiled(every)
        steps = self._plans(keep["do"], points) if "do" in keep else ()
        return KeepAlive(period, self._optional(keep.get("when")), keep.get("read"), steps)
