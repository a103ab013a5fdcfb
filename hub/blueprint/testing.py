"""Runs the tests that a blueprint carries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.blueprint.compile import Codecs, load_blueprint
from hub.blueprint.load import read_source
from hub.blueprint.mapping import BlueprintMapping, Step, Together, Until, Wait
from hub.errors import DeviceRefused, Unsupported
from hub.integration.api import EvseReading, PointCodec, Reading


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    problems: tuple[str, ...]


def run_tests(path: str, search: Sequence[Path], codecs: Codecs) -> list[Result]:
    """Raises BlueprintError for a blueprint that doesn't load."""
    first = load_blueprint(path, example_inputs(path, search), search, codecs)
    codec = codecs(first.protocol)
    assert codec is not None
    results = []
    for test in first.tests:
        mapping = first
        if "input" in test:
            mapping = load_blueprint(path, example_inputs(path, search) | test["input"], search, codecs)
        results.append(Result(str(test.get("name")), tuple(_problems(mapping, codec, test))))
    return results


def example_inputs(path: str, search: Sequence[Path]) -> dict[str, Any]:
    """Something for every input that has no default."""
    declared = read_source(path, search).value.get("blueprint", {}).get("input", {})
    return {
        name: _example(about.get("selector", {}))
        for name, about in declared.items()
        if isinstance(about, Mapping) and "default" not in about
    }


def _example(selector: Mapping[str, Any]) -> Any:
    if "number" in selector:
        return (selector["number"] or {}).get("min", 1)
    if "select" in selector:
        return selector["select"]["options"][0]
    return False if "boolean" in selector else "192.0.2.1"


def _problems(mapping: BlueprintMapping, codec: PointCodec, test: Mapping[str, Any]) -> list[str]:
    evse = test.get("evse", 1)
    context = {**test.get("values", {}), **test.get("set", {})}
    reading = mapping.reading(codec.raw_values(mapping, test.get("image", {})), {evse: context})
    problems = [
        f"{name}: expected {wanted!r}, found {found!r}"
        for name, wanted in test.get("expect", {}).items()
        if not _alike(found := _found(mapping, reading, evse, name), wanted)
    ]
    if "do" in test:
        env = mapping.env(reading, evse, **context)
        wrote = _wrote(mapping, codec, test, evse, env)
        if wrote != test.get("wrote", []):
            problems.append(f"{test['do']} wrote {wrote!r}, expected {test.get('wrote')!r}")
    return problems


def _wrote(
    mapping: BlueprintMapping, codec: PointCodec, test: Mapping[str, Any], evse: int, env: Mapping[str, Any]
) -> list[Any]:
    """What an action writes, or `keep_alive` or `heal`."""
    do = str(test["do"])
    try:
        return [_told(mapping, codec, step, evse) for step in _steps(mapping, do, env)]
    except Unsupported:
        return ["unsupported"]
    except DeviceRefused:
        return ["refused"]


def _steps(mapping: BlueprintMapping, do: str, env: Mapping[str, Any]) -> Iterator[Step]:
    if do == "keep_alive" and mapping.keep_alive is not None:
        if mapping.keep_alive.when is None or mapping.keep_alive.when(env):
            yield from mapping.plan(mapping.keep_alive.steps, env)
    elif do == "heal":
        for rule in mapping.heal:
            if rule.when(env):
                yield from mapping.plan(rule.steps, env)
    else:
        yield from mapping.steps(do, env)


def _told(mapping: BlueprintMapping, codec: PointCodec, step: Step, evse: int) -> list[Any]:
    if isinstance(step, Wait):
        return ["wait", step.seconds]
    if isinstance(step, Until):
        return ["until", step.within_s]
    if isinstance(step, Together):
        return ["together", *(list(codec.written(mapping, w.point, evse, w.raw)) for w in step.writes)]
    return list(codec.written(mapping, step.point, evse, step.raw))


def _found(mapping: BlueprintMapping, reading: Reading, evse: int, name: str) -> Any:
    seen: EvseReading = reading.evses[evse]
    own = {"state": seen.status.value, "enabled": seen.enabled, "fault": seen.error}
    if name in own:
        return own[name]
    point = mapping.points.get(name)
    values = {**reading.shared, **seen.values}
    if point is not None and len(point.elements) > 1:
        return [values.get(element) for element in point.elements]
    return values.get(name)


def _alike(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(_alike(a, b) for a, b in zip(found, wanted, strict=True))
    if isinstance(wanted, float) and isinstance(found, int | float):
        return abs(found - wanted) < 1e-6 * max(1.0, abs(wanted))
    return bool(found == wanted)
