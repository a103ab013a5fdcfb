"""What may stand in a blueprint: every key and value checked, all mistakes at once, each with its place."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.blueprint.expression import ExpressionError, compile_expression
from hub.blueprint.load import Source, Where
from hub.integration.api import PointCodec
from hub.model.charger import Status
from hub.yaml import Tagged, suggestion

Check = Callable[[Any], object]
STATES = [status.value for status in Status if status is not Status.UNKNOWN]
ACTIONS = [
    "on_connect",
    "on_release",
    "start",
    "pause",
    "set_limit",
    "set_phases",
    "wake",
    "unlock",
    "authorize",
    "available",
    "unavailable",
    "reserve",
    "reset",
    "reset_evse",
]
GROUPS = ("once", "fast", "normal", "slow")
CONTEXT = frozenset({"tx", "reachable", "n", "connector", "limit", "phases", "inop", "id_tag", "counter"})


def text(value: Any) -> object:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def words(value: Any) -> object:
    """A text, or texts by language."""
    if isinstance(value, Mapping) and value and all(isinstance(item, str) for item in value.values()):
        return value
    return text(value)


def boolean(value: Any) -> object:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def number(value: Any) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number")
    return value


def seconds(value: Any) -> float:
    """2s, 500ms, 5min or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str):
        for unit, factor in (("ms", 0.001), ("min", 60.0), ("s", 1.0), ("h", 3600.0)):
            part = value.removesuffix(unit).strip()
            if value.endswith(unit) and part.replace(".", "", 1).isdecimal():
                return float(part) * factor
    raise ValueError("expected a time such as 2s, 500ms or 5min")


def one_of(*allowed: object) -> Check:
    def check(value: Any) -> object:
        if value not in allowed:
            raise ValueError(
                f"{value!r} is none of {', '.join(map(str, allowed))}{suggestion(value, allowed)}"
            )
        return value

    return check


def mapping(value: Any) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("expected a map")
    return value


def sequence(value: Any) -> object:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    return value


def anything(value: Any) -> object:
    return value


def bits(value: Any) -> tuple[int, int]:
    """`3` or `8-14`."""
    low, _, high = str(value).partition("-")
    if (
        not low.isdecimal()
        or (high and not high.isdecimal())
        or int(high or low) < int(low)
        or int(high or low) > 63
    ):
        raise ValueError("expected a bit (3) or a range (8-14)")
    return int(low), int(high or low)


TOP: Mapping[str, Check] = {
    "blueprint": mapping,
    "requires": sequence,
    "protocol": text,
    "link": mapping,
    "defaults": mapping,
    "connectors": mapping,
    "poll": mapping,
    "points": mapping,
    "derive": mapping,
    "state": mapping,
    "faults": mapping,
    "limits": mapping,
    "actions": mapping,
    "keep_alive": mapping,
    "verify": mapping,
    "simulate": mapping,
    "tests": sequence,
}
ABOUT: Mapping[str, Check] = {
    "name": words,
    "domain": one_of("charger", "base"),
    "description": words,
    "vendor": text,
    "model": text,
    "author": text,
    "source_url": text,
    "tested_with": sequence,
    "input": mapping,
}
POINT: Mapping[str, Check] = {
    "poll": one_of(*GROUPS),
    "access": one_of("ro", "rw", "wo"),
    "count": one_of(1, 2, 3),
    "scale": anything,
    "offset": number,
    "unit": text,
    "bits": bits,
    "map": mapping,
    "none": sequence,
    "valid": sequence,
    "when": anything,
    "ready": anything,
    "shared": boolean,
    "stored": boolean,
    "optional": boolean,
}
STATE: Mapping[str, Check] = {
    "rules": sequence,
    "from": text,
    "map": mapping,
    "else": one_of(*STATES),
    "enabled": anything,
}
LIMITS: Mapping[str, Check] = {"min": anything, "max": anything, "step": number}
STEP_EXTRA = ("if", "wait", "until", "within")


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
        return frozenset(points | inputs | CONTEXT)

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
        for name in sorted(used - names):
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
        for key in ("min", "max"):
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
        self._keys(("keep_alive",), keep, {"every": anything, "read": text, "do": anything, "when": anything})
        if keep and "every" not in keep:
            self.say(("keep_alive",), "keep_alive.every: is missing")
        if "do" in keep:
            self._steps(("keep_alive", "do"), keep["do"], "keep_alive.do", cyclic=True)

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
        self._keys(("connectors",), value.get("connectors"), {"count": anything, "each": mapping})
        self._keys(("faults",), value.get("faults"), {"from": text, "map": mapping, "bits": mapping})
        for name, rule in value.get("verify", {}).items():
            self._keys(("verify", name), rule, {"read": text, "within": seconds})
        if self.domain == "charger" and not value.get("tests"):
            self.say((), "tests: is missing; a blueprint without tests is not accepted")
        for index, test in enumerate(value.get("tests", [])):
            self._keys(
                ("tests", index),
                test,
                dict.fromkeys(
                    ("name", "image", "values", "expect", "do", "set", "wrote", "input", "evse"), anything
                ),
            )
