"""Whatever happens to the chargers: no circuit carries too much, nobody starves, and nothing swings."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.circuits.balance import Pace
from tests.hub.circuits.site import Box, Site

ROOM = 32.0
DOES = ("plug", "unplug", "limit", "lose", "find", "obey", "confirm", "slow", "quick", "wait", "draw")


def do(site: Site, what: str, number: int, amount: float) -> None:
    box = site.boxes[number]
    match what:
        case "plug" | "unplug":
            box.plugged = what == "plug"
        case "limit":
            box.most_a = float(round(amount))
        case "draw":
            box.takes_a = amount
        case "lose" | "find":
            box.online = what == "find"
        case "obey":
            box.obey()
        case "confirm":
            box.confirm()
        case "slow" | "quick":
            box.quick = what == "quick"
        case "wait":
            site.now += amount * 10


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(DOES), st.integers(0, 3), st.floats(6, 32), st.booleans()), max_size=60
)


WIRINGS = st.sampled_from(
    [
        ((1,), (1,), (1,), (1,)),
        ((1,), (2,), (3,), (1,)),
        ((1, 2, 3), (2,), (3,), (2,)),
        ((1, 2, 3), (1, 2, 3), (1, 2), (3,)),
        ((1, 2, 3), (1, 2, 3), (1, 2, 3), (1, 2, 3)),
    ]
)
Wiring = tuple[tuple[int, ...], ...]


def loads(site: Site) -> list[float]:
    return [sum(box.offers_a for box in site.on(phase)) for phase in (1, 2, 3)]


def lived(happenings: list[tuple[str, int, float, bool]], wiring: Wiring, *, measured: bool) -> Site:
    """Whatever a charger is told it may take at any time, and it shows that at any later time."""
    boxes = [Box(measured=measured, phases=phases) for phases in wiring]
    site = Site(ROOM, boxes, Pace(rotate_s=120))
    for what, number, amount, steps in happenings:
        do(site, what, number, amount)
        assert max(loads(site)) <= ROOM
        if steps:
            before = site.given()
            site.step()
            check(site, before)
    return site


def check(site: Site, before: list[float]) -> None:
    assert max(loads(site)) <= ROOM
    for phase in (1, 2, 3):
        counted = [
            max(amperes, box.proven_a, box.told_a or 0)
            for amperes, box in zip(site.given(), site.boxes, strict=True)
            if phase in box.phases
        ]
        assert sum(counted) <= ROOM + 1e-6
    for amperes, box in zip(site.given(), site.boxes, strict=True):
        assert amperes == 0 or amperes >= box.least_a


@given(HAPPENINGS, WIRINGS, st.booleans())
def test_what_is_offered_never_exceeds_any_phase(
    happenings: list[tuple[str, int, float, bool]], wiring: Wiring, measured: bool
) -> None:
    lived(happenings, wiring, measured=measured)


@given(HAPPENINGS, WIRINGS, st.floats(6, 60))
@settings(max_examples=50)
def test_everybody_has_his_turn(
    happenings: list[tuple[str, int, float, bool]], wiring: Wiring, room: float
) -> None:
    site = lived(happenings, wiring, measured=True)
    for box in site.boxes:
        box.online = box.plugged = box.quick = True
        box.confirm()
        box.most_a = max(box.most_a, 6.0)
    site.room_a = room
    site.settle()
    fed = set()
    for _ in range(10):
        shared = site.pass_time(200)
        for phase in (1, 2, 3):
            taken = [amperes for amperes, box in zip(shared, site.boxes, strict=True) if phase in box.phases]
            assert sum(taken) <= room + 1e-6
        fed |= {number for number, amperes in enumerate(shared) if amperes}
    assert fed == {0, 1, 2, 3}


@given(HAPPENINGS, WIRINGS, st.lists(st.floats(0, 32), min_size=4, max_size=4))
@settings(max_examples=50)
def test_nothing_swings_when_nothing_changes(
    happenings: list[tuple[str, int, float, bool]], wiring: Wiring, takes: list[float]
) -> None:
    site = lived(happenings, wiring, measured=True)
    for box, amperes in zip(site.boxes, takes, strict=True):
        box.online = box.quick = True
        box.confirm()
        box.takes_a = amperes
    site.pass_time(1200)
    settled = site.given()
    for _ in range(20):
        assert site.pass_time(97) == settled
