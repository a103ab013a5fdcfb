"""The station's variable monitors (N02 to N08).

Theory: a monitor knows what it compares with (`base`: the last told value of a Delta; `exceeded`: a threshold is
crossed) and when it is due. `look` compares the model's values with all monitors and tells what happened; what
must survive a restart is kept. Only monitors that a CSMS has set exist: no charger brings any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.monitor import (
    DELTA,
    LEAST_URGENT,
    PERIODS,
    THRESHOLDS,
    Monitor,
    Reading,
    changed,
    crossed,
    next_due,
)
from hub.ocpp.station.streams import Streams

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

MOST = 200


@dataclass(frozen=True, slots=True)
class Event:
    monitor: Monitor
    trigger: str
    reading: Reading
    cleared: bool = False


class Monitors:
    """`kept`: what `Keep("monitor", ...)` kept; "level", "base" and "next" of `settings` likewise."""

    def __init__(self, station: "Station", kept: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self._station = station
        self._monitors = {int(key): _restored(body) for key, body in kept.items()}
        self.streams = Streams(station, int(settings.get("stream", 1)))
        self.level = int(settings.get("level", LEAST_URGENT))
        self._next = int(settings.get("next", 1))
        self._due: dict[int, float] = {}
        self._events = int(settings.get("events", 0))
        station.variables.note("ActiveMonitoringLevel", str(self.level))
        station.variables.note("ActiveMonitoringBase", str(settings.get("base", "FactoryDefault")))

    def all(self) -> list[Monitor]:
        return list(self._monitors.values())

    # What a CSMS sets

    def set(
        self, wanted: Monitor, reading: Reading, now: Moment, *, replaces: bool
    ) -> tuple[str, int | None]:
        """(status, id); the variable, the type and the value's range are known to be good."""
        before = self._monitors.get(wanted.id) if replaces else None
        if replaces and (before is None or before.place != wanted.place):
            return "Rejected", None  # N04.FR.13/16
        negative = wanted.value < 0 and wanted.type == DELTA
        never = wanted.value <= 0 and wanted.type in PERIODS
        if negative or never or not 0 <= wanted.severity <= LEAST_URGENT:
            return "Rejected", None  # N04.FR.14
        if self._twin(wanted, replaces):
            return "Duplicate", None
        if before is None and len(self._monitors) >= MOST:
            return "Rejected", None
        monitor = replace(wanted, id=wanted.id if replaces else self._new_id())
        self._replace(monitor, before, reading, now)
        self.streams.close(monitor.id)
        self.streams.follow([monitor])
        return "Accepted", monitor.id

    def adjust(self, stream: int, now: Moment, interval_s: int | None, values: int | None) -> bool:
        """How often a stream is sent; False: there is none, or it would never be sent."""
        adjusted = self.streams.adjust(stream, now, interval_s, values)
        if adjusted is None:
            return False
        rate = adjusted.interval_s, adjusted.values
        self._keep(replace(self._monitors[adjusted.monitor], stream=rate))
        return True

    def clear(self, number: int) -> str:
        if self._monitors.pop(number, None) is None:
            return "NotFound"
        self._due.pop(number, None)
        self._station.emit(Keep("monitor", str(number), None))
        self.streams.close(number)
        return "Accepted"

    def set_base(self, base: str) -> None:
        """N03: all monitors are the CSMS's own, so that all but All clears them."""
        if base != "All":
            for number in list(self._monitors):
                self.clear(number)
        self._setting("base", base)
        self._station.variables.note("ActiveMonitoringBase", base)

    def set_level(self, level: int) -> bool:
        if not 0 <= level <= LEAST_URGENT:
            return False
        self.level = level
        self._setting("level", level)
        self._station.variables.note("ActiveMonitoringLevel", str(level))
        return True

    # What happens

    def look(self, now: Moment) -> None:
        """Something may have changed."""
        dialect = self._station.dialect
        look = self._station.setup.readings if dialect is None else dialect.readings
        if not self._monitors or look is None:
            return
        readings = look(self._station, now, {monitor.place for monitor in self._monitors.values()})
        events: list[Event] = []
        for monitor in self.all():
            reading = readings.get(monitor.place)
            if reading is not None and self._watches(monitor, reading):
                events += self._seen(monitor, reading, now)
            else:
                self._is_due(monitor, now)  # and nobody hears of it
        self._tell(events, now)

    def deadlines(self) -> list[float]:
        return [*self._due.values(), *self.streams.deadlines()]

    def back_online(self) -> None:
        self.streams.back_online(self.all())

    def _watches(self, monitor: Monitor, reading: Reading) -> bool:
        return not monitor.transaction or self._transaction(reading.evse) is not None

    def _seen(self, monitor: Monitor, reading: Reading, now: Moment) -> Iterable[Event]:
        if monitor.type in THRESHOLDS:
            over = crossed(monitor, reading)
            if over is not None and over != monitor.exceeded:
                yield Event(self._keep(replace(monitor, exceeded=over)), "Alerting", reading, not over)
        elif monitor.type == DELTA:
            different = changed(monitor, reading)
            if different or monitor.base is None:
                monitor = self._keep(replace(monitor, base=reading.value))
            if different:
                yield Event(monitor, "Delta", reading)
        elif self._is_due(monitor, now):
            yield Event(monitor, "Periodic", reading)

    def _is_due(self, monitor: Monitor, now: Moment) -> bool:
        """And if so, it waits for its next time."""
        if monitor.type not in PERIODS:
            return False
        due = now.mono >= self._due.setdefault(monitor.id, now.mono + self._wait(monitor, now))
        if due:
            self._due[monitor.id] = now.mono + self._wait(monitor, now)
        return due

    def _replace(self, monitor: Monitor, before: Monitor | None, reading: Reading, now: Moment) -> None:
        """A new threshold is looked at as if none had been exceeded; when it clears the old one, that is told."""
        self._due.pop(monitor.id, None)
        if monitor.type == DELTA:
            monitor = replace(monitor, base=reading.value)
        was = before is not None and before.type in THRESHOLDS and before.exceeded
        if was and monitor.type in THRESHOLDS and crossed(monitor, reading) is False:
            monitor = replace(monitor, exceeded=True)  # N07.FR.11: the next look clears it
        self._keep(monitor)
        if monitor.type in PERIODS:
            self._due[monitor.id] = now.mono + self._wait(monitor, now)

    def _tell(self, events: list[Event], now: Moment) -> None:
        """N05.FR.03, N07.FR.04/15: what the level lets through; away from the CSMS what is urgent enough."""
        variables = self._station.variables
        online = self._station.boot.accepted and self._station.boot.connected
        most = self.level if online else min(self.level, variables.int("OfflineQueuingSeverity"))
        at = self._station.clock.at(now)
        for event in events:
            wanted = variables.bool("MonitoringEnabled") and event.monitor.severity <= most
            if wanted and not self.streams.take(event.monitor.id, at, event.reading.told):
                self._station.upkeep.notices.add(self._notice(event, now))

    def hard_wired(
        self, component: Mapping[str, Any], variable: str, told: str, now: Moment, *, cleared: bool
    ) -> None:
        """What is told whatever a CSMS watches: something is wrong, or (`cleared`) no longer."""
        if not self._station.setup.csms:
            return
        said = {
            "actualValue": told,
            "eventNotificationType": "HardWiredNotification",
            "component": component,
            "variable": {"name": variable},
        }
        event = self._event("Alerting", said, component["evse"]["id"], now, cleared=cleared)
        self._station.upkeep.notices.add(event)

    def _notice(self, event: Event, now: Moment) -> Raw:
        monitor = event.monitor
        said = {
            "actualValue": event.reading.told,
            "eventNotificationType": "CustomMonitor",
            "variableMonitoringId": monitor.id,
            "component": monitor.component,
            "variable": monitor.variable,
        }
        return self._event(event.trigger, said, event.reading.evse, now, cleared=event.cleared)

    def _event(
        self, trigger: str, about: Mapping[str, object], evse: int | None, now: Moment, *, cleared: bool
    ) -> Raw:
        self._events += 1
        self._setting("events", self._events)
        at = self._station.stamp(now)
        said = {"eventId": self._events, "timestamp": at, "trigger": trigger, **about}
        if cleared:
            said["cleared"] = True
        running = self._transaction(evse)
        if running is not None:
            said["transactionId"] = running
        return Raw("2.0.1", "NotifyEvent", {"generatedAt": at, "seqNo": 0, "eventData": [said]})

    # Inside

    def _twin(self, wanted: Monitor, replaces: bool) -> bool:
        """N04.FR.10: one of the same type and severity on the same variable."""
        return any(
            (other.place, other.type, other.severity) == (wanted.place, wanted.type, wanted.severity)
            and (other.id != wanted.id or not replaces)
            for other in self._monitors.values()
        )

    def _new_id(self) -> int:
        number, self._next = self._next, self._next + 1
        self._setting("next", self._next)
        return number

    def _keep(self, monitor: Monitor) -> Monitor:
        self._monitors[monitor.id] = monitor
        self._station.emit(Keep("monitor", str(monitor.id), asdict(monitor)))
        return monitor

    def _setting(self, name: str, value: object) -> None:
        self._station.emit(Keep("monitoring", name, value))

    def _wait(self, monitor: Monitor, now: Moment) -> float:
        return next_due(monitor, parse_time(self._station.stamp(now)))

    def _transaction(self, evse: int | None) -> str | None:
        """That runs where the variable is; of the station as a whole: any."""
        flows = self._station.evses.flows.values()
        running = (flow.transaction for flow in flows if evse in (None, flow.evse))
        return next((transaction.id for transaction in running if transaction is not None), None)


def _restored(body: Mapping[str, Any]) -> Monitor:
    stream = body.get("stream")
    return Monitor(**{**body, "place": tuple(body["place"]), "stream": tuple(stream) if stream else None})
