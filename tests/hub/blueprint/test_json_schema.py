"""The JSON Schema of blueprints: it takes every shipped one, and sees the mistakes that people make."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub.blueprint.json_schema import SCHEMA, json_schema, written
from hub.integration.loader import all_codecs
from hub.shipped import shipped
from hub.yaml import Tagged, load

FOLDER = shipped("blueprints")
FILES = sorted(FOLDER.rglob("*.yaml"))
GOOD: dict[str, Any] = {
    "blueprint": {"name": "Small"},
    "protocol": "modbus",
    "link": {"host": "192.0.2.1", "timeout": "2s", "never": [5, "7-9"]},
    "points": {"power": {"at": 1, "type": "u32", "bits": "0-7", "poll": "fast"}, "gone": None},
    "state": {"from": "status", "map": {"0": "available", "1": [{"when": "power > 0", "is": "charging"}]}},
    "actions": {"start": [{"power": 1, "if": "power > 0"}, {"wait": "2s"}, "pause"]},
}


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json_schema(all_codecs()))


def test_the_shipped_file_is_current() -> None:
    """If not: `evhub blueprint schema > blueprints/blueprint.schema.json`."""
    assert (FOLDER / SCHEMA).read_text(encoding="utf-8") == written(json_schema(all_codecs()))


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(FOLDER)) for file in FILES])
def test_every_shipped_blueprint_names_the_schema_and_keeps_to_it(
    file: Path, schema: jsonschema_rs.Draft202012Validator
) -> None:
    text = file.read_text(encoding="utf-8")
    up = "../" * (len(file.relative_to(FOLDER).parts) - 1)
    assert text.startswith(f"# yaml-language-server: $schema={up}{SCHEMA}\n")
    problems = [
        f"{list(e.instance_path)}: {e.message}"
        for e in schema.iter_errors(_plain(load(text, file.name).value))
    ]
    assert problems == []


def test_a_good_one_is_taken(schema: jsonschema_rs.Draft202012Validator) -> None:
    assert schema.is_valid(GOOD)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("points", {"power": {"at": 1, "scael": 0.1}}),
        ("points", {"power": {"at": 70000}}),
        ("points", {"power": {"at": 1, "type": "u33"}}),
        ("points", {"power": {"at": 1, "bits": "a-b"}}),
        ("link", {"host": "192.0.2.1", "prot": 502}),
        ("state", {"from": "status", "map": {"0": "busy"}}),
        ("state", {"rules": [{"when": "power > 0"}]}),
        ("actions", {"begin": {"power": 1}}),
        ("poll", {"quick": "1s"}),
        ("registers", {}),
    ],
)
def test_what_the_check_refuses_is_seen_in_the_editor(
    schema: jsonschema_rs.Draft202012Validator, part: str, wrong: dict[str, Any]
) -> None:
    assert not schema.is_valid({**GOOD, part: wrong})


def _plain(value: Any) -> Any:
    """As an editor reads it: text keys, a tag is its text."""
    if isinstance(value, Tagged):
        return value.value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return json.loads(json.dumps(value))
