"""Where points lie, and several of them in one write."""

from pathlib import Path

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping, Together
from hub.integration.loader import load_codec
from integrations.modbus.spans import span
from integrations.modbus.together import together

TEXT = """\
blueprint: {name: Spans, domain: charger}
protocol: modbus
link: {host: 192.0.2.1, unit_id: 9}
connectors: {count: 2, each: {offset: {input: 200 * (n - 1), holding: 100 * (n - 1)}}}
points:
  current: {at: 10, table: input, count: 3, order: [l3, l2, l1]}
  tag:     {at: 50, type: bytes, len: 2, access: wo}
  kind:    {at: 52, access: wo}
  far:     {at: 60, access: wo}
state: {from: current_l1, map: {0: available}}
actions: {authorize: {together: {tag: id_tag, kind: 1}}, wake: {together: {kind: 1, far: 1}}}
tests: [{name: nothing, expect: {}}]
"""


@pytest.fixture
def mapping(tmp_path: Path) -> BlueprintMapping:
    (tmp_path / "spans.yaml").write_text(TEXT, encoding="utf-8")
    return load_blueprint("spans", {}, (tmp_path,), load_codec)


def test_the_phases_may_lie_in_another_order(mapping: BlueprintMapping) -> None:
    assert [span(mapping, mapping.points["current"], 1, index).address for index in range(3)] == [12, 11, 10]


def test_each_table_may_have_its_own_stride(mapping: BlueprintMapping) -> None:
    assert span(mapping, mapping.points["current"], 2).address == 212
    assert span(mapping, mapping.points["kind"], 2).address == 152


def _together(mapping: BlueprintMapping, action: str) -> Together:
    (step,) = mapping.steps(action, mapping.env(mapping.reading({}), 1, id_tag="04a2b3c4"))
    assert isinstance(step, Together)
    return step


def test_neighbours_are_written_in_one_request(mapping: BlueprintMapping) -> None:
    request = together(mapping, _together(mapping, "authorize"), 1)
    assert (request.unit, request.function, request.address, request.words) == (
        9,
        16,
        50,
        (0x04A2, 0xB3C4, 1),
    )


def test_what_lies_apart_cannot_be_written_together(mapping: BlueprintMapping) -> None:
    with pytest.raises(ValueError, match="far doesn't follow kind"):
        together(mapping, _together(mapping, "wake"), 1)
