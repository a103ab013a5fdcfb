"""Requests and their answers, second by second."""

import pytest

from integrations.echonet_lite.frame import Esv, Frame, Property, decode
from integrations.echonet_lite.transactions import (
    CONTEST,
    Answered,
    Late,
    Part,
    Request,
    Transactions,
    Unanswered,
    patience,
)

A, B = "192.0.2.1", "192.0.2.2"
ONE, TWO = 0x02A101, 0x02A102


class Wire:
    """Steps through time; `sent` are (seconds, host, frame)."""

    def __init__(self, jitter: float = 0.0) -> None:
        self.transactions = Transactions(0xFFFE, lambda: jitter)
        self.now = 0.0
        self.sent: list[tuple[float, str, Frame]] = []
        self.failed: list[Unanswered] = []

    def ask(self, host: str = A, eoj: int = ONE, *epcs: int, **more: object) -> int:
        asked = tuple(map(Property, epcs or (0x80,)))
        request = Request(host, eoj, Esv.GET, asked, **more)  # type: ignore[arg-type]
        number = self.transactions.ask(request, self.now)
        self.pass_time(0)
        return number

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            sends, failed = self.transactions.step(self.now)
            self.sent += [(self.now, host, decode(payload)) for host, payload in sends]
            self.failed += failed
            due = self.transactions.deadline
            if due is None or due > end:
                break
            self.now = max(self.now, due)
        self.now = end

    def answer(
        self, frame: Frame | None = None, host: str = A, **changed: object
    ) -> Answered | Part | Late | None:
        """To the last thing sent, unless another frame is given."""
        asked = self.sent[-1][2]
        fields = {
            "tid": asked.tid,
            "seoj": asked.deoj,
            "deoj": asked.seoj,
            "esv": Esv.GET_RES,
            "properties": tuple(Property(item.epc, b"0") for item in asked.properties),
        } | changed
        answered = self.transactions.receive(host, frame or Frame(**fields), self.now)  # type: ignore[arg-type]
        self.pass_time(0)
        return answered


def test_an_answer_settles_its_question() -> None:
    wire = Wire()
    number = wire.ask()
    settled = wire.answer()
    assert isinstance(settled, Answered)
    assert settled.number == number
    wire.pass_time(60)
    assert not wire.failed
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "foreign",
    [
        {"host": B},
        {"tid": 0x1234},
        {"seoj": TWO},
        {"esv": Esv.SET_RES},
        {"properties": (Property(0xC7, b"A"),)},
    ],
)
def test_what_differs_in_one_thing_is_no_answer(foreign: dict[str, object]) -> None:
    """Rule 4: host, TID, EOJ, ESV and EPC."""
    wire = Wire()
    wire.ask()
    wire.ask(B, TWO)
    assert not isinstance(wire.answer(**{"tid": wire.sent[0][2].tid, "seoj": ONE} | foreign), Answered)  # type: ignore[arg-type]


def test_a_refusal_is_an_answer() -> None:
    """Rule 5: SNA isn't a time-out."""
    wire = Wire()
    wire.ask()
    assert isinstance(wire.answer(esv=Esv.GET_SNA, properties=(Property(0x80),)), Answered)


def test_tries_have_the_same_tid_and_grow() -> None:
    """Rules 18 and 19: 3, 5 and 10 s on a LAN; a late answer to the first try settles the second."""
    wire = Wire()
    wire.ask()
    wire.pass_time(17.9)
    assert [at for at, _, _ in wire.sent] == [0.0, 3.0, 8.0]
    assert len({frame.tid for _, _, frame in wire.sent}) == 1
    wire.pass_time(0.2)
    assert [failed.reason for failed in wire.failed] == ["no answer"]


def test_jitter_spreads_the_tries() -> None:
    """Rule 19."""
    wire = Wire(jitter=1.0)
    wire.ask()
    wire.pass_time(4)
    assert [round(at, 6) for at, _, _ in wire.sent] == [0.0, 3.6]


def test_a_link_may_wait_as_long_as_the_b_route_needs() -> None:
    """Rule 18."""
    assert patience(20.0, 2) == pytest.approx((20.0, 100 / 3))
    assert patience(3.0, 4) == (3.0, 5.0, 10.0, 10.0)


def test_one_request_is_in_flight_for_each_node_with_a_gap() -> None:
    """Rule 16: and nodes don't wait for each other."""
    wire = Wire()
    wire.ask(A, ONE)
    wire.ask(A, TWO)
    wire.ask(B, ONE)
    assert [(host, frame.deoj) for _, host, frame in wire.sent] == [(A, ONE), (B, ONE)]
    wire.pass_time(1)
    first = wire.sent[0][2]
    wire.answer(Frame(first.tid, ONE, first.seoj, Esv.GET_RES, (Property(0x80, b"0"),)))
    assert len(wire.sent) == 2
    wire.pass_time(0.1)
    assert [(round(at, 3), frame.deoj) for at, _, frame in wire.sent[2:]] == [(1.1, TWO)]


