"""What is wrong is told once, and once that it is over."""

from hub.circuits.troubles import Troubles


def test_trouble_that_lasts_is_told_once_and_its_end_too() -> None:
    troubles = Troubles()
    seen = [
        word
        for now, is_so in ((0, True), (9, True), (10, True), (50, True), (51, False), (52, False))
        for word in troubles.heed("c", "overloaded", is_so, now)
    ]
    assert seen == ["overloaded", "overloaded_no_more"]
    assert list(troubles.due()) == []


def test_a_moment_s_trouble_is_none() -> None:
    troubles = Troubles()
    assert list(troubles.heed("c", "overloaded", True, 0)) == []
    assert list(troubles.due()) == [10.0]
    assert list(troubles.heed("c", "overloaded", False, 5)) == []
    assert list(troubles.heed("c", "overloaded", True, 11)) == []
