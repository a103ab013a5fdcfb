"""What else draws on a circuit."""

import pytest

from hub.circuits.other import OtherLoad

POWER = ("panel", "power")
PHASES = [("panel", "current_l1"), ("panel", "current_l2")]


def heard(load: OtherLoad, now: float = 0.0, **state: object) -> float | None:
    load.hear("panel", state, now, 32.0)
    return load.other_a


def test_without_a_word_nobody_knows() -> None:
    load = OtherLoad([POWER], 3)
    assert (load.measured_a, load.other_a, load.look(0.0)) == (None, None, None)


@pytest.mark.parametrize(
    ("sources", "phases", "state", "amperes"),
    [
        ([POWER], 3, {"power": 6900}, 10.0),
        ([POWER], 1, {"power": 2300}, 10.0),
        ([("panel", "current_l1")], 3, {"current_l1": 7}, 7.0),
        (PHASES, 3, {"current_l1": 7, "current_l2": 9}, 9.0),
        ([("panel", "power_l1"), ("panel", "power_l2")], 3, {"power_l1": 2300, "power_l2": 230}, 10.0),
        ([POWER], 3, {"power": None}, None),
        ([POWER], 3, {"power": True}, None),
        ([POWER], 3, {"power": -6900}, 0.0),
        (PHASES, 3, {"current_l1": 7}, None),
    ],
)
def test_what_a_meter_says(
    sources: list[tuple[str, str]], phases: int, state: dict[str, object], amperes: float | None
) -> None:
    assert heard(OtherLoad(sources, phases), **state) == amperes


def test_the_chargers_own_is_taken_off() -> None:
    load = OtherLoad([POWER], 3)
    load.draw(6.0, 0.0)
    assert heard(load, 100.0, power=6900) == 4.0


def test_while_a_charger_changes_the_difference_says_nothing() -> None:
    load = OtherLoad([POWER], 3)
    assert heard(load, power=6900) == 10.0
    load.draw(16.0, 20.0)
    assert heard(load, 21.0, power=6900) == 10.0
    assert heard(load, 36.0, power=17_940) == 10.0


def test_what_is_too_much_counts_at_once() -> None:
    load = OtherLoad([POWER], 3)
    heard(load, power=6900)
    load.draw(16.0, 20.0)
    assert heard(load, 21.0, power=27_600) == 24.0


def test_a_meter_that_is_quicker_than_the_chargers_blames_the_others_only_for_what_these_cannot_draw() -> (
    None
):
    load = OtherLoad([POWER], 3)
    heard(load, power=6900)
    load.offer(22.0, 20.0)
    assert heard(load, 20.5, power=6900 + 22 * 690) == 10.0
    assert heard(load, 21.0, power=10_350 + 22 * 690) == 15.0


def test_what_it_said_meanwhile_counts_when_the_chargers_are_calm() -> None:
    load = OtherLoad([POWER], 3)
    heard(load, power=6900)
    load.draw(10.0, 20.0)
    assert heard(load, 22.0, power=15_180) == 10.0
    assert load.look(22.0) == 35.0
    load.look(35.0)
    assert load.other_a == 12.0


def test_a_little_less_is_the_same_and_a_little_more_is_more() -> None:
    load = OtherLoad([("panel", "current_l1")], 3)
    found = [heard(load, current_l1=amperes) for amperes in (10.0, 9.5, 10.1, 9.2)]
    assert found == [10.0, 10.0, 10.1, 9.2]


def test_a_meter_that_is_silent_for_long_says_nothing() -> None:
    load = OtherLoad([POWER], 3)
    heard(load, 5.0, power=6900)
    assert load.look(154.9) == 155.0
    assert load.look(155.0) is None
    assert load.other_a is None


def test_another_device_is_none_of_its_business() -> None:
    load = OtherLoad([POWER], 3)
    load.hear("battery", {"power": 100}, 0.0, 32.0)
    assert load.other_a is None
