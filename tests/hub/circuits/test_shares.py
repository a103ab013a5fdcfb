"""How several cars share what their circuits carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.circuits.shares import Leaf, Want, shares


def want(name: str, **more: float) -> Want:
    asked: dict[str, float] = {"least_a": 6, "most_a": 32, "enough_a": 32, "step_a": 1} | more
    return Want((name, 1), **asked)  # type: ignore[arg-type]


def shared(limit: float, *wants: Want) -> list[float]:
    """In one circuit."""
    given = shares(wants, {"c": limit}, {each.leaf: ["c"] for each in wants})
    return [given[each.leaf] for each in wants]


@pytest.mark.parametrize(
    ("limit", "wants", "given"),
    [
        (32, [want("a")], [32]),
        (32, [want("a"), want("b")], [16, 16]),
        (32, [want("a"), want("b"), want("c")], [11, 11, 10]),
        (32, [want("a", most_a=8), want("b"), want("c")], [8, 12, 12]),
        (11, [want("a"), want("b")], [11, 0]),
        (12, [want("a"), want("b"), want("c")], [6, 6, 0]),
        (5, [want("a")], [0]),
        (-3, [want("a")], [0]),
        (20, [want("a"), want("b", priority=1)], [6, 14]),
        (11, [want("a"), want("b", priority=1)], [0, 11]),
        (32, [want("a", enough_a=10), want("b")], [10, 22]),
        (48, [want("a", enough_a=10), want("b")], [16, 32]),
        (32, [want("a", least_a=32, step_a=32), want("b")], [32, 0]),
        (20, [want("a", least_a=8), want("b", least_a=8), want("c")], [10, 10, 0]),
        (23.5, [want("a", step_a=0.1), want("b", step_a=0.1)], [11.8, 11.7]),
        (40, [], []),
    ],
)
def test_one_circuit(limit: float, wants: list[Want], given: list[float]) -> None:
    assert shared(limit, *wants) == pytest.approx(given)


def test_who_has_a_sub_circuit_gets_no_more_than_that_and_the_others_get_the_rest() -> None:
    a, b, c = want("a"), want("b"), want("c")
    above = {a.leaf: ["main", "shed"], b.leaf: ["main", "shed"], c.leaf: ["main"]}
    given = shares([a, b, c], {"main": 40, "shed": 16}, above)
    assert [given[each.leaf] for each in (a, b, c)] == [8, 8, 24]


def test_one_who_does_not_fit_in_his_sub_circuit_keeps_nobody_else_waiting() -> None:
    a, b = want("a"), want("b")
    given = shares([a, b], {"main": 40, "shed": 3}, {a.leaf: ["main", "shed"], b.leaf: ["main"]})
    assert [given[each.leaf] for each in (a, b)] == [0, 32]


@st.composite
def sites(draw: st.DrawFn) -> tuple[list[Want], dict[str, float], dict[Leaf, list[str]]]:
    count = draw(st.integers(1, 8))
    rooms = {name: draw(st.floats(-5, 120)) for name in ("main", "left", "right")}
    wants, above = [], {}
    for number in range(count):
        least = draw(st.sampled_from([0.0, 1.4, 6.0, 8.0, 32.0]))
        most = least + draw(st.floats(0, 40))
        step = draw(st.sampled_from([0.0, 0.1, 1.0, 16.0]))
        leaf = (f"c{number}", 1)
        wants.append(Want(leaf, least, most, draw(st.floats(0, 40)), step, draw(st.integers(0, 2))))
        above[leaf] = draw(st.sampled_from([["main"], ["main", "left"], ["main", "right"]]))
    return wants, rooms, above


@given(sites())
def test_no_circuit_carries_more_than_it_can_and_nobody_gets_what_he_cannot_use(
    site: tuple[list[Want], dict[str, float], dict[Leaf, list[str]]],
) -> None:
    wants, rooms, above = site
    given = shares(wants, rooms, above)
    for circuit, room in rooms.items():
        carried = sum(given[leaf] for leaf in given if circuit in above[leaf])
        assert carried <= max(room, 0) + 1e-4
    for each in wants:
        assert given[each.leaf] == 0 or each.least_a - 1e-6 <= given[each.leaf] <= each.most_a + 1e-6


@given(sites())
def test_nobody_waits_for_what_is_left_over(
    site: tuple[list[Want], dict[str, float], dict[Leaf, list[str]]],
) -> None:
    wants, rooms, above = site
    given = shares(wants, rooms, above)
    left = {
        name: room - sum(given[leaf] for leaf in given if name in above[leaf]) for name, room in rooms.items()
    }
    for each in wants:
        rest = min(left[name] for name in above[each.leaf])
        if given[each.leaf] < each.least_a:
            assert rest < each.least_a + 1e-3
        elif given[each.leaf] < each.most_a - 1e-3:
            assert rest < 2 * max(each.step_a, 0.001) + 1e-3
