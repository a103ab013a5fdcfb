"""A circuit's topics."""

from typing import Any

from hub.bus import Bus
from hub.circuits.board import Board
from hub.clock import ManualClock
from hub.topics import Topics


class Said:
    def __init__(self) -> None:
        self.bus, self.clock = Bus(), ManualClock()
        self.board = Board(self.bus, Topics(), self.clock)
        self.told: list[Any] = []
        self.bus.subscribe("evhub/circuit/#", lambda message: self.told.append(message.payload))

    def state(self, value: int, seconds: float = 0.0) -> float:
        """When it is due again, from now."""
        now = self.clock.advance(seconds)
        self.board.touch("c")
        return self.board.state("c", lambda: {"value": value}, now) - now.mono


def test_a_state_is_told_on_change_at_most_once_a_second() -> None:
    said = Said()
    assert said.state(1) == 60.0
    assert round(said.state(2, 0.5), 2) == 0.45
    said.state(2, 0.5)
    said.state(2, 5.0)
    assert [body["value"] for body in said.told] == [1, 2]


def test_it_is_told_again_each_minute() -> None:
    said = Said()
    said.state(1)
    said.state(1, 60.0)
    assert len(said.told) == 2
    assert said.told[1]["ts"] > said.told[0]["ts"]


def test_what_nobody_touched_is_not_even_looked_at() -> None:
    said = Said()
    said.state(1)
    assert said.board.state("c", lambda: 1 / 0, said.clock.advance(5)) > 0  # type: ignore[arg-type,return-value]


def test_a_circuit_that_is_no_more_leaves_nothing() -> None:
    said = Said()
    said.state(1)
    said.board.clear("c")
    assert not list(said.bus.retained("evhub/#"))
    assert said.state(1) == 60.0


def test_an_event_is_not_retained() -> None:
    said = Said()
    said.board.event("c", "limit_expired", source="ems")
    assert said.told[0]["source"] == "ems"
    assert not list(said.bus.retained("evhub/#"))
