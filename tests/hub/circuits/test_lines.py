"""Which lines an EVSE loads, and what flows on them."""

import pytest

from hub.circuits.lines import Drawn, Feed, Flow, below, top, within

HOUSE = top("house", 3)
ANY = {("house", 1), ("house", 2), ("house", 3)}


def feed(*wiring: int) -> Feed:
    return Feed(below(HOUSE, wiring))


@pytest.mark.parametrize(
    ("wiring", "used", "lines"),
    [
        ((), None, ANY),
        ((), {1}, ANY),  # where its phases lead, nobody has said
        ((2,), None, {("house", 2)}),
        ((2, 3, 1), None, ANY),
        ((2, 3, 1), {1}, {("house", 2)}),
        ((2, 3, 1), {1, 3}, {("house", 1), ("house", 2)}),
        ((3, 1), None, {("house", 1), ("house", 3)}),
        ((2,), {3}, {("house", 2)}),  # it has no other
        ((2, 3, 1), set(), ANY),
    ],
)
def test_what_is_not_said_counts_everywhere(
    wiring: tuple[int, ...], used: set[int] | None, lines: set[tuple[str, int]]
) -> None:
    assert set(feed(*wiring).lines(used)) == lines


def test_phases_are_followed_through_circuits() -> None:
    shed = within("shed", 1, below(HOUSE, (3,), 1))
    box = Feed(below(shed, ()))
    assert box.lines() == (("house", 3), ("shed", 1))
    assert box.circuits() == {"house", "shed"}
    sub = within("sub", 3, below(HOUSE, (2, 3, 1), 3))
    assert Feed(below(sub, (2,))).lines() == (("house", 3), ("sub", 2))
    unsaid = within("sub", 3, below(HOUSE, (), 3))
    assert set(Feed(below(unsaid, (2,))).lines()) == {*ANY, ("sub", 2)}
    assert len(Feed(below(unsaid, ())).lines()) == 6


@pytest.mark.parametrize(
    ("wiring", "draw", "currents", "sure", "unsure", "total"),
    [
        ((), 16, None, (0, 0, 0), (16, 16, 16), 48),
        ((), 16, (16, 0, 0), (0, 0, 0), (16, 16, 16), 16),
        ((), 16, (16, 15.5, 15.2), (16, 16, 16), (0, 0, 0), 46.7),
        ((2, 3, 1), 16, (16, 0, 1), (1, 16, 0), (0, 0, 0), 17),
        ((2, 3, 1), 16, None, (0, 0, 0), (16, 16, 16), 48),
        ((3,), 16, None, (0, 0, 16), (0, 0, 0), 16),
        ((3,), 16, (16, 0, 0), (0, 0, 16), (0, 0, 0), 16),
    ],
)
def test_what_flows_is_counted_where_it_is_or_may_be(
    wiring: tuple[int, ...],
    draw: float,
    currents: tuple[float, ...] | None,
    sure: tuple[float, ...],
    unsure: tuple[float, ...],
    total: float,
) -> None:
    way = feed(*wiring)
    drawn = Drawn.of(3, way.flows("house", draw, currents), way.total(draw, currents))
    assert tuple(drawn.sure.values()) == sure
    assert tuple(drawn.unsure.values()) == unsure
    assert drawn.total == pytest.approx(total)


def test_on_a_single_phase_there_is_no_question_where() -> None:
    shed = Feed(below(top("shed", 1), ()))
    assert list(shed.flows("shed", 10.0, (10.0, 0.0, 0.0))) == [Flow(("shed", 1), 10.0, sure=True)]
    assert list(shed.flows("shed", 10.0, None)) == [Flow(("shed", 1), 10.0, sure=True)]


def test_two_phases_that_are_somewhere_are_not_surely_on_all_three() -> None:
    sub = within("sub", 3, below(HOUSE, (), 3))
    box = Feed(below(sub, (2, 3)))
    assert {flow.sure for flow in box.flows("house", 16.0, (16.0, 16.0, 0.0))} == {False}
    assert {flow.sure for flow in box.flows("sub", 16.0, (16.0, 16.0, 0.0))} == {True}
