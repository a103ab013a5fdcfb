"""What fails and works by turns is no reason for a line each time."""

from hub.seldom import GAP_S, Trouble


def test_a_loss_and_its_end_are_said_once() -> None:
    trouble = Trouble()
    assert [trouble.comes(now) for now in (0.0, 1.0, 100.0)] == [True, False, False]
    assert [trouble.goes(), trouble.goes()] == [True, False]


def test_what_comes_and_goes_is_said_once_a_minute() -> None:
    trouble = Trouble()
    said = [(trouble.comes(float(now)), trouble.goes()) for now in range(int(2 * GAP_S))]
    assert said.count((True, True)) == 2
    assert said.count((False, False)) == len(said) - 2


def test_a_loss_that_stays_is_said_in_the_end() -> None:
    trouble = Trouble()
    assert (trouble.comes(0.0), trouble.goes()) == (True, True)
    assert [trouble.comes(now) for now in (1.0, GAP_S, GAP_S + 1)] == [False, True, False]
