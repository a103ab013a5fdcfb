"""Which frame is the reply, where no transaction id tells."""

import pytest

from integrations.modbus.frame import Request
from integrations.modbus.replies import Ambiguous, Replies

FIRST, SECOND, THIRD = Request(1, 3, 100, 1), Request(1, 3, 200, 1), Request(1, 3, 300, 1)
WIDE = Request(1, 3, 100, 2)
ONE, TWO, THREE, BOTH = b"\x03\x02\0\1", b"\x03\x02\0\2", b"\x03\x02\0\3", b"\x03\x04\0\1\0\2"


def doubted(replies: Replies, request: Request, *frames: bytes, troubled: bool = False) -> None:
    with pytest.raises(Ambiguous):
        replies.choose(request, frames, troubled=troubled)


def test_what_repeats_the_answer_to_another_question_counts_when_it_comes_again_behind_a_guard() -> None:
    replies = Replies()
    assert replies.choose(WIDE, [BOTH]) == BOTH
    assert replies.choose(FIRST, [ONE]) == ONE
    doubted(replies, SECOND, ONE)
    assert replies.guard(SECOND) == WIDE
    doubted(replies, SECOND, ONE)
    replies.choose(WIDE, [BOTH])
    assert replies.choose(SECOND, [ONE]) == ONE
    assert replies.choose(SECOND, [ONE]) == ONE


def test_on_a_line_with_trouble_it_must_come_twice_behind_a_guard() -> None:
    replies = Replies()
    replies.choose(WIDE, [BOTH])
    replies.choose(FIRST, [ONE])
    doubted(replies, SECOND, ONE, troubled=True)
    assert replies.guard(SECOND) == WIDE
    replies.choose(WIDE, [BOTH])
    doubted(replies, SECOND, ONE, troubled=True)
    replies.choose(WIDE, [BOTH])
    assert replies.choose(SECOND, [ONE], troubled=True) == ONE


def test_a_question_of_the_same_shape_is_a_guard_when_its_answer_is_another_and_comes_again() -> None:
    replies = Replies()
    replies.choose(FIRST, [ONE])
    replies.choose(THIRD, [TWO])
    doubted(replies, SECOND, ONE)
    assert replies.guard(SECOND) == THIRD
    replies.choose(THIRD, [THREE])
    doubted(replies, SECOND, ONE)
    assert replies.guard(SECOND) == THIRD
    replies.choose(THIRD, [THREE])
    assert replies.choose(SECOND, [ONE]) == ONE


def test_without_a_guard_it_must_come_three_times() -> None:
    replies = Replies()
    assert replies.guard(SECOND) is None
    replies.choose(FIRST, [ONE])
    doubted(replies, SECOND, ONE)
    assert replies.guard(SECOND) is None
    doubted(replies, SECOND, ONE)
    assert replies.choose(SECOND, [ONE]) == ONE


def test_an_older_answer_to_another_question_is_doubted_as_well() -> None:
    replies = Replies()
    replies.choose(FIRST, [ONE])
    replies.choose(FIRST, [TWO])
    doubted(replies, SECOND, ONE)


def test_a_frame_that_was_nobodys_reply_is_no_reply_the_next_time() -> None:
    replies = Replies()
    replies.strange(1, ONE)
    replies.strange(2, TWO)
    doubted(replies, FIRST, ONE)
    assert replies.choose(SECOND, [TWO]) == TWO


@pytest.mark.parametrize("forget", [True, False])
def test_a_doubt_is_forgotten_with_the_right_reply_and_with_none(forget: bool) -> None:
    replies = Replies()
    replies.choose(WIDE, [BOTH])
    replies.choose(FIRST, [ONE])
    doubted(replies, SECOND, ONE)
    replies.guard(SECOND)
    replies.choose(WIDE, [BOTH])
    if forget:
        replies.unanswered(SECOND)
    else:
        assert replies.choose(SECOND, [TWO]) == TWO
    doubted(replies, SECOND, ONE)


def test_of_two_frames_only_the_one_that_came_last_time_counts_at_once() -> None:
    replies = Replies()
    replies.choose(FIRST, [ONE])
    doubted(replies, SECOND, ONE, TWO)
    doubted(replies, SECOND, TWO, THREE)
    replies = Replies()
    replies.choose(FIRST, [ONE])
    replies.choose(SECOND, [TWO])
    assert replies.choose(SECOND, [ONE, TWO]) == TWO
    assert replies.choose(SECOND, [TWO, TWO]) == TWO


def test_echoes_of_writes_are_all_alike() -> None:
    replies = Replies()
    for words in ((1, 2), (3, 4)):
        assert replies.choose(Request(1, 16, 5, 2, words), [b"\x10\0\5\0\2"]) == b"\x10\0\5\0\2"
