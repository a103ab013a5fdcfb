"""Checks a blueprint's source: all mistakes at once, each with its place."""

import contextlib
from collections.abc import Mapping
from typing import Any

from hub.blueprint.expression import ExpressionError, compile_expression
from hub.blueprint.load import Source, Where
from hub.blueprint.schema import (
    ABOUT,
    ACTIONS,
    BEFORE,
    CONNECTORS,
    CONTEXT,
    FAULTS,
    GROUPS,
    HEAL,
    KEEP_ALIVE,
    LIMITS,
    MEASURES,
    PLACE,
    POINT,
    SIMULATE,
    SIMULATED,
    STATE,
    STATES,
    STEP_EXTRA,
    TEST,
    TOP,
    Check,
    anything,
    mapping,
    one_of,
    seconds,
    text,
)
from hub.integration.api import PointCodec
from hub.yaml import Tagged, suggestion


class Checker:
    """Collects problems; each begins with file:line:column."""

    def __init__(self, source: Source, codec: PointCodec | None) -> None:
        self._source = source
        self._codec = codec
        self.problems: list[str] = []

    def check(self) -> list[str]:
        value = self._source.value
        self._keys((), value, TOP)
        self._keys(("blueprint",), value.get("blueprint"), ABOUT)
        for name in ("blueprint", "points"):
            if not isinstance(value.get(name), Mapping):
                self.say((), f"{name}: is missing")
        if self.problems:
            return self.problems
        if not value["blueprint"].get("name"):
            self.say(("blueprint",), "blueprint.name: is missing")
        self._link()
        self._points()
        if self.problems:
            return self.problems
        self._expressions()
        self._state()
        self._actions()
        self._rest()
        return self.problems

    def say(self, path: Where, words: str, *, key: bool = False) -> None:
        self.problems.append(f"{self._source.where(path, key=key)}: {words}")

    @property
    def domain(self) -> object:
        return self._source.value.get("blueprint", {}).get("domain", "charger")

    def names(self) -> frozenset[str]:
        """Everything that an expression may call by name."""
        value = self._source.value
        points = set(value["points"]) | set(value.get("derive", {}))
        for name, point in value["points"].items():
            points |= (
                {f"{name}_l{n}" for n in range(1, point.get("count", 1) + 1)}
                if point.get("count", 1) > 1
                else set()
            )
        inputs = {f"input.{name}" for name in value["blueprint"].get("input", {})}
        return frozenset(
            points | inputs | CONTEXT | self._quirk_gives() | {f"{BEFORE}{name}" for name in points}
        )

    def _quirk_gives(self) -> frozenset[str]:
        quirk = self._source.value.get("quirk")
        return frozenset() if self._codec is None else self._codec.quirks.get(str(quirk), frozenset())

    def _labels(self) -> frozenset[str]:
        """What an expression may compare with: the words of all maps, and the actions (`told == start`)."""
        tables = (point.get("map", {}) for point in self._source.value["points"].values())
        return frozenset(
            label
            for table in tables
            if isinstance(table, Mapping)
            for label in table.values()
            if isinstance(label, str)
        ) | {*ACTIONS}

    def _keys(self, path: Where, value: Any, allowed: Mapping[str, Check]) -> None:
        if not isinstance(value, Mapping):
            return
        for key, item in value.items():
            check = allowed.get(key)
            if check is None:
                dotted = ".".join(map(str, (*path, key)))
                self.say((*path, key), f"{dotted}: unknown key {key!r}{suggestion(key, allowed)}", key=True)
            elif not isinstance(item, Tagged):
                self._value((*path, key), check, item)

    def _value(self, path: Where, check: Check, item: Any) -> None:
        try:
            check(item)
        except ValueError as error:
            self.say(path, f"{'.'.join(map(str, path))}: {error}")

    def _link(self) -> None:
        value = self._source.value
        if self._codec is None:
            self.say(
                ("protocol",), f"protocol: {value.get('protocol')!r} is no protocol that this hub speaks"
            )
            return
        checks: Mapping[str, Check] = self._codec.link_keys  # type: ignore[assignment]
        self._keys(("link",), value.get("link"), checks)
        self._keys(("defaults",), value.get("defaults"), self._codec.point_keys)  # type: ignore[arg-type]
        self._keys(("poll",), value.get("poll"), dict.fromkeys(GROUPS, seconds))
        if "quirk" in value:
            self._value(("quirk",), one_of(*self._codec.quirks), value["quirk"])

    def _points(self) -> None:
        checks: dict[str, Check] = dict(POINT)
        if self._codec is not None:
            checks.update(self._codec.point_keys)  # type: ignore[arg-type]
        for name, point in self._source.value["points"].items():
            path = ("points", name)
            if not isinstance(point, Mapping):
                self.say(path, f"points.{name}: expected {{at: ..., type: ...}}")
            elif not str(name).isidentifier():
                self.say(path, f"points.{name}: a point's name is made of letters, digits and _", key=True)
            else:
                self._keys(path, point, checks)

    def _expression(self, path: Where, expression: Any, names: frozenset[str]) -> None:
        if isinstance(expression, Tagged):
            return
        dotted = ".".join(map(str, path))
        try:
            _, used = compile_expression(expression, names)
        except ExpressionError as error:
            self.say(path, f"{dotted}: {error}")
            return
        for name in sorted(used - names - self._labels()):
            near = suggestion(name, names)
            if near:  # a label that looks like a misspelt point
                self.say(path, f"{dotted}: no point {name!r}{near}")

    def _expressions(self) -> None:
        value, names = self._source.value, self.names()
        for name, expression in value.get("derive", {}).items():
            self._expression(("derive", name), expression, names)
        for name, point in value["points"].items():
            for key in ("when", "ready"):
                if key in point:
                    self._expression(("points", name, key), point[key], names)
        for key in LIMITS:
            if key in value.get("limits", {}):
                self._expression(("limits", key), value["limits"][key], names)
        self._keys(("limits",), value.get("limits"), LIMITS)

    def _state(self) -> None:
        state, names = self._source.value.get("state"), self.names()
        if not isinstance(state, Mapping):
            if self.domain == "charger":
                self.say((), "state: is missing")
            return
        self._keys(("state",), state, STATE)
        if "enabled" in state:
            self._expression(("state", "enabled"), state["enabled"], names)
        for index, rule in enumerate(state.get("rules", [])):
            self._rule(("state", "rules", index), rule, names)
        if "from" in state and state["from"] not in names:
            self.say(
                ("state", "from"), f"state.from: no point {state['from']!r}{suggestion(state['from'], names)}"
            )
        for raw, word in state.get("map", {}).items():
            path = ("state", "map", raw)
            if isinstance(word, list):
                for index, rule in enumerate(word):
                    self._rule((*path, index), rule, names)
            else:
                self._value(path, one_of(*STATES), word)

    def _rule(self, path: Where, rule: Any, names: frozenset[str]) -> None:
        if not isinstance(rule, Mapping) or set(rule) != {"when", "is"}:
            self.say(path, f"{'.'.join(map(str, path))}: expected {{when: ..., is: ...}}")
            return
        self._expression((*path, "when"), rule["when"], names)
        self._value((*path, "is"), one_of(*STATES), rule["is"])

    def _actions(self) -> None:
        actions = self._source.value.get("actions", {})
        self._keys(("actions",), actions, dict.fromkeys(ACTIONS, anything))
        for name, steps in actions.items():
            self._steps(("actions", name), steps, f"actions.{name}")
        keep = self._source.value.get("keep_alive", {})
        self._keys(("keep_alive",), keep, KEEP_ALIVE)
        if keep and "every" not in keep:
            self.say(("keep_alive",), "keep_alive.every: is missing")
        if "when" in keep:
            self._expression(("keep_alive", "when"), keep["when"], self.names())
        if "do" in keep:
            self._steps(("keep_alive", "do"), keep["do"], "keep_alive.do", cyclic=True)
        for index, rule in enumerate(self._source.value.get("heal", [])):
            self._heal(("heal", index), rule)

    def _heal(self, path: Where, rule: Any) -> None:
        if not isinstance(rule, Mapping) or set(rule) != set(HEAL):
            self.say(path, f"heal.{path[-1]}: expected {{when: ..., do: ...}}")
            return
        self._expression((*path, "when"), rule["when"], self.names())
        self._steps((*path, "do"), rule["do"], f"heal.{path[-1]}.do", cyclic=True)

    def _steps(self, path: Where, steps: Any, what: str, *, cyclic: bool = False) -> None:
        listed = steps if isinstance(steps, list) else [steps]
        for index, step in enumerate(listed):
            place = (*path, index) if isinstance(steps, list) else path
            if isinstance(step, str):
                self._value(place, one_of(*self._source.value.get("actions", {})), step)
            elif isinstance(step, Mapping):
                self._step(place, step, what, cyclic)
            else:
                self.say(place, f"{what}: expected {{point: value}}, {{wait: 2s}} or the name of an action")

    def _step(self, path: Where, step: Mapping[Any, Any], what: str, cyclic: bool) -> None:
        points = self._source.value["points"]
        for key, value in step.items():
            if key in ("wait", "within"):
                self._value((*path, key), seconds, value)
            elif key == "together" and isinstance(value, Mapping):
                self._step((*path, key), value, what, cyclic)
            elif key in STEP_EXTRA:
                self._expression((*path, key), value, self.names())
            elif key not in points:
                self.say((*path, key), f"{what}: no point {key!r}{suggestion(key, points)}", key=True)
            else:
                self._write((*path, key), key, value, what, cyclic)

    def _write(self, path: Where, name: str, value: Any, what: str, cyclic: bool) -> None:
        point = self._source.value["points"][name]
        if point.get("access", "ro") == "ro":
            self.say(("points", name), f"point {name!r} is read-only but {what} writes it", key=True)
        if cyclic and point.get("stored"):
            self.say(path, f"{what}: point {name!r} is stored and must not be written cyclically")
        if not isinstance(value, Tagged):
            self._expression(path, value, self.names())

    def _rest(self) -> None:
        value = self._source.value
        self._connectors(value.get("connectors", {}))
        self._keys(("faults",), value.get("faults"), FAULTS)
        self._point_name(("faults", "from"), value.get("faults", {}).get("from"))
        for name, rule in value.get("verify", {}).items():
            self._keys(("verify", name), rule, {"read": text, "within": seconds})
            self._point_name(("verify", name), name)
            self._point_name(("verify", name, "read"), rule.get("read"))
        self._simulate(value.get("simulate", {}))
        if self.domain == "charger" and not value.get("tests"):
            self.say((), "tests: is missing; a blueprint without tests is not accepted")
        for index, test in enumerate(value.get("tests", [])):
            self._keys(("tests", index), test, TEST)

    def _connectors(self, connectors: Mapping[str, Any]) -> None:
        self._keys(("connectors",), connectors, CONNECTORS)
        if "present" in connectors:
            self._expression(("connectors", "present"), connectors["present"], self.names())
        each = connectors.get("each", {})
        self._keys(("connectors", "each"), each, PLACE)
        inputs = frozenset(name for name in self.names() if name.startswith("input.")) | {"n", "connector"}
        for key, formula in each.items():
            by_table = formula if isinstance(formula, Mapping) else {key: formula}
            for part in by_table.values():
                self._formula(("connectors", "each", key), part, inputs)

    def _formula(self, path: Where, formula: Any, inputs: frozenset[str]) -> None:
        """An expression of inputs alone: there are no labels."""
        self._expression(path, formula, inputs)
        with contextlib.suppress(ExpressionError):
            for name in sorted(compile_expression(formula, inputs)[1] - inputs):
                self.say(path, f"{'.'.join(map(str, path))}: no input {name!r}{suggestion(name, inputs)}")

    def _point_name(self, path: Where, name: Any) -> None:
        names = self.names()
        if name is not None and name not in names:
            self.say(path, f"{'.'.join(map(str, path))}: no point {name!r}{suggestion(name, names)}")

    def _simulate(self, simulate: Mapping[str, Any]) -> None:
        self._keys(("simulate",), simulate, SIMULATE)
        self._keys(("simulate", "states"), simulate.get("states"), dict.fromkeys(SIMULATED, mapping))
        self._keys(
            ("simulate", "enable"),
            simulate.get("enable"),
            dict.fromkeys(("point", "allow", "deny"), anything),
        )
        for name in simulate.get("registers", {}):
            self._point_name(("simulate", "registers", name), name)
        for state, values in simulate.get("states", {}).items():
            for name in values if isinstance(values, Mapping) else ():
                self._point_name(("simulate", "states", state, name), name)
        for name, follower in simulate.get("mirror", {}).items():
            self._point_name(("simulate", "mirror", name), name)
            self._point_name(("simulate", "mirror", name), follower)
        for key in ("limit", "phases"):
            if key in simulate:
                self._expression(("simulate", key), simulate[key], self.names())
        for name, shown in simulate.get("shows", {}).items():
            self._point_name(("simulate", "shows", name), name)
            self._expression(("simulate", "shows", name), shown, self.names() | MEASURES)
