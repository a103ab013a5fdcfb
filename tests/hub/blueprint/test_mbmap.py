"""mbmap v2 register maps become base blueprints."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mbmap import flow, imported, slug
from hub.errors import BlueprintError
from hub.integration.loader import load_codec

MAP: dict[str, Any] = {
    "mbmap": 2,
    "vendor": "Acme",
    "model": "Mk 3",
    "source": "Acme, register list",
    "protocol": "tcp+rtu",
    "port": 1502,
    "unit_id": 7,
    "byte_order": "big",
    "word_order": "little",
    "address_base": 1,
    "max_read_registers": 50,
    "enums": {"state": {"0": "Idle", "2": "Charging", "255": "Not known"}},
    "sentinels": {"uint32": {"4294967295": "none"}, "float32": {"NaN": "none"}},
    "registers": [
        {"name": "State", "area": "input", "address": "0x0065", "enum": "state", "access": "R"},
        {"name": "Power", "address": 111, "type": "uint32", "scale": 0.1, "unit": "kW"},
        {"name": "Energy", "address": 113, "type": "float32", "unit": "kWh"},
        {"name": "Serial number", "address": 201, "type": "string", "length": 8},
        {
            "name": "Current limit",
            "address": 301,
            "type": "int16",
            "scale": 0.1,
            "unit": "A",
            "access": "RW",
            "min": 6,
        },
        {
            "name": "Inputs",
            "address": 401,
            "bits": {"0": "Door open", "3": "Fan"},
            "sentinels": {"65535": "none"},
        },
        {"name": "Enable", "area": "coil", "address": 1, "type": "bool", "access": "W"},
    ],
}


def changed(**more: Any) -> str:
    return json.dumps({**MAP, **more})


def line(text: str, name: str) -> str:
    return next(row.strip() for row in text.splitlines() if row.strip().startswith(f"{name}: {{at"))


def test_registers_become_points_at_wire_addresses_in_our_units() -> None:
    text = imported(changed(), "acme.json")
    assert line(text, "state") == (
        "state: {at: 100, table: input, map: {0: idle, 2: charging, 255: not_known}}"
    )
    assert line(text, "power") == "power: {at: 110, type: u32, scale: 100, unit: W, none: [4294967295]}"
    assert line(text, "energy") == "energy: {at: 112, type: f32, scale: 1000, unit: Wh, none: [nan]}"
    assert line(text, "serial_number") == "serial_number: {at: 200, type: string, len: 8}"
    assert (
        line(text, "current_limit") == "current_limit: {at: 300, type: i16, scale: 0.1, unit: A, access: rw}"
    )
    assert line(text, "enable") == "enable: {at: 0, table: coil, type: bool, access: wo}"


def test_named_bits_become_points_of_their_own() -> None:
    text = imported(changed(), "acme.json")
    assert line(text, "inputs") == "inputs: {at: 400, none: [65535]}"
    assert line(text, "inputs_door_open") == "inputs_door_open: {at: 400, bits: 0}"
    assert line(text, "inputs_fan") == "inputs_fan: {at: 400, bits: 3}"


def test_the_wire_is_taken_over() -> None:
    text = imported(changed(), "acme.json")
    assert (
        "link: {host: !input host, unit_id: !input unit_id, port: 1502, max_block: 50, max_hole: 0}" in text
    )
    assert "defaults: {table: holding, word_order: little}" in text
    assert "default: 7" in text
    rtu = imported(changed(protocol="rtu", baudrate=9600, parity="N", stopbits=2), "acme.json")
    assert "serial: !input serial" in rtu
    assert "baudrate: 9600, parity: none, stopbits: 2" in rtu


def test_what_is_not_taken_over_is_told() -> None:
    assert "  # current_limit: not taken over: min\n" in imported(changed(), "acme.json")


def test_names_that_are_there_twice_are_numbered() -> None:
    twice = [{"name": "Power", "address": 1}, {"name": "Power", "address": 2}]
    assert line(imported(changed(registers=twice), "acme.json"), "power_2") == "power_2: {at: 1}"


def test_a_charger_extends_what_was_imported(tmp_path: Path) -> None:
    (tmp_path / "_map.yaml").write_text(imported(changed(), "acme.json"), encoding="utf-8")
    (tmp_path / "mk3.yaml").write_text(
        "extends: _map\n"
        "blueprint: {domain: charger}\n"
        "state: {rules: [{when: state == charging, is: charging}], else: available}\n"
        "tests: [{name: one, image: {input: {100: [2]}}, expect: {state: charging}}]\n",
        encoding="utf-8",
    )
    mapping = load_blueprint("mk3", {"host": "192.0.2.1"}, (tmp_path,), load_codec)
    assert mapping.name == "Acme Mk 3"
    assert mapping.points["power"].keys["word_order"] == "little"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"mbmap": 1}, "acme.json#/mbmap: expected a register map of version 2"),
        ({"registers": []}, "acme.json#/registers: expected a list of registers"),
        ({"registers": ["x"]}, "acme.json#/registers/0: expected an object"),
        ({"registers": [{"address": "4x01"}]}, "acme.json#/registers/0/address: '4x01' is no address"),
        ({"registers": [{"address": 0}]}, "acme.json#/registers/0/address: 0 is no address"),
        ({"registers": [{"address": 1, "type": "bcd"}]}, "acme.json#/registers/0/type: 'bcd' is none of"),
        ({"registers": [{"address": 1, "area": "file"}]}, "acme.json#/registers/0/area: 'file' is none of"),
        ({"registers": [{"address": 1, "access": "X"}]}, "acme.json#/registers/0/access: 'X' is none of"),
        ({"registers": [{"address": 1, "scale": "a"}]}, "acme.json#/registers/0: can't be read"),
        ({"port": "http"}, "acme.json#/: can't be read"),
    ],
)
def test_mistakes_are_told_with_their_place(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        imported(changed(**change), "acme.json")
    assert caught.value.problems[0].startswith(problem)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BlueprintError, match=r"acme\.json:1:2: no JSON: "):
        imported("{", "acme.json")


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Charging state", "charging_state"),
        ("L1-N (V)", "l1_n_v"),
        ("3 phases", "_3_phases"),
        ("On", "_on"),
        ("", "value"),
    ],
)
def test_names_are_words_that_expressions_can_use(told: str, name: str) -> None:
    assert slug(told) == name


def test_flow_quotes_what_yaml_would_read_otherwise() -> None:
    assert (
        flow({"a": "on", "b": "x: y", "c": [1, 0.5, True], "d": "W"})
        == '{a: "on", b: "x: y", c: [1, 0.5, true], d: W}'
    )
