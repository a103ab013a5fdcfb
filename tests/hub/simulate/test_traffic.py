"""Cars come one after the other, charge, and leave when they are full."""

from hub.simulate.ev import Car
from hub.simulate.traffic import Habits, Traffic


class Place:
    def __init__(self) -> None:
        self.car: Car | None = None

    @property
    def plugged(self) -> bool:
        return self.car is not None

    @property
    def full(self) -> bool:
        return self.car is not None and self.car.taken_wh >= self.car.needs_wh

    def plug(self, car: Car) -> None:
        self.car = car

    def unplug(self) -> None:
        self.car = None


def test_cars_come_one_after_the_other_and_leave_when_they_are_full() -> None:
    places = {"a": Place(), "b": Place()}
    traffic = Traffic(places, Habits(needs_wh=1000, every_s=60, stay_s=100))
    assert traffic.pass_time(30) == ["a: a car plugs in"]
    assert traffic.pass_time(30) == ["b: a car plugs in"]
    assert traffic.pass_time(1000) == []
    car = places["a"].car
    assert car is not None
    car.taken_wh = 1000
    assert traffic.pass_time(99) == []
    assert traffic.pass_time(1) == ["a: the car leaves"]
    assert traffic.pass_time(59) == []
    assert traffic.pass_time(1) == ["a: a car plugs in"]


def test_without_places_nothing_happens() -> None:
    assert Traffic({}, Habits()).pass_time(1e6) == []
