"""A small blueprint to change in tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.integration.loader import load_codec

SMALL = """\
blueprint: {name: Small, domain: charger}
protocol: modbus
link: {host: 192.0.2.1}
points:
  status:        {at: 1, poll: fast}
  sockets:       {at: 2, shared: true, poll: once}
  model_code:    {at: 3, poll: once}
  current_limit: {at: 10, unit: A, access: rw}
  phases_set:    {at: 11, access: rw, when: model_code == 3}
  lock:          {at: 12, access: wo}
state:
  from: status
  map: {0: available, 1: charging, 2: faulted}
actions:
  start: {current_limit: limit}
  pause: {current_limit: 0}
  set_limit: {current_limit: limit}
  set_phases: {phases_set: phases}
tests:
  - {name: charging, image: {holding: {1: [1]}}, expect: {state: charging}}
"""
Load = Callable[..., BlueprintMapping]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """`load(("old", "new"), ..., more="...")`: the small blueprint with replaced and appended text."""

    def loaded(
        *changes: tuple[str, str], more: str = "", inputs: Mapping[str, Any] | None = None
    ) -> BlueprintMapping:
        text = SMALL
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "small.yaml").write_text(text + more, encoding="utf-8")
        return load_blueprint("small", inputs or {}, (tmp_path,), load_codec)

    return loaded
