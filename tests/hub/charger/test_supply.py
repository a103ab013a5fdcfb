"""A meter's values reach the charger that lacks them, in the units of its points."""

from collections.abc import Mapping

from hub.bus import Bus
from hub.charger.supply import Supply
from hub.model.entity import Scalar
from hub.topics import Topics

SOURCES = {"power": ("panel", "channel_3_power"), "energy": ("panel", "channel_3_energy")}


class Charger:
    def __init__(self) -> None:
        self.told: list[tuple[int, dict[str, Scalar]]] = []

    def supply(self, evse: int, values: Mapping[str, Scalar]) -> None:
        self.told.append((evse, dict(values)))


def started() -> tuple[Bus, Charger]:
    bus, charger = Bus(), Charger()
    Supply(charger, 2, SOURCES).start(bus, Topics())
    return bus, charger


def test_power_and_energy_come_from_one_state_of_the_meter() -> None:
    bus, charger = started()
    bus.publish(
        "evhub/panel/state", {"channel_3_power": 3200, "channel_3_energy": 12.5, "power": 9}, retain=True
    )
    assert charger.told == [(2, {"power": 3200, "energy": 12_500.0})]


def test_what_the_meter_does_not_know_is_not_said() -> None:
    bus, charger = started()
    bus.publish("evhub/panel/state", {"channel_3_power": None, "channel_3_energy": "?"})
    bus.publish("evhub/panel/state", "broken")
    assert charger.told == [(2, {}), (2, {})]


async def test_what_was_said_before_it_started_counts_and_nothing_after_it_ended() -> None:
    bus, charger = Bus(), Charger()
    bus.publish("evhub/panel/state", {"channel_3_power": 1}, retain=True)
    end = Supply(charger, 1, SOURCES).start(bus, Topics())
    assert charger.told == [(1, {"power": 1})]
    await end()
    bus.publish("evhub/panel/state", {"channel_3_power": 2})
    assert len(charger.told) == 1
