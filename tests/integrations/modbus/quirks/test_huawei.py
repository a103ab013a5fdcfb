"""Power from an energy counter."""

from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.jobs import Manner
from integrations.modbus.quirks.huawei import EnergyRate, Rate
from integrations.modbus.registers import Registers


def test_the_rate_is_over_the_last_minute() -> None:
    rate = Rate()
    for second in range(0, 121, 5):
        seen = rate.add(1000 + second * 3, float(second))
    assert seen == 10_800.0


def test_a_few_seconds_tell_nothing() -> None:
    rate = Rate()
    assert [rate.add(1000, 0.0), rate.add(1020, 5.0), rate.add(1040, 10.0)] == [None, None, 14_400.0]


def test_what_stands_still_has_no_power_within_the_minute() -> None:
    rate = Rate()
    for second in range(0, 60, 10):
        rate.add(1000 + second * 3, float(second))
    for second in range(60, 130, 10):
        seen = rate.add(1150, float(second))
    assert seen == 0.0


@pytest.mark.parametrize("energy", [0, 1])
def test_a_counter_that_goes_backwards_begins_anew(energy: int) -> None:
    rate = Rate()
    rate.add(1000, 0.0)
    assert rate.add(energy, 30.0) is None
    assert rate.add(energy + 100, 60.0) == 12_000.0


def test_a_charger_that_was_away_begins_anew() -> None:
    mapping = load_blueprint(
        "huawei/scharger_emma", {"host": "192.0.2.1", "unit_id": 3}, (shipped("blueprints"),), load_codec
    )
    given: list[Any] = []
    quirk = EnergyRate(
        mapping,
        Registers("garage", mapping, Manner()),
        lambda evse, name, value: given.append((evse, name, value)),
    )
    quirk.look({("energy", 1): 1000}, 0.0)
    quirk.look({("energy", 1): 1100}, 30.0)
    quirk.look({}, 40.0)
    quirk.look({("energy", 1): 9000}, 50.0)
    assert given == [(1, "energy_rate", value) for value in (None, 12_000.0, None, None)]
