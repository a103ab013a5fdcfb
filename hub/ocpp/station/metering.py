"""Meter values on the clock's grid and outside transactions (J01)."""

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.effects import Measured
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.measurands import samples
from hub.ocpp.station.messages import MeterReport, MeterValue, Sample

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class Metering:
    def __init__(self, station: "Station", now: Moment) -> None:
        self._station = station
        self._due: float | None = None
        self._ended_due: float | None = None
        """When the next value for a transaction's last message is taken."""
        self._schedule(now)

    def realign(self, now: Moment) -> None:
        """An interval was set anew."""
        self._schedule(now)
        for flow in self._station.evses.flows.values():
            self._station.transactions.reschedule(flow, now)

    def clock_was_set(self, now: Moment) -> None:
        self._schedule(now)

    def report(self, flow: Flow, now: Moment, measurands: str, context: str) -> None:
        """MeterValues outside a transaction."""
        found = self.values(flow, measurands, context)
        if found:
            value = MeterValue(self._station.stamp(now), found)
            # B02.FR.02: before registration only what was asked for.
            self._station.say(MeterReport(flow.evse, value), unregistered=context == "Trigger")
            self._station.emit(Measured(flow.evse, value))

    def values(self, flow: Flow, measurands: str, context: str) -> tuple[Sample, ...]:
        """What there is to tell of an EVSE now."""
        known = flow.register.heard or flow.transaction is not None
        wanted = self._station.variables.list(measurands)
        return samples(wanted, flow.state, flow.register.wh if known else None, context)

    def tick(self, now: Moment) -> None:
        due = self._due is not None and now.mono >= self._due
        ended = self._ended_due is not None and now.mono >= self._ended_due
        if due or ended:
            self._schedule(now)
        flows = self._station.evses.flows.values()
        running = [flow for flow in flows if flow.transaction]
        for flow in running if ended else ():
            self._station.transactions.remember_aligned(flow, now)
        # J01.FR.19/20: silent while a transaction runs, where that is wanted.
        silent = bool(running) and self._station.variables.bool("AlignedSendDuringIdle")
        for flow in flows if due and not silent else ():
            if flow.transaction:
                self._station.transactions.aligned(flow, now)
            elif flow.known:
                self.report(flow, now, "AlignedMeasurands", "Sample.Clock")

    def deadlines(self) -> list[float]:
        return [due for due in (self._due, self._ended_due) if due is not None]

    def _schedule(self, now: Moment) -> None:
        variables = self._station.variables
        enabled = variables.bool("AlignedEnabled")
        every = variables.int("AlignedInterval") if enabled else 0
        self._due = self._next(every, now)
        ended = variables.int("AlignedTxEndedInterval") if enabled else 0
        with_samples = self._station.transactions.manners.ends_with_samples
        self._ended_due = self._next(ended or (every if with_samples else 0), now)

    def _next(self, every: int, now: Moment) -> float | None:
        """The grid counts from midnight (J01.FR.14)."""
        if not every:
            return None
        wall = self._station.clock.at(now)
        midnight = wall.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (wall - midnight).total_seconds()
        following = midnight + timedelta(seconds=(passed // every + 1) * every)
        return now.mono + (min(following, midnight + timedelta(days=1)) - wall).total_seconds()
