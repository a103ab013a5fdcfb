"""Carries what a meter says over to a charger that doesn't say it itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from hub.bus import Bus, Message
from hub.model.entity import Scalar
from hub.topics import Topics

WH = 1000.0
"""On the bus energy is in kWh, a point's energy in Wh."""


class Supplied(Protocol):
    def supply(self, evse: int, values: Mapping[str, Scalar]) -> None: ...


class Supply:
    """`sources`: point -> (device, key of its state). What is unknown there is unknown here."""

    def __init__(self, supplied: Supplied, evse: int, sources: Mapping[str, tuple[str, str]]) -> None:
        self._supplied, self._evse, self._sources = supplied, evse, dict(sources)
        self._values: dict[str, Scalar] = {}

    def start(self, bus: Bus, topics: Topics) -> Callable[[], Awaitable[None]]:
        """Returns the function that ends it."""
        devices = sorted({device for device, _ in self._sources.values()})
        ends = [bus.subscribe(topics.charger(each, "state"), self._taker(each)) for each in devices]

        async def end() -> None:
            for each in ends:
                each()

        return end

    def _taker(self, device: str) -> Callable[[Message], None]:
        return lambda message: self._take(device, message)

    def _take(self, device: str, message: Message) -> None:
        state = message.payload if isinstance(message.payload, Mapping) else {}
        for point, (source, key) in self._sources.items():
            if source == device:
                self._values[point] = _point(point, state.get(key))
        known = {point: value for point, value in self._values.items() if value is not None}
        self._supplied.supply(self._evse, known)


def _point(point: str, value: object) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value * WH if point == "energy" else value
