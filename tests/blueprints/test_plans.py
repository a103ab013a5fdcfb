"""What every shipped blueprint reads: its declared registers alone, within what its link allows."""

import pytest

from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.planner import Block, plan, rules_of
from integrations.modbus.spans import spans
from tests.blueprints.garage import PATHS, load, several

OWN = frozenset(
    {
        "age_s",
        "charging_enabled",
        "error_code",
        "iec_status",
        "id_tag",
        "limit_source",
        "limit_until",
        "pending",
        "phases",
        "session_duration",
        "session_energy",
        "session_start",
        "stale",
        "transaction_id",
        "vendor_error",
    }
)
"""Of the catalog's keys those that no point feeds."""


@pytest.mark.parametrize("path", PATHS)
def test_no_request_touches_what_is_not_declared(path: str) -> None:
    mapping = load(path, several(path))
    declared = {
        (item.port, item.unit, item.table, address)
        for item in spans(mapping)
        for address in range(item.address, item.end)
    }
    rules = rules_of(mapping.link)
    for block in _blocks(mapping):
        asked = range(block.address, block.address + block.count)
        assert {(block.port, block.unit, block.table, address) for address in asked} <= declared
        assert not rules.never.intersection(asked)
        assert block.count <= rules.max_block
        assert not mapping.link.get("one_value") or len({item.address for item in block.spans}) == 1


@pytest.mark.parametrize("path", PATHS)
def test_every_point_is_read_by_its_group(path: str) -> None:
    mapping = load(path, several(path))
    read = {(item.element, item.evse) for block in _blocks(mapping) for item in block.spans}
    assert {(item.element, item.evse) for item in spans(mapping)} == read
    assert {item.point.poll for item in spans(mapping)} <= set(mapping.groups)


@pytest.mark.parametrize("path", PATHS)
def test_no_value_bears_the_name_of_what_the_hub_says_by_itself(path: str) -> None:
    mapping = load(path, {})
    names = {element for point in mapping.points.values() for element in point.elements}
    assert not (names | {name for name, _ in mapping.derive}) & OWN


def _blocks(mapping: BlueprintMapping) -> list[Block]:
    """Of all groups that may fall due together."""
    every, rules = spans(mapping), rules_of(mapping.link)
    together = [*((group,) for group in mapping.groups), ("fast", "normal"), tuple(mapping.groups)]
    return [
        block
        for groups in together
        for block in plan([item for item in every if item.point.poll in groups], every, rules)
    ]
