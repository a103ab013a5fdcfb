"""Every mistake in a blueprint is told with its place."""

import pytest

from hub.errors import BlueprintError
from tests.hub.blueprint.conftest import Load


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("heal: [{when: status == 2}]\n", ":21:8: heal.0: expected {when: ..., do: ...}"),
        (
            "heal: [{when: statux == 2, do: {lock: 1}}]\n",
            ":21:15: heal.0.when: no point 'statux'; did you mean 'status'?",
        ),
        (
            "heal: [{when: status == 2, do: {status: 1}}]\n",
            "point 'status' is read-only but heal.0.do writes it",
        ),
        ("keep_alive: {every: 5s, when: statusy, read: status}\n", "keep_alive.when: no point 'statusy'"),
        ("connectors: {count: 2, each: {offzet: 100 * n}}\n", "unknown key 'offzet'; did you mean 'offset'?"),
        ("connectors: {count: 2, each: {offset: {input: 100 * m}}}\n", "no input 'm'"),
        ("connectors: {count: 2, present: n <= socket}\n", "no point 'socket'; did you mean 'sockets'?"),
        ("faults: {from: statuz}\n", ":21:16: faults.from: no point 'statuz'; did you mean 'status'?"),
        ("verify: {current_limit: {read: statusx}}\n", "no point 'statusx'; did you mean 'status'?"),
        ("simulate: {states: {pluggedd: {status: 1}}}\n", "unknown key 'pluggedd'; did you mean"),
        ("simulate: {registers: {stat: 1}}\n", "simulate.registers.stat: no point 'stat'"),
        ("quirk: em2go_prob\n", ":21:8: quirk: 'em2go_prob' is none of"),
        ("limits: {step: 0.1 if statuz == 1 else 1}\n", "limits.step: no point 'statuz'"),
        ("simulate: {mirror: {current_limit: lok}}\n", "no point 'lok'; did you mean 'lock'?"),
    ],
)
def test_a_mistake_has_its_place(load: Load, more: str, problem: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        load(more=more)
    assert problem in str(caught.value)
    assert "small.yaml:" in str(caught.value)


def test_phases_lie_in_an_order_that_names_each_once(load: Load) -> None:
    with pytest.raises(BlueprintError, match=r"expected the phases in their order, such as \[l3, l2, l1\]"):
        load(("{at: 1, poll: fast}", "{at: 1, count: 3, order: [l1, l1, l2]}"))


def test_points_that_are_written_together_are_checked_like_others(load: Load) -> None:
    with pytest.raises(BlueprintError, match="no point 'phase_set'; did you mean 'phases_set'"):
        load(("set_phases: {phases_set: phases}", "set_phases: {together: {phase_set: phases, lock: 1}}"))


def test_a_label_that_looks_like_a_point_is_a_label(load: Load) -> None:
    mapping = load(
        ("{at: 12, access: wo}", "{at: 12, access: rw, map: {0: phase_set, 1: loose}}"),
        more="heal: [{when: lock == phase_set, do: {lock: loose}}]\n",
    )
    assert mapping.heal[0].when({"lock": "phase_set"}) is True
