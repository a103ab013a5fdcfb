"""docs/reference/blueprint.md names every key, state, action and function of the format."""

import re

import pytest

from hub.blueprint import schema
from hub.blueprint.expression import FUNCTIONS, LENIENT
from hub.integration.loader import load_codec
from hub.shipped import shipped

PAGE = (shipped("blueprints").parent / "docs/reference/blueprint.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"[a-z_0-9-]+", " ".join(re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", PAGE))))

TABLES = {
    "file": schema.TOP,
    "blueprint": schema.ABOUT,
    "point": schema.POINT,
    "state": schema.STATE,
    "limits": schema.LIMITS,
    "connectors": schema.CONNECTORS,
    "place": schema.PLACE,
    "faults": schema.FAULTS,
    "heal": schema.HEAL,
    "keep_alive": schema.KEEP_ALIVE,
    "simulate": schema.SIMULATE,
    "states": schema.STATES,
    "actions": schema.ACTIONS,
    "groups": schema.GROUPS,
    "steps": schema.STEP_EXTRA,
    "simulated": schema.SIMULATED,
    "functions": (*FUNCTIONS, *LENIENT),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_page_names_every_word_of_the_format(table: str) -> None:
    assert set(map(str, TABLES[table])) - NAMED == set()


@pytest.mark.parametrize("protocol", ["modbus", "echonet_lite"])
def test_the_page_names_every_key_of_a_protocol(protocol: str) -> None:
    codec = load_codec(protocol)
    assert codec is not None
    assert {*codec.link_keys, *codec.point_keys} - NAMED == set()
