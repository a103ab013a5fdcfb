"""A house with chargers in it, whose meter and chargers are read each in their own time."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.charger.claim import Claim
from hub.circuits.tree import Tree
from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import Moment

FUSE_A = 40.0
MEMBERS = tuple(MemberSettings(name) for name in "abc")
HOUSE = CircuitSettings("house", "House", FUSE_A, MEMBERS, meter=(("panel", "current_l1"),))
PATIENCE_S = 45
"""What a fuse bears easily."""


@dataclass
class Car:
    """`offered_a` is obeyed a second after it was told; the hub reads `read_a` every `every_s`."""

    takes_a: float
    every_s: int
    told_a: float = 0.0
    offered_a: float = 0.0
    read_a: float = 0.0

    @property
    def draws_a(self) -> float:
        return min(self.offered_a, self.takes_a) if self.offered_a >= 6 else 0.0

    def claim(self) -> Claim:
        held = max(self.told_a, self.offered_a)
        return Claim(True, True, 6.0, 32.0, 32.0, 1.0, 0.0, held, 0.0, self.read_a)


@dataclass
class Home:
    cars: list[Car]
    meter_s: int
    house_a: float = 5.0
    second: int = 0
    too_much_s: int = 0
    given: list[tuple[float, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tree = Tree("house", {"house": HOUSE})
        self.tree.take_over({})
        self.tree.place(lambda _: 1)

    @property
    def total_a(self) -> float:
        return self.house_a + sum(car.draws_a for car in self.cars)

    def live(self, seconds: int) -> int:
        """The longest that more flowed than the fuse bears."""
        longest = 0
        for _ in range(seconds):
            self.tick()
            self.too_much_s = self.too_much_s + 1 if self.total_a > FUSE_A + 0.5 else 0
            longest = max(longest, self.too_much_s)
        return longest

    def tick(self) -> None:
        self.second += 1
        now = Moment(float(self.second), datetime(2026, 1, 1, tzinfo=UTC))
        for number, car in enumerate(self.cars):
            car.offered_a = car.told_a
            if (self.second + number) % car.every_s == 0:
                car.read_a = car.draws_a
            self.tree.take(("abc"[number], 1), car.claim(), 0.0)
        if self.second % self.meter_s == 0:
            self.tree.measure(now.mono)
            self.tree.circuits["house"].hear("panel", {"current_l1": round(self.total_a, 1)}, now.mono)
        if self.tree.due(now.mono):
            step = self.tree.step(now)
            for number, car in enumerate(self.cars):
                car.told_a = step.given["abc"[number], 1].current_a
        self.given.append(tuple(car.told_a for car in self.cars))


HOMES = st.builds(
    Home,
    st.lists(st.builds(Car, st.floats(6, 32), st.integers(1, 10)), min_size=3, max_size=3),
    st.integers(1, 10),
)


@given(HOMES, st.lists(st.floats(0, 39), min_size=1, max_size=6))
@settings(max_examples=40)
def test_whatever_the_house_draws_the_fuse_bears_it_soon_again(home: Home, loads: list[float]) -> None:
    home.live(120)
    for load in loads:
        home.house_a = load
        assert home.live(180) <= PATIENCE_S


@given(HOMES, st.floats(0, 21))
@settings(max_examples=40)
def test_a_steady_house_leaves_steady_shares_and_most_of_what_there_is(home: Home, load: float) -> None:
    home.house_a = load
    home.live(900)
    calm = home.given[-1]
    home.live(300)
    assert set(home.given[-300:]) == {calm}
    wanted = sum(min(car.takes_a, 32.0) for car in home.cars)
    assert home.total_a - load >= min(math.floor(FUSE_A - load), wanted) - 9
