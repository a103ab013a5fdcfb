"""Meter values that the CSMS wants at a time, a register, a power or a status: for what it reckons a price with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.flow import Flow

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

BACK = 0.05
"""So far back a power has to go before it is told that it has crossed its mark again: it never stands still."""
CONTEXT = "Other"


@dataclass(slots=True)
class MeterTrigger:
    """What meter values are wanted for; `due`: on the loop's clock, `register_wh`: each once."""

    due: float | None = None
    register_wh: float | None = None
    power_w: float | None = None
    statuses: Sequence[Status] = ()


@dataclass(slots=True)
class _Watch:
    wanted: MeterTrigger
    above: bool
    status: Status


class MeterTriggers:
    """One for each EVSE: a new one takes its place, and a new transaction ends it."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._watches: dict[int, _Watch] = {}

    def set(self, flow: Flow, wanted: MeterTrigger) -> None:
        above = wanted.power_w is not None and _power(flow) >= wanted.power_w
        self._watches[flow.evse] = _Watch(wanted, above, self._station.statuses.status(flow))

    def began(self, flow: Flow) -> None:
        self._watches.pop(flow.evse, None)

    def look(self, flow: Flow, status: Status, now: Moment) -> None:
        """Something has changed there."""
        watch = self._watches.get(flow.evse)
        if watch is None:
            return
        entered, watch.status = status is not watch.status, status
        reached = self._reached(watch, flow)
        crossed = self._crossed(watch, flow)
        if reached or crossed or (entered and status in watch.wanted.statuses):
            self._report(flow, now)

    def tick(self, now: Moment) -> None:
        for evse, watch in self._watches.items():
            if watch.wanted.due is not None and now.mono >= watch.wanted.due:
                watch.wanted.due = None
                self._report(self._station.evses.flows[evse], now)

    def deadlines(self) -> list[float]:
        return [watch.wanted.due for watch in self._watches.values() if watch.wanted.due is not None]

    def _reached(self, watch: _Watch, flow: Flow) -> bool:
        mark = watch.wanted.register_wh
        if mark is None or flow.register.wh < mark:
            return False
        watch.wanted.register_wh = None
        return True

    def _crossed(self, watch: _Watch, flow: Flow) -> bool:
        mark = watch.wanted.power_w
        if mark is None:
            return False
        above = _power(flow) >= mark if not watch.above else _power(flow) > mark * (1 - BACK)
        changed, watch.above = above is not watch.above, above
        return changed

    def _report(self, flow: Flow, now: Moment) -> None:
        self._station.metering.report(flow, now, "TxUpdatedMeasurands", CONTEXT)


def _power(flow: Flow) -> float:
    power = flow.state.get("power")
    return float(power) if isinstance(power, int | float) else 0.0
