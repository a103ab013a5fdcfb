"""Whatever stands at whichever key: it is read, or told as a mistake."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from hub.config import schema
from hub.config.load import read_config

BLUEPRINT = {"use_blueprint": {"path": "keba/p30"}}
PLACES = [
    (schema.TOP, lambda body: body),
    (schema.CHARGER, lambda body: {"chargers": {"a": {**BLUEPRINT, **body}}}),
    (schema.DEVICE, lambda body: {"devices": {"a": {"integration": "echonet_lite", **body}}}),
    (
        schema.CIRCUIT,
        lambda body: {
            "chargers": {"b": BLUEPRINT},
            "circuits": {"a": {"max_current": 32, "members": ["b"], **body}},
        },
    ),
]


def keys(found: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    found = getattr(found, "schema", found)
    if isinstance(found, Mapping):
        for key, inner in found.items():
            name = getattr(key, "schema", key)
            here = (*path, name if isinstance(name, str) else "some")
            yield here
            yield from keys(inner, here)


def at(path: tuple[str, ...], value: object) -> dict[str, object]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("value", [[["a"]], {"a": 1}, 1.0, True, None], ids=repr)
def test_no_value_breaks_the_reading(tmp_path: Path, value: object) -> None:
    file = tmp_path / "evhub.yaml"
    for known, around in PLACES:
        for path in keys(known):
            file.write_text(yaml.safe_dump(around(at(path, value))))
            _, problems = read_config(file)
            assert all(problem.startswith(f"{file}:") for problem in problems), problems
