"""What a circuit's meter says of its phases."""

import pytest

from hub.circuits.meter import Meter

POWER = ("panel", "power")
CURRENTS = [("panel", f"current_l{phase}") for phase in (1, 2, 3)]
POWERS = [("panel", f"power_l{phase}") for phase in (1, 2)]


@pytest.mark.parametrize(
    ("sources", "phases", "state", "amperes"),
    [
        ([POWER], 3, {"power": 6900}, {1: 10.0, 2: 10.0, 3: 10.0}),
        ([POWER], 1, {"power": 2300}, {1: 10.0}),
        (CURRENTS[:1], 3, {"current_l1": 7}, {1: 7.0, 2: 7.0, 3: 7.0}),
        (CURRENTS, 3, {"current_l1": 7, "current_l2": 9, "current_l3": 0}, {1: 7.0, 2: 9.0, 3: 0.0}),
        (CURRENTS[:2], 3, {"current_l1": 7, "current_l2": 9}, {1: 7.0, 2: 9.0, 3: 9.0}),
        (CURRENTS[:2], 1, {"current_l1": 7, "current_l2": 9}, {1: 9.0}),
        (POWERS, 3, {"power_l1": 2300, "power_l2": 230}, {1: 10.0, 2: 1.0, 3: 10.0}),
        ([POWER], 3, {"power": None}, None),
        ([POWER], 3, {"power": True}, None),
        (CURRENTS, 3, {"current_l1": 7, "current_l2": 9}, None),
        ([], 3, {"power": 6900}, None),
    ],
)
def test_what_a_meter_says(
    sources: list[tuple[str, str]], phases: int, state: dict[str, object], amperes: dict[int, float] | None
) -> None:
    assert Meter(sources, phases, 230.0).hear("panel", state) == amperes


def test_a_power_goes_by_the_voltage_and_one_for_all_phases_says_not_where() -> None:
    meter = Meter([POWER], 3, 200.0)
    assert meter.hear("panel", {"power": 6000}) == {1: 10.0, 2: 10.0, 3: 10.0}
    assert meter.spreads
    assert not Meter([POWER], 1, 200.0).spreads
    assert not Meter(POWERS, 3, 200.0).spreads
    assert not Meter(CURRENTS[:1], 3, 200.0).spreads


def test_a_meter_may_be_several_devices() -> None:
    meter = Meter([("left", "current"), ("right", "current")], 3, 230.0)
    assert meter.devices == ["left", "right"]
    assert meter.hear("left", {"current": 5}) is None
    assert meter.hear("elsewhere", {"current": 9}) is None
    assert meter.hear("right", {"current": 6}) == {1: 5.0, 2: 6.0, 3: 6.0}