def prompt() -> Wire:
    """A node that has always answered at once."""
    wire = Wire()
    for _ in range(4):
        wire.ask()
        wire.answer()
        wire.pass_time(1)
    wire.sent.clear()
    return wire


def test_who_always_answers_at_once_is_asked_again_sooner_and_given_up_no_sooner() -> None:
    """Rule 19: 1, 2, 5 and 10 s instead of 3, 5 and 10."""
    wire = prompt()
    began = wire.now
    wire.ask()
    wire.pass_time(30)
    assert [at - began for at, _, _ in wire.sent] == [0, 1, 3, 8]
    assert len({frame.tid for _, _, frame in wire.sent}) == 1
    assert len(wire.failed) == 1


def test_who_is_slow_is_not_pressed() -> None:
    wire = Wire()
    for _ in range(6):
        wire.ask()
        wire.pass_time(0.5)
        wire.answer()
        wire.pass_time(1)
    wire.sent.clear()
    began = wire.now
    wire.ask()
    wire.pass_time(30)
    assert [at - began for at, _, _ in wire.sent] == [0, 3, 8]


def test_what_must_not_happen_twice_is_sent_once_to_the_promptest() -> None:
    """Rule 20."""
    wire = prompt()
    wire.ask(patience_s=(3.0,))
    wire.pass_time(30)
    assert len(wire.sent) == 1


def test_a_hiccup_makes_nobody_silent() -> None:
    """An early try doesn't count."""
    wire = prompt()
    wire.ask()
    wire.ask(A, TWO)
    wire.pass_time(5)
    wire.answer()
    assert not wire.failed


def test_of_a_hundred_who_wait_the_gaps_are_short() -> None:
    """Rule 16: a gateway of many objects; it stays one when nobody waits any more."""
    wire = Wire()
    for number in range(100):
        wire.ask(A, ONE + number)
    for _ in range(99):
        wire.answer()
        wire.pass_time(0.2)
    assert len(wire.sent) == 100
    assert wire.sent[1][0] - wire.sent[0][0] < 0.001
    wire.answer()
    wire.ask(A, ONE)
    wire.pass_time(0.01)
    assert wire.sent[-1][2].deoj == ONE


def test_the_urgent_goes_first() -> None:
    """Rule 16."""
    wire = Wire()
    wire.ask(A, ONE)
    wire.ask(A, ONE, 0xD3)
    wire.ask(A, ONE, 0xDA, priority=0)
    wire.answer()
    wire.pass_time(0.1)
    assert wire.sent[-1][2].properties == (Property(0xDA),)


def test_a_missing_object_holds_up_its_neighbours_for_one_try_at_a_time() -> None:
    """Rule 6: there is no SNA for an object that doesn't exist."""
    wire = Wire()
    wire.ask(A, TWO)
    wire.ask(A, ONE)
    wire.pass_time(3)
    assert wire.sent[-1][2].deoj == ONE
    assert isinstance(wire.answer(), Answered)
    wire.pass_time(30)
    assert [failed.request.eoj for failed in wire.failed] == [TWO]


def test_one_missing_object_does_not_make_a_node_silent() -> None:
    """Rule 6."""
    wire = Wire()
    for _ in range(3):
        wire.ask(A, TWO)
        wire.pass_time(20)
    wire.ask(A, ONE)
    assert wire.sent[-1][2].deoj == ONE


def test_a_dead_node_of_many_objects_is_noticed_soon() -> None:
    """Rule 19: a hundred chargers behind one address don't wait one after the other."""
    wire = Wire()
    for instance in range(1, 101):
        wire.ask(A, 0x02A100 | instance)
    wire.pass_time(10)
    assert len(wire.failed) == 100
    assert len(wire.sent) == 3


def test_a_silent_node_is_probed_at_growing_intervals() -> None:
    wire = Wire()
    for instance in (1, 2, 3):
        wire.ask(A, 0x02A100 | instance)
    wire.pass_time(10)
    before = len(wire.sent)
    for _ in range(100):
        wire.ask(A, ONE)
        wire.pass_time(1)
    assert 3 <= len(wire.sent) - before <= 8


def test_news_of_a_node_makes_it_heard_again() -> None:
    """Rule 19."""
    wire = Wire()
    for instance in (1, 2, 3):
        wire.ask(A, 0x02A100 | instance)
    wire.pass_time(11)
    wire.ask(A, ONE)
    wire.transactions.heard(A)
    sent = len(wire.sent)
    wire.ask(A, TWO)
    wire.pass_time(4)
    assert len(wire.sent) > sent


def test_what_must_not_happen_twice_is_sent_once() -> None:
    """Rule 20."""
    wire = Wire()
    wire.ask(patience_s=(10.0,))
    wire.pass_time(60)
    assert len(wire.sent) == 1
    assert len(wire.failed) == 1


