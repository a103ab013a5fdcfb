"""Circuits within circuits."""

from dataclasses import replace
from datetime import UTC, datetime

from hub.charger.claim import Claim
from hub.circuits.circuit import Circuit
from hub.circuits.seen import AWAY_S
from hub.circuits.tree import Tree, roots
from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import Moment

SETTINGS = {
    "sub": CircuitSettings("sub", "sub", 16.0, (MemberSettings("b", priority=1), MemberSettings("twin", 2))),
    "main": CircuitSettings(
        "main",
        "main",
        63.0,
        (MemberSettings("a"), MemberSettings("sub", priority=2)),
        rotate=60.0,
        raise_delay=1.0,
    ),
    "alone": CircuitSettings("alone", "alone", 20.0, (MemberSettings("duo"),)),
}
EVSES = {"a": 1, "b": 1, "twin": 2, "duo": 2}


def test_the_outermost_are_found() -> None:
    assert roots(SETTINGS) == ["main", "alone"]


def test_each_evse_has_the_circuits_above_it() -> None:
    leaves = Tree("main", SETTINGS).leaves(EVSES.get)
    assert {leaf: (feed.circuits(), priority) for leaf, (feed, priority) in leaves.items()} == {
        ("a", 1): ({"main"}, 0),
        ("b", 1): ({"main", "sub"}, 3),
        ("twin", 2): ({"main", "sub"}, 2),
    }
    assert set(Tree("alone", SETTINGS).leaves(EVSES.get)) == {("duo", 1), ("duo", 2)}


def test_a_charger_that_is_not_there_has_the_evse_that_is_named_or_one() -> None:
    leaves = Tree("main", SETTINGS).leaves(lambda _: None)
    assert set(leaves) == {("a", 1), ("b", 1), ("twin", 2)}


def test_an_evse_that_a_charger_does_not_have_is_left_out() -> None:
    assert ("twin", 2) not in Tree("main", SETTINGS).leaves(lambda _: 1)


def test_what_is_known_of_a_circuit_is_taken_over() -> None:
    known = Circuit(SETTINGS["sub"])
    known.limits.set("ems", 10.0)
    tree = Tree("main", SETTINGS)
    tree.take_over({"sub": known})
    assert list(tree.circuits) == ["main", "sub"]
    assert tree.circuits["sub"].limit().asked_a == 10.0
    assert (tree.balance.pace.rotate_s, tree.balance.pace.raise_s) == (60.0, 1.0)


BOX = ("a", 1)
YARD = CircuitSettings("yard", "yard", 32.0, (MemberSettings("a", phases=(2, 3, 1)),), car_phases="seen")


def yard() -> Tree:
    tree = Tree("yard", {"yard": YARD})
    tree.take_over({})
    tree.place(lambda _: 1)
    return tree


def moment(seconds: float) -> Moment:
    return Moment(seconds, datetime(2026, 1, 1, tzinfo=UTC))


def drawing(*currents: float) -> Claim:
    most = max(currents)
    return Claim(True, True, 6.0, 32.0, 32.0, 1.0, 0.0, most, 0.0, most, currents=currents)


def test_what_a_car_has_shown_counts_when_its_minute_is_over_though_nothing_else_happens() -> None:
    tree = yard()
    tree.take(BOX, drawing(32.0, 0.0, 0.0), 0.0, 0.0)
    assert tree.step(moment(1.0)).loads == {("yard", phase): 32.0 for phase in (1, 2, 3)}
    tree.step(moment(16.0))
    assert tree.wake_at == 60.0
    step = tree.step(moment(60.0))
    assert step.loads == {("yard", 1): 0.0, ("yard", 2): 32.0, ("yard", 3): 0.0}


def test_another_phase_is_a_reason_to_look_however_little_else_has_changed() -> None:
    tree = yard()
    tree.take(BOX, drawing(16.0, 0.0, 0.0), 0.0, 0.0)
    tree.step(moment(1.0))
    tree.take(BOX, drawing(16.0, 0.0, 0.1), 0.0, 2.0)
    assert not tree.due(2.0)
    tree.take(BOX, drawing(16.0, 0.0, 0.1), 0.0, 60.0)
    assert tree.stale


def test_who_is_found_to_be_miswired_is_not_watched_any_more() -> None:
    settings = CircuitSettings("yard", "yard", 32.0, (MemberSettings("a", phases=(1,)),), car_phases="seen")
    tree = Tree("yard", {"yard": settings})
    tree.take_over({})
    tree.place(lambda _: 1)
    tree.take(BOX, drawing(16.0, 0.0, 0.0), 0.0, 0.0)
    tree.take(BOX, drawing(0.0, 16.0, 0.0), 0.0, 10.0)
    tree.step(moment(70.0))
    assert tree.wake_at is not None
    assert tree.wake_at > 70.0


def test_an_evse_that_has_gone_is_not_watched_any_more() -> None:
    tree = Tree("alone", {"alone": replace(SETTINGS["alone"], car_phases="seen")})
    tree.take_over({})
    tree.place(lambda _: 2)
    for evse in (1, 2):
        tree.take(("duo", evse), drawing(16.0, 0.0, 0.0), 0.0, 0.0)
    tree.place(lambda _: 1)
    tree.take(("duo", 1), drawing(16.0, 0.0, 0.0), 0.0, 60.0)
    tree.step(moment(60.0))
    assert tree.wake_at is not None
    assert tree.wake_at > 60.0


def test_a_car_that_draws_nobody_knows_where_counts_on_all_again() -> None:
    tree = yard()
    for now in (0.0, 60.0):
        tree.take(BOX, drawing(16.0, 0.0, 0.0), 0.0, now)
    assert tree.members[BOX].above == (("yard", 2),)
    tree.take(BOX, replace(drawing(3.0), currents=None), 0.0, 61.0)
    assert tree.members[BOX].above == (("yard", 2),)
    tree.take(BOX, replace(drawing(16.0), currents=None), 0.0, 62.0)
    assert len(tree.members[BOX].above) == 3


def test_while_a_charger_is_away_for_long_another_car_may_have_come() -> None:
    away = replace(drawing(16.0), known=False, wants=False, currents=None, draw_a=None)
    tree = yard()
    for now in (0.0, 60.0):
        tree.take(BOX, drawing(16.0, 0.0, 0.0), 0.0, now)
    tree.take(BOX, away, 0.0, 61.0)
    assert tree.step(moment(62.0)).loads[("yard", 1)] == 0.0
    assert tree.seen.deadline() == 61.0 + AWAY_S
    assert tree.step(moment(61.0 + AWAY_S)).loads[("yard", 1)] == 16.0
    assert tree.seen.deadline() is None
