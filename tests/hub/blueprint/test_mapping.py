"""From raw values to a reading, and from an action to writes."""

import pytest

from hub.blueprint.mapping import Together, Wait, Write
from hub.errors import DeviceRefused, Unsupported
from hub.model.charger import Status
from tests.hub.blueprint.conftest import Load


def test_a_socket_that_the_device_does_not_have_is_unavailable(load: Load) -> None:
    mapping = load(more="connectors: {count: 2, each: {offset: 100 * (n - 1)}, present: n <= sockets}\n")
    raw = {("status", 1): 0, ("status", 2): 0, ("sockets", 0): 1}
    reading = mapping.reading(raw)
    assert [reading.evses[n].status for n in (1, 2)] == [Status.AVAILABLE, Status.UNAVAILABLE]
    reading = mapping.reading({**raw, ("sockets", 0): 2})
    assert reading.evses[2].status is Status.AVAILABLE


def test_a_model_without_a_register_does_not_take_its_action(load: Load) -> None:
    mapping = load()
    reading = mapping.reading({("model_code", 1): 1})
    with pytest.raises(Unsupported, match="this model has no phases_set"):
        list(mapping.steps("set_phases", mapping.env(reading, 1, phases=1)))
    reading = mapping.reading({("model_code", 1): 3})
    assert [
        s.raw for s in mapping.steps("set_phases", mapping.env(reading, 1, phases=1)) if isinstance(s, Write)
    ] == [1]


def test_a_register_that_is_not_there_is_passed_over_at_the_beginning(load: Load) -> None:
    mapping = load(("actions:", "actions:\n  on_connect: [{phases_set: 1}, {lock: 1}]"))
    steps = list(mapping.steps("on_connect", mapping.env(mapping.reading({("model_code", 1): 1}), 1)))
    assert [step.point.name for step in steps if isinstance(step, Write)] == ["lock"]


def test_together_is_one_step_with_several_writes(load: Load) -> None:
    mapping = load(
        (
            "set_phases: {phases_set: phases}",
            "set_phases: [{together: {phases_set: phases, lock: 7}}, {wait: 2s}]",
        )
    )
    first, second = mapping.steps("set_phases", mapping.env(mapping.reading({}), 1, phases=1))
    assert isinstance(first, Together)
    assert [(write.point.name, write.raw) for write in first.writes] == [("phases_set", 1), ("lock", 7)]
    assert second == Wait(2.0)


def test_what_heals_is_known_by_its_condition(load: Load) -> None:
    mapping = load(more="heal: [{when: status == 2 and not waking, do: {lock: 1}}]\n")
    (rule,) = mapping.heal
    env = mapping.env(mapping.reading({("status", 1): 2}), 1)
    assert rule.when(env) is True
    assert rule.when({**env, "waking": True}) is False


def test_a_fault_outside_the_table_can_be_no_fault(load: Load) -> None:
    mapping = load(more="faults: {from: status, map: {2: relay welded}, else: NoError}\n")
    assert mapping.reading({("status", 1): 2}).evses[1].error == "relay welded"
    assert mapping.reading({("status", 1): 1}).evses[1].error is None


def test_a_value_that_is_not_known_is_refused_and_not_written(load: Load) -> None:
    mapping = load(("pause: {current_limit: 0}", "pause: {current_limit: status + 1}"))
    with pytest.raises(DeviceRefused, match="current_limit: no value to write"):
        list(mapping.steps("pause", mapping.env(mapping.reading({}), 1)))


def test_the_step_of_the_limit_may_depend_on_what_the_device_says(load: Load) -> None:
    mapping = load(more="limits: {min: 6, max: 32, step: 0.1 if model_code == 3 else 1}\n")
    assert mapping.ratings.step == 1.0
    seen = [mapping.reading({("model_code", 1): code}).evses[1].ratings for code in (1, 3)]
    assert [ratings.step for ratings in seen if ratings] == [1.0, 0.1]
