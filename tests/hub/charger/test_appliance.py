"""A meter's values on the bus: as JSON and one by one, unknown when it is away."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from hub.bus import Bus
from hub.charger.appliance import ApplianceRuntime
from hub.integration.api import Reading, Sink
from hub.model.charger import Abilities, Identity, Ratings
from hub.model.entity import Scalar
from hub.model.moment import Moment
from hub.topics import Topics


class Watch:
    mono = 0.0

    def now(self) -> Moment:
        return Moment(self.mono, datetime(2026, 1, 1, tzinfo=UTC))


class Meter:
    """Says what it is told to say."""

    evses = 0
    abilities = Abilities(frozenset(), frozenset())
    ratings = Ratings()

    async def run(self, sink: Sink) -> None:
        await asyncio.get_running_loop().create_future()

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None: ...

    async def refresh(self) -> None: ...

    def set_context(self, evse: int, *, transaction: bool) -> None: ...


def appliance() -> tuple[ApplianceRuntime, Bus, Watch]:
    bus, watch = Bus(), Watch()
    made = ApplianceRuntime("panel", "Panel", "demo", Meter(), bus=bus, topics=Topics(), clock=watch)
    return made, bus, watch


def retained(bus: Bus, topic: str) -> object:
    found = next(bus.retained(topic), None)
    return found.payload if found else None


def test_values_are_on_the_bus_as_json_and_one_by_one() -> None:
    it, bus, _ = appliance()
    it.reading(Reading({}, Identity("Acme", "M1", "7"), {"power": 3200, "soc": None}))
    state = retained(bus, "evhub/panel/state")
    assert isinstance(state, Mapping)
    assert (state["available"], state["power"], state["soc"]) == (True, 3200, None)
    assert retained(bus, "evhub/panel/state/power") == 3200
    assert retained(bus, "evhub/panel/state/soc") == "null"
    assert retained(bus, "evhub/panel/availability") == "online"
    info = retained(bus, "evhub/panel/info")
    assert isinstance(info, Mapping)
    assert (info["vendor"], info["exposes"]) == ("Acme", ("power", "soc"))


def test_a_value_is_published_at_most_once_a_second() -> None:
    it, bus, watch = appliance()
    it.reading(Reading({}, None, {"power": 1}))
    watch.mono = 2.0
    it.reading(Reading({}, None, {"power": 2}))
    watch.mono = 2.1
    it.reading(Reading({}, None, {"power": 3}))
    assert retained(bus, "evhub/panel/state/power") == 2
    watch.mono = 3.1
    it._publisher.tick(watch.now())
    assert retained(bus, "evhub/panel/state/power") == 3


async def test_who_is_away_says_nothing_any_more_and_who_is_removed_leaves_nothing() -> None:
    it, bus, watch = appliance()
    running = asyncio.create_task(it.run())
    await asyncio.sleep(0)
    it.reading(Reading({}, None, {"power": 1}))
    watch.mono = 5.0
    it.offline("silence")
    assert retained(bus, "evhub/panel/state/power") == "null"
    assert retained(bus, "evhub/panel/availability") == "offline"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    it.clear()
    assert list(bus.retained("evhub/panel/#")) == []
