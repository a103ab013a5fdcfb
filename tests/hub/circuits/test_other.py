"""What else draws on a line of a circuit."""

from hub.circuits.other import OtherLoad


def heard(load: OtherLoad, now: float = 0.0, measured: float | None = None) -> float | None:
    load.hear(measured, now, 32.0)
    return load.other_a


def test_without_a_word_nobody_knows() -> None:
    load = OtherLoad()
    assert (load.measured_a, load.other_a, load.look(0.0)) == (None, None, None)
    assert heard(load, 1.0, -10.0) == 0.0
    assert heard(load, 1.0, None) is None


def test_what_perhaps_flows_elsewhere_is_the_others_when_it_stops() -> None:
    load = OtherLoad()
    load.draw(16.0, 0.0, unsure_a=10.0)
    assert heard(load, 100.0, 20.0) == 4.0
    load.draw(12.0, 101.0, unsure_a=6.0)
    assert load.other_a == 8.0
    load.draw(16.0, 102.0, unsure_a=10.0)  # it may be another car
    assert load.other_a == 8.0
    load.draw(6.0, 103.0)
    assert load.other_a == 14.0
    assert heard(load, 119.0, 11.0) == 5.0


def test_the_chargers_own_is_taken_off() -> None:
    load = OtherLoad()
    load.draw(6.0, 0.0)
    assert heard(load, 100.0, 10) == 4.0


def test_while_a_charger_changes_the_difference_says_nothing() -> None:
    load = OtherLoad()
    assert heard(load, 0.0, 10) == 10.0
    load.draw(16.0, 20.0)
    assert heard(load, 21.0, 10) == 10.0
    assert heard(load, 36.0, 26) == 10.0


def test_what_is_too_much_counts_at_once() -> None:
    load = OtherLoad()
    heard(load, 0.0, 10)
    load.draw(16.0, 20.0)
    assert heard(load, 21.0, 40) == 24.0


def test_a_meter_that_is_quicker_than_the_chargers_blames_the_others_only_for_what_these_cannot_draw() -> (
    None
):
    load = OtherLoad()
    heard(load, 0.0, 10)
    load.offer(22.0, 20.0)
    assert heard(load, 20.5, 32) == 10.0
    assert heard(load, 21.0, 37) == 15.0


def test_what_it_said_meanwhile_counts_when_the_chargers_are_calm() -> None:
    load = OtherLoad()
    heard(load, 0.0, 10)
    load.draw(10.0, 20.0)
    assert heard(load, 22.0, 22) == 10.0
    assert load.look(22.0) == 35.0
    load.look(35.0)
    assert load.other_a == 12.0


def test_a_little_less_is_the_same_and_a_little_more_is_more() -> None:
    load = OtherLoad()
    found = [heard(load, 0.0, amperes) for amperes in (10.0, 9.5, 10.1, 9.2)]
    assert found == [10.0, 10.0, 10.1, 9.2]


def test_a_meter_that_is_silent_for_long_says_nothing() -> None:
    load = OtherLoad()
    heard(load, 5.0, 10)
    assert load.look(154.9) == 155.0
    assert load.look(155.0) is None
    assert load.other_a is None


def test_what_has_stopped_perhaps_elsewhere_is_not_counted_twice() -> None:
    load = OtherLoad()
    load.draw(16.0, 0.0, unsure_a=16.0)
    assert heard(load, 100.0, 20.0) == 4.0
    load.draw(0.0, 101.0)
    assert load.other_a == 20.0
    assert heard(load, 102.0, 33.0) == 33.0
