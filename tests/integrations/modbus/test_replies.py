"""Which frame is the reply, where no transaction id tells."""

import pytest

from integrations.modbus.frame import Request
from integrations.modbus.replies import Ambiguous, Replies

FIRST, SECOND = Request(1, 3, 100, 1), Request(1, 3, 200, 1)
ONE, TWO, THREE = b"\x03\x02\0\1", b"\x03\x02\0\2", b"\x03\x02\0\3"


def test_what_repeats_the_answer_to_another_question_must_come_twice() -> None:
    replies = Replies()
    assert replies.choose(FIRST, [ONE]) == ONE
    with pytest.raises(Ambiguous):
        replies.choose(SECOND, [ONE])
    assert replies.choose(SECOND, [ONE]) == ONE
    assert replies.choose(SECOND, [ONE]) == ONE


def test_a_doubt_is_forgotten_with_the_right_reply() -> None:
    replies = Replies()
    replies.choose(FIRST, [ONE])
    with pytest.raises(Ambiguous):
        replies.choose(SECOND, [ONE])
    assert replies.choose(SECOND, [TWO]) == TWO
    with pytest.raises(Ambiguous):
        replies.choose(SECOND, [ONE])


def test_an_old_frame_before_the_right_one_is_passed_over() -> None:
    replies = Replies()
    replies.choose(FIRST, [ONE])
    assert replies.choose(SECOND, [ONE, TWO]) == TWO
    assert replies.choose(SECOND, [TWO, TWO]) == TWO
    with pytest.raises(Ambiguous):
        replies.choose(SECOND, [TWO, THREE])


def test_echoes_of_writes_are_all_alike() -> None:
    replies = Replies()
    for words in ((1, 2), (3, 4)):
        assert replies.choose(Request(1, 16, 5, 2, words), [b"\x10\0\5\0\2"]) == b"\x10\0\5\0\2"