def test_a_second_answer_is_data_and_no_answer() -> None:
    """Rule 21."""
    wire = Wire()
    wire.ask()
    assert isinstance(wire.answer(), Answered)
    assert isinstance(wire.answer(), Late)


def test_an_old_answer_after_a_newer_question_is_nothing() -> None:
    """Rule 21: a duplicate that comes late doesn't bring back an old value."""
    wire = Wire()
    wire.ask()
    first = wire.sent[-1][2]
    wire.answer()
    wire.ask()
    wire.pass_time(0.1)
    assert wire.answer(tid=first.tid) is None


def test_an_answer_after_the_last_try_is_data() -> None:
    """Rule 21."""
    wire = Wire()
    wire.ask(patience_s=(1.0,))
    wire.pass_time(2)
    assert isinstance(wire.answer(), Late)


def test_inf_req_may_be_answered_to_all() -> None:
    """Rule 26: by INF with a TID of its own, or by INF_SNA."""
    wire = Wire()
    for esv, tid in ((Esv.INF, 0), (Esv.INF_SNA, None)):
        asked = Request(A, ONE, Esv.INF_REQ, (Property(0x80),))
        wire.transactions.ask(asked, wire.now)
        wire.pass_time(1)
        told = wire.sent[-1][2].tid if tid is None else tid
        assert isinstance(wire.answer(esv=esv, tid=told), Answered)


def test_all_instances_may_answer_for_one() -> None:
    """Rule 12."""
    wire = Wire()
    wire.ask(A, 0x02A100)
    assert isinstance(wire.answer(seoj=ONE), Answered)


def test_each_object_of_a_class_answers_one_question_for_itself() -> None:
    """Rule 12: collected until none has answered for a while, and meanwhile nothing else is asked."""
    wire = Wire()
    number = wire.ask(A, 0x02A100, patience_s=(1.0,), collect_s=0.3)
    wire.ask(A, ONE)
    wire.pass_time(0.9)
    asked = wire.sent[0][2]
    for instance in (3, 1, 2):
        part = wire.answer(tid=asked.tid, seoj=0x02A100 + instance)
        assert isinstance(part, Part)
        assert (part.number, part.frame.seoj) == (number, 0x02A100 + instance)
        wire.pass_time(0.2)
    assert len(wire.sent) == 1
    wire.pass_time(0.11)
    assert [(failed.number, failed.reason) for failed in wire.failed] == [(number, "that is all")]
    assert wire.sent[1][2].deoj == ONE
    assert wire.transactions.counters["unanswered"] == 0


def test_a_class_of_which_no_object_answers_is_given_up() -> None:
    """Rule 12: few nodes know instance 00."""
    wire = Wire()
    number = wire.ask(A, 0x02A100, patience_s=(1.0,), collect_s=0.3)
    wire.pass_time(1.1)
    assert [(failed.number, failed.reason) for failed in wire.failed] == [(number, "no answer")]


def test_a_node_that_moved_is_not_waited_for() -> None:
    """Rule 15."""
    wire = Wire()
    wire.ask(A, ONE)
    wire.ask(A, TWO)
    wire.transactions.forget(A)
    wire.pass_time(0)
    assert {failed.reason for failed in wire.failed} == {"the node has moved"}


def test_what_nobody_waits_for_any_more_is_not_repeated() -> None:
    wire = Wire()
    wire.transactions.cancel(wire.ask())
    wire.pass_time(60)
    assert len(wire.sent) == 1
    assert not wire.failed


def test_tids_go_round() -> None:
    wire = Wire()
    for _ in range(4):
        wire.ask()
        wire.answer()
        wire.pass_time(1)
    assert [frame.tid for _, _, frame in wire.sent] == [0xFFFF, 0, 1, 2]


def test_a_contest_waits_for_nobody() -> None:
    """Rule 15: an address that is silent since its node has moved holds nothing up."""
    wire = Wire()
    first = wire.ask()
    wire.ask(A, TWO, priority=CONTEST, patience_s=(1.0,))
    assert [(at, frame.deoj) for at, _, frame in wire.sent] == [(0.0, ONE), (0.0, TWO)]
    asked = wire.sent[0][2]
    answered = wire.answer(Frame(asked.tid, ONE, asked.seoj, Esv.GET_RES, (Property(0x80, b"0"),)))
    assert isinstance(answered, Answered)
    assert answered.number == first


def test_a_contest_repeats_nothing_that_must_not_be_repeated() -> None:
    """Rule 20."""
    wire = Wire()
    wire.ask(patience_s=(2.0,))
    wire.ask(A, TWO, priority=CONTEST, patience_s=(1.0,))
    wire.pass_time(10)
    assert [frame.deoj for _, _, frame in wire.sent] == [ONE, TWO]
    assert len(wire.failed) == 2
