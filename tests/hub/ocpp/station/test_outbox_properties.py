"""Whatever happens, and wherever the hub is killed: what is owed is told, in order, as often as the spec wants."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.ocpp.station import outbox
from tests.hub.ocpp.mortal import ATTEMPTS, INTERVAL_S, Died, Mortal
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED

DEFAULTS = {
    "MessageAttempts": str(ATTEMPTS),
    "MessageAttemptInterval": str(INTERVAL_S),
    "TxUpdatedInterval": "60",
    "AlignedInterval": "90",
}
Step = tuple[str, int]


class Day:
    """A day of two EVSEs; a step is a word and a number, which is an EVSE, seconds or commits."""

    def __init__(self, version: str, points: tuple[str, str]) -> None:
        start, stop = points
        defaults = DEFAULTS | {"TxStartPoint": start, "TxStopPoint": stop}
        self.world = Mortal(version, evses=2, tokens={"CARD1": None, "CARD2": None}, defaults=defaults)
        self.online = True
        self.energy = {1: 10.0, 2: 20.0}
        self.shown = {1: dict(IDLE), 2: dict(IDLE)}

    def run(self, steps: list[Step]) -> None:
        for word, number in steps:
            try:
                STEPS[word](self, number)
            except Died:
                self.world.killed()
                self.online = False

    def show(self, evse: int, state: dict[str, object]) -> None:
        self.energy[evse] += 0.1
        self.shown[evse] = {**state, "energy_total": self.energy[evse]}
        self.world.state(self.shown[evse], evse)

    def connect(self) -> None:
        if not self.online:
            self.online = True
            self.world.connect()

    def disconnect(self) -> None:
        if self.online:
            self.online = False
            self.world.disconnect()

    def mode(self, mode: str) -> None:
        self.world.mode = mode
        if mode != "hold" and self.world.outstanding:
            # What it has kept back it answers now; its answer is decided by the new mode.
            self.late()

    def late(self) -> None:
        """The answer to what it has held back."""
        world = self.world
        assert world.outstanding
        ref, action, payload = world.outstanding
        said = world._said(action, payload)
        number = world.owed(ref)
        if number is not None:
            world.book[number].answered = not isinstance(said, str)
        world.outstanding = None
        if isinstance(said, str):
            world.station.failed(ref, said, world.clock.now())
        else:
            world.station.answered(ref, said, world.clock.now())
        world.pump()

    def card(self, evse: int) -> None:
        self.world.swipe(f"CARD{evse}", evse)

    def comes(self, evse: int) -> None:
        """Somebody who charges."""
        self.show(evse, PLUGGED)
        self.card(evse)
        self.show(evse, CHARGING)

    def die(self, commits: int, *, early: bool) -> None:
        self.world.fuse, self.world.early = commits, early


def evse(number: int) -> int:
    return 1 + number % 2


STEPS: dict[str, Callable[[Day, int], None]] = {
    "plug": lambda day, n: day.show(evse(n), PLUGGED),
    "charge": lambda day, n: day.show(evse(n), CHARGING),
    "comes": lambda day, n: day.comes(evse(n)),
    "unplug": lambda day, n: day.show(evse(n), IDLE),
    "card": lambda day, n: day.card(evse(n)),
    "wait": lambda day, n: day.world.advance(7 * n),
    "connect": lambda day, n: day.connect(),
    "disconnect": lambda day, n: day.disconnect(),
    "errors": lambda day, n: day.mode("errors"),
    "silence": lambda day, n: day.mode("silence"),
    "hold": lambda day, n: day.mode("hold"),
    "good": lambda day, n: day.mode("good"),
    "die before": lambda day, n: day.die(1 + n % 4, early=True),
    "die after": lambda day, n: day.die(1 + n % 4, early=False),
}
OFTEN = ["comes", "comes", "wait", "wait", "unplug", "connect", "errors", "silence"]
DAY = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS) + OFTEN), st.integers(0, 20)), min_size=12, max_size=50
)
POINTS = st.tuples(
    st.sampled_from(["PowerPathClosed", "Authorized", "EVConnected", "EnergyTransfer"]),
    st.sampled_from(["EVConnected,Authorized", "EVConnected", "Authorized", "EnergyTransfer"]),
)
END: list[Step] = [("good", 0), ("connect", 0), ("connect", 0), ("unplug", 0), ("unplug", 1), ("wait", 9)]


def run(day: list[Step], points: tuple[str, str], version: str) -> None:
    world = Day(version, points)
    world.run(day)
    # A fuse that is still lit may cost the first of these steps: then they are gone through again.
    world.run(END)
    world.run(END)
    world.world.advance(600)
    world.world.check()


@settings(max_examples=100, deadline=None)
@given(DAY, POINTS, st.sampled_from(["1.6", "2.0.1"]), st.integers(0, 12))
def test_only_values_are_passed_over_and_only_when_too_much_waits(
    day: list[Step], points: tuple[str, str], version: str, most: int
) -> None:
    with patch.object(outbox, "MOST", most):
        run(day, points, version)


WHOLE: list[Step] = [("plug", 0), ("card", 0), ("charge", 0), ("wait", 20), ("unplug", 0)]


@settings(max_examples=200, deadline=None)
@given(DAY, POINTS, st.sampled_from(["1.6", "2.0.1"]))
@example(
    [*WHOLE[:3], ("errors", 0), ("wait", 20), ("disconnect", 0), ("connect", 0)], ("EVConnected",) * 2, "1.6"
)
@example([("hold", 0), *WHOLE, ("die before", 0), ("good", 0)], ("Authorized",) * 2, "2.0.1")
def test_all_that_is_owed_is_told_once_and_in_order(
    day: list[Step], points: tuple[str, str], version: str
) -> None:
    run(day, points, version)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("early", ["die before", "die after"])
@pytest.mark.parametrize("weather", [[], [("disconnect", 0)], [("errors", 0)], [("hold", 0)]])
def test_killed_at_each_commit_of_two_transactions(version: str, early: str, weather: list[Step]) -> None:
    """The points are generated: until one lies behind the last commit."""
    day: list[Step] = [*WHOLE[:2], *weather, *WHOLE[2:], ("connect", 0), *WHOLE]
    commits = 0
    while True:
        world = Day(version, ("PowerPathClosed", "EVConnected,Authorized"))
        world.die(commits + 1, early=early == "die before")
        world.run(day)
        if world.world.fuse:
            break
        world.run(END)
        world.world.advance(600)
        world.world.check()
        commits += 1
    assert commits > 10


@pytest.mark.fuzz
@settings(max_examples=3000, deadline=None, derandomize=False)
@given(DAY, POINTS, st.sampled_from(["1.6", "2.0.1"]))
def test_for_long(day: list[Step], points: tuple[str, str], version: str) -> None:
    run(day, points, version)
