"""A house metered by phase, whose boxes are somewhere, whether that is said or not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.charger.claim import Claim
from hub.circuits.tree import Tree
from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.moment import Moment

FUSE_A = 40.0
PATIENCE_S = 45
"""What a fuse bears easily."""
PHASES = (1, 2, 3)
METER = tuple(("panel", f"current_l{phase}") for phase in PHASES)
ROTATIONS = ((1, 2, 3), (2, 3, 1), (3, 1, 2), (1,), (2,), (3,))


@dataclass
class Car:
    """`wires`: where its box is, `said` to the circuit or not. `single`: the car. `tells`: currents by phase."""

    takes_a: float
    every_s: int
    wires: tuple[int, ...]
    said: bool
    single: bool
    tells: bool
    there: bool = True
    told_a: float = 0.0
    offered_a: float = 0.0
    read_a: float = 0.0

    @property
    def draws_a(self) -> float:
        return min(self.offered_a, self.takes_a) if self.there and self.offered_a >= 6 else 0.0

    @property
    def uses(self) -> int:
        return 1 if self.single else len(self.wires)

    def on(self, phase: int) -> float:
        return self.draws_a if phase in self.wires[: self.uses] else 0.0

    def claim(self) -> Claim:
        held = max(self.told_a, self.offered_a)
        currents = tuple(self.read_a if own <= self.uses else 0.0 for own in PHASES) if self.tells else None
        return Claim(self.there, True, 6.0, 32.0, 32.0, 1.0, 0.0, held, 0.0, self.read_a, currents=currents)


@dataclass
class Home:
    cars: list[Car]
    meter_s: int
    car_phases: str = "wired"
    metered: bool = True
    house_a: tuple[float, ...] = (5.0, 5.0, 5.0)
    second: int = 0
    too_much_s: int = 0
    given: list[tuple[float, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        members = tuple(
            MemberSettings(name, phases=car.wires if car.said else ())
            for name, car in zip("abc", self.cars, strict=True)
        )
        house = CircuitSettings(
            "house",
            "House",
            FUSE_A,
            members,
            meter=METER if self.metered else (),
            car_phases=self.car_phases,
        )
        self.tree = Tree("house", {"house": house})
        self.tree.take_over({})
        self.tree.place(lambda _: 1)

    def total(self, phase: int) -> float:
        return self.house_a[phase - 1] + sum(car.on(phase) for car in self.cars)

    def live(self, seconds: int) -> int:
        """The longest that more flowed in a phase than the fuse bears."""
        longest = 0
        for _ in range(seconds):
            self.tick()
            much = max(map(self.total, PHASES)) > FUSE_A + 0.5
            self.too_much_s = self.too_much_s + 1 if much else 0
            longest = max(longest, self.too_much_s)
        return longest

    def tick(self) -> None:
        self.second += 1
        now = Moment(float(self.second), datetime(2026, 1, 1, tzinfo=UTC))
        for number, car in enumerate(self.cars):
            car.offered_a = car.told_a
            if (self.second + number) % car.every_s == 0:
                car.read_a = car.draws_a
            self.tree.take(("abc"[number], 1), car.claim(), 0.0, now.mono)
        if self.second % self.meter_s == 0:
            self.tree.measure(now.mono)
            state = {f"current_l{phase}": round(self.total(phase), 1) for phase in PHASES}
            self.tree.circuits["house"].hear("panel", state, now.mono)
        if self.tree.due(now.mono):
            step = self.tree.step(now)
            for number, car in enumerate(self.cars):
                car.told_a = step.given["abc"[number], 1].current_a
        self.given.append(tuple(car.told_a for car in self.cars))


CARS = st.builds(
    Car,
    st.floats(6, 32),
    st.integers(1, 10),
    st.sampled_from(ROTATIONS),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
HOMES = st.builds(
    Home,
    st.lists(CARS, min_size=3, max_size=3),
    st.integers(1, 10),
    st.sampled_from(["wired", "seen"]),
)
LOADS = st.tuples(*[st.floats(0, 39)] * 3)
EVENTS = st.lists(st.tuples(LOADS, st.sampled_from([None, 0, 1, 2])), min_size=1, max_size=6)


@given(HOMES, EVENTS)
@settings(max_examples=40, deadline=None)
def test_no_phase_bears_too_much_for_long_whatever_the_house_draws_and_whoever_comes(
    home: Home, events: list[tuple[tuple[float, ...], int | None]]
) -> None:
    home.live(120)
    for load, number in events:
        home.house_a = load
        if number is not None:
            home.cars[number].there = not home.cars[number].there
        assert home.live(180) <= PATIENCE_S


@given(HOMES, LOADS)
@settings(max_examples=40, deadline=None)
def test_a_steady_house_leaves_steady_shares(home: Home, load: tuple[float, ...]) -> None:
    home.house_a = tuple(amperes * 0.5 for amperes in load)
    home.live(900)
    calm = home.given[-1]
    home.live(300)
    assert set(home.given[-300:]) == {calm}


YARDS = st.builds(Home, st.lists(CARS, min_size=3, max_size=3), st.just(1), st.just("seen"), st.just(False))
COMINGS = st.lists(
    st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from([3, 70, 200])), min_size=1, max_size=8
)


@given(YARDS, COMINGS)
@settings(max_examples=60, deadline=None)
def test_cars_that_stay_as_they_are_never_load_a_phase_too_much(
    home: Home, comings: list[tuple[int, bool, int]]
) -> None:
    """Without a house: all that flows is what was given. Who comes next may have other phases."""
    home.house_a = (0.0, 0.0, 0.0)
    assert home.live(150) == 0
    for number, single, seconds in comings:
        car = home.cars[number]
        car.there = not car.there
        if not car.there:
            assert home.live(12) == 0
            car.single = single
        assert home.live(seconds) == 0


@pytest.mark.parametrize("said", [False, True])
def test_a_car_of_unknown_phase_that_leaves_frees_nothing_that_the_house_draws(said: bool) -> None:
    """Its 20 A were on L1; on L2 it was the house all the time."""
    cars = [Car(20.0, 1, (1,), said, True, False), Car(32.0, 1, (2,), said, True, False)]
    cars.append(Car(32.0, 1, (3,), said, True, False, there=False))
    cars[1].there = False
    home = Home(cars, 2, house_a=(0.0, 30.0, 0.0))
    home.live(120)
    cars[0].there, cars[1].there = False, True
    assert home.live(120) == 0
    assert 6 <= cars[1].told_a <= 10
