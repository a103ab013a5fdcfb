"""Whatever boxes, disk, kills and reloads do: nobody is raised to more than what is free."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import CircuitSettings, MemberSettings
from hub.model.charger import Ratings
from tests.hub.circuits.trial import Trial

BOXES = {
    "a": (1, Ratings()),
    "b": (1, Ratings(10.0, 32.0, 1.0)),
    "c": (2, Ratings()),
    "d": (1, Ratings(16.0, 32.0, 16.0)),
}


def members(*names: str) -> tuple[MemberSettings, ...]:
    return tuple(member(*name.partition("@")[::2]) for name in names)


def member(name: str, phases: str = "") -> MemberSettings:
    """`box`, `box/2`, `box@3`, `box/2@231`"""
    charger, _, evse = name.partition("/")
    return MemberSettings(charger, int(evse) if evse else None, phases=tuple(map(int, phases)))


def circuit(name: str, amperes: float, *inside: str, **more: Any) -> CircuitSettings:
    return CircuitSettings(name, name, amperes, members(*inside), **more)


PLANS = [
    [circuit("one", 32.0, "a", "b", "c", "d")],
    [circuit("one", 24.0, "a", "b", "c", "d")],
    [circuit("house", 40.0, "one", "d"), circuit("one", 20.0, "a", "b", "c/1")],
    [circuit("one", 32.0, "a", "c/1"), circuit("two", 32.0, "b", "c/2", "d")],
    [circuit("one", 32.0, "a", "c/2", "d"), circuit("two", 20.0, "b", "c/1")],
    [circuit("two", 32.0, "a", "b")],
    [circuit("one", 32.0, "a@2", "b@123", "c@231", "d@3")],
    [circuit("one", 24.0, "a@2", "b", "c", "d@3")],
    [circuit("house", 40.0, "one@123", "d@3"), circuit("one", 20.0, "a@2", "b", "c/1@231")],
    [circuit("house", 40.0, "one", "d@3"), circuit("one", 20.0, "a@2", "b", "c/1@231")],
    [circuit("house", 20.0, "one@123", "d@3"), circuit("one", 40.0, "a", "c@231", voltage=200.0)],
]
REAL = {"a": (2,), "c": (2, 3, 1), "d": (3,)}
"""Where they are, whoever knows it."""
DOES = (
    *("plug", "unplug", "online", "offline", "mode", "mode", "release", "release", "wait"),
    *("limit", "reload", "kill", "rebuild", "full", "takes", "shows"),
)
MODES = ("ok", "ok", "slow", "refuse", "mute", "lost")
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(DOES), st.sampled_from("abcd"), st.integers(0, 40), st.integers(0, 3)),
    min_size=10,
    max_size=50,
)


async def do(trial: Trial, what: str, name: str, amount: int) -> None:
    box = trial.boxes[name]
    outlet = box.outlets[1 + amount % box.evses]
    match what:
        case "plug" | "unplug":
            outlet.plugged = what == "plug"
        case "online" | "offline":
            box.online = what == "online"
            trial.see(name)
        case "mode":
            box.mode = MODES[amount % len(MODES)]
            box.gate.clear()
        case "release":
            box.gate.set()
            await trial.look()
        case "wait":
            await trial.pass_time(amount * 2)
        case "limit":
            circuits = sorted(trial.circuits)
            await trial.limit(circuits[amount % len(circuits)], None if amount > 32 else float(amount))
        case "reload":
            await trial.reload(*PLANS[amount % len(PLANS)])
        case "kill" if not trial.forgets:
            await trial.kill(amount % 12)
        case "rebuild":
            await trial.rebuild(name)
        case "full":
            trial.disk.full = amount > 30
        case "takes":
            outlet.takes_a = float(amount)
        case "shows":
            box.shows, box.metered = bool(amount & 1), bool(amount & 2)


async def live(happenings: list[tuple[str, str, int, int]], plan: int) -> None:
    trial = Trial(PLANS[plan], BOXES, REAL)
    for box in trial.boxes.values():
        box.outlets[1].plugged = True
    await trial.begin()
    trial.see()
    await trial.pass_time(11)
    for what, name, amount, looks in happenings:
        await do(trial, what, name, amount)
        for _ in range(looks):
            trial.see()
            await trial.pass_time(3 * looks)
        assert not trial.failures, trial.failures
    await settle(trial)


async def settle(trial: Trial) -> None:
    """All is well again: the fuse holds at once, and who can be served is."""
    trial.disk.full = False
    for box in trial.boxes.values():
        box.online, box.mode = True, "ok"
        box.gate.set()
    trial.see()
    for _ in range(40):
        await trial.pass_time(4)
        trial.see()
        assert not trial.failures, trial.failures
    for each in trial.circuits:
        assert trial.offered(each) <= trial.room(each) + 1e-3, each
    await trial.look()


@given(HAPPENINGS, st.integers(0, len(PLANS) - 1))
def test_no_raise_ever_goes_beyond_what_is_free(
    happenings: list[tuple[str, str, int, int]], plan: int
) -> None:
    asyncio.run(live(happenings, plan))
