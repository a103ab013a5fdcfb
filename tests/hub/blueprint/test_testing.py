"""The tests that blueprints carry."""

from pathlib import Path

from hub.blueprint.testing import example_inputs, run_tests
from hub.integration.loader import load_codec
from tests.hub.blueprint.conftest import SMALL

INPUTS = """\
blueprint:
  name: Small
  domain: charger
  input:
    host: {name: Host, selector: {text: {}}}
    unit_id: {name: Unit, selector: {number: {min: 3, max: 9}}}
    sockets: {name: Sockets, selector: {number: null}}
    order: {name: Order, selector: {select: {options: [big, little]}}}
    fine: {name: Fine, selector: {boolean: {}}}
    phases: {name: Phases, default: 3, selector: {number: {}}}
"""


def test_every_input_without_a_default_gets_an_example_that_fits(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(INPUTS, encoding="utf-8")
    assert example_inputs("small", (tmp_path,)) == {
        "host": "192.0.2.1",
        "unit_id": 3,
        "sockets": 1,
        "order": "big",
        "fine": False,
    }


def test_what_fails_is_told(tmp_path: Path) -> None:
    wrong = SMALL.replace("expect: {state: charging}", "expect: {state: faulted}")
    wrong += (
        "  - {name: unknown, do: set_limit, wrote: []}\n  - {name: none, do: set_phases, set: {phases: 1}}\n"
    )
    (tmp_path / "small.yaml").write_text(wrong, encoding="utf-8")
    assert [(r.name, r.problems) for r in run_tests("small", (tmp_path,), load_codec)] == [
        ("charging", ("state: expected 'faulted', found 'charging'",)),
        ("unknown", ("set_limit wrote ['refused'], expected []",)),
        ("none", ("set_phases wrote ['unsupported'], expected None",)),
    ]
