"""Late replies: what may be asked while one is still to come."""

from integrations.modbus.frame import Request
from integrations.modbus.late import LONGEST_S, MOST_OWED, LateReplies

ASKED, ALIKE, OTHER = Request(1, 3, 100, 2), Request(1, 3, 200, 2), Request(1, 3, 100, 4)
REPLY = b"\x03\x04\0\1\0\2"


def test_nothing_that_the_late_reply_could_answer_is_asked_until_it_came_or_cannot_come() -> None:
    late = LateReplies()
    late.missed(ASKED, 10.0, 1.0)
    assert late.free_at(ALIKE, 11.0) == 12.0
    assert late.free_at(ASKED, 11.0) == late.free_at(OTHER, 11.0) == 11.0
    assert late.arrived(1, REPLY, 11.5) == 1.5
    assert late.free_at(ALIKE, 11.5) == 11.5
    late.missed(ASKED, 20.0, 0.5)
    assert late.free_at(ALIKE, 20.5) == 22.25
    assert late.free_at(ALIKE, 22.3) == 22.3


def test_a_frame_of_another_unit_or_shape_is_none_of_them() -> None:
    late = LateReplies()
    late.missed(ASKED, 10.0, 1.0)
    assert late.arrived(2, REPLY, 10.5) is None
    assert late.arrived(1, b"\x03\x02\0\1", 10.5) is None


def test_a_reply_that_may_have_been_the_late_one_leaves_its_own_to_come() -> None:
    late = LateReplies()
    late.missed(ASKED, 10.0, 1.0)
    late.answered(ASKED, 11.5)
    assert late.free_at(ALIKE, 11.6) == 13.5


def test_what_is_owed_stays_bounded() -> None:
    late = LateReplies()
    for turn in range(50):
        late.missed(ASKED, float(turn), 1.0)
        late.arrived(1, REPLY, turn + 90.0)
    late.missed(ASKED, 200.0, 1.0)
    assert late.free_at(ALIKE, 200.0) <= 200.0 + 1.5 * LONGEST_S
    assert len(late._owed) <= MOST_OWED
