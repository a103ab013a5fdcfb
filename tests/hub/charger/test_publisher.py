"""When a charger's topics are published."""

from collections import Counter
from types import MappingProxyType

from hub.bus import Bus
from hub.charger.publisher import Publisher
from hub.clock import ManualClock
from hub.topics import Topics


def test_a_hundred_chargers_do_not_say_everything_in_the_same_second() -> None:
    bus, clock = Bus(), ManualClock()
    publishers = [Publisher(bus, Topics(), f"charger-{number}", clock) for number in range(100)]
    seconds: Counter[int] = Counter()
    for second in range(180):
        now = clock.advance(1.0)
        seconds[second] = sum(publisher.tick(now) for publisher in publishers)
    assert sum(seconds.values()) == 300
    assert max(seconds.values()) <= 8


def test_a_refresh_that_was_late_does_not_move_the_next_one() -> None:
    bus, clock = Bus(), ManualClock()
    publisher = Publisher(bus, Topics(), "garage", clock)
    publisher.evse(1, MappingProxyType({"power": 1.0}), clock.now())
    turns = [publisher.tick(clock.advance(step)) for step in (60.0, 90.0, 60.0, 1.0, 29.0)]
    assert turns == [True, True, True, False, True]
